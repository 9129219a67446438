// SPDX-License-Identifier: GPL-3.0-or-later
#include <pthread.h>
#include <time.h>

#include "domain/media.h"
#include "domain/transcription.h"
#include "engine_help.h"
#include "library_help.h"
#include "work/job_kind.h"
#include "work/runner.h"

static struct library library;
static struct zygote *plain, *speech;

static int open_all(void **state)
{
    (void)state;
    assert_ok(zygote_start(engine_path(), ZYGOTE_PLAIN, &plain));
    assert_ok(zygote_start(engine_path(), ZYGOTE_SPEECH, &speech));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    zygote_stop(plain);
    zygote_stop(speech);
    return 0;
}

static int open_library(void **state)
{
    (void)state;
    library_open(&library, NULL);
    return 0;
}

static int close_library(void **state)
{
    (void)state;
    library_close(&library);
    return 0;
}

static void on_commit(void *context)
{
    runner_wake(context);
}

static struct runner *start_runner(const struct job_kind *const *kinds, int slots)
{
    struct runner *runner;
    struct runner_options options = { .db = library.pool,
        .blobs = library.blobs,
        .plain = plain,
        .speech = speech,
        .scratch_directory = library.folder,
        .slots = slots,
        .alone = true,
        .kinds = kinds };
    assert_ok(runner_start(&options, &runner));
    db_on_commit(library.pool, on_commit, runner);
    return runner;
}

static void stop_runner(struct runner *runner)
{
    db_on_commit(library.pool, NULL, NULL);
    runner_stop(runner);
}

struct adding {
    const char *kind;
    str media_id;
    struct job job;
};

static error add_change(struct db *db, void *context)
{
    struct adding *adding = context;
    struct scope scope = library.scope;
    scope.db = db;
    return job_add(&scope,
        &(struct job_new) {
            .kind = adding->kind, .media_id = adding->media_id, .params = json_keep(scope.arena, json_object()) },
        &adding->job);
}

static struct job add_job(const char *kind, str media_id)
{
    struct adding adding = { .kind = kind, .media_id = media_id };
    assert_ok(db_write(library.pool, add_change, &adding));
    return adding.job;
}

static error cancel_change(struct db *db, void *context)
{
    struct scope scope = library.scope;
    struct job cancelled;
    scope.db = db;
    return job_cancel(&scope, context, &cancelled);
}

static struct job job_now(str id)
{
    struct job job;
    assert_ok(job_get(&library.scope, id, &job));
    return job;
}

static void nap(void)
{
    nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
}

// Waits until the job is in that state, and fails after 60 s or when it ends in another.
static struct job wait_for(str id, const char *state)
{
    for (int64_t until = clock_mono_us() + 60 * SECOND_US; clock_mono_us() < until; nap()) {
        struct job job = job_now(id);
        if (str_equal_c(job.state, state))
            return job;
        if (job.finished_at.us)
            fail_msg("the job is %.*s: %.*s", STR_ARGS(job.state), STR_ARGS(job.error_message));
    }
    fail_msg("the job is still %.*s", STR_ARGS(job_now(id).state));
    return (struct job) { 0 };
}

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
static const struct job_kind *const test_kinds[] = { &split_kind, &once_kind, &final_kind, &commit_kind, &endless_kind,
    NULL };

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
    struct job job = wait_for(add_job("final", STR_NONE).id, "failed"), unknown = add_job("unheard-of", STR_NONE);
    unknown = wait_for(unknown.id, "failed");
    stop_runner(runner);
    assert_int_equal(atomic_load(&starts), 1);
    assert_string_equal(job.error_code.data, "NO_AUDIO");
    assert_string_equal(job.error_message.data, "There is nothing to hear");
    assert_true(str_find(unknown.error_message, STR("unheard-of")) > 0);
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
    assert_ok(db_write(library.pool, cancel_change, &job));
    wait_for(add_job("split", STR_NONE).id, "completed"); // by the one slot that was busy
    assert_true(clock_mono_us() - before < 2 * SECOND_US);
    assert_string_equal(job_now(job.id).state.data, "cancelled");
    stop_runner(runner);
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

struct media_adding {
    struct blob_info blob;
    const char *path;
    bool has_audio;
    struct media media;
};

static error media_change(struct db *db, void *context)
{
    struct media_adding *adding = context;
    struct scope scope = library.scope;
    char id[37];
    scope.db = db;
    snprintf(id, sizeof id, "%s", adding->blob.id);
    json_t *probe = json_keep(scope.arena, json_pack("{s:s,s:s,s:b,s:b}", "kind", "audio", "mime", "audio/wav",
                                               "has_audio", adding->has_audio, "has_video", false));
    return media_add(
        &scope, str_copy(scope.arena, str_of(id)), str_of(adding->path), &adding->blob, probe, true, &adding->media);
}

static str add_media(const char *path, bool has_audio)
{
    struct media_adding adding = { .path = path, .has_audio = has_audio };
    struct memory_file file = file_load(path);
    if (!file.data)
        skip();
    struct blob_writer *writer;
    assert_ok(blob_writer_open(library.blobs, NULL, &writer));
    assert_ok(blob_write(writer, file.data, file.size));
    assert_ok(blob_writer_commit(writer, &adding.blob));
    assert_ok(db_write(library.pool, media_change, &adding));
    free((char *)file.data);
    return adding.media.id;
}

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_library, close_library)
    const struct CMUnitTest tests[] = {
        TEST(parts_run_side_by_side_and_are_joined),
        TEST(a_failed_attempt_is_followed_by_another),
        TEST(a_fault_of_the_input_is_final),
        TEST(a_cancel_ends_what_runs_within_two_seconds),
        TEST(a_stop_hands_jobs_back_untouched),
        TEST(a_failing_commit_leaves_nothing),
        TEST(a_recording_becomes_a_transcript),
        TEST(a_silent_file_says_so),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
