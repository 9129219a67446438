// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/transcription.h"
#include "runner_help.h"

// Kinds of jobs for tests

static atomic_int starts, running, most_running, parts_run;

static error split_start(struct run *run)
{
    json_t *parts[6];
    for (int i = 0; i < 6; i++)
        parts[i] = json_keep(run->scope.arena, json_pack("{s:i}", "n", i));
    return run_fan_out(run, parts, 6, NULL);
}

static error split_part(struct run *run)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    if (now > atomic_load(&most_running))
        atomic_store(&most_running, now);
    for (int i = 0; i < 5; i++)
        nap();
    run_progress(run, 0.5);
    atomic_fetch_sub(&running, 1);
    atomic_fetch_add(&parts_run, 1);
    return run_complete(run, run->params, NULL, NULL);
}

static error split_join(struct run *run)
{
    const json_t **results;
    size_t count;
    json_int_t sum = 0;
    TRY(run_results(run, &results, &count));
    for (size_t i = 0; i < count; i++)
        sum += json_get_int(results[i], "n", 100);
    return run_complete(run, json_keep(run->scope.arena, json_pack("{s:I}", "sum", sum)), NULL, NULL);
}

static error fail_once(struct run *run)
{
    if (atomic_fetch_add(&starts, 1) == 0)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Once");
    return run_complete(run, NULL, NULL, NULL);
}

static error fail_at_once(struct run *run)
{
    (void)run;
    atomic_fetch_add(&starts, 1);
    return error_make(ERROR_NO_AUDIO, NULL, "There is nothing to hear");
}

static error write_too_much(struct scope *scope, const struct run *run, void *context)
{
    (void)context;
    TRY(media_set_status(scope, run->job.media_id, "failed"));
    return error_make(ERROR_VALIDATION_ERROR, NULL, "Refused at the end");
}

static error fail_in_commit(struct run *run)
{
    return run_complete(run, NULL, write_too_much, NULL);
}

static error wait_until_cancelled(struct run *run)
{
    atomic_fetch_add(&starts, 1);
    for (;; nap())
        TRY(run_check(run));
}

static const struct job_kind split_kind = { "split", split_start, split_part, split_join };
static const struct job_kind once_kind = { "once", fail_once, NULL, NULL };
static const struct job_kind final_kind = { "final", fail_at_once, NULL, NULL };
static const struct job_kind commit_kind = { "commit", fail_in_commit, NULL, NULL };
static const struct job_kind endless_kind = { "endless", wait_until_cancelled, NULL, NULL };
static atomic_int batched, batches;

static error count_batch(struct scope *scope, const struct job *jobs, size_t count)
{
    (void)scope;
    for (size_t i = 0; i < count; i++)
        if (str_find(jobs[i].params.text, STR("wrong")) >= 0)
            return error_make(ERROR_VALIDATION_ERROR, NULL, "This one is wrong");
    atomic_fetch_add(&batches, 1);
    atomic_fetch_add(&batched, (int)count);
    return OK;
}

static const struct job_kind batch_kind = { .name = "batch", .batch = count_batch, .slots = 1 };
static const struct job_kind *const test_kinds[] = { &transcribe_kind, &split_kind, &once_kind, &final_kind,
    &commit_kind, &endless_kind, &batch_kind, NULL };

static void reset_counts(void)
{
    atomic_store(&starts, 0);
    atomic_store(&most_running, 0);
    atomic_store(&parts_run, 0);
}

static void parts_run_side_by_side_and_are_joined(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 3);
    struct job job = wait_for(add_job("split", STR_NONE).id, "completed");
    stop_runner(runner);
    assert_string_equal(job.result.text.data, "{\"sum\":15}");
    assert_int_equal(atomic_load(&parts_run), 6);
    assert_int_equal(atomic_load(&most_running), 3);
    assert_true(job.progress == 1);
}

static void a_failed_attempt_is_followed_by_another(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 1);
    struct job job = wait_for(add_job("once", STR_NONE).id, "completed");
    stop_runner(runner);
    assert_int_equal(atomic_load(&starts), 2);
    assert_int_equal(job.attempts, 2);
}

