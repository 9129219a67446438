// SPDX-License-Identifier: GPL-3.0-or-later
// The runner's side of the queue. Every change names the fence that the claim gave, so that a runner that
// lost its job can write nothing.
#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/job_row.h"

#define CLAIM(which, lock)                                                                                             \
    "UPDATE job SET state = 'processing', attempts = attempts + 1, fence = fence + 1, runner_id = $1,"                 \
    " lease_until = $2, started_at = coalesce(started_at, $3) WHERE number = (SELECT number FROM job"                  \
    " WHERE state = 'pending' AND run_after <= $3 AND " which " ORDER BY priority DESC, number LIMIT 1" lock ")"       \
    " RETURNING " JOB_COLUMNS
#define WORK "kind <> 'download'"
#define DOWNLOAD(most)                                                                                                 \
    "kind = 'download' AND (SELECT count(*) FROM job busy WHERE busy.state = 'processing'"                             \
    " AND busy.kind = 'download') < " most

DB_STATEMENT2(claim_work, CLAIM(WORK, ""), CLAIM(WORK, " FOR UPDATE SKIP LOCKED"));
DB_STATEMENT2(claim_download, CLAIM(DOWNLOAD("$4"), ""), CLAIM(DOWNLOAD("$4"), " FOR UPDATE SKIP LOCKED"));
#define DUE(which)                                                                                                     \
    "SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'pending' AND run_after <= $1 AND " which " LIMIT 1) AS "   \
    "one"
DB_STATEMENT(work_due, DUE(WORK));
DB_STATEMENT(download_due, DUE(DOWNLOAD("$2")));

error job_is_due(struct scope *scope, enum job_lane lane, bool *ret_due)
{
    int64_t count;
    struct db_value now = db_int(clock_now_us()), most = db_int(SETTING_NOW(max_concurrent_downloads));
    TRY(db_integer(scope->db, lane == JOB_LANE_WORK ? &work_due : &download_due,
        lane == JOB_LANE_WORK ? DB_ARGS(now) : DB_ARGS(now, most), &count, NULL));
    *ret_due = count > 0;
    return OK;
}

error job_claim(
    struct scope *scope, enum job_lane lane, str runner_id, int64_t lease_us, struct job *ret_job, bool *ret_found)
{
    int64_t now = clock_now_us();
    struct db_value runner = db_text(runner_id), until = db_int(now + lease_us), at = db_int(now),
                    most = db_int(SETTING_NOW(max_concurrent_downloads));
    TRY(db_one(scope->db, scope->arena, lane == JOB_LANE_WORK ? &claim_work : &claim_download,
        lane == JOB_LANE_WORK ? DB_ARGS(runner, until, at) : DB_ARGS(runner, until, at, most), &job_row_shape, ret_job,
        ret_found));
    return *ret_found && str_equal(ret_job->stage, STR("start")) ? job_changed(scope, ret_job) : OK;
}

DB_STATEMENT(heartbeat, "UPDATE job SET lease_until = $3, progress = CASE WHEN $4 > progress THEN $4 ELSE progress END"
                        " WHERE number = $1 AND fence = $2 AND state = 'processing'");

