// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs and their attempts, on both databases.
#include "job_help.h"

static void jobs_are_claimed_by_priority_and_then_by_age(void **state)
{
    (void)state;
    struct job first = add("a"), second = add("a"), urgent = add_of("a", 5, STR_NONE);
    assert_int_equal(claim().number, urgent.number);
    assert_int_equal(claim().number, first.number);
    assert_int_equal(claim().number, second.number);
    assert_true(nothing_is_due());
}

static void the_place_in_the_queue_counts_jobs_that_have_not_begun(void **state)
{
    (void)state;
    int64_t place;
    struct job first = add("a"), second = add("a");
    add("b");
    assert_ok(job_queue_position(&library.scope, &second, &place));
    assert_int_equal(place, 2);
    first = claim();
    fan_out(&first, two_parts, 2);
    assert_ok(job_queue_position(&library.scope, &second, &place));
    assert_int_equal(place, 1);
}

static void a_runner_that_lost_its_lease_can_write_nothing(void **state)
{
    (void)state;
    struct job added = add("a"), old, fresh;
    assert_true(claim_for(runner_a, -1, &old)); // run out at once
    assert_int_equal(recover(NULL), 1);
    assert_true(claim_for(runner_b, 30 * SECOND_US, &fresh));
    struct call beat = { .run = do_heartbeat, .job = old, .progress = 0.9 };
    bool mine;
    write_ok(&beat);
    assert_false(beat.flag);
    assert_ok(job_is_mine(&library.scope, &old, &mine));
    assert_false(mine);
    assert_false(complete(&old, "{}"));
    fail_attempt(&old, true);
    assert_state(&added, "processing");
    assert_true(now(&added).progress == 0);
    assert_ok(job_is_mine(&library.scope, &fresh, &mine));
    assert_true(mine);
    assert_true(complete(&fresh, "{\"a\":1}"));
    assert_state(&added, "completed");
}

static void after_the_clock_went_back_no_lease_and_no_pause_lasts_for_hours(void **state)
{
    (void)state;
    struct job leased = add("a"), paused, other;
    assert_true(claim_for(runner_a, 3 * 3600 * SECOND_US, &other));
    struct job added = add("a");
    assert_true(claim_for(runner_a, 30 * SECOND_US, &paused));
    struct call hand_back = { .run = do_hand_back_for_hours, .job = paused };
    write_ok(&hand_back);
    assert_false(claim_for(runner_b, 30 * SECOND_US, &other));
    struct call went_back = { .run = do_clock_went_back, .lease_us = -1 }; // a lease that has run out already
    write_ok(&went_back);
    assert_true(claim_for(runner_b, 30 * SECOND_US, &other));
    assert_string_equal(other.id.data, added.id.data);
    assert_int_equal(recover(NULL), 1);
    assert_state(&leased, "pending");
    assert_state(&added, "processing");
}

static void a_live_lease_is_left_alone_but_by_the_only_server(void **state)
{
    (void)state;
    struct job added = add("a");
    claim();
    assert_int_equal(recover(NULL), 0);
    assert_int_equal(recover(runner_a), 0);
    assert_state(&added, "processing");
    assert_int_equal(recover(runner_b), 1);
    assert_state(&added, "pending");
}

static void a_job_that_ends_the_program_five_times_fails(void **state)
{
    (void)state;
    struct job added = add("a"), job;
    for (int i = 0; i < JOB_LOSSES_MAX; i++) {
        assert_state(&added, "pending");
        while (!claim_for(runner_a, -1, &job)) // it waits a little longer each time
            nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
        assert_int_equal(job.attempts, 1);
        recover(NULL);
    }
    assert_state(&added, "failed");
    assert_string_equal(now(&added).error_code.data, "ENGINE_CRASHED");
}

static void a_pending_job_is_cancelled(void **state)
{
    (void)state;
    struct job added = add("a");
    struct call call = { .run = do_cancel, .job = added };
    write_ok(&call);
    assert_state(&added, "cancelled");
    assert_true(nothing_is_due());
    assert_error(db_write(library.pool, change, &call), ERROR_JOB_ALREADY_CANCELLED);
}

