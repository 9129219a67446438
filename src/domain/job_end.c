// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that end well, many in one turn: a few statements for all of them, so that a runner pays for a turn and not for
// each job.
#include "domain/job_row.h"

// $1: [[number, fence, result or null], ...]. `state` stands in an expression, since PostgreSQL else may look the rows
// up by the index of the leases, which was empty when it counted.
#define COMPLETE(number, fence, result, rows)                                                                          \
    "UPDATE job SET state = 'completed', progress = 1, result = done.result, unique_key = NULL, lease_until = NULL,"   \
    " finished_at = " JOB_NOW " FROM (SELECT " number " AS number, " fence " AS fence, " result " AS result"           \
    " FROM " rows " AS ended) AS done WHERE job.number = done.number AND job.fence = done.fence"                       \
    " AND job.state || '' = 'processing' RETURNING job.number, job.parts_total"
DB_STATEMENT2(complete,
    COMPLETE("json_extract(ended.value, '$[0]')", "json_extract(ended.value, '$[1]')",
        "json_extract(ended.value, '$[2]')", "json_each($1)"),
    COMPLETE("CAST(ended.value ->> 0 AS BIGINT)", "CAST(ended.value ->> 1 AS BIGINT)",
        "NULLIF(ended.value -> 2, CAST('null' AS JSONB))", "jsonb_array_elements(CAST($1 AS JSONB))"));

#define NUMBERS(rows)                                                                                                  \
    "DELETE FROM job_need WHERE EXISTS (SELECT 1 FROM job_need)"                                                       \
    " AND needed IN (SELECT CAST(ended.value AS BIGINT) FROM " rows " AS ended)"
DB_STATEMENT2(release, NUMBERS("json_each($1)"), NUMBERS("jsonb_array_elements_text(CAST($1 AS JSONB))"));

// Their results are in the job's own by now.
DB_STATEMENT(forget_parts, "DELETE FROM job WHERE parent = $1");

#define BATCH                                                                                                          \
    "UPDATE job SET state = 'completed', progress = 1, unique_key = NULL, attempts = attempts + 1, fence = fence + 1," \
    " started_at = coalesce(started_at, " JOB_NOW "), finished_at = " JOB_NOW
#define TAKEN " RETURNING job.number, job.id, job.kind, job.user_id, job.media_id, job.video_id, job.params"
DB_STATEMENT2(batch, BATCH " WHERE number IN (" JOB_NEXT("$1", "$2") ")" TAKEN,
    "WITH due AS MATERIALIZED (" JOB_NEXT_LOCKED("$1", "$2") ") " BATCH " FROM due WHERE job.ctid = due.place" TAKEN);

static str numbers_json(struct arena *arena, const struct job *jobs, size_t count)
{
    struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    json_array_begin(&out);
    for (size_t i = 0; i < count; i++)
        json_put_int(&out, jobs[i].number);
    json_array_end(&out);
    str text = str_copy(arena, buffer_str(&buffer));
    buffer_done(&buffer);
    return text;
}

static error release_all(struct scope *scope, const struct job *jobs, size_t count)
{
    return db_run(scope->db, &release, DB_ARGS(db_text(numbers_json(scope->arena, jobs, count))), NULL);
}

error job_batch(struct scope *scope, const char *kind, int64_t limit, struct list *ret_jobs)
{
    struct list jobs;
    TRY(db_all(
        scope->db, scope->arena, &batch, DB_ARGS(db_text(str_of(kind)), db_int(limit)), &job_row_shape, 0, &jobs));
    *ret_jobs = jobs;
    return jobs.count ? release_all(scope, jobs.items, jobs.count) : OK;
}

static str endings_json(struct arena *arena, const struct job_end *ends, size_t count)
{
    struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    json_array_begin(&out);
    for (size_t i = 0; i < count; i++) {
        json_array_begin(&out);
        json_put_int(&out, ends[i].job->number);
        json_put_int(&out, ends[i].job->fence);
        if (ends[i].result)
            json_put_value(&out, ends[i].result);
        else
            json_put_null(&out);
        json_array_end(&out);
    }
    json_array_end(&out);
    str text = str_copy(arena, buffer_str(&buffer));
    buffer_done(&buffer);
    return text;
}

error job_ended(struct scope *scope, const struct job *jobs, size_t count)
{
    if (count)
        TRY(release_all(scope, jobs, count));
    return job_changed_all(scope, jobs, count);
}

static error part_done(struct scope *scope, const struct job *part)
{
    struct job parent;
    TRY(job_wake_parent(scope, part->parent.value));
    TRY(job_of_part(scope, part, &parent));
    return job_changed_all(scope, &parent, 1);
}

// The parent of several parts once.
static error parts_done(struct scope *scope, const struct job *done, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool last = done[i].parent.set;
        for (size_t j = i + 1; last && j < count; j++)
            last = !done[j].parent.set || done[j].parent.value != done[i].parent.value;
        if (last)
            TRY(part_done(scope, &done[i]));
    }
    return OK;
}

// Of those that were ours: the jobs as they are now, from what was known of them and what the change tells.
static size_t take_done(struct job_end *ends, size_t count, const struct list *told, struct job *ret_done)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        const struct job *row = NULL;
        for (size_t j = 0; j < told->count && !row; j++) {
            const struct job *other = &((const struct job *)told->items)[j];
            row = other->number == ends[i].job->number ? other : NULL;
        }
        ends[i].mine = row != NULL;
        if (!row)
            continue;
        struct job *job = &ret_done[done++];
        *job = *ends[i].job;
        job->state = STR("completed");
        job->progress = 1;
        job->parts_total = row->parts_total;
    }
    return done;
}

error job_complete_all(struct scope *scope, struct job_end *ends, size_t count)
{
    struct list told;
    TRY(db_all(scope->db, scope->arena, &complete, DB_ARGS(db_text(endings_json(scope->arena, ends, count))),
        &job_row_shape, 0, &told));
    struct job *done = ARENA_ARRAY(scope->arena, struct job, count + 1);
    size_t done_count = take_done(ends, count, &told, done), whole_count = 0;
    TRY(parts_done(scope, done, done_count));
    for (size_t i = 0; i < done_count; i++) {
        if (done[i].parent.set)
            continue;
        if (done[i].parts_total)
            TRY(db_run(scope->db, &forget_parts, DB_ARGS(db_int(done[i].number)), NULL));
        done[whole_count++] = done[i];
    }
    return job_ended(scope, done, whole_count);
}

error job_complete(struct scope *scope, const struct job *job, const json_t *result, bool *ret_mine)
{
    struct job_end end = { .job = job, .result = result };
    TRY(job_complete_all(scope, &end, 1));
    *ret_mine = end.mine;
    return OK;
}
