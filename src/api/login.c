// SPDX-License-Identifier: GPL-3.0-or-later
// Logging in and out: documents 002 (form) and 004 (JSON).
#include "api/client.h"
#include "api/route.h"
#include "base/settings.h"
#include "domain/attempt.h"
#include "domain/session.h"

// Ten failures in a quarter of an hour, per account and address, at all servers together.
static const struct attempt_limit FAILURES = { 10, 10.0 / 900 };

struct credentials {
    str username, email, password;
};
static const struct field form_fields[] = {
    FIELD(struct credentials, username, .required = true, .min = 1, .max = 254, .doc = "User name or e-mail"),
    FIELD(struct credentials, password, .required = true, .min = 1, .max = 1024, .doc = "Password"),
};
static const struct shape form_shape = SHAPE("LoginForm", struct credentials, form_fields);
static const struct field json_fields[] = {
    FIELD(struct credentials, username, .min = 1, .max = 254, .doc = "User name (or give the e-mail)"),
    FIELD(struct credentials, email, .min = 1, .max = 254, .doc = "E-mail address"),
    FIELD(struct credentials, password, .required = true, .min = 1, .max = 1024, .doc = "Password"),
};
static const struct shape json_shape = SHAPE("Login", struct credentials, json_fields);

struct token_answer {
    str access_token, token_type;
};
static const struct field token_fields[] = {
    FIELD(struct token_answer, access_token, .doc = "For the header Authorization: Bearer ..."),
    FIELD(struct token_answer, token_type, .doc = "bearer"),
};
static const struct shape token_shape = SHAPE("Token", struct token_answer, token_fields);

struct pair_answer {
    str access_token, token_type;
    int64_t expires_in;
    str refresh_token;
};
static const struct field pair_fields[] = {
    FIELD(struct pair_answer, access_token, .doc = "For the header Authorization: Bearer ..."),
    FIELD(struct pair_answer, token_type, .doc = "bearer"),
    FIELD(struct pair_answer, expires_in, .doc = "Seconds"),
    FIELD(struct pair_answer, refresh_token, .doc = "For POST /api/v1/auth/refresh, once"),
};
static const struct shape pair_shape = SHAPE("TokenPair", struct pair_answer, pair_fields);

struct refresh_in {
    str refresh_token;
};
static const struct field refresh_fields[] = {
    FIELD(struct refresh_in, refresh_token, .required = true, .min = 1, .max = 200, .doc = "The newest refresh token"),
};
static const struct shape refresh_shape = SHAPE("Refresh", struct refresh_in, refresh_fields);

struct logout_query {
    bool all;
};
static const struct field logout_fields[] = { FIELD(
    struct logout_query, all, .doc = "End all of your sessions [false]") };
static const struct shape logout_shape = SHAPE("LogoutQuery", struct logout_query, logout_fields);

struct message_answer {
    str message;
};
static const struct field message_fields[] = { FIELD(struct message_answer, message) };
static const struct shape message_shape = SHAPE("Message", struct message_answer, message_fields);

struct me_answer {
    int64_t id;
    str uuid, email, username;
    bool is_active, is_superuser;
};
static const struct field me_fields[] = {
    FIELD(struct me_answer, id),
    FIELD(struct me_answer, uuid, .format = FORMAT_UUID),
    FIELD(struct me_answer, email),
    FIELD(struct me_answer, username),
    FIELD(struct me_answer, is_active),
    FIELD(struct me_answer, is_superuser),
};
static const struct shape me_shape = SHAPE("TokenUser", struct me_answer, me_fields);

