// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/trail.h"

#include "api/client.h"
#include "api/face.h"
#include "api/limiter.h"
#include "domain/audit.h"
#include "domain/user.h"

// Refusals of one account and address that are written down; more at once say nothing new and would fill the disk.
static const double REFUSALS = 60, REFUSALS_PER_SECOND = 1.0 / 10;

// What the path names first: the video of a member, the file of a share.
static str named(const struct api_call *call)
{
    const struct shape *shape = call->route->path_in;
    if (call->subject.data)
        return call->subject;
    if (!shape || !call->path || !shape->count)
        return STR_NONE;
    const void *member = (const char *)call->path + shape->fields[0].offset;
    if (shape->fields[0].kind == FIELD_INTEGER)
        return str_format(call->scope.arena, "%lld", (long long)*(const int64_t *)member);
    return shape->fields[0].kind == FIELD_TEXT ? *(const str *)member : STR_NONE;
}

static error add(struct api_call *call, str outcome)
{
    struct arena *arena = call->scope.arena;
    bool about = call->route->audit_object != NULL;
    return audit_add(&call->scope,
        &(struct audit_new) { .action = str_of(call->route->audit),
            .object_kind = about ? str_of(call->route->audit_object) : STR_NONE,
            .object_id = about ? named(call) : STR_NONE,
            .detail = call->audit_detail,
            .outcome = outcome,
            .login = call->audit_login,
            .address = call->exchange ? client_address(arena, exchange_request(call->exchange)) : STR_NONE });
}

error trail_keep(struct api_call *call)
{
    return call->route->audit ? add(call, STR("ok")) : OK;
}

static error keep(struct db *db, void *context)
{
    struct api_call *call = context;
    struct db *before = call->scope.db;
    call->scope.db = db;
    error result = trail_keep(call);
    call->scope.db = before;
    return result;
}

error trail_keep_now(struct api_call *call)
{
    return db_write(call->app->db, keep, call);
}

str trail_names(const struct api_call *call)
{
    struct arena *arena = call->scope.arena;
    const struct shape *shape = call->route->body_in;
    str names = STR("");
    for (size_t i = 0; shape && i < shape->count; i++)
        if (json_object_get(call->json, shape->fields[i].name))
            names = str_format(arena, "%.*s%s%s", STR_ARGS(names), names.size ? ", " : "", shape->fields[i].name);
    return names.size ? names : STR_NONE;
}

error trail_about_user(struct api_call *call, str user_key, str as)
{
    struct user user;
    error known = user_get(&call->scope, user_key, &user);
    if (known.code == ERROR_USER_NOT_FOUND || known.code == ERROR_INVALID_ID)
        return OK; // the handler says so
    TRY(known);
    call->audit_detail = str_format(call->scope.arena, "user %lld%s%.*s%s", (long long)user.number, as.data ? " (" : "",
        STR_ARGS(as), as.data ? ")" : "");
    return OK;
}

struct refusal {
    struct api_call *call;
    str outcome;
    void (*then)(struct api_call *call);
};

static error write_refusal(struct db *db, void *context)
{
    struct refusal *refusal = context;
    struct api_call *call = refusal->call;
    struct db *before = call->scope.db;
    call->scope.db = db;
    error result = add(call, refusal->outcome);
    call->scope.db = before;
    return result;
}

static void refused(void *context, error result)
{
    struct refusal *refusal = context;
    if (error_is(result))
        log_event(LOG_WARN, &refusal->call->scope.trace, "audit", "A refusal could not be written down",
            LOG_TEXT("action", str_of(refusal->call->route->audit)), LOG_TEXT("outcome", refusal->outcome));
    refusal->then(refusal->call);
}

// What says nothing of anybody: bad input, a server in trouble, a guarded call without a token.
static bool is_worth(const struct api_call *call, error why)
{
    int status = face_status(call->route->face, why.code);
    bool stranger = why.code == ERROR_NOT_AUTHENTICATED && call->route->access != ACCESS_PUBLIC;
    return call->route->audit && call->exchange && status >= 401 && status < 500 && status != 413 && status != 422
           && !stranger;
}

bool trail_refuse(struct api_call *call, error why, void (*then)(struct api_call *call))
{
    int64_t wait;
    struct arena *arena = call->scope.arena;
    if (!is_worth(call, why))
        return false;
    str address = client_address(arena, exchange_request(call->exchange));
    str who = call->scope.actor.user_id.data ? call->scope.actor.user_id : address;
    if (!limiter_take(
            call->app->limiter, str_format(arena, "audit:%.*s", STR_ARGS(who)), REFUSALS_PER_SECOND, REFUSALS, &wait))
        return false;
    struct refusal *refusal = ARENA_NEW(arena, struct refusal);
    *refusal = (struct refusal) { call, str_of(error_info(why.code)->name), then };
    return !error_is(db_write_async(call->app->db, write_refusal, refused, refusal));
}