static void a_fault_of_the_input_is_final(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 1);
    struct job unknown = add_job("unheard-of", STR_NONE), job = wait_for(add_job("final", STR_NONE).id, "failed");
    stop_runner(runner);
    assert_string_equal(job_now(unknown.id).state.data, "pending"); // for a runner that knows the kind
    assert_int_equal(atomic_load(&starts), 1);
    assert_string_equal(job.error_code.data, "NO_AUDIO");
    assert_string_equal(job.error_message.data, "There is nothing to hear");
}

static void a_cancel_ends_what_runs_within_two_seconds(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 1);
    struct job job = add_job("endless", STR_NONE);
    while (!atomic_load(&starts))
        nap();
    int64_t before = clock_mono_us();
    struct job next = add_job("endless", STR_NONE); // for the one slot that is busy
    assert_ok(db_write(library.pool, cancel_change, &job));
    while (atomic_load(&starts) < 2)
        nap();
    assert_true(clock_mono_us() - before < 2 * SECOND_US);
    assert_string_equal(job_now(job.id).state.data, "cancelled");
    assert_ok(db_write(library.pool, cancel_change, &next));
    stop_runner(runner);
}

static error write_nothing(struct scope *scope, const struct run *run, void *context)
{
    (void)scope;
    (void)run;
    atomic_store((atomic_bool *)context, true);
    return OK;
}

static atomic_bool refused, written;

static error write_late(struct run *run)
{
    atomic_fetch_add(&starts, 1);
    while (!error_is(run_check(run)))
        nap();
    atomic_store(&refused, run_write(run, write_nothing, &written).code == ERROR_CANCELLED);
    return error_of(ERROR_CANCELLED);
}
static const struct job_kind late_kind = { "late", write_late, NULL, NULL };

static void a_run_that_lost_its_job_writes_nothing(void **state)
{
    (void)state;
    static const struct job_kind *const kinds[] = { &late_kind, NULL };
    reset_counts();
    struct runner *runner = start_runner(kinds, 1);
    struct job job = add_job("late", STR_NONE);
    while (!atomic_load(&starts))
        nap();
    assert_ok(db_write(library.pool, cancel_change, &job));
    while (!atomic_load(&refused))
        nap();
    assert_false(atomic_load(&written));
    stop_runner(runner);
}

// Keeps something for the next attempt or not; then it hangs.
static error hang(struct run *run)
{
    bool keeps = json_get_bool(run->params, "keeps", false);
    if (keeps)
        TRY(run_write(run, write_nothing, &written));
    return wait_until_cancelled(run);
}
static const struct job_kind hang_kind = { "hang", hang, NULL, NULL };

struct hanging {
    bool keeps;
    struct job job;
};

static error add_hanging(struct db *db, void *context)
{
    struct hanging *hanging = context;
    struct scope scope = library.scope;
    scope.db = db;
    json_t *params = json_keep(scope.arena, json_pack("{s:b}", "keeps", hanging->keeps));
    return job_add(&scope, &(struct job_new) { .kind = "hang", .params = params }, &hanging->job);
}

static struct job add_hanging_job(bool keeps)
{
    struct hanging hanging = { .keeps = keeps };
    assert_ok(db_write(library.pool, add_hanging, &hanging));
    return hanging.job;
}

static struct job after_one_attempt(bool keeps)
{
    static const struct job_kind *const kinds[] = { &hang_kind, NULL };
    struct runner_options options = { .db = library.pool,
        .blobs = library.blobs,
        .plain = plain,
        .speech = speech,
        .scratch_directory = library.folder,
        .slots = 1,
        .attempt_us = SECOND_US / 5,
        .kinds = kinds };
    struct runner *runner;
    struct job job = add_hanging_job(keeps);
    assert_ok(runner_start(&options, &runner));
    while (!job.error_code.data) {
        nap();
        job = job_now(job.id);
    }
    runner_stop(runner);
    return job;
}

static void an_attempt_has_its_time_and_costs_a_retry_unless_it_kept_something(void **state)
{
    (void)state;
    for (int keeps = 0; keeps < 2; keeps++) {
        struct job job = after_one_attempt(keeps);
        assert_string_equal(job.error_code.data, "TIMED_OUT");
        assert_string_equal(job.state.data, "pending"); // for another one
        assert_int_equal(job.attempts, keeps ? 0 : 1);
        assert_ok(db_write(library.pool, cancel_change, &job));
    }
}

