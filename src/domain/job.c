// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/job.h"

#include "base/id.h"
#include "base/span.h"
#include "domain/event.h"
#include "domain/file_key.h"
#include "domain/job_row.h"
#include "domain/video.h"

static const struct field fields[] = {
    FIELD(struct job, number),
    FIELD(struct job, id),
    FIELD(struct job, kind),
    FIELD(struct job, user_id),
    FIELD(struct job, media_id),
    FIELD(struct job, video_id),
    FIELD(struct job, parent),
    FIELD(struct job, part),
    FIELD(struct job, stage),
    FIELD(struct job, state),
    FIELD(struct job, priority),
    FIELD(struct job, params),
    FIELD(struct job, result),
    FIELD(struct job, error_code),
    FIELD(struct job, error_message),
    FIELD(struct job, progress),
    FIELD(struct job, parts_total),
    FIELD(struct job, attempts),
    FIELD(struct job, losses),
    FIELD(struct job, retry_count),
    FIELD(struct job, fence),
    FIELD(struct job, trace_id),
    FIELD(struct job, parent_span),
    FIELD(struct job, created_at),
    FIELD(struct job, started_at),
    FIELD(struct job, finished_at),
    FIELD(struct job, title),
    FIELD(struct job, owner_number),
    FIELD(struct job, owner_plan),
};
const struct shape job_row_shape = SHAPE("JobRow", struct job, fields);

struct job job_copy(struct arena *arena, const struct job *job)
{
    struct job copy = *job;
    str *const texts[] = { &copy.id, &copy.kind, &copy.user_id, &copy.media_id, &copy.video_id, &copy.stage,
        &copy.state, &copy.params.text, &copy.result.text, &copy.error_code, &copy.error_message, &copy.trace_id,
        &copy.parent_span, &copy.title, &copy.owner_plan };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->data)
            *texts[i] = str_copy(arena, *texts[i]);
    return copy;
}

str job_status(const struct job *job)
{
    bool joins = str_equal(job->state, STR("pending")) && str_equal(job->stage, STR("join"));
    return joins || str_equal(job->state, STR("waiting")) ? STR("processing") : job->state;
}

static struct event_new event_of(struct scope *scope, const struct job *job)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "job_id", json_str(job->id));
    json_object_set_new(payload, "kind", json_str(job->kind));
    json_object_set_new(payload, "status", json_str(job_status(job)));
    json_object_set_new(payload, "progress", json_real(job->progress));
    json_object_set_new(payload, "media_id", json_str(job->media_id));
    json_object_set_new(payload, "video_id", json_str(job->video_id));
    if (job->error_message.data)
        json_object_set_new(payload, "error", json_str(job->error_message));
    return (struct event_new) {
        .kind = "job", .user_id = job->user_id, .media_id = job->media_id, .video_id = job->video_id, .payload = payload
    };
}

error job_changed_all(struct scope *scope, const struct job *jobs, size_t count)
{
    struct event_new *events = ARENA_ARRAY(scope->arena, struct event_new, count + 1);
    size_t event_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].parent.set)
            continue;
        if (str_equal(jobs[i].kind, STR("transcribe")) && jobs[i].media_id.data)
            TRY(media_set_status(scope, jobs[i].media_id, job_status(&jobs[i]).data));
        events[event_count++] = event_of(scope, &jobs[i]);
    }
    return event_add_all(scope, events, event_count);
}

DB_STATEMENT(insert,
    "INSERT INTO job (id, kind, user_id, media_id, video_id, part, stage, state, priority, params, progress,"
    " parts_total, attempts, retry_count, unique_key, run_after, fence, trace_id, parent_span, created_at)"
    " VALUES ($1, $2, $3, $4, $5, 0, 'start', 'pending', $6, $7, 0, 0, 0, 0, $8, now_us(), 0, $9, $10, now_us())"
    " RETURNING " JOB_COLUMNS);

// Locked, so that the other job's end comes either before this look or after the row is there to be removed.
#define UNFINISHED "SELECT number FROM job WHERE number = $1 AND state IN ('pending', 'processing', 'waiting')"
DB_STATEMENT2(unfinished, UNFINISHED, UNFINISHED " FOR SHARE");
DB_STATEMENT(insert_need, "INSERT INTO job_need (job, needed) VALUES ($1, $2) ON CONFLICT DO NOTHING");

static error add_need(struct scope *scope, int64_t job, int64_t needed)
{
    int64_t number;
    bool found;
    TRY(db_integer(scope->db, &unfinished, DB_ARGS(db_int(needed)), &number, &found));
    return found ? db_run(scope->db, &insert_need, DB_ARGS(db_int(job), db_int(needed)), NULL) : OK;
}

error job_add(struct scope *scope, const struct job_new *job, struct job *ret_job)
{
    bool found;
    TRY(db_one(scope->db, scope->arena, &insert,
        DB_ARGS(db_text(id_new(scope->arena)), db_text(str_of(job->kind)), db_text(scope->actor.user_id),
            db_text(job->media_id), db_text(job->video_id), db_int(job->priority),
            db_text(json_text(scope->arena, job->params)), db_text(job->unique_key),
            db_text(str_of(scope->trace.trace_id)), db_text(span_origin(scope->arena, &scope->trace))),
        &job_row_shape, ret_job, &found));
    for (size_t i = 0; i < job->needed_count; i++)
        TRY(add_need(scope, ret_job->number, job->needed[i]));
    return job_changed_all(scope, ret_job, 1);
}

