// SPDX-License-Identifier: GPL-3.0-or-later
// A library with a runner: jobs added, waited for; files added.
#pragma once

#include <time.h>

#include "domain/media.h"
#include "engine_help.h"
#include "library_help.h"
#include "work/job_kind.h"
#include "work/runner.h"

static struct library library;
static struct zygote *plain, *speech;

static inline int open_all(void **state)
{
    (void)state;
    assert_ok(zygote_start(engine_path(), ZYGOTE_PLAIN, &plain));
    assert_ok(zygote_start(engine_path(), ZYGOTE_SPEECH, &speech));
    return 0;
}

static inline int close_all(void **state)
{
    (void)state;
    zygote_stop(plain);
    zygote_stop(speech);
    return 0;
}

static inline int open_library(void **state)
{
    (void)state;
    library_open(&library, NULL);
    return 0;
}

static inline int close_library(void **state)
{
    (void)state;
    library_close(&library);
    return 0;
}

static inline void on_commit(void *context)
{
    runner_wake(context);
}

static inline struct runner *start_runner(const struct job_kind *const *kinds, int slots)
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

static inline void stop_runner(struct runner *runner)
{
    db_on_commit(library.pool, NULL, NULL);
    runner_stop(runner);
}

struct adding {
    const char *kind;
    str media_id, video_id;
    json_t *params;
    struct job job;
};

static inline error add_change(struct db *db, void *context)
{
    struct adding *adding = context;
    struct scope scope = library.scope;
    scope.db = db;
    return job_add(&scope,
        &(struct job_new) { .kind = adding->kind,
            .media_id = adding->media_id,
            .video_id = adding->video_id,
            .params = adding->params },
        &adding->job);
}

static inline struct job add_job(const char *kind, str media_id)
{
    struct adding adding = { .kind = kind, .media_id = media_id, .params = json_keep(library.arena, json_object()) };
    assert_ok(db_write(library.pool, add_change, &adding));
    return adding.job;
}

static inline error cancel_change(struct db *db, void *context)
{
    struct scope scope = library.scope;
    struct job cancelled;
    scope.db = db;
    return job_cancel(&scope, context, &cancelled);
}

static inline struct job job_now(str id)
{
    struct job job;
    assert_ok(job_get(&library.scope, id, &job));
    return job;
}

static inline void nap(void)
{
    nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
}

// Waits until the job is in that state, and fails after 60 s or when it ends in another.
static inline struct job wait_for(str id, const char *state)
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

struct media_adding {
    struct blob_info blob;
    const char *path;
    bool has_audio;
    struct media media;
};

static inline error media_change(struct db *db, void *context)
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

static inline str add_media(const char *path, bool has_audio)
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