static void a_stop_hands_jobs_back_untouched(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 1);
    struct job job = add_job("endless", STR_NONE);
    while (!atomic_load(&starts))
        nap();
    int64_t before = clock_mono_us();
    stop_runner(runner);
    assert_true(clock_mono_us() - before < SECOND_US);
    job = job_now(job.id);
    assert_string_equal(job.state.data, "pending");
    assert_int_equal(job.attempts, 0);
}

// Real work

static const char recording[] =
    "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav";

static void a_failing_commit_leaves_nothing(void **state)
{
    (void)state;
    str media_id = add_media(recording, true);
    struct runner *runner = start_runner(test_kinds, 1);
    struct job job = wait_for(add_job("commit", media_id).id, "failed");
    stop_runner(runner);
    struct media media;
    assert_ok(media_get(&library.scope, media_id, &media));
    assert_string_equal(job.error_message.data, "Refused at the end");
    assert_string_equal(media.status.data, "pending");
}

static void a_recording_becomes_a_transcript(void **state)
{
    (void)state;
    str media_id = add_media(recording, true);
    struct runner *runner = start_runner(NULL, 2);
    struct job job = wait_for(add_job("transcribe", media_id).id, "completed");
    stop_runner(runner);
    struct transcription transcription;
    struct media media;
    struct list segments;
    bool found;
    assert_ok(transcription_of_job(&library.scope, job.id, &transcription, &found));
    assert_true(found);
    assert_true(str_find(transcription.text, STR("leisure to consider how much")) >= 0);
    assert_true(transcription.word_count > 10);
    assert_true(transcription.duration.value > 5);
    assert_true(transcription.confidence.value > 0 && transcription.confidence.value <= 1);
    assert_string_equal(transcription.language.data, "en");
    assert_ok(transcription_segments(&library.scope, transcription.id, &segments));
    assert_true(segments.count > 0);
    const struct segment *first = segments.items;
    assert_string_equal(first->speaker.data, "speaker_1");
    assert_true(first->end_time > first->start_time && first->words.text.size > 20);
    assert_ok(media_get(&library.scope, media_id, &media));
    assert_string_equal(media.status.data, "completed");
}

static void a_silent_file_says_so(void **state)
{
    (void)state;
    str media_id = add_media(recording, false);
    struct runner *runner = start_runner(NULL, 1);
    struct job job = wait_for(add_job("transcribe", media_id).id, "failed");
    stop_runner(runner);
    assert_string_equal(job.error_message.data, "This file has no audio track");
    assert_int_equal(job.attempts, 1);
}

static void a_cancel_ends_the_engine_within_two_seconds(void **state)
{
    (void)state;
    struct runner *runner = start_runner(test_kinds, 1);
    struct job job = add_job("transcribe", add_media(recording, true));
    wait_for(job.id, "waiting");
    nanosleep(&(struct timespec) { .tv_nsec = 300000000 }, NULL); // in the middle of its only part
    int64_t before = clock_mono_us();
    assert_ok(db_write(library.pool, cancel_change, &job));
    reset_counts();
    atomic_store(&starts, 1);                            // so that it succeeds at once
    wait_for(add_job("once", STR_NONE).id, "completed"); // by the one slot that was busy
    assert_true(clock_mono_us() - before < 2 * SECOND_US);
    stop_runner(runner);
    assert_string_equal(job_now(job.id).state.data, "cancelled");
}

static void progress_is_kept_for_those_who_come_later(void **state)
{
    (void)state;
    struct hub *hub = hub_new();
    struct runner_options options = { .db = library.pool,
        .blobs = library.blobs,
        .hub = hub,
        .plain = plain,
        .speech = speech,
        .scratch_directory = library.folder,
        .slots = 1,
        .kinds = test_kinds };
    struct runner *runner;
    assert_ok(runner_start(&options, &runner));
    struct job job = wait_for(add_job("split", STR_NONE).id, "completed");
    runner_stop(runner);
    str told = hub_progress(
        hub, library.arena, str_format(library.arena, "user:%.*s", STR_ARGS(library.scope.actor.user_id)));
    hub_free(hub);
    assert_true(str_find(told, STR("event: job_progress")) >= 0);
    assert_true(str_find(told, job.id) > 0);
    assert_true(str_find(told, STR("\"kind\":\"split\"")) > 0);
}

