// SPDX-License-Identifier: GPL-3.0-or-later
// Slots: a thread each, which works on what the broker (runner_broker.c) hands it and writes how it ended.

#include "base/clock.h"
#include "work/run_observe.h"
#include "work/runner_parts.h"

enum { BATCH_JOBS = 500 };
static const int64_t CONNECTION_IDLE_US = 60 * SECOND_US;

// One run

static error prepare(struct run *run)
{
    json_t *params;
    const struct job *job = &run->job;
    run->scope.actor = (struct actor) { .user_id = job->user_id, .number = job->owner_number, .plan = job->owner_plan };
    TRY(json_read(run->scope.arena, job->params.text, &params));
    run->params = params;
    run_share(run, 0, 1);
    if (!run->job.parent.set)
        return OK;
    int64_t done;
    TRY(job_of_part(&run->scope, &run->job, &run->parent));
    TRY(job_parts_done(&run->scope, run->parent.number, &done));
    runner_parts_done(run->runner, run->parent.number, done);
    return OK;
}

static error work(struct run *run, const struct job_kind *kind)
{
    TRY(prepare(run));
    bool is_join = str_equal(run->job.stage, STR("join"));
    TRY((run->job.parent.set ? kind->part : is_join ? kind->join : kind->start)(run));
    ASSERT(run->ended);
    if (run->job.parent.set) { // its siblings' progress builds on it
        int64_t done;
        TRY(job_parts_done(&run->scope, run->parent.number, &done));
        runner_parts_done(run->runner, run->parent.number, done);
    }
    return OK;
}

struct ending {
    struct run *run;
    error failure;
    bool hand_back;
};

static error ending_change(struct db *db, void *context)
{
    const struct ending *ending = context;
    struct scope scope = ending->run->scope;
    scope.db = db;
    if (ending->hand_back)
        return job_hand_back(&scope, &ending->run->job, 0);
    if (ending->failure.code == ERROR_DATABASE_BUSY) // no fault of the job
        return job_hand_back(&scope, &ending->run->job, SECOND_US);
    return job_fail(&scope, &ending->run->job, ending->failure, run_is_final(ending->failure));
}

// After a run that neither completed nor split. One that is no longer ours writes nothing: its fence is old.
static void end_badly(struct run *run, error failure)
{
    struct arena *arena = run->scope.arena;
    struct ending ending = { .run = run, .failure = failure, .hand_back = runner_is_stopping(run->runner) };
    ending.failure.message = str_copy(arena, str_of(failure.message)).data;
    if (!ending.hand_back && atomic_load(&run->cancelled))
        return;
    error written = db_write_loose(run->runner->options.db, ending_change, &ending);
    if (error_is(written)) // the lease runs out, and the job is recovered
        runner_heard(run->runner, written);
}

static void log_end(const struct run *run, error result, int64_t started_us)
{
    double seconds = (double)(clock_mono_us() - started_us) / 1e6;
    bool ended = run->ended || atomic_load(&run->cancelled);
    str outcome = run->ended ? STR("done") : str_of(error_info(result.code)->name);
    str job_id = run->job.parent.set ? run->parent.id : run->job.id;
    enum log_severity severity = ended ? LOG_INFO : LOG_WARN;
    const char *message = ended ? "Attempt ended" : "Attempt failed";
    log_event(severity, &run->scope.trace, "job", message, LOG_TEXT("job_id", job_id), LOG_TEXT("kind", run->job.kind),
        LOG_TEXT("stage", run->job.stage), LOG_NUMBER("part", run->job.part), LOG_NUMBER("attempt", run->job.attempts),
        LOG_NUMBER("seconds", seconds), LOG_TEXT("outcome", outcome));
}

static void set_run(struct slot *slot, struct run *run)
{
    pthread_mutex_lock(&slot->runner->lock);
    slot->run = run;
    if (run && slot->runner->stopping)
        atomic_store(&run->cancelled, true);
    pthread_mutex_unlock(&slot->runner->lock);
}

static void run_job(struct slot *slot, struct run *run)
{
    int64_t started_us = clock_mono_us();
    run->scope.deadline_us = started_us + slot->runner->options.attempt_us;
    struct span span;
    run_observe_begin(run, &span);
    set_run(slot, run);
    error result = work(run, slot->kind->kind);
    for (size_t i = 0; i < sizeof run->children / sizeof *run->children; i++)
        child_end(run->children[i]);
    run_close_inputs(run);
    if (error_is(result) && !run->ended)
        end_badly(run, result);
    set_run(slot, NULL);
    run_observe_attempt(run, started_us, result, &span);
    log_end(run, result, started_us);
}

