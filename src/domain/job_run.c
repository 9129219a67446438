// SPDX-License-Identifier: GPL-3.0-or-later
// The runner's side of the queue. Every change names the fence that the claim gave, so that a runner that
// lost its job can write nothing.
#include "base/clock.h"
#include "base/id.h"
#include "base/span.h"
#include "domain/job_row.h"

// The common table is materialized: else PostgreSQL may run it more than once and lock more rows than it takes.
// The owner comes with the job, so that no run has to look for one.
#define CLAIMED(t)                                                                                                     \
    " RETURNING " JOB_COLUMNS_OF(t) ", (SELECT users.number FROM users WHERE users.id = " t ".user_id)"                \
                                    " AS owner_number, (SELECT users.plan FROM users WHERE users.id = " t ".user_id)"  \
                                    " AS owner_plan"
DB_STATEMENT2(claim, "UPDATE job SET " JOB_CLAIMED " WHERE number IN (" JOB_NEXT("$3", "$4") ")" CLAIMED("job"),
    "WITH due AS MATERIALIZED (" JOB_NEXT_LOCKED("$3", "$4") ") UPDATE job SET " JOB_CLAIMED
                                                             " FROM due WHERE job.ctid = due.place" CLAIMED("job"));

#define DUE(kinds)                                                                                                     \
    "SELECT wanted.value AS text FROM " kinds " AS wanted WHERE EXISTS (SELECT 1 FROM job WHERE"                       \
    " job.kind = wanted.value AND state = 'pending' AND run_after <= " JOB_NOW                                         \
    " AND NOT EXISTS (SELECT 1 FROM job_need WHERE job_need.job = job.number))"                                        \
    " AND NOT EXISTS (SELECT 1 FROM job_pause WHERE job_pause.kind = wanted.value)"
DB_STATEMENT2(due_kinds, DUE("json_each($1)"), DUE("jsonb_array_elements_text(CAST($1 AS JSONB))"));

struct text_row {
    str text;
};
static const struct field text_fields[] = { FIELD(struct text_row, text) };
static const struct shape text_shape = SHAPE("TextRow", struct text_row, text_fields);

error job_due_kinds(struct scope *scope, str kinds, struct list *ret_kinds)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &due_kinds, DB_ARGS(db_text(kinds)), &text_shape, 0, &rows));
    str *texts = ARENA_ARRAY(scope->arena, str, rows.count + 1);
    for (size_t i = 0; i < rows.count; i++)
        texts[i] = ((const struct text_row *)rows.items)[i].text;
    *ret_kinds = (struct list) { texts, rows.count };
    return OK;
}

// Runners that count must do so one after the other; SQLite has but one writer.
DB_STATEMENT2(count_alone, "SELECT 1", "SELECT 1 FROM (SELECT pg_advisory_xact_lock(7241893651)) AS held");
DB_STATEMENT(count_busy, "SELECT count(*) FROM job WHERE kind = $1 AND state = 'processing'");

static error room_for(struct scope *scope, const struct job_wish *wish, int64_t *ret_limit)
{
    int64_t one, busy = 0;
    if (wish->most) {
        TRY(db_integer(scope->db, &count_alone, DB_NO_ARGS, &one, NULL));
        TRY(db_integer(scope->db, &count_busy, DB_ARGS(db_text(str_of(wish->kind))), &busy, NULL));
    }
    int64_t room = wish->most ? wish->most - busy : wish->limit;
    *ret_limit = room < wish->limit ? (room > 0 ? room : 0) : wish->limit;
    return OK;
}

error job_claim(
    struct scope *scope, str runner_id, int64_t lease_us, const struct job_wish *wish, struct list *ret_jobs)
{
    struct list jobs;
    int64_t limit;
    TRY(room_for(scope, wish, &limit));
    TRY(db_all(scope->db, scope->arena, &claim,
        DB_ARGS(db_text(runner_id), db_int(lease_us), db_text(str_of(wish->kind)), db_int(limit)), &job_row_shape, 0,
        &jobs));
    *ret_jobs = jobs;
    struct job *begun = ARENA_ARRAY(scope->arena, struct job, jobs.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < jobs.count; i++) {
        begun[count] = ((const struct job *)jobs.items)[i];
        count += str_equal(begun[count].stage, STR("start"));
    }
    return job_changed_all(scope, begun, count);
}

DB_STATEMENT(heartbeat,
    "UPDATE job SET lease_until = now_us() + $3, progress = CASE WHEN $4 > progress THEN $4 ELSE progress END"
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
        DB_ARGS(db_int(job->number), db_int(job->fence), db_int(lease_us), db_number(progress)), &changed));
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
    " parts_total, attempts, retry_count, run_after, fence, trace_id, parent_span, created_at)"
    " SELECT $1, kind, user_id, media_id, video_id, number, $2, 'part', 'pending', priority + 1, $3, 0, 0, 0, 0,"
    " now_us(), 0, trace_id, coalesce($5, parent_span), now_us() FROM job WHERE number = $4"
    " AND NOT EXISTS (SELECT 1 FROM job kept WHERE kept.parent = $4 AND kept.part = $2)");
DB_STATEMENT(wait_for_parts, "UPDATE job SET state = 'waiting', parts_total = $3, result = $4, lease_until = NULL"
                             " WHERE number = $1 AND fence = $2 AND state = 'processing'");
// The last part to end wakes the parent; without any left to do it wakes at once.
DB_STATEMENT(wake_parent,
    "UPDATE job SET state = 'pending', stage = 'join', run_after = now_us(), attempts = 0 WHERE number = $1"
    " AND state = 'waiting' AND NOT EXISTS (SELECT 1 FROM job part WHERE part.parent = $1"
    " AND part.state <> 'completed')");

