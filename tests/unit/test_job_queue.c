// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of jobs as queues, many jobs in one change, old jobs; on both databases.
#include "job_help.h"

static void only_kinds_that_are_asked_for_are_due(void **state)
{
    (void)state;
    struct list due;
    add("b");
    assert_true(nothing_is_due());
    assert_ok(job_due_kinds(&library.scope, STR("[\"a\",\"b\",\"c\"]"), &due));
    assert_int_equal(due.count, 1);
    assert_string_equal(((const str *)due.items)->data, "b");
}

static error do_pause(struct scope *scope, struct call *call)
{
    return call->flag ? job_queue_pause(scope, STR("a")) : job_queue_resume(scope, STR("a"));
}

static void a_paused_kind_waits_until_it_is_resumed(void **state)
{
    (void)state;
    struct list queues;
    struct job added = add("a");
    write_ok(&(struct call) { .run = do_pause, .flag = true });
    write_ok(&(struct call) { .run = do_pause, .flag = true });
    assert_true(nothing_is_due());
    assert_ok(job_queues(&library.scope, &queues));
    assert_int_equal(queues.count, 1);
    const struct job_queue *queue = queues.items;
    assert_string_equal(queue->kind.data, "a");
    assert_int_equal(queue->pending, 1);
    assert_true(queue->paused);
    write_ok(&(struct call) { .run = do_pause });
    assert_int_equal(claim().number, added.number);
}

static void a_job_waits_until_those_it_needs_have_ended(void **state)
{
    (void)state;
    struct job voice = add("b"), music = add("b"), done = add("b");
    write_ok(&(struct call) { .run = do_cancel, .job = done });
    const int64_t needed[] = { voice.number, music.number, done.number };
    struct call call = { .run = do_add, .new = { .kind = "a", .needed = needed, .needed_count = 3 } };
    write_ok(&call);
    assert_true(nothing_is_due());
    write_ok(&(struct call) { .run = do_cancel, .job = voice });
    assert_true(nothing_is_due());
    write_ok(&(struct call) { .run = do_cancel, .job = music });
    assert_int_equal(claim().number, call.job.number);
}

static error do_complete_all(struct scope *scope, struct call *call)
{
    struct job_end ends[3] = { { .job = &call->jobs[0] }, { .job = &call->jobs[1] }, { .job = &call->jobs[2] } };
    json_t *result;
    TRY(json_read(scope->arena, STR("{\"a\":1}"), &result));
    ends[1].result = result;
    TRY(job_complete_all(scope, ends, 3));
    for (int i = 0; i < 3; i++)
        call->mine[i] = ends[i].mine;
    return OK;
}

static void many_complete_in_one_turn_but_those_that_were_lost(void **state)
{
    (void)state;
    add("a"), add("a"), add("a");
    struct job jobs[3] = { claim(), claim(), claim() };
    write_ok(&(struct call) { .run = do_cancel, .job = jobs[2] });
    struct call call = { .run = do_complete_all, .jobs = jobs };
    write_ok(&call);
    assert_true(call.mine[0] && call.mine[1] && !call.mine[2]);
    assert_state(&jobs[0], "completed");
    assert_null(now(&jobs[0]).result.text.data);
    json_t *result;
    assert_ok(json_read(library.arena, now(&jobs[1]).result.text, &result));
    assert_int_equal(json_get_int(result, "a", 0), 1);
    assert_state(&jobs[2], "cancelled");
}

static error do_batch(struct scope *scope, struct call *call)
{
    struct list jobs;
    TRY(job_batch(scope, "a", call->lease_us, &jobs));
    call->count = jobs.count;
    return call->failure;
}

static void a_batch_is_claimed_and_completed_in_one_change(void **state)
{
    (void)state;
    struct job first = add("a"), second = add("a"), third = add("a");
    struct call call = { .run = do_batch, .lease_us = 2, .failure = error_of(ERROR_CONFLICT) };
    assert_error(db_write_loose(library.pool, change, &call), ERROR_CONFLICT);
    assert_state(&first, "pending");
    call.failure = OK;
    write_ok(&call);
    assert_int_equal(call.count, 2);
    assert_state(&first, "completed");
    assert_state(&second, "completed");
    assert_state(&third, "pending");
}

static error do_advance(struct scope *scope, struct call *call)
{
    return job_advance(scope, &call->job, &call->mine[0]);
}

static void an_attempt_that_kept_something_costs_no_retry(void **state)
{
    (void)state;
    struct job added = add("a"), job;
    for (int i = 0; i < 2 * JOB_ATTEMPTS_MAX; i++) {
        assert_true(claim_for(runner_a, -1, &job));
        struct call call = { .run = do_advance, .job = job };
        write_ok(&call);
        assert_true(call.mine[0]);
        recover(NULL);
        assert_state(&added, "pending");
        write_ok(&call); // by the runner that lost it
        assert_false(call.mine[0]);
    }
}

static error do_tidy(struct scope *scope, struct call *call)
{
    return job_tidy(scope, call->lease_us, &call->number);
}

static void old_jobs_are_forgotten_but_those_that_failed(void **state)
{
    (void)state;
    struct job done = add("a"), failed = add("a"), there = add("a"), job;
    job = claim();
    complete(&job, "{}");
    job = claim();
    fail_attempt(&job, true);
    struct call call = { .run = do_tidy, .lease_us = 3600 * SECOND_US };
    write_ok(&call);
    assert_int_equal(call.number, 0);
    call.lease_us = -SECOND_US;
    write_ok(&call);
    assert_int_equal(call.number, 1);
    assert_error(job_get(&library.scope, done.id, &job), ERROR_JOB_NOT_FOUND);
    assert_state(&failed, "failed");
    assert_state(&there, "pending");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(only_kinds_that_are_asked_for_are_due),
        TEST(a_paused_kind_waits_until_it_is_resumed),
        TEST(a_job_waits_until_those_it_needs_have_ended),
        TEST(many_complete_in_one_turn_but_those_that_were_lost),
        TEST(a_batch_is_claimed_and_completed_in_one_change),
        TEST(an_attempt_that_kept_something_costs_no_retry),
        TEST(old_jobs_are_forgotten_but_those_that_failed),
    };
    return RUN_ON_BOTH_DATABASES("queues", tests);
}
