// SPDX-License-Identifier: GPL-3.0-or-later
// Users, in the plain face (document 000) and the detail face (document 002).
#include "api/trail.h"
#include "base/settings.h"
#include "domain/quota.h"
#include "domain/user.h"

// What a person may say of a user -------------------------------------------------------------------
struct user_in {
    str username, email, password, plan;
    struct opt_bool is_active, is_superuser;
    struct opt_int quota_bytes;
};
#define NAME_RANGE .min = 1, .max = 64
static const char *const plans[] = { "free", "pro", "business", NULL };
static const struct field create_fields[] = {
    FIELD(struct user_in, username, .required = true, NAME_RANGE, .doc = "Name to log in with, unique"),
    FIELD(struct user_in, email, .required = true, .format = FORMAT_EMAIL, .doc = "E-mail address, unique"),
    FIELD(struct user_in, password, .required = true, .min = 8, .max = 1024, .doc = "At least 8 characters"),
    FIELD(struct user_in, is_active, .doc = "May log in [true]"),
    FIELD(struct user_in, is_superuser, .doc = "May do everything [false]"),
    FIELD(struct user_in, plan, .allowed = plans, .doc = "Plan [free]"),
};
static const struct shape create_shape = SHAPE("UserCreate", struct user_in, create_fields);
static const struct field update_fields[] = {
    FIELD(struct user_in, username, NAME_RANGE, .doc = "Name to log in with, unique"),
    FIELD(struct user_in, email, .format = FORMAT_EMAIL, .doc = "E-mail address, unique"),
    FIELD(struct user_in, password, .min = 8, .max = 1024, .doc = "At least 8 characters; ends all sessions"),
    FIELD(struct user_in, is_active, .doc = "May log in (superuser only)"),
    FIELD(struct user_in, is_superuser, .doc = "May do everything (superuser only)"),
    FIELD(struct user_in, plan, .allowed = plans, .doc = "Plan (superuser only)"),
    FIELD(struct user_in, quota_bytes, .min = -1, .max = 1e15,
        .doc = "Bytes of media to keep (superuser only); 0: no limit, -1: the server's default"),
};
static const struct shape update_shape = SHAPE("UserUpdate", struct user_in, update_fields);

struct user_path {
    str user_id;
};
static const struct field path_fields[] = {
    FIELD(struct user_path, user_id, .required = true, .doc = "Integer id or UUID"),
};
static const struct shape path_shape = SHAPE("UserPath", struct user_path, path_fields);

// How each document shows one -----------------------------------------------------------------------
struct plain_user {
    int64_t user_id;
    str uuid, username, email;
    time_us created_at;
};
static const struct field plain_fields[] = {
    FIELD(struct plain_user, user_id, .doc = "Integer id"),
    FIELD(struct plain_user, uuid, .doc = "UUID", .format = FORMAT_UUID),
    FIELD(struct plain_user, username),
    FIELD(struct plain_user, email),
    FIELD(struct plain_user, created_at),
};
static const struct shape plain_shape = SHAPE("User", struct plain_user, plain_fields);

struct detail_user {
    int64_t id;
    str uuid, email, username, plan;
    bool is_active, is_superuser;
    int64_t used_bytes;
    struct opt_int quota_bytes;
};
static const struct field detail_fields[] = {
    FIELD(struct detail_user, id, .doc = "Integer id"),
    FIELD(struct detail_user, uuid, .doc = "UUID", .format = FORMAT_UUID),
    FIELD(struct detail_user, email),
    FIELD(struct detail_user, username),
    FIELD(struct detail_user, is_active),
    FIELD(struct detail_user, is_superuser),
    FIELD(struct detail_user, plan, .doc = "free, pro or business"),
    FIELD(struct detail_user, used_bytes, .doc = "Of media, and of uploads under way"),
    FIELD(struct detail_user, quota_bytes, .doc = "Bytes that may be used; null: no limit"),
};
static const struct shape detail_shape = SHAPE("UserDetail", struct detail_user, detail_fields);

struct deleted {
    str message;
    int64_t user_id;
};
static const struct field deleted_fields[] = {
    FIELD(struct deleted, message),
    FIELD(struct deleted, user_id, .doc = "Integer id of the user that is gone"),
};
static const struct shape deleted_shape = SHAPE("UserDeleted", struct deleted, deleted_fields);

struct page {
    int64_t skip, limit;
};
static const struct field page_fields[] = {
    FIELD(struct page, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct page, limit, .max = 1000, .doc = "How many at the most [100]"),
};
static const struct shape page_shape = SHAPE("Page", struct page, page_fields);