DB_STATEMENT(insert_done,
    "INSERT INTO job (id, kind, user_id, media_id, video_id, part, stage, state, priority, params, result, progress,"
    " parts_total, attempts, retry_count, run_after, fence, trace_id, created_at, started_at, finished_at)"
    " VALUES ($1, $2, $3, $4, $5, 0, 'start', 'completed', $6, $7, $9, 1, 0, 0, 0, now_us(), 0, $8, now_us(),"
    " now_us(), now_us())"
    " RETURNING " JOB_COLUMNS);

error job_add_done(struct scope *scope, const struct job_new *job, struct job *ret_job)
{
    bool found;
    TRY(db_one(scope->db, scope->arena, &insert_done,
        DB_ARGS(db_text(id_new(scope->arena)), db_text(str_of(job->kind)), db_text(scope->actor.user_id),
            db_text(job->media_id), db_text(job->video_id), db_int(job->priority),
            db_text(json_text(scope->arena, job->params)), db_text(str_of(scope->trace.trace_id)),
            db_text(job->result ? json_text(scope->arena, job->result) : STR("{}"))),
        &job_row_shape, ret_job, &found));
    return job_changed_all(scope, ret_job, 1);
}

#define WITH_TITLE                                                                                                     \
    "SELECT " JOB_COLUMNS_OF("j") ", coalesce(m.file_name, v.title) AS title FROM job j"                               \
                                  " LEFT JOIN media m ON m.id = j.media_id LEFT JOIN video v ON v.id = j.video_id "

DB_STATEMENT(by_id, WITH_TITLE "WHERE j.id = $1 AND j.parent IS NULL");

static error not_found(str id)
{
    return error_make(ERROR_JOB_NOT_FOUND, "job_id", "Job with ID '%.*s' not found", STR_ARGS(id));
}

static error find(struct scope *scope, str id, struct job *ret_job)
{
    bool found;
    if (!id_is_valid(id))
        return error_make(ERROR_INVALID_ID, "job_id", "A job id is a UUID");
    TRY(db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(str_lower(scope->arena, id))), &job_row_shape, ret_job,
        &found));
    return found ? OK : not_found(id);
}

error job_get(struct scope *scope, str id, struct job *ret_job)
{
    struct job job;
    TRY(find(scope, id, &job));
    if (!scope_may(scope, job.user_id))
        return not_found(id);
    *ret_job = job;
    return OK;
}

error job_get_readable(struct scope *scope, str id, struct job *ret_job)
{
    struct job job;
    bool may = false;
    TRY(find(scope, id, &job));
    if (scope_may(scope, job.user_id))
        may = true;
    else if (str_equal(job.kind, STR("transcribe")) && job.media_id.data)
        TRY(file_key_may_read(scope, job.media_id, job.user_id, &may));
    if (!may)
        return not_found(id);
    *ret_job = job;
    return OK;
}

error job_get_of_video(struct scope *scope, str id, struct job *ret_job)
{
    struct job job;
    struct video video;
    TRY(find(scope, id, &job));
    error access = job.video_id.data ? video_get(scope, job.video_id, VIDEO_READ, &video) : not_found(id);
    if (access.code == ERROR_VIDEO_NOT_FOUND)
        return not_found(id);
    TRY(access);
    *ret_job = job;
    return OK;
}

#define FILTER                                                                                                         \
    "WHERE (j.user_id = $1 OR CAST($4 AS TEXT) IS NOT NULL) AND j.parent IS NULL"                                      \
    " AND (CAST($2 AS TEXT) IS NULL OR (CASE WHEN j.state = 'waiting' OR (j.state = 'pending' AND j.stage = 'join')"   \
    " THEN 'processing' ELSE j.state END) = $2)"                                                                       \
    " AND (CAST($3 AS TEXT) IS NULL OR j.kind = $3) AND (CAST($4 AS TEXT) IS NULL OR CAST(j.video_id AS TEXT) = $4) "

DB_STATEMENT(list_some, WITH_TITLE FILTER "ORDER BY j.number DESC LIMIT $5 OFFSET $6");
DB_STATEMENT(count_some, "SELECT count(*) FROM job j " FILTER);

error job_list(struct scope *scope, const struct job_filter *filter, struct list *ret_jobs, int64_t *ret_total)
{
    struct db_value user = db_text(scope->actor.user_id), status = db_text(filter->status),
                    kind = db_text(filter->kind), video = db_text(filter->video_id);
    TRY(db_integer(scope->db, &count_some, DB_ARGS(user, status, kind, video), ret_total, NULL));
    return db_all(scope->db, scope->arena, &list_some,
        DB_ARGS(user, status, kind, video, db_int(filter->limit), db_int(filter->offset)), &job_row_shape, 0, ret_jobs);
}

