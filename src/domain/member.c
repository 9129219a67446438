// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/member.h"

#include "base/clock.h"
#include "domain/event.h"
#include "domain/user.h"

static const struct field fields[] = {
    FIELD(struct member, user_id, .format = FORMAT_UUID),
    FIELD(struct member, username),
    FIELD(struct member, role, .doc = "editor or viewer"),
    FIELD(struct member, created_at),
};
const struct shape member_shape = SHAPE("Member", struct member, fields);

DB_STATEMENT(role_of, "SELECT role FROM video_member WHERE video_id = $1 AND user_id = $2");

error member_role(struct scope *scope, str video_id, str user_id, str *ret_role)
{
    str role = STR_NONE;
    if (user_id.data)
        TRY(db_string(scope->db, scope->arena, &role_of, DB_ARGS(db_text(video_id), db_text(user_id)), &role));
    *ret_role = role;
    return OK;
}

#define SELECT                                                                                                         \
    "SELECT m.user_id, u.username, m.role, m.created_at FROM video_member m JOIN users u ON u.id = m.user_id"          \
    " WHERE m.video_id = $1 "

DB_STATEMENT(of_video, SELECT "ORDER BY m.created_at, m.user_id");
DB_STATEMENT(one_of_video, SELECT "AND m.user_id = $2");

error member_list(struct scope *scope, str video_id, struct list *ret_members)
{
    struct video video;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    return db_all(scope->db, scope->arena, &of_video, DB_ARGS(db_text(video.id)), &member_shape, 0, ret_members);
}

// To the one it is about, and to everyone else of the video.
static error note(struct scope *scope, const char *kind, str video_id, const struct member *member)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "video_id", json_str(video_id));
    json_object_set_new(payload, "user_id", json_str(member->user_id));
    json_object_set_new(payload, "role", json_str(member->role));
    return event_add(scope,
        &(struct event_new) { .kind = kind, .user_id = member->user_id, .video_id = video_id, .payload = payload });
}

DB_STATEMENT(put, "INSERT INTO video_member (video_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)"
                  " ON CONFLICT (video_id, user_id) DO UPDATE SET role = excluded.role");

error member_add(struct scope *scope, str video_id, str user_key, str role, struct member *ret_member)
{
    struct video video;
    struct user owner, user;
    bool found;
    TRY(video_get(scope, video_id, VIDEO_OWN, &video));
    TRY(user_get(scope, video.user_id, &owner));
    if (!str_equal(owner.plan, STR("business")))
        return error_make(ERROR_PLAN_REQUIRED, NULL, "Sharing videos needs the plan business");
    TRY(user_get(scope, user_key, &user));
    if (str_equal(user.id, video.user_id))
        return error_make(ERROR_VALIDATION_ERROR, "user_id", "The owner of a video is not one of its members");
    TRY(db_run(
        scope->db, &put, DB_ARGS(db_text(video.id), db_text(user.id), db_text(role), db_int(clock_now_us())), NULL));
    TRY(db_one(scope->db, scope->arena, &one_of_video, DB_ARGS(db_text(video.id), db_text(user.id)), &member_shape,
        ret_member, &found));
    return note(scope, "member:added", video.id, ret_member);
}

DB_STATEMENT(delete_one, "DELETE FROM video_member WHERE video_id = $1 AND user_id = $2");

error member_delete(struct scope *scope, str video_id, str user_key)
{
    struct video video;
    struct user user;
    struct member member;
    bool found;
    TRY(video_get(scope, video_id, VIDEO_OWN, &video));
    TRY(user_get(scope, user_key, &user));
    TRY(db_one(scope->db, scope->arena, &one_of_video, DB_ARGS(db_text(video.id), db_text(user.id)), &member_shape,
        &member, &found));
    if (!found)
        return error_of(ERROR_USER_NOT_FOUND);
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_text(video.id), db_text(user.id)), NULL));
    return note(scope, "member:deleted", video.id, &member);
}

DB_STATEMENT(audience, "SELECT user_id FROM video_member WHERE video_id = $1"
                       " UNION SELECT user_id FROM video WHERE id = $1");
static const struct field audience_fields[] = { FIELD(struct member, user_id) };
static const struct shape audience_shape = SHAPE("Audience", struct member, audience_fields);

error member_audience(struct scope *scope, str video_id, struct list *ret_members)
{
    return db_all(scope->db, scope->arena, &audience, DB_ARGS(db_text(video_id)), &audience_shape, 0, ret_members);
}