static struct plain_user as_plain(const struct user *user)
{
    return (struct plain_user) { user->number, user->id, user->username, user->email, user->created_at };
}

static error answer_detail(struct api_call *call, const struct user *user)
{
    struct quota quota;
    TRY(quota_get(&call->scope, user->id, &quota));
    *(struct detail_user *)call->output = (struct detail_user) { .id = user->number,
        .uuid = user->id,
        .email = user->email,
        .username = user->username,
        .plan = user->plan,
        .is_active = user->is_active,
        .is_superuser = user->is_superuser,
        .used_bytes = quota.used_bytes,
        .quota_bytes = { quota.allowed_bytes > 0, quota.allowed_bytes } };
    return OK;
}

// Handlers ------------------------------------------------------------------------------------------
static error prepare(struct api_call *call)
{
    const struct user_in *in = call->body;
    struct user_change *change = ARENA_NEW(call->scope.arena, struct user_change);
    *change = (struct user_change) { in->username, in->email, in->password, in->plan, in->is_active, in->is_superuser,
        STR_NONE };
    call->prepared = change;
    bool empty = !in->username.data && !in->email.data && !in->password.data && !in->plan.data && !in->is_active.set
                 && !in->is_superuser.set && !in->quota_bytes.set;
    if (empty)
        return error_make(ERROR_VALIDATION_ERROR, "body", "The body changes nothing");
    return user_prepare(&call->scope, change);
}

// The first account of a server that others can reach needs the code that the start printed.
static bool setup_allowed(const struct api_call *call)
{
    if (!call->app->beyond_loopback)
        return true;
    str code = http_header(exchange_request(call->exchange), "X-Setup-Code"), wanted = str_of(settings.setup_code);
    return wanted.size && code.size == wanted.size && crypt_equal(code.data, wanted.data, code.size);
}

static error create_plain(struct api_call *call)
{
    struct user user;
    TRY(user_create(&call->scope, call->prepared, setup_allowed(call), &user));
    call->subject = user.id;
    *(struct plain_user *)call->output = as_plain(&user);
    return OK;
}

static error create_detail(struct api_call *call)
{
    struct user user;
    TRY(user_create(&call->scope, call->prepared, setup_allowed(call), &user));
    call->subject = user.id;
    return answer_detail(call, &user);
}

// 000 hides other users' records; 002 says that they are not for you.
static error visible(struct api_call *call, str key, bool hide, struct user *ret_user)
{
    error result = user_get(&call->scope, key, ret_user);
    bool hidden = result.code == ERROR_USER_NOT_FOUND || (!error_is(result) && !scope_may(&call->scope, ret_user->id));
    if (error_is(result) && !hidden)
        return result;
    if (hidden && (hide || call->scope.actor.is_superuser))
        return error_of(ERROR_USER_NOT_FOUND);
    return hidden ? error_of(ERROR_FORBIDDEN) : OK;
}

static error get_plain(struct api_call *call)
{
    struct user user;
    TRY(visible(call, ((struct user_path *)call->path)->user_id, true, &user));
    *(struct plain_user *)call->output = as_plain(&user);
    return OK;
}

static error get_detail(struct api_call *call)
{
    struct user user;
    TRY(visible(call, ((struct user_path *)call->path)->user_id, false, &user));
    return answer_detail(call, &user);
}

static error list_plain(struct api_call *call)
{
    const struct page *page = call->query;
    struct list users, *out = call->output;
    TRY(user_list(&call->scope, page->skip, page->limit ? page->limit : 100, &users));
    struct plain_user *items = ARENA_ARRAY(call->scope.arena, struct plain_user, users.count);
    for (size_t i = 0; i < users.count; i++)
        items[i] = as_plain(&((struct user *)users.items)[i]);
    *out = (struct list) { items, users.count };
    return OK;
}

static error update(struct api_call *call, str key, struct user *ret_user)
{
    struct opt_int quota = ((const struct user_in *)call->body)->quota_bytes;
    if (quota.set && !call->scope.actor.is_superuser)
        return error_of(ERROR_FORBIDDEN);
    call->subject = key;
    call->audit_detail = trail_names(call);
    TRY(user_update(&call->scope, key, call->prepared, ret_user));
    return quota.set ? quota_set(&call->scope, ret_user->id, quota.value) : OK;
}

static error update_plain(struct api_call *call)
{
    struct user user;
    str key = ((struct user_path *)call->path)->user_id;
    TRY(visible(call, key, true, &user));
    TRY(update(call, key, &user));
    *(struct plain_user *)call->output = as_plain(&user);
    return OK;
}

static error update_detail(struct api_call *call)
{
    struct user user;
    str key = ((struct user_path *)call->path)->user_id;
    TRY(visible(call, key, false, &user));
    TRY(update(call, key, &user));
    return answer_detail(call, &user);
}