static error add_batch(struct db *db, void *context)
{
    struct scope scope = library.scope;
    const int *count = context;
    struct job job;
    scope.db = db;
    for (int i = 0; i < *count; i++) {
        json_t *params = json_keep(scope.arena, json_object());
        if (i == 1)
            json_object_set_new(params, "wrong", json_true());
        TRY(job_add(&scope, &(struct job_new) { .kind = "batch", .params = params }, &job));
    }
    return OK;
}

static void cheap_jobs_run_many_at_a_time_and_one_at_fault_fails_alone(void **state)
{
    (void)state;
    int count = 40;
    struct list queues;
    atomic_store(&batched, 0);
    atomic_store(&batches, 0);
    assert_ok(db_write(library.pool, add_batch, &count)); // before the runner, which finds them all
    struct runner *runner = start_runner(test_kinds, 1);
    struct job_queue queue = { 0 };
    for (int64_t until = clock_mono_us() + 60 * SECOND_US; clock_mono_us() < until; nap()) {
        assert_ok(job_queues(&library.scope, &queues));
        queue = *(const struct job_queue *)queues.items;
        if (!queue.pending)
            break;
    }
    stop_runner(runner);
    assert_int_equal(queue.pending, 0);
    assert_int_equal(queue.failed, 1);
    assert_int_equal(atomic_load(&batched), count - 1);
    assert_true(atomic_load(&batches) <= count - 1);
}

static void a_drained_runner_ends_what_runs_and_takes_no_more(void **state)
{
    (void)state;
    reset_counts();
    struct runner *runner = start_runner(test_kinds, 1);
    struct job first = add_job("split", STR_NONE);
    while (!atomic_load(&most_running))
        nap();
    runner_drain(runner, 60 * SECOND_US);
    struct job second = add_job("once", STR_NONE);
    nap();
    stop_runner(runner);
    assert_string_equal(job_now(second.id).state.data, "pending");
    assert_string_not_equal(job_now(first.id).state.data, "processing"); // its parts wait for another runner
    assert_int_equal(atomic_load(&starts), 0);
}

static void slots_are_told_by_kind(void **state)
{
    (void)state;
    struct runner *runner;
    struct runner_options options = { .db = library.pool,
        .blobs = library.blobs,
        .plain = plain,
        .speech = speech,
        .scratch_directory = library.folder,
        .slots = 1,
        .kinds = test_kinds };
    const char *const wrong[] = { "split", "split=", "split=x", "split=-1", "split=257", "unheard=1",
        "split=1,,once=1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.slots_of_kinds = wrong[i];
        assert_error(runner_start(&options, &runner), ERROR_USAGE);
    }
    reset_counts();
    options.slots_of_kinds = "once=0,split=3";
    assert_ok(runner_start(&options, &runner));
    db_on_commit(library.pool, on_commit, runner);
    struct job once = add_job("once", STR_NONE);
    wait_for(add_job("split", STR_NONE).id, "completed");
    stop_runner(runner);
    assert_int_equal(atomic_load(&most_running), 3);
    assert_string_equal(job_now(once.id).state.data, "pending");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_library, close_library)
    const struct CMUnitTest tests[] = {
        TEST(parts_run_side_by_side_and_are_joined),
        TEST(a_failed_attempt_is_followed_by_another),
        TEST(a_fault_of_the_input_is_final),
        TEST(a_cancel_ends_what_runs_within_two_seconds),
        TEST(a_run_that_lost_its_job_writes_nothing),
        TEST(an_attempt_has_its_time_and_costs_a_retry_unless_it_kept_something),
        TEST(a_stop_hands_jobs_back_untouched),
        TEST(a_failing_commit_leaves_nothing),
        TEST(a_recording_becomes_a_transcript),
        TEST(a_silent_file_says_so),
        TEST(a_cancel_ends_the_engine_within_two_seconds),
        TEST(progress_is_kept_for_those_who_come_later),
        TEST(cheap_jobs_run_many_at_a_time_and_one_at_fault_fails_alone),
        TEST(a_drained_runner_ends_what_runs_and_takes_no_more),
        TEST(slots_are_told_by_kind),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
