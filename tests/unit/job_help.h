// SPDX-License-Identifier: GPL-3.0-or-later
// Changes of the queue, one call each, for its tests on both databases.
#pragma once

#include <pthread.h>
#include <time.h>

#include "both_databases.h"
#include "domain/job.h"

static const char runner_a[] = "0190f3c2-7b1e-7c3a-9f00-00000000000a",
                  runner_b[] = "0190f3c2-7b1e-7c3a-9f00-00000000000b";

DB_STATEMENT(test_forget_jobs, "DELETE FROM job");

// One change: what it is given, what it gives.
struct call {
    error (*run)(struct scope *scope, struct call *call);
    struct arena *arena; // NULL: the library's
    struct job job;
    struct job_new new;
    json_t *const *parts;
    const struct job *jobs; // three
    bool mine[3];
    size_t count;
    const char *runner, *result;
    int64_t lease_us, number;
    double progress;
    error failure;
    bool flag;
};

static inline error change(struct db *db, void *context)
{
    struct call *call = context;
    struct scope scope = library.scope;
    scope.db = db;
    if (call->arena)
        scope.arena = call->arena;
    return call->run(&scope, call);
}

static inline void write_ok(struct call *call)
{
    assert_ok(db_write(library.pool, change, call));
}

static inline error do_forget(struct scope *scope, struct call *call)
{
    (void)call;
    return db_run(scope->db, &test_forget_jobs, DB_NO_ARGS, NULL);
}

static inline error do_add(struct scope *scope, struct call *call)
{
    call->new.params = json_keep(scope->arena, json_object());
    return job_add(scope, &call->new, &call->job);
}

static inline error do_claim(struct scope *scope, struct call *call)
{
    struct list jobs;
    TRY(job_claim(scope, str_of(call->runner), call->lease_us, &(struct job_wish) { "a", 1, call->number }, &jobs));
    call->flag = jobs.count == 1;
    if (call->flag)
        call->job = *(const struct job *)jobs.items;
    return OK;
}

static inline error do_heartbeat(struct scope *scope, struct call *call)
{
    return job_heartbeat(scope, &call->job, call->progress, SECOND_US, &call->flag);
}

static inline error do_complete(struct scope *scope, struct call *call)
{
    json_t *result;
    TRY(json_read(scope->arena, str_of(call->result), &result));
    return job_complete(scope, &call->job, result, &call->flag);
}

static inline error do_fail(struct scope *scope, struct call *call)
{
    return job_fail(scope, &call->job, call->failure, call->flag);
}

static inline error do_fan_out(struct scope *scope, struct call *call)
{
    return job_fan_out(scope, &call->job, call->parts, call->count, NULL);
}

static inline error do_cancel(struct scope *scope, struct call *call)
{
    return job_cancel(scope, &call->job, &call->job);
}

static inline error do_retry(struct scope *scope, struct call *call)
{
    return job_retry(scope, &call->job, &call->job);
}

static inline error do_recover(struct scope *scope, struct call *call)
{
    return job_recover(scope, str_of(call->runner), &call->number);
}

// As if it had been done before the clock went back.
static inline error do_hand_back_for_hours(struct scope *scope, struct call *call)
{
    return job_hand_back(scope, &call->job, 3 * 3600 * SECOND_US);
}

static inline error do_clock_went_back(struct scope *scope, struct call *call)
{
    return job_clock_went_back(scope, call->lease_us);
}

static inline error do_hand_back(struct scope *scope, struct call *call)
{
    return job_hand_back(scope, &call->job, 0);
}

static inline struct job add_of(const char *kind, int64_t priority, str unique_key)
{
    struct call call = { .run = do_add, .new = { .kind = kind, .priority = priority, .unique_key = unique_key } };
    write_ok(&call);
    return call.job;
}

static inline struct job add(const char *kind)
{
    return add_of(kind, 0, STR_NONE);
}

// False when there is none.
static inline bool claim_for(const char *runner, int64_t lease_us, struct job *ret_job)
{
    struct call call = { .run = do_claim, .runner = runner, .lease_us = lease_us };
    write_ok(&call);
    *ret_job = call.job;
    return call.flag;
}

static inline struct job claim(void)
{
    struct job job;
    assert_true(claim_for(runner_a, 30 * SECOND_US, &job));
    return job;
}

static inline bool nothing_is_due(void)
{
    struct job job;
    struct list due;
    assert_ok(job_due_kinds(&library.scope, STR("[\"a\"]"), &due));
    return !due.count && !claim_for(runner_a, SECOND_US, &job);
}

static inline bool complete(const struct job *job, const char *result)
{
    struct call call = { .run = do_complete, .job = *job, .result = result };
    write_ok(&call);
    return call.flag;
}

static inline void fail_attempt(const struct job *job, bool final)
{
    struct call call = {
        .run = do_fail, .job = *job, .failure = error_make(ERROR_ENGINE_FAILED, NULL, "It broke"), .flag = final
    };
    write_ok(&call);
}

static inline void fan_out(const struct job *job, const char *const *params, size_t count)
{
    json_t **parts = ARENA_ARRAY(library.arena, json_t *, count);
    for (size_t i = 0; i < count; i++)
        assert_ok(json_read(library.arena, str_of(params[i]), &parts[i]));
    struct call call = { .run = do_fan_out, .job = *job, .parts = parts, .count = count };
    write_ok(&call);
}

static inline int64_t recover(const char *runner)
{
    struct call call = { .run = do_recover, .runner = runner };
    write_ok(&call);
    return call.number;
}

static inline struct job now(const struct job *job)
{
    struct job there;
    assert_ok(job_get(&library.scope, job->id, &there));
    return there;
}

static inline void assert_state(const struct job *job, const char *state)
{
    assert_string_equal(now(job).state.data, state);
}

static inline struct list parts_of(const struct job *job)
{
    struct list parts;
    assert_ok(job_parts(&library.scope, job, &parts));
    return parts;
}

static const char *const two_parts[] = { "{\"n\":0}", "{\"n\":1}" };

// Tests

static inline int forget(void **state)
{
    (void)state;
    write_ok(&(struct call) { .run = do_forget });
    return 0;
}
