// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/video.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/asset.h"
#include "domain/event.h"
#include "domain/member.h"
#include "domain/merging.h"
#include "domain/revision.h"
#include "domain/scene_properties.h"
#include "domain/search.h"
#include "domain/video_state.h"

static const struct field fields[] = {
    FIELD(struct video, number),
    FIELD(struct video, id),
    FIELD(struct video, user_id),
    FIELD(struct video, title),
    FIELD(struct video, properties),
    FIELD(struct video, revision),
    FIELD(struct video, scene_count),
    FIELD(struct video, duration),
    FIELD(struct video, created_at),
    FIELD(struct video, updated_at),
};
const struct shape video_row_shape = SHAPE("VideoRow", struct video, fields);

#define SELECT                                                                                                         \
    "SELECT v.number, v.id, v.user_id, v.title, v.properties, v.revision, v.created_at, v.updated_at,"                 \
    " (SELECT count(*) FROM scenes s WHERE s.video_id = v.id) AS scene_count,"                                         \
    " (SELECT coalesce(sum(s.duration), 0) FROM scenes s WHERE s.video_id = v.id) AS duration FROM video v "

DB_STATEMENT(by_id, SELECT "WHERE v.id = $1");

// What a member may do; the owner and superusers may everything.
static error check_right(struct scope *scope, const struct video *video, enum video_right right)
{
    str role;
    if (scope_may(scope, video->user_id))
        return OK;
    TRY(member_role(scope, video->id, scope->actor.user_id, &role));
    if (!role.data)
        return error_of(ERROR_VIDEO_NOT_FOUND);
    if (right == VIDEO_OWN)
        return error_of(ERROR_OWNER_REQUIRED);
    if (right == VIDEO_WRITE && !str_equal(role, STR("editor")))
        return error_of(ERROR_READ_ONLY);
    return OK;
}

error video_get(struct scope *scope, str id, enum video_right right, struct video *ret_video)
{
    struct video video;
    bool found;
    if (!id_is_valid(id))
        return error_make(ERROR_INVALID_ID, "video_id", "A video id is a UUID");
    TRY(db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(str_lower(scope->arena, id))), &video_row_shape, &video,
        &found));
    error access = found ? check_right(scope, &video, right) : error_of(ERROR_VIDEO_NOT_FOUND);
    if (access.code == ERROR_VIDEO_NOT_FOUND)
        return error_make(ERROR_VIDEO_NOT_FOUND, "video_id", "Video with ID '%.*s' not found", STR_ARGS(id));
    TRY(access);
    *ret_video = video;
    return OK;
}

#define READABLE "WHERE v.user_id = $1 OR v.id IN (SELECT video_id FROM video_member WHERE user_id = $1) "

DB_STATEMENT(list_readable, SELECT READABLE "ORDER BY v.number DESC LIMIT $2 OFFSET $3");
DB_STATEMENT(count_readable, "SELECT count(*) FROM video v " READABLE);

error video_list(struct scope *scope, int64_t offset, int64_t limit, struct list *ret_videos, int64_t *ret_total)
{
    struct db_value user = db_text(scope->actor.user_id);
    TRY(db_integer(scope->db, &count_readable, DB_ARGS(user), ret_total, NULL));
    return db_all(scope->db, scope->arena, &list_readable, DB_ARGS(user, db_int(limit), db_int(offset)),
        &video_row_shape, 0, ret_videos);
}

// The members of the body that the property table knows for videos; nulls too, since they remove.
static json_t *options_of(struct arena *arena, const json_t *body)
{
    json_t *options = json_keep(arena, json_object());
    for (const struct scene_property *row = scene_properties; row->name; row++) {
        json_t *value = json_object_get(body, row->name);
        if ((row->owners & ON_VIDEO) && value && strcmp(row->name, "title"))
            json_object_set(options, row->name, value);
    }
    return options;
}

static error note_to(struct scope *scope, const char *event, const struct video *video, str user_id)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "video_id", json_str(video->id));
    json_object_set_new(payload, "title", json_str(video->title));
    return event_add(
        scope, &(struct event_new) { .kind = event, .user_id = user_id, .video_id = video->id, .payload = payload });
}

