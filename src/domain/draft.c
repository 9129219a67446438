// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/draft.h"

#include "base/clock.h"
#include "domain/cache.h"
#include "domain/job_row.h"
#include "domain/video.h"

// Somebody waits for it: before renders and their parts. LOOKED_AT: drafts of a video newer than the one that is
// looked for; behind so many it counts as never asked for.
enum { PRIORITY_DRAFT = 2, LOOKED_AT = 50 };
// A draft that failed is not begun again at each glance, but what was wrong may have been mended.
static const int64_t FAILED_US = 60 * SECOND_US;

#define OF_VIDEO "FROM job WHERE video_id = $1 AND kind = 'draft' AND parent IS NULL"

DB_STATEMENT(of_video, "SELECT " JOB_COLUMNS " " OF_VIDEO " ORDER BY number DESC LIMIT $2");

static str text_of(struct arena *arena, const struct job *job, const char *name)
{
    json_t *params;
    return error_is(json_read(arena, job->params.text, &params)) ? STR_NONE : json_get_str(params, name);
}

static error look_for_job(struct scope *scope, struct draft *draft)
{
    struct list jobs;
    draft->job = (struct job) { 0 };
    TRY(db_all(scope->db, scope->arena, &of_video, DB_ARGS(db_text(draft->video_id), db_int(LOOKED_AT)), &job_row_shape,
        LOOKED_AT, &jobs));
    for (size_t i = 0; i < jobs.count; i++) {
        const struct job *job = &((struct job *)jobs.items)[i];
        if (!str_equal(text_of(scope->arena, job, "key"), draft->key))
            continue;
        bool failed = str_equal_c(job->state, "failed") && clock_now_us() - job->finished_at.us < FAILED_US;
        if (failed || !job->finished_at.us)
            draft->job = *job;
        return OK;
    }
    return OK;
}

error draft_look(struct scope *scope, struct draft *draft)
{
    struct cache_entry entry;
    TRY(cache_get(scope, draft->key, &entry, &draft->is_made));
    if (!draft->is_made)
        return look_for_job(scope, draft);
    draft->facts = entry.facts;
    return OK;
}

error draft_touch(struct scope *scope, const struct draft *draft)
{
    return cache_touch(scope, draft->key);
}

DB_STATEMENT(unfinished, "SELECT " JOB_COLUMNS " " OF_VIDEO " AND user_id = $2 AND finished_at IS NULL");

static error cancel_older(struct scope *scope, const struct draft *draft)
{
    struct list jobs;
    TRY(db_all(scope->db, scope->arena, &unfinished, DB_ARGS(db_text(draft->video_id), db_text(scope->actor.user_id)),
        &job_row_shape, LOOKED_AT, &jobs));
    for (size_t i = 0; i < jobs.count; i++) {
        struct job *job = &((struct job *)jobs.items)[i], gone;
        if (str_equal(text_of(scope->arena, job, "scene_id"), draft->scene_id))
            TRY(job_cancel(scope, job, &gone));
    }
    return OK;
}

error draft_start(struct scope *scope, struct draft *draft)
{
    TRY(draft_look(scope, draft));
    if (draft->is_made || draft->job.id.data)
        return OK;
    TRY(cancel_older(scope, draft));
    json_t *params = json_keep(scope->arena, json_object());
    json_object_set_new(params, "key", json_str(draft->key));
    if (draft->scene_id.data)
        json_object_set_new(params, "scene_id", json_str(draft->scene_id));
    return job_add(scope,
        &(struct job_new) {
            .kind = "draft", .video_id = draft->video_id, .params = params, .priority = PRIORITY_DRAFT },
        &draft->job);
}

error draft_blob(struct scope *scope, str video_id, str key, str *ret_blob_id)
{
    struct video video;
    struct cache_entry entry;
    bool found;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    TRY(cache_get(scope, key, &entry, &found));
    if (!found)
        return error_make(ERROR_NOT_FOUND, NULL, "This draft is no longer kept; ask for it again");
    *ret_blob_id = entry.blob_id;
    return OK;
}