static error get_me(struct api_call *call)
{
    struct user user;
    TRY(user_get(&call->scope, call->scope.actor.user_id, &user));
    return answer_detail(call, &user);
}

static error update_me(struct api_call *call)
{
    struct user user;
    TRY(update(call, call->scope.actor.user_id, &user));
    return answer_detail(call, &user);
}

static error delete_plain(struct api_call *call)
{
    struct user user;
    str key = ((struct user_path *)call->path)->user_id;
    TRY(visible(call, key, true, &user));
    TRY(user_delete(&call->scope, key, &user));
    call->subject = str_format(call->scope.arena, "%lld", (long long)user.number);
    *(struct deleted *)call->output = (struct deleted) { STR("User deleted"), user.number };
    return OK;
}

#define CREATE_ERRORS ERRORS(ERROR_USER_EXISTS, ERROR_SETUP_CODE_REQUIRED, ERROR_FORBIDDEN, ERROR_NOT_AUTHENTICATED)
#define ME_ERRORS ERRORS(ERROR_USER_EXISTS, ERROR_LAST_SUPERUSER, ERROR_FORBIDDEN)
#define CHANGE_ERRORS ERRORS(ERROR_USER_NOT_FOUND, ERROR_USER_EXISTS, ERROR_LAST_SUPERUSER, ERROR_FORBIDDEN)

static const struct route routes[] = {
    { "POST", "/users", "Users", "Create a user", FACE_PLAIN, ACCESS_OPTIONAL, LANE_WRITE, BODY_JSON,
        .body_in = &create_shape, .output = &plain_shape, .status = 201, .errors = CREATE_ERRORS, .prepare = prepare,
        .slow = SLOW_PASSWORDS, .audit = "user.create", .audit_object = "user", .handle = create_plain },
    { "GET", "/users", "Users", "List users", FACE_PLAIN, ACCESS_SUPERUSER, LANE_READ, .query_in = &page_shape,
        .output = &plain_shape, .output_list = true, .handle = list_plain },
    { "GET", "/users/{user_id}", "Users", "Show a user", FACE_PLAIN, ACCESS_USER, LANE_READ, .path_in = &path_shape,
        .output = &plain_shape, .errors = ERRORS(ERROR_USER_NOT_FOUND), .handle = get_plain },
    { "PUT", "/users/{user_id}", "Users", "Change a user", FACE_PLAIN, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &path_shape, .body_in = &update_shape, .output = &plain_shape, .errors = CHANGE_ERRORS,
        .prepare = prepare, .slow = SLOW_PASSWORDS, .audit = "user.change", .audit_object = "user",
        .handle = update_plain },
    { "DELETE", "/users/{user_id}", "Users", "Delete a user and all that is theirs", FACE_PLAIN, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .output = &deleted_shape,
        .errors = ERRORS(ERROR_USER_NOT_FOUND, ERROR_LAST_SUPERUSER), .audit = "user.delete", .audit_object = "user",
        .handle = delete_plain },
    { "POST", "/api/v1/users", "Users", "Create a user", FACE_DETAIL, ACCESS_OPTIONAL, LANE_WRITE, BODY_JSON,
        .body_in = &create_shape, .output = &detail_shape, .errors = CREATE_ERRORS, .prepare = prepare,
        .slow = SLOW_PASSWORDS, .audit = "user.create", .audit_object = "user", .handle = create_detail },
    { "GET", "/api/v1/users/me", "Users", "Show yourself", FACE_DETAIL, ACCESS_USER, LANE_READ, .output = &detail_shape,
        .handle = get_me },
    { "PUT", "/api/v1/users/me", "Users", "Change yourself", FACE_DETAIL, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .body_in = &update_shape, .output = &detail_shape, .errors = ME_ERRORS, .prepare = prepare,
        .slow = SLOW_PASSWORDS, .audit = "user.change", .audit_object = "user", .handle = update_me },
    { "GET", "/api/v1/users/{user_id}", "Users", "Show a user", FACE_DETAIL, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &detail_shape, .errors = ERRORS(ERROR_USER_NOT_FOUND, ERROR_FORBIDDEN),
        .handle = get_detail },
    { "PUT", "/api/v1/users/{user_id}", "Users", "Change a user", FACE_DETAIL, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &path_shape, .body_in = &update_shape, .output = &detail_shape, .errors = CHANGE_ERRORS,
        .prepare = prepare, .slow = SLOW_PASSWORDS, .audit = "user.change", .audit_object = "user",
        .handle = update_detail },
};
const struct route_group route_group_users = ROUTE_GROUP(routes);