// Slow on purpose, so before the change; only failures count against the limit.
static error prepare(struct api_call *call)
{
    const struct credentials *in = call->body;
    str name = in->username.data ? in->username : in->email;
    if (!name.data)
        return error_make(ERROR_VALIDATION_ERROR, "username", "A user name or an e-mail address is needed");
    struct arena *arena = call->scope.arena;
    call->audit_login = name;
    str address = client_address(arena, exchange_request(call->exchange));
    str key = str_format(arena, "login:%.*s:%.*s", STR_ARGS(str_lower(arena, name)), STR_ARGS(address));
    int64_t wait;
    bool left, taken;
    TRY(attempt_look(&call->scope, key, FAILURES, &left, &wait));
    if (!left) {
        exchange_header(call->exchange, "Retry-After", str_format(arena, "%lld", (long long)wait));
        return error_make(ERROR_RATE_LIMITED, NULL, "Too many failed logins; wait %lld seconds", (long long)wait);
    }
    struct user *user = ARENA_NEW(arena, struct user);
    error result = session_check(&call->scope, name, in->password, user);
    if (result.code == ERROR_WRONG_CREDENTIALS)
        TRY(attempt_take(&call->scope, call->app->db, key, FAILURES, &taken, &wait));
    call->prepared = user;
    return result;
}

static error login_form(struct api_call *call)
{
    struct login login;
    TRY(session_start(&call->scope, &call->app->keys, call->prepared, SETTING_NOW(token_ttl), &login));
    *(struct token_answer *)call->output = (struct token_answer) { login.access_token, login.token_type };
    return OK;
}

static void pair(struct api_call *call, const struct login *login)
{
    *(struct pair_answer *)call->output = (struct pair_answer) { login->access_token, login->token_type,
        login->expires_in, login->refresh_token };
}

static error login_json(struct api_call *call)
{
    struct login login;
    TRY(session_start(&call->scope, &call->app->keys, call->prepared, SETTING_NOW(token_ttl), &login));
    pair(call, &login);
    return OK;
}

static error refresh(struct api_call *call)
{
    const struct refresh_in *in = call->body;
    struct login login;
    TRY(session_refresh(&call->scope, &call->app->keys, in->refresh_token, SETTING_NOW(token_ttl), &login));
    pair(call, &login);
    return OK;
}

static error logout(struct api_call *call)
{
    bool all = ((struct logout_query *)call->query)->all;
    call->audit_detail = all ? STR("all sessions") : STR_NONE;
    TRY(all ? session_end_all(&call->scope, call->scope.actor.user_id) : session_end(&call->scope));
    ((struct message_answer *)call->output)->message = STR("Logged out");
    return OK;
}

static error test_token(struct api_call *call)
{
    struct user user;
    TRY(user_get(&call->scope, call->scope.actor.user_id, &user));
    *(struct me_answer *)call->output = (struct me_answer) { user.number, user.id, user.email, user.username,
        user.is_active, user.is_superuser };
    return OK;
}

#define LOGIN_ERRORS ERRORS(ERROR_WRONG_CREDENTIALS, ERROR_ACCOUNT_DISABLED, ERROR_RATE_LIMITED)

static const struct route routes[] = {
    { "POST", "/api/v1/login/access-token", "Login", "Log in with a form", FACE_DETAIL, ACCESS_PUBLIC, LANE_WRITE,
        BODY_FORM, .body_in = &form_shape, .output = &token_shape, .errors = LOGIN_ERRORS, .prepare = prepare,
        .slow = SLOW_PASSWORDS, .audit = "session.begin", .handle = login_form },
    { "POST", "/api/v1/login/test-token", "Login", "Check a token", FACE_DETAIL, ACCESS_USER, LANE_READ,
        .output = &me_shape, .handle = test_token },
    { "POST", "/api/v1/auth/login", "Login", "Log in", FACE_PLAIN, ACCESS_PUBLIC, LANE_WRITE, BODY_JSON,
        .body_in = &json_shape, .output = &pair_shape, .errors = LOGIN_ERRORS, .prepare = prepare,
        .slow = SLOW_PASSWORDS, .audit = "session.begin", .handle = login_json },
    { "POST", "/api/v1/auth/refresh", "Login", "Renew an access token", FACE_PLAIN, ACCESS_PUBLIC, LANE_WRITE,
        BODY_JSON, .body_in = &refresh_shape, .output = &pair_shape, .errors = ERRORS(ERROR_NOT_AUTHENTICATED),
        .handle = refresh },
    { "POST", "/api/v1/auth/logout", "Login", "End this session", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .query_in = &logout_shape, .output = &message_shape, .audit = "session.end", .handle = logout },
};
const struct route_group route_group_login = ROUTE_GROUP(routes);
