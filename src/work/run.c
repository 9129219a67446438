// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/run.h"

#include <unistd.h>

#include "base/clock.h"
#include "work/run_observe.h"
#include "work/runner_parts.h"

static const int64_t TELL_US = SECOND_US / 4;

error run_check(const struct run *run)
{
    if (atomic_load(&run->cancelled))
        return error_of(ERROR_CANCELLED);
    if (clock_mono_us() > run->scope.deadline_us)
        return error_make(ERROR_TIMED_OUT, NULL, "This took longer than two hours");
    return OK;
}

bool run_is_final(error failure)
{
    switch (failure.code) {
    case ERROR_NOT_MEDIA:
    case ERROR_NO_AUDIO:
    case ERROR_NO_VIDEO:
    case ERROR_UNSUPPORTED_LANGUAGE:
    case ERROR_ENGINE_MISSING:
    case ERROR_ENGINE_REFUSED:
    case ERROR_VALIDATION_ERROR:
    case ERROR_MALFORMED_JSON:
    case ERROR_MEDIA_NOT_FOUND:
    case ERROR_AVATAR_NOT_FOUND:
    case ERROR_PLAN_REQUIRED:
    case ERROR_QUOTA_EXCEEDED:
    case ERROR_INVALID_ID:
    case ERROR_LIMIT_EXCEEDED:
    case ERROR_ASSET_MISSING:
    case ERROR_VIDEO_HAS_NO_SCENES:
    case ERROR_DOWNLOAD_FAILED:
        return true;
    default:
        return str_ends(str_of(error_info(failure.code)->name), STR("_NOT_FOUND"));
    }
}

// Progress

static json_t *progress_facts(const struct run *run, double progress)
{
    const struct job *job = run->job.parent.set ? &run->parent : &run->job;
    json_t *facts = json_object();
    json_object_set_new(facts, "job_id", json_str(job->id));
    json_object_set_new(facts, "media_id", json_str(job->media_id));
    json_object_set_new(facts, "video_id", json_str(job->video_id));
    json_object_set_new(facts, "kind", json_str(job->kind));
    json_object_set_new(facts, "progress", json_real(progress));
    if (run->scene_count) {
        json_object_set_new(facts, "current_scene", json_integer(run->scene));
        json_object_set_new(facts, "total_scenes", json_integer(run->scene_count));
    }
    return facts;
}

static void tell(struct run *run)
{
    struct hub *hub = run->runner->options.hub;
    int64_t now = clock_mono_us();
    if (!hub || now - run->told_us < TELL_US)
        return;
    run->told_us = now;
    const struct job *job = &run->job;
    ARENA_AUTO struct arena *arena = arena_new(16 << 10);
    json_t *facts = json_keep(arena, progress_facts(run, runner_progress(run->runner, run)));
    str text = json_text(arena, facts);
    hub_publish(hub, str_format(arena, "user:%.*s", STR_ARGS(job->user_id)), 0, STR("job_progress"), text);
    // A file's stream tells how its transcription goes; other work on the file would only confuse it.
    if (job->media_id.data && str_equal(job->kind, STR("transcribe")))
        hub_publish(hub, str_format(arena, "file:%.*s:%.*s", STR_ARGS(job->user_id), STR_ARGS(job->media_id)), 0,
            STR("job_progress"), text);
}

void run_share(struct run *run, double from, double to)
{
    run->from = from;
    run->to = to;
}

void run_progress(struct run *run, double done)
{
    int ppm = done <= 0 ? 0 : done >= 1 ? 1000000 : (int)(done * 1e6);
    if (ppm <= atomic_load(&run->progress_ppm))
        return;
    atomic_store(&run->progress_ppm, ppm);
    tell(run);
}

static void question_progress(void *context, double done)
{
    struct run *run = context;
    run_progress(run, run->from + (run->to - run->from) * done);
}

// Questions

int run_threads(const struct run *run)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int share = (int)cores / run->runner->options.slots;
    return share > 1 ? share : 1;
}

const char *run_engine_path(const struct run *run)
{
    return zygote_path(run->runner->options.plain);
}

