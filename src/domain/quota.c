// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/quota.h"

#include "base/settings.h"

// Summed each time rather than counted along: a sum cannot drift, and both indexes hold all that it needs. Changes are
// serializable, so that no two of them take the same free room.
DB_STATEMENT(used,
    "SELECT CAST((SELECT COALESCE(SUM(size_bytes), 0) FROM media WHERE user_id = $1)"
    " + (SELECT COALESCE(SUM(offset_bytes), 0) FROM upload WHERE user_id = $1 AND NOT finished) AS BIGINT)");
DB_STATEMENT(own_limit, "SELECT COALESCE(quota_bytes, -1) FROM users WHERE id = $1");

static error allowed(struct scope *scope, str user_id, int64_t *ret_bytes)
{
    int64_t own = -1;
    bool found;
    TRY(db_integer(scope->db, &own_limit, DB_ARGS(db_text(user_id)), &own, &found));
    *ret_bytes = found && own >= 0 ? own : SETTING_NOW(default_quota_bytes);
    return OK;
}

error quota_get(struct scope *scope, str user_id, struct quota *ret_quota)
{
    struct quota quota;
    TRY(allowed(scope, user_id, &quota.allowed_bytes));
    TRY(db_integer(scope->db, &used, DB_ARGS(db_text(user_id)), &quota.used_bytes, NULL));
    *ret_quota = quota;
    return OK;
}

// Without a limit, as on most servers, nothing is summed.
static error of_actor(struct scope *scope, struct quota *ret_quota, int64_t *ret_room_bytes)
{
    struct quota quota = { 0 };
    TRY(allowed(scope, scope->actor.user_id, &quota.allowed_bytes));
    if (quota.allowed_bytes)
        TRY(quota_get(scope, scope->actor.user_id, &quota));
    int64_t room = quota.allowed_bytes ? quota.allowed_bytes - quota.used_bytes : INT64_MAX;
    *ret_quota = quota;
    *ret_room_bytes = room > 0 ? room : 0;
    return OK;
}

error quota_room(struct scope *scope, int64_t *ret_bytes)
{
    struct quota quota;
    return of_actor(scope, &quota, ret_bytes);
}

error quota_require(struct scope *scope, int64_t more_bytes)
{
    struct quota quota;
    int64_t room;
    TRY(of_actor(scope, &quota, &room));
    if (more_bytes <= room)
        return OK;
    return error_make(ERROR_QUOTA_EXCEEDED, "file",
        "This takes %lld bytes, but %lld of your %lld bytes are used; delete something, or ask for a larger quota",
        (long long)more_bytes, (long long)quota.used_bytes, (long long)quota.allowed_bytes);
}

DB_STATEMENT(set_limit, "UPDATE users SET quota_bytes = $2 WHERE id = $1");

error quota_set(struct scope *scope, str user_id, int64_t quota_bytes)
{
    return db_run(
        scope->db, &set_limit, DB_ARGS(db_text(user_id), quota_bytes < 0 ? db_null() : db_int(quota_bytes)), NULL);
}

error quota_check_kind(str kind, int64_t size_bytes)
{
    const struct {
        const char *kind, *name;
        int64_t most_bytes;
    } limits[] = { { "audio", "A sound", SETTING_NOW(max_audio_bytes) },
        { "video", "A film", SETTING_NOW(max_video_bytes) }, { "image", "A picture", SETTING_NOW(max_image_bytes) },
        { "gif", "An animated picture", SETTING_NOW(max_gif_bytes) } };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].most_bytes && size_bytes > limits[i].most_bytes && str_equal_c(kind, limits[i].kind))
            return error_make(ERROR_BODY_TOO_LARGE, "file", "%s may have at most %lld bytes; this one has %lld",
                limits[i].name, (long long)limits[i].most_bytes, (long long)size_bytes);
    return OK;
}
