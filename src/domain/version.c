// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/version.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/event.h"
#include "domain/revision.h"
#include "domain/video_state.h"

static const struct field fields[] = {
    FIELD(struct version, id, .format = FORMAT_UUID),
    FIELD(struct version, name),
    FIELD(struct version, user_id, .doc = "Who named it"),
    FIELD(struct version, username, .doc = "Null for somebody who is no longer here"),
    FIELD(struct version, revision, .doc = "The video's revision then"),
    FIELD(struct version, created_at),
};
const struct shape version_shape = SHAPE("Version", struct version, fields);

#define SELECT                                                                                                         \
    "SELECT v.id, v.name, v.user_id, u.username, v.revision, v.created_at FROM version v"                              \
    " LEFT JOIN users u ON u.id = v.user_id WHERE v.video_id = $1 "

DB_STATEMENT(by_id, SELECT "AND v.id = $2");

static error find(struct scope *scope, str video_id, str id, struct version *ret_version)
{
    bool found = false;
    if (id_is_valid(id))
        TRY(db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(video_id), db_text(str_lower(scope->arena, id))),
            &version_shape, ret_version, &found));
    if (!found)
        return error_make(ERROR_VERSION_NOT_FOUND, "version_id", "Version with ID '%.*s' not found", STR_ARGS(id));
    return OK;
}

DB_STATEMENT(count, "SELECT count(*) FROM version WHERE video_id = $1");
DB_STATEMENT(insert, "INSERT INTO version (id, video_id, user_id, name, revision, state, created_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7)");

error version_add(struct scope *scope, str video_id, str name, struct version *ret_version)
{
    struct video video;
    int64_t versions;
    json_t *state;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(db_integer(scope->db, &count, DB_ARGS(db_text(video.id)), &versions, NULL));
    if (versions >= VERSIONS_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "A video keeps %d versions; this one has them", VERSIONS_MAX);
    TRY(video_state_read(scope, &video, &state));
    str id = id_new(scope->arena);
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(video.id), db_text(scope->actor.user_id), db_text(name), db_int(video.revision),
            db_text(json_text(scope->arena, state)), db_int(clock_now_us())),
        NULL));
    return find(scope, video.id, id, ret_version);
}

DB_STATEMENT(of_video, SELECT "ORDER BY v.created_at DESC, v.id DESC");

error version_list(struct scope *scope, str video_id, struct list *ret_versions)
{
    struct video video;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    return db_all(scope->db, scope->arena, &of_video, DB_ARGS(db_text(video.id)), &version_shape, 0, ret_versions);
}

static error tell(struct scope *scope, const struct video *video, const struct version *version)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "video_id", json_str(video->id));
    json_object_set_new(payload, "version_id", json_str(version->id));
    json_object_set_new(payload, "name", json_str(version->name));
    json_object_set_new(payload, "revision", json_integer(video->revision));
    json_object_set_new(payload, "user_id", json_str(scope->actor.user_id));
    return event_add(
        scope, &(struct event_new) {
                   .kind = "video:restored", .user_id = video->user_id, .video_id = video->id, .payload = payload });
}

DB_STATEMENT(state_of, "SELECT state FROM version WHERE id = $1");

error version_restore(struct scope *scope, str video_id, str id, struct version *ret_version)
{
    struct video video;
    struct version version;
    json_t *before, *wanted, *after;
    str text;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(find(scope, video.id, id, &version));
    TRY(db_string(scope->db, scope->arena, &state_of, DB_ARGS(db_text(version.id)), &text));
    TRY(json_read(scope->arena, text, &wanted));
    TRY(video_state_read(scope, &video, &before));
    TRY(video_state_write(scope, &video, before, wanted));
    TRY(video_get(scope, video.id, VIDEO_READ, &video));
    video.revision++; // as the log leaves it
    TRY(video_state_read(scope, &video, &after));
    struct patch patch = patch_between(scope->arena, before, after);
    TRY(revision_add(scope, &(struct revision_new) { .kind = "version.restore",
                                .video_id = video.id,
                                .target_id = version.id,
                                .subject = version.name,
                                .patch = &patch }));
    *ret_version = version;
    return tell(scope, &video, &version);
}