error run_ask(struct run *run, enum zygote_kind zygote, struct child_call *call, json_t **ret_result)
{
    const struct runner_options *options = &run->runner->options;
    struct child **child = &run->children[zygote];
    TRY(run_check(run));
    if (*child && !child_alive(*child))
        child_end(TAKE(*child));
    if (!*child)
        TRY(child_fork(
            zygote == ZYGOTE_SPEECH ? options->speech : options->plain, &(struct child_limits) { 0 }, child));
    call->progress = question_progress;
    call->context = run;
    call->cancelled = &run->cancelled;
    call->deadline_us = run->scope.deadline_us;
    return child_ask(*child, run->scope.arena, call, ret_result);
}

// Files

static void close_scratch(void *scratch)
{
    scratch_close(scratch);
}

error run_scratch(struct run *run, struct scratch **ret_scratch)
{
    TRY(scratch_open(run->runner->options.scratch_directory, ret_scratch));
    arena_defer(run->scope.arena, close_scratch, *ret_scratch);
    return OK;
}

static error copy(struct run *run, struct scratch *scratch, struct blob_writer *writer)
{
    char block[64 << 10];
    size_t got;
    for (int64_t at = 0; at < scratch_size(scratch); at += (int64_t)got) {
        TRY(run_check(run));
        TRY(scratch_read(scratch, at, block, sizeof block, &got));
        TRY(blob_write(writer, block, got));
    }
    return OK;
}

error run_keep(struct run *run, struct scratch *scratch, struct blob_info *ret_blob)
{
    struct blob_writer *writer;
    TRY(blob_writer_open(run->scope.blobs, NULL, &writer));
    error copied = copy(run, scratch, writer);
    if (error_is(copied)) {
        blob_writer_abort(writer);
        return copied;
    }
    return blob_writer_commit(writer, ret_blob);
}

// Ends

struct change {
    struct run *run;
    run_commit commit;
    void *context;
    const json_t *result;
    json_t *const *parts;
    size_t part_count;
    bool mine, after_end;
};

static error write_change(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = change->run->scope;
    scope.db = db;
    if (!change->after_end) {
        TRY(job_advance(&scope, &change->run->job, &change->mine));
        if (!change->mine)
            return error_of(ERROR_CANCELLED);
    }
    return change->commit(&scope, change->run, change->context);
}

error run_write(struct run *run, run_commit commit, void *context)
{
    struct change change = { .run = run, .commit = commit, .context = context };
    return db_write(run->runner->options.db, write_change, &change);
}

error run_write_after(struct run *run, run_commit commit, void *context)
{
    struct change change = { .run = run, .commit = commit, .context = context, .after_end = true };
    return db_write(run->runner->options.db, write_change, &change);
}

static error split_change(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = change->run->scope;
    scope.db = db;
    return job_fan_out(&scope, &change->run->job, change->parts, change->part_count, change->result);
}

error run_fan_out(struct run *run, json_t *const *parts, size_t count, const json_t *facts)
{
    struct change change = { .run = run, .result = facts, .parts = parts, .part_count = count };
    TRY(run_check(run));
    TRY(db_write_loose(run->runner->options.db, split_change, &change));
    run->ended = true;
    return OK;
}

error run_results(struct run *run, const json_t ***ret_results, size_t *ret_count)
{
    struct list parts;
    TRY(job_parts(&run->scope, &run->job, &parts));
    const json_t **results = ARENA_ARRAY(run->scope.arena, const json_t *, parts.count + 1);
    for (size_t i = 0; i < parts.count; i++) {
        str text = ((struct job *)parts.items)[i].result.text;
        json_t *result = NULL;
        if (text.data)
            TRY(json_read(run->scope.arena, text, &result));
        results[i] = result;
    }
    *ret_results = results;
    *ret_count = parts.count;
    return OK;
}

static error complete_change(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = change->run->scope;
    scope.db = db;
    TRY(job_complete(&scope, &change->run->job, change->result, &change->mine));
    return change->mine ? change->commit(&scope, change->run, change->context) : OK;
}

error run_complete(struct run *run, const json_t *result, run_commit commit, void *context)
{
    struct change change = { .run = run, .commit = commit, .context = context, .result = result };
    TRY(run_check(run));
    if (commit)
        TRY(db_write(run->runner->options.db, complete_change, &change));
    else
        TRY(runner_complete(run->runner, &run->job, result, &change.mine));
    if (!change.mine)
        return error_of(ERROR_CANCELLED);
    run->ended = true;
    run_observe_completed(run, result);
    return OK;
}