// Batches

struct batch {
    struct slot *slot;
    int64_t limit;
    size_t done;
};

static error batch_change(struct db *db, void *context)
{
    struct batch *batch = context;
    struct scope scope = { .arena = batch->slot->arena, .db = db, .blobs = batch->slot->runner->options.blobs };
    struct list jobs;
    arena_reset(scope.arena);
    TRY(job_batch(&scope, batch->slot->kind->kind->name, batch->limit, &jobs));
    batch->done = jobs.count;
    return jobs.count ? batch->slot->kind->kind->batch(&scope, jobs.items, jobs.count) : OK;
}

struct fault {
    struct slot *slot;
    error why;
};

static error fault_change(struct db *db, void *context)
{
    const struct fault *fault = context;
    struct scope scope = { .arena = fault->slot->arena, .db = db };
    struct list jobs;
    TRY(job_claim(&scope, str_of(fault->slot->runner->id), RUNNER_LEASE_US,
        &(struct job_wish) { fault->slot->kind->kind->name, 1, 0 }, &jobs));
    return jobs.count ? job_fail(&scope, jobs.items, fault->why, run_is_final(fault->why)) : OK;
}

// The first of the kind, by itself. A fault costs it an attempt, as any other job.
static error run_alone(struct slot *slot)
{
    struct batch batch = { .slot = slot, .limit = 1 };
    error result = db_write_loose(slot->runner->options.db, batch_change, &batch);
    if (!error_is(result) || result.code == ERROR_UNAVAILABLE)
        return result;
    struct fault fault = { .slot = slot, .why = result };
    fault.why.message = str_copy(slot->arena, str_of(result.message)).data;
    return db_write_loose(slot->runner->options.db, fault_change, &fault);
}

static error run_batches(struct slot *slot)
{
    struct batch batch = { .slot = slot, .limit = BATCH_JOBS };
    do {
        error result = db_write_loose(slot->runner->options.db, batch_change, &batch);
        if (error_is(result) && (result.code == ERROR_UNAVAILABLE || !batch.done))
            return result;
        for (size_t i = 0; error_is(result) && i < batch.done; i++)
            TRY(run_alone(slot));
    } while (batch.done == BATCH_JOBS && !runner_is_stopping(slot->runner));
    return OK;
}

// Tasks

// Waits for a task; false when no more will come, or (with *ret_idle) when nothing came for a while.
static bool wait_for_task(struct slot *slot, bool *ret_idle)
{
    struct runner *runner = slot->runner;
    int64_t until = clock_mono_us() + CONNECTION_IDLE_US;
    struct timespec time = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
    int result = 0;
    pthread_mutex_lock(&runner->lock);
    while (slot->task == SLOT_IDLE && !runner->sealed && !result)
        result = pthread_cond_timedwait(&slot->wake, &runner->lock, &time);
    bool task = slot->task != SLOT_IDLE;
    *ret_idle = !task && !runner->sealed;
    pthread_mutex_unlock(&runner->lock);
    return task;
}

static error run_task(struct slot *slot, struct db *db)
{
    if (slot->task == SLOT_BATCH)
        return run_batches(slot);
    struct run run = { .runner = slot->runner,
        .splits = slot->kind->kind->part != NULL,
        .job = slot->job,
        .scope = { .arena = slot->arena, .db = db, .blobs = slot->runner->options.blobs } };
    run_job(slot, &run);
    return OK;
}

void *runner_slot(void *context)
{
    struct slot *slot = context;
    struct db *db = NULL;
    for (;;) {
        bool idle;
        if (!wait_for_task(slot, &idle)) {
            db_disconnect(TAKE(db)); // an idle machine keeps few connections
            if (idle)
                continue;
            break;
        }
        error result = db || slot->task == SLOT_BATCH ? OK : db_connect_thread(slot->runner->options.db, &db);
        if (!error_is(result))
            result = run_task(slot, db);
        runner_heard(slot->runner, result);
        arena_reset(slot->arena);
        runner_slot_free(slot);
    }
    return NULL;
}