error job_wake_parent(struct scope *scope, int64_t number)
{
    TRY(db_run(scope->db, &progress_of_parent, DB_ARGS(db_int(number)), NULL));
    return db_run(scope->db, &wake_parent, DB_ARGS(db_int(number)), NULL);
}

error job_fan_out(struct scope *scope, const struct job *job, json_t *const *parts, size_t count, const json_t *facts)
{
    int64_t changed;
    TRY(db_run(scope->db, &wait_for_parts,
        DB_ARGS(db_int(job->number), db_int(job->fence), db_int((int64_t)count), json_or_null(scope->arena, facts)),
        &changed));
    if (!changed)
        return error_of(ERROR_CANCELLED);
    TRY(db_run(scope->db, &drop_parts_past, DB_ARGS(db_int(job->number), db_int((int64_t)count)), NULL));
    struct db_value span = db_text(span_origin(scope->arena, &scope->trace));
    for (size_t i = 0; i < count; i++) {
        struct db_value number = db_int(job->number), index = db_int((int64_t)i),
                        params = db_text(json_text(scope->arena, parts[i]));
        TRY(db_run(scope->db, &drop_other_part, DB_ARGS(number, index, params), NULL));
        TRY(db_run(scope->db, &add_part, DB_ARGS(db_text(id_new(scope->arena)), index, params, number, span), NULL));
    }
    return job_wake_parent(scope, job->number);
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

// The claim of the next attempt counts from one again.
DB_STATEMENT(
    advance, "UPDATE job SET attempts = 0, losses = 0 WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_advance(struct scope *scope, const struct job *job, bool *ret_mine)
{
    int64_t changed;
    TRY(db_run(scope->db, &advance, DB_ARGS(db_int(job->number), db_int(job->fence)), &changed));
    *ret_mine = changed == 1;
    return OK;
}

DB_STATEMENT(again, "UPDATE job SET state = 'pending', run_after = now_us() + $3, error_code = $4, error_message = $5, "
                    "lease_until = NULL"
                    " WHERE number = $1 AND fence = $2 AND state = 'processing'");
DB_STATEMENT(give_up,
    "UPDATE job SET state = 'failed', progress = 0, error_code = $3, error_message = $4, unique_key = NULL,"
    " lease_until = NULL, finished_at = now_us() WHERE number = $1 AND fence = $2 AND state IN ('processing', "
    "'waiting')"
    " RETURNING " JOB_COLUMNS);
DB_STATEMENT(end_parts, "UPDATE job SET state = 'cancelled', lease_until = NULL, fence = fence + 1,"
                        " finished_at = now_us() WHERE parent = $1 AND state IN ('pending', 'processing')");

error job_end_parts(struct scope *scope, int64_t number)
{
    return db_run(scope->db, &end_parts, DB_ARGS(db_int(number)), NULL);
}

static error fail_for_good(struct scope *scope, const struct job *job, str code, str message)
{
    struct job failed;
    bool found;
    TRY(db_one(scope->db, scope->arena, &give_up,
        DB_ARGS(db_int(job->number), db_int(job->fence), db_text(code), db_text(message)), &job_row_shape, &failed,
        &found));
    if (!found)
        return OK;
    TRY(job_end_parts(scope, failed.number));
    if (!failed.parent.set)
        return job_ended(scope, &failed, 1);
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
        DB_ARGS(db_int(job->number), db_int(job->fence), db_int(delay), db_text(code), db_text(message)), NULL);
}

DB_STATEMENT(hand_back,
    "UPDATE job SET state = 'pending', attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END,"
    " lease_until = NULL, run_after = now_us() + $3"
    " WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_hand_back(struct scope *scope, const struct job *job, int64_t delay_us)
{
    return db_run(scope->db, &hand_back, DB_ARGS(db_int(job->number), db_int(job->fence), db_int(delay_us)), NULL);
}

DB_STATEMENT(lost, "SELECT " JOB_COLUMNS " FROM job WHERE state = 'processing' AND (lease_until < now_us()"
                   " OR (CAST($1 AS TEXT) IS NOT NULL AND CAST(runner_id AS TEXT) <> $1)) LIMIT 1000");
// At once the first time; then later, so that one that ends the program lets others pass.
DB_STATEMENT(take_back, "UPDATE job SET state = 'pending', lease_until = NULL, fence = fence + 1, losses = losses + 1,"
                        " attempts = CASE WHEN attempts > 0 THEN attempts - 1 ELSE 0 END,"
                        " run_after = now_us() + losses * 1000000"
                        " WHERE number = $1 AND fence = $2 AND state = 'processing'");

error job_recover(struct scope *scope, str runner_id, int64_t *ret_count)
{
    struct list jobs;
    TRY(db_all(scope->db, scope->arena, &lost, DB_ARGS(db_text(runner_id)), &job_row_shape, 0, &jobs));
    for (size_t i = 0; i < jobs.count; i++) {
        const struct job *job = &((struct job *)jobs.items)[i];
        if (job->losses + 1 >= JOB_LOSSES_MAX)
            TRY(fail_for_good(
                scope, job, STR("ENGINE_CRASHED"), STR("The program ended while it worked on this, five times")));
        else
            TRY(db_run(scope->db, &take_back, DB_ARGS(db_int(job->number), db_int(job->fence)), NULL));
    }
    *ret_count = (int64_t)jobs.count;
    return OK;
}
