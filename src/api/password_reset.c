// SPDX-License-Identifier: GPL-3.0-or-later
// New passwords by mail, as document 002 has them. Nothing here depends on whether anybody has the address.
#include "domain/password_reset.h"

#include "api/client.h"
#include "api/route.h"
#include "domain/attempt.h"

// An hour's, at all servers together; refilled evenly.
static const double OF_ACCOUNT = 5, OF_ADDRESS = 20, HOUR_S = 3600;

struct request_in {
    str email;
};
static const struct field request_fields[] = {
    FIELD(struct request_in, email, .required = true, .format = FORMAT_EMAIL, .doc = "Address of the account"),
};
static const struct shape request_shape = SHAPE("PasswordResetRequest", struct request_in, request_fields);
struct reset_in {
    str token, new_password;
};
static const struct field reset_fields[] = {
    FIELD(struct reset_in, token, .required = true, .min = 1, .max = 200, .doc = "As the mail has it"),
    FIELD(struct reset_in, new_password, .required = true, .min = 8, .max = 1024, .doc = "At least 8 characters"),
};
static const struct shape reset_shape = SHAPE("PasswordReset", struct reset_in, reset_fields);
struct answer {
    str msg;
};
static const struct field answer_fields[] = { FIELD(struct answer, msg) };
static const struct shape answer_shape = SHAPE("PasswordResetAnswer", struct answer, answer_fields);

static error take(struct api_call *call, str key, double most)
{
    int64_t wait;
    bool taken;
    TRY(attempt_take(&call->scope, call->app->db, key, (struct attempt_limit) { most, most / HOUR_S }, &taken, &wait));
    if (taken)
        return OK;
    exchange_header(call->exchange, "Retry-After", str_format(call->scope.arena, "%lld", (long long)wait));
    return error_make(ERROR_RATE_LIMITED, NULL, "Too many attempts; wait %lld seconds", (long long)wait);
}

static error take_address(struct api_call *call)
{
    str address = client_address(call->scope.arena, exchange_request(call->exchange));
    return take(call, str_format(call->scope.arena, "reset:%.*s", STR_ARGS(address)), OF_ADDRESS);
}

static error prepare_request(struct api_call *call)
{
    str email = str_lower(call->scope.arena, ((const struct request_in *)call->body)->email);
    call->audit_login = email;
    TRY(take_address(call));
    return take(call, str_format(call->scope.arena, "reset-account:%.*s", STR_ARGS(email)), OF_ACCOUNT);
}

static error request_reset(struct api_call *call)
{
    TRY(password_reset_request(&call->scope, ((const struct request_in *)call->body)->email));
    ((struct answer *)call->output)->msg = STR("Password reset email sent");
    return OK;
}

static error prepare_reset(struct api_call *call)
{
    struct user_change *change = ARENA_NEW(call->scope.arena, struct user_change);
    change->password = ((const struct reset_in *)call->body)->new_password;
    call->prepared = change;
    TRY(take_address(call));
    return user_prepare(&call->scope, change);
}

static error reset(struct api_call *call)
{
    const struct user_change *change = call->prepared;
    str token = ((const struct reset_in *)call->body)->token;
    TRY(password_reset_use(&call->scope, token, change->password_hash, &call->subject));
    ((struct answer *)call->output)->msg = STR("Password updated successfully");
    return OK;
}

static const struct route routes[] = {
    { "POST", "/api/v1/password-reset/request-reset", "Login", "Ask for a new password by mail", FACE_DETAIL,
        ACCESS_PUBLIC, LANE_WRITE, BODY_JSON, .body_in = &request_shape, .output = &answer_shape,
        .errors = ERRORS(ERROR_RATE_LIMITED), .prepare = prepare_request, .audit = "password.ask",
        .handle = request_reset },
    { "POST", "/api/v1/password-reset/reset", "Login", "Set a new password; ends all sessions", FACE_DETAIL,
        ACCESS_PUBLIC, LANE_WRITE, BODY_JSON, .body_in = &reset_shape, .output = &answer_shape,
        .errors = ERRORS(ERROR_RATE_LIMITED), .prepare = prepare_reset, .slow = SLOW_PASSWORDS,
        .audit = "password.reset", .audit_object = "user", .handle = reset },
};
const struct route_group route_group_password_reset = ROUTE_GROUP(routes);