DB_STATEMENT(mine, "SELECT count(*) FROM job WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_is_mine(struct scope *scope, const struct job *job, bool *ret_mine)
{
    int64_t count;
    TRY(db_integer(scope->db, &mine, DB_ARGS(db_int(job->number), db_int(job->fence)), &count, NULL));
    *ret_mine = count > 0;
    return OK;
}

// The first twentieth is for the start and the last for the join, as in work/run.c.
DB_STATEMENT(progress_of_parent,
    "UPDATE job SET progress = (SELECT 0.05 + 0.9 * sum(part.progress) / job.parts_total FROM job part"
    " WHERE part.parent = $1) WHERE number = $1 AND parts_total > 0 AND state = 'waiting'");

error job_heartbeat(struct scope *scope, const struct job *job, double progress, int64_t lease_us, bool *ret_mine)
{
    int64_t changed;
    TRY(db_run(scope->db, &heartbeat,
        DB_ARGS(db_int(job->number), db_int(job->fence), db_int(clock_now_us() + lease_us), db_number(progress)),
        &changed));
    *ret_mine = changed == 1;
    return changed && job->parent.set ? db_run(scope->db, &progress_of_parent, DB_ARGS(db_int(job->parent.value)), NULL)
                                      : OK;
}

static struct db_value json_or_null(struct arena *arena, const json_t *value)
{
    return value ? db_text(json_text(arena, value)) : db_null();
}

DB_STATEMENT(
    drop_other_part, "DELETE FROM job WHERE parent = $1 AND part = $2 AND (state <> 'completed' OR params <> $3)");
DB_STATEMENT(drop_parts_past, "DELETE FROM job WHERE parent = $1 AND part >= $2");
DB_STATEMENT(add_part,
    "INSERT INTO job (id, kind, user_id, media_id, video_id, parent, part, stage, state, priority, params, progress,"
    " parts_total, attempts, retry_count, run_after, fence, trace_id, created_at)"
    " SELECT $1, kind, user_id, media_id, video_id, number, $2, 'part', 'pending', priority + 1, $3, 0, 0, 0, 0, $4,"
    " 0, trace_id, $4 FROM job WHERE number = $5"
    " AND NOT EXISTS (SELECT 1 FROM job kept WHERE kept.parent = $5 AND kept.part = $2)");
DB_STATEMENT(wait_for_parts, "UPDATE job SET state = 'waiting', parts_total = $3, result = $4, lease_until = NULL"
                             " WHERE number = $1 AND fence = $2 AND state = 'processing'");
// The last part to end wakes the parent; without any left to do it wakes at once.
DB_STATEMENT(wake_parent,
    "UPDATE job SET state = 'pending', stage = 'join', run_after = $2, attempts = 0 WHERE number = $1"
    " AND state = 'waiting' AND NOT EXISTS (SELECT 1 FROM job part WHERE part.parent = $1"
    " AND part.state <> 'completed')");

error job_fan_out(struct scope *scope, const struct job *job, json_t *const *parts, size_t count, const json_t *facts)
{
    int64_t now = clock_now_us(), changed;
    TRY(db_run(scope->db, &wait_for_parts,
        DB_ARGS(db_int(job->number), db_int(job->fence), db_int((int64_t)count), json_or_null(scope->arena, facts)),
        &changed));
    if (!changed)
        return error_of(ERROR_CANCELLED);
    TRY(db_run(scope->db, &drop_parts_past, DB_ARGS(db_int(job->number), db_int((int64_t)count)), NULL));
    for (size_t i = 0; i < count; i++) {
        struct db_value number = db_int(job->number), index = db_int((int64_t)i),
                        params = db_text(json_text(scope->arena, parts[i]));
        TRY(db_run(scope->db, &drop_other_part, DB_ARGS(number, index, params), NULL));
        TRY(db_run(
            scope->db, &add_part, DB_ARGS(db_text(id_new(scope->arena)), index, params, db_int(now), number), NULL));
    }
    return db_run(scope->db, &wake_parent, DB_ARGS(db_int(job->number), db_int(now)), NULL);
}

DB_STATEMENT(by_number, "SELECT " JOB_COLUMNS " FROM job WHERE number = $1");

error job_of_part(struct scope *scope, const struct job *part, struct job *ret_job)
{
    bool found;
    TRY(db_one(
        scope->db, scope->arena, &by_number, DB_ARGS(db_int(part->parent.value)), &job_row_shape, ret_job, &found));
    return found ? OK : error_of(ERROR_JOB_NOT_FOUND);
}

DB_STATEMENT(parts_done, "SELECT count(*) FROM job WHERE parent = $1 AND state = 'completed'");

error job_parts_done(struct scope *scope, int64_t number, int64_t *ret_count)
{
    return db_integer(scope->db, &parts_done, DB_ARGS(db_int(number)), ret_count, NULL);
}

DB_STATEMENT(parts_of, "SELECT " JOB_COLUMNS " FROM job WHERE parent = $1 ORDER BY part");

error job_parts(struct scope *scope, const struct job *job, struct list *ret_parts)
{
    return db_all(scope->db, scope->arena, &parts_of, DB_ARGS(db_int(job->number)), &job_row_shape, 0, ret_parts);
}

DB_STATEMENT(complete,
    "UPDATE job SET state = 'completed', progress = 1, result = $3, unique_key = NULL, lease_until = NULL,"
    " finished_at = $4 WHERE number = $1 AND fence = $2 AND state = 'processing' RETURNING " JOB_COLUMNS);

static error part_done(struct scope *scope, const struct job *part)
{
    struct job parent;
    struct db_value number = db_int(part->parent.value);
    TRY(db_run(scope->db, &progress_of_parent, DB_ARGS(number), NULL));
    TRY(db_run(scope->db, &wake_parent, DB_ARGS(number, db_int(clock_now_us())), NULL));
    TRY(job_of_part(scope, part, &parent));
    return job_changed(scope, &parent);
}

// Their results are in the job's own by now.
DB_STATEMENT(forget_parts, "DELETE FROM job WHERE parent = $1");

error job_complete(struct scope *scope, const struct job *job, const json_t *result, bool *ret_mine)
{
    struct job done;
    TRY(db_one(scope->db, scope->arena, &complete,
        DB_ARGS(db_int(job->number), db_int(job->fence), json_or_null(scope->arena, result), db_int(clock_now_us())),
        &job_row_shape, &done, ret_mine));
    if (!*ret_mine)
        return OK;
    if (done.parent.set)
        return part_done(scope, &done);
    if (done.parts_total)
        TRY(db_run(scope->db, &forget_parts, DB_ARGS(db_int(done.number)), NULL));
    return job_changed(scope, &done);
}

DB_STATEMENT(again,
    "UPDATE job SET state = 'pending', run_after = $3, error_code = $4, error_message = $5, lease_until = NULL"
    " WHERE number = $1 AND fence = $2 AND state = 'processing'");
DB_STATEMENT(give_up,
    "UPDATE job SET state = 'failed', progress = 0, error_code = $3, error_message = $4, unique_key = NULL,"
    " lease_until = NULL, finished_at = $5 WHERE number = $1 AND fence = $2 AND state IN ('processing', 'waiting')"
    " RETURNING " JOB_COLUMNS);
DB_STATEMENT(end_parts, "UPDATE job SET state = 'cancelled', lease_until = NULL, fence = fence + 1, finished_at = $2"
                        " WHERE parent = $1 AND state IN ('pending', 'processing')");

static error fail_for_good(struct scope *scope, const struct job *job, str code, str message)
{
    struct job failed;
    bool found;
    int64_t now = clock_now_us();
    TRY(db_one(scope->db, scope->arena, &give_up,
        DB_ARGS(db_int(job->number), db_int(job->fence), db_text(code), db_text(message), db_int(now)), &job_row_shape,
        &failed, &found));
    if (!found)
        return OK;
    TRY(db_run(scope->db, &end_parts, DB_ARGS(db_int(failed.number), db_int(now)), NULL));
    if (!failed.parent.set)
        return job_changed(scope, &failed);
    struct job parent;
    TRY(job_of_part(scope, &failed, &parent));
    return fail_for_good(scope, &parent, code, message);
}

error job_fail(struct scope *scope, const struct job *job, error why, bool final)
{
    str code = str_of(error_info(why.code)->name), message = str_of(why.message);
    if (final || job->attempts >= JOB_ATTEMPTS_MAX)
        return fail_for_good(scope, job, code, message);
    // 2 s, 8 s, 32 s, a quarter of it at random so that jobs that failed together do not come back together.
    int64_t delay = SECOND_US * 2 << 2 * (job->attempts - 1);
    unsigned char random;
    id_random(&random, 1);
    delay += delay / 4 * random / 255;
    return db_run(scope->db, &again,
        DB_ARGS(
            db_int(job->number), db_int(job->fence), db_int(clock_now_us() + delay), db_text(code), db_text(message)),
        NULL);
}

DB_STATEMENT(hand_back, "UPDATE job SET state = 'pending', attempts = attempts - 1, lease_until = NULL, run_after = $3"
                        " WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_hand_back(struct scope *scope, const struct job *job)
{
    return db_run(
        scope->db, &hand_back, DB_ARGS(db_int(job->number), db_int(job->fence), db_int(clock_now_us())), NULL);
}

DB_STATEMENT(lost, "SELECT " JOB_COLUMNS " FROM job WHERE state = 'processing' AND (lease_until < $1 OR"
                   " (CAST($2 AS TEXT) IS NOT NULL AND CAST(runner_id AS TEXT) <> $2)) LIMIT 1000");
DB_STATEMENT(take_back, "UPDATE job SET state = 'pending', lease_until = NULL, fence = fence + 1, run_after = $3"
                        " WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_recover(struct scope *scope, str runner_id, int64_t *ret_count)
{
    struct list jobs;
    int64_t now = clock_now_us();
    TRY(db_all(scope->db, scope->arena, &lost, DB_ARGS(db_int(now), db_text(runner_id)), &job_row_shape, 0, &jobs));
    for (size_t i = 0; i < jobs.count; i++) {
        const struct job *job = &((struct job *)jobs.items)[i];
        if (job->attempts >= JOB_ATTEMPTS_MAX)
            TRY(fail_for_good(scope, job, STR("ENGINE_CRASHED"),
                STR("The program ended while it worked on this, three times in a row")));
        else
            TRY(db_run(scope->db, &take_back, DB_ARGS(db_int(job->number), db_int(job->fence), db_int(now)), NULL));
    }
    *ret_count = (int64_t)jobs.count;
    return OK;
}