error video_tell(struct scope *scope, const struct video *video)
{
    TRY(search_update(scope, SEARCH_VIDEO, video->id));
    return note_to(scope, "video:updated", video, video->user_id);
}

DB_STATEMENT(insert, "INSERT INTO video (id, user_id, title, properties, revision, created_at, updated_at)"
                     " VALUES ($1, $2, $3, $4, 1, $5, $5)");

error video_create(
    struct scope *scope, str title, const json_t *options, struct problems *problems, struct video *ret_video)
{
    return video_create_as(scope, id_new(scope->arena), title, options, problems, ret_video);
}

error video_create_as(
    struct scope *scope, str id, str title, const json_t *options, struct problems *problems, struct video *ret_video)
{
    const json_t *chosen = json_merge(scope->arena, NULL, options_of(scope->arena, options));
    scene_options_check(scope->arena, ON_VIDEO, chosen, problems);
    TRY(problems_error(problems));
    TRY(asset_check_options(scope, NULL, chosen));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(scope->actor.user_id), db_text(title), db_text(json_text(scope->arena, chosen)),
            db_int(clock_now_us())),
        NULL));
    TRY(video_get(scope, id, VIDEO_READ, ret_video));
    TRY(search_update(scope, SEARCH_VIDEO, id));
    return note_to(scope, "video:added", ret_video, ret_video->user_id);
}

DB_STATEMENT(update, "UPDATE video SET title = $2, properties = $3, updated_at = $4 WHERE id = $1");

error video_update(
    struct scope *scope, str id, const struct video_change *change, struct problems *problems, struct video *ret_video)
{
    struct video video;
    struct patch patch = patch_new(scope->arena);
    json_t *before, *after, *changed = json_keep(scope->arena, json_object());
    TRY(video_get(scope, id, VIDEO_WRITE, &video));
    TRY(video_state_video(scope->arena, &video, &before));
    json_object_set(changed, "properties", options_of(scope->arena, change->options));
    if (change->title.data)
        json_object_set_new(changed, "title", json_str(change->title));
    TRY(merging_check(scope, &change->merging,
        &(struct merging_target) { "videos", video.id, video.id, video.revision, before, changed }, problems));
    const json_t *merged = json_merge(
        scope->arena, json_object_get(before, "properties"), json_object_get(changed, "properties"));
    scene_options_check(scope->arena, ON_VIDEO, merged, problems);
    TRY(problems_error(problems));
    TRY(asset_check_options(scope, json_object_get(before, "properties"), merged));
    TRY(db_run(scope->db, &update,
        DB_ARGS(db_text(video.id), db_text(change->title.data ? change->title : video.title),
            db_text(json_text(scope->arena, merged)), db_int(clock_now_us())),
        NULL));
    TRY(video_get(scope, id, VIDEO_READ, ret_video));
    ret_video->revision++; // as the log leaves it
    TRY(video_state_video(scope->arena, ret_video, &after));
    patch_row(&patch, "videos", video.id, before, after);
    TRY(revision_add(
        scope, &(struct revision_new) {
                   .kind = "video.update", .video_id = video.id, .target_id = video.id, .patch = &patch }));
    TRY(video_get(scope, id, VIDEO_READ, ret_video));
    return video_tell(scope, ret_video);
}

DB_STATEMENT(delete_one, "DELETE FROM video WHERE id = $1");
DB_STATEMENT(delete_jobs, "DELETE FROM job WHERE video_id = $1");

error video_delete(struct scope *scope, str id)
{
    struct video video;
    struct list audience; // afterwards nobody knows who they were
    TRY(video_get(scope, id, VIDEO_OWN, &video));
    TRY(member_audience(scope, video.id, &audience));
    TRY(db_run(scope->db, &delete_jobs, DB_ARGS(db_text(video.id)), NULL));
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_text(video.id)), NULL));
    for (size_t i = 0; i < audience.count; i++)
        TRY(note_to(scope, "video:deleted", &video, ((struct member *)audience.items)[i].user_id));
    return OK;
}