static void a_running_job_is_cancelled_with_its_parts(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    fan_out(&job, two_parts, 2);
    struct job part = claim();
    struct call call = { .run = do_cancel, .job = added };
    write_ok(&call);
    assert_state(&added, "cancelled");
    assert_false(complete(&part, "{}"));
    assert_true(nothing_is_due());
}

static void a_finished_job_cannot_be_cancelled(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    complete(&job, "{}");
    struct call call = { .run = do_cancel, .job = added };
    assert_error(db_write(library.pool, change, &call), ERROR_JOB_ALREADY_COMPLETED);
}

static void a_failed_attempt_waits_before_the_next(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    fail_attempt(&job, false);
    job = now(&added);
    assert_string_equal(job.state.data, "pending");
    assert_string_equal(job.error_message.data, "It broke");
    assert_true(nothing_is_due());
    struct timespec pause = { .tv_sec = 2, .tv_nsec = 600000000 };
    nanosleep(&pause, NULL);
    assert_int_equal(claim().attempts, 2);
}

static void a_final_failure_can_be_retried_by_hand(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    struct call retry = { .run = do_retry, .job = added };
    assert_error(db_write(library.pool, change, &retry), ERROR_JOB_NOT_FAILED);
    fail_attempt(&job, true);
    assert_state(&added, "failed");
    write_ok(&retry);
    assert_int_equal(retry.job.retry_count, 1);
    assert_false(retry.job.error_message.data);
    assert_int_equal(claim().attempts, 1);
}

static void the_last_part_wakes_the_join(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    fan_out(&job, two_parts, 2);
    assert_state(&added, "waiting");
    struct job second, first = claim();
    second = claim();
    assert_true(first.parent.value == job.number && first.part == 0 && second.part == 1);
    struct call beat = { .run = do_heartbeat, .job = first, .progress = 0.5 };
    write_ok(&beat);
    assert_true(beat.flag);
    assert_true(now(&added).progress > 0.25 && now(&added).progress < 0.3);
    complete(&second, "{\"r\":2}");
    assert_true(nothing_is_due());
    complete(&first, "{\"r\":1}");
    job = now(&added);
    assert_string_equal(job_status(&job).data, "processing");
    job = claim();
    assert_string_equal(job.stage.data, "join");
    struct list parts = parts_of(&job);
    assert_int_equal(parts.count, 2);
    json_t *result;
    assert_ok(json_read(library.arena, ((struct job *)parts.items)[1].result.text, &result));
    assert_int_equal(json_get_int(result, "r", 0), 2);
    assert_true(complete(&job, "{}"));
    assert_state(&added, "completed");
    assert_int_equal(parts_of(&job).count, 0);
}

static void without_parts_the_join_comes_at_once(void **state)
{
    (void)state;
    add("a");
    struct job job = claim();
    fan_out(&job, NULL, 0);
    assert_string_equal(claim().stage.data, "join");
}

static void a_failed_part_fails_the_job_and_ends_the_others(void **state)
{
    (void)state;
    struct job added = add("a"), job = claim();
    fan_out(&job, two_parts, 2);
    struct job part = claim();
    fail_attempt(&part, true);
    assert_state(&added, "failed");
    assert_string_equal(now(&added).error_message.data, "It broke");
    assert_true(nothing_is_due());
}

static void a_retry_keeps_finished_parts_that_are_the_same(void **state)
{
    (void)state;
    static const char *const before[] = { "{\"n\":0}", "{\"n\":1}", "{\"n\":2}" }, *const after[] = { "{\"n\":0}",
        "{\"n\":7}" };
    struct job added = add("a"), job = claim(), part;
    fan_out(&job, before, 3);
    for (int i = 0; i < 2; i++) {
        part = claim();
        complete(&part, "{}");
    }
    part = claim();
    fail_attempt(&part, true);
    struct call retry = { .run = do_retry, .job = added };
    write_ok(&retry);
    job = claim();
    assert_string_equal(job.stage.data, "start");
    fan_out(&job, after, 2);
    assert_int_equal(parts_of(&job).count, 2);
    part = claim();
    assert_int_equal(part.part, 1);
    assert_true(str_find(part.params.text, STR("7")) > 0);
    assert_true(complete(&part, "{}"));
    assert_string_equal(claim().stage.data, "join");
}