DB_STATEMENT(position, "SELECT count(*) FROM job WHERE state = 'pending' AND kind = $3 AND stage = 'start'"
                       " AND (priority > $1 OR (priority = $1 AND number < $2))");

error job_queue_position(struct scope *scope, const struct job *job, int64_t *ret_position)
{
    if (!str_equal(job->state, STR("pending"))) {
        *ret_position = 0;
        return OK;
    }
    int64_t before;
    TRY(db_integer(
        scope->db, &position, DB_ARGS(db_int(job->priority), db_int(job->number), db_text(job->kind)), &before, NULL));
    *ret_position = before + 1;
    return OK;
}

DB_STATEMENT(newest_of_video, WITH_TITLE "WHERE j.video_id = $1 AND j.kind = 'render' AND j.parent IS NULL"
                                         " ORDER BY j.number DESC LIMIT 1");

error job_newest_of_video(struct scope *scope, str video_id, struct job *ret_job, bool *ret_found)
{
    return db_one(
        scope->db, scope->arena, &newest_of_video, DB_ARGS(db_text(video_id)), &job_row_shape, ret_job, ret_found);
}

DB_STATEMENT(newest_of_media,
    WITH_TITLE "WHERE j.media_id = $1 AND j.kind = $2 AND j.parent IS NULL ORDER BY j.number DESC LIMIT 1");

error job_newest_of_media(struct scope *scope, str media_id, const char *kind, struct job *ret_job, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &newest_of_media, DB_ARGS(db_text(media_id), db_text(str_of(kind))),
        &job_row_shape, ret_job, ret_found);
}

DB_STATEMENT(cancel, "UPDATE job SET state = 'cancelled', unique_key = NULL, lease_until = NULL, fence = fence + 1,"
                     " finished_at = now_us() WHERE number = $1 AND state IN ('pending', 'processing', 'waiting') "
                     "RETURNING " JOB_COLUMNS);
error job_cancel(struct scope *scope, const struct job *job, struct job *ret_job)
{
    bool found;
    TRY(db_one(scope->db, scope->arena, &cancel, DB_ARGS(db_int(job->number)), &job_row_shape, ret_job, &found));
    if (!found) {
        struct job there;
        TRY(job_get(scope, job->id, &there));
        if (str_equal(there.state, STR("completed")))
            return error_of(ERROR_JOB_ALREADY_COMPLETED);
        return error_of(str_equal(there.state, STR("failed")) ? ERROR_JOB_ALREADY_FAILED : ERROR_JOB_ALREADY_CANCELLED);
    }
    TRY(job_end_parts(scope, job->number));
    return job_ended(scope, ret_job, 1);
}

// Finished parts are kept: a retry does only what is missing (job_fan_out drops those that no longer fit).
DB_STATEMENT(forget_parts, "DELETE FROM job WHERE parent = $1 AND state <> 'completed'");
DB_STATEMENT(retry,
    "UPDATE job SET state = 'pending', stage = 'start', attempts = 0, losses = 0, parts_total = 0, retry_count = "
    "retry_count + 1, "
    "progress = 0,"
    " error_code = NULL, error_message = NULL, result = NULL, finished_at = NULL, run_after = now_us(), unique_key = $2"
    " WHERE number = $1 AND state = 'failed' RETURNING " JOB_COLUMNS);

error job_retry(struct scope *scope, const struct job *job, struct job *ret_job)
{
    bool found;
    str target = job->media_id.data ? job->media_id : job->video_id;
    json_t *params;
    TRY(json_read(scope->arena, job->params.text, &params));
    str key = job_unique_key(scope->arena, job->kind, target.data ? target : json_get_str(params, "link_id"));
    TRY(db_one(
        scope->db, scope->arena, &retry, DB_ARGS(db_int(job->number), db_text(key)), &job_row_shape, ret_job, &found));
    if (!found)
        return error_of(ERROR_JOB_NOT_FAILED);
    TRY(db_run(scope->db, &forget_parts, DB_ARGS(db_int(job->number)), NULL));
    return job_changed_all(scope, ret_job, 1);
}

str job_unique_key(struct arena *arena, str kind, str target_id)
{
    return target_id.data ? str_format(arena, "%.*s:%.*s", STR_ARGS(kind), STR_ARGS(target_id)) : STR_NONE;
}

// Among the newest jobs of all kinds only, so that a full table makes nobody wait.
DB_STATEMENT(usual,
    "SELECT CAST(avg(finished_at - started_at) / 1000 AS BIGINT) FROM (SELECT finished_at, started_at FROM job"
    " WHERE kind = $1 AND state = 'completed' AND parent IS NULL AND number > (SELECT max(number) - 20000 FROM job)"
    " ORDER BY number DESC LIMIT 20) AS recent");

error job_usual_seconds(struct scope *scope, const char *kind, double fallback, double *ret_seconds)
{
    int64_t ms = 0;
    bool found;
    TRY(db_integer(scope->db, &usual, DB_ARGS(db_text(str_of(kind))), &ms, &found));
    *ret_seconds = found && ms > 0 ? (double)ms / 1000 : fallback;
    return OK;
}