static void one_unfinished_job_a_key(void **state)
{
    (void)state;
    struct call again = { .run = do_add, .new = { .kind = "a", .unique_key = STR("k") } };
    add_of("a", 0, STR("k"));
    assert_error(db_write(library.pool, change, &again), ERROR_CONFLICT);
    struct job job = claim();
    assert_error(db_write(library.pool, change, &again), ERROR_CONFLICT);
    complete(&job, "{}");
    write_ok(&again);
}

static void a_job_handed_back_has_lost_no_attempt(void **state)
{
    (void)state;
    add("a");
    struct call call = { .run = do_hand_back, .job = claim() };
    write_ok(&call);
    assert_int_equal(claim().attempts, 1);
}

static void a_job_of_another_user_is_unknown(void **state)
{
    (void)state;
    struct job added = add("a"), there;
    struct scope scope = library.scope;
    scope.actor = (struct actor) { .user_id = str_of(runner_b) };
    assert_error(job_get(&scope, added.id, &there), ERROR_JOB_NOT_FOUND);
}

enum { RACERS = 4, RACED = 40 };
struct racer {
    pthread_t thread;
    int64_t claimed[RACED];
    size_t count;
    enum error_code failure;
};

static void *race(void *context)
{
    struct racer *racer = context;
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    struct call call = { .run = do_claim, .arena = arena, .runner = runner_a, .lease_us = 30 * SECOND_US };
    for (;;) {
        error failure = db_write_loose(library.pool, change, &call);
        racer->failure = failure.code;
        if (error_is(failure) || !call.flag)
            return NULL;
        racer->claimed[racer->count++] = call.job.number;
    }
}

static void racing_runners_never_get_the_same_job(void **state)
{
    (void)state;
    static struct racer racers[RACERS];
    memset(racers, 0, sizeof racers);
    for (int i = 0; i < RACED; i++)
        add("a");
    for (int i = 0; i < RACERS; i++)
        pthread_create(&racers[i].thread, NULL, race, &racers[i]);
    int64_t seen[RACED];
    size_t count = 0;
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(racers[i].failure, ERROR_NONE);
        for (size_t k = 0; k < racers[i].count; k++) {
            for (size_t l = 0; l < count; l++)
                assert_int_not_equal(seen[l], racers[i].claimed[k]);
            seen[count++] = racers[i].claimed[k];
        }
    }
    assert_int_equal(count, RACED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(jobs_are_claimed_by_priority_and_then_by_age),
        TEST(the_place_in_the_queue_counts_jobs_that_have_not_begun),
        TEST(a_runner_that_lost_its_lease_can_write_nothing),
        TEST(after_the_clock_went_back_no_lease_and_no_pause_lasts_for_hours),
        TEST(a_live_lease_is_left_alone_but_by_the_only_server),
        TEST(a_job_that_ends_the_program_five_times_fails),
        TEST(a_pending_job_is_cancelled),
        TEST(a_running_job_is_cancelled_with_its_parts),
        TEST(a_finished_job_cannot_be_cancelled),
        TEST(a_failed_attempt_waits_before_the_next),
        TEST(a_final_failure_can_be_retried_by_hand),
        TEST(the_last_part_wakes_the_join),
        TEST(without_parts_the_join_comes_at_once),
        TEST(a_failed_part_fails_the_job_and_ends_the_others),
        TEST(a_retry_keeps_finished_parts_that_are_the_same),
        TEST(one_unfinished_job_a_key),
        TEST(a_job_handed_back_has_lost_no_attempt),
        TEST(a_job_of_another_user_is_unknown),
        TEST(racing_runners_never_get_the_same_job),
    };
    return RUN_ON_BOTH_DATABASES("queue", tests);
}
