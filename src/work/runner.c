// SPDX-License-Identifier: GPL-3.0-or-later
// Slots: each claims a job, runs it, writes how it ended. Idle ones sleep until `due` says that there may be work: one
// slot looks, and calls the next one when it found something.
#include "work/runner.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/user.h"
#include "work/run_observe.h"
#include "work/runner_parts.h"

static const size_t JOB_MEMORY_MAX = 256u << 20;

// What others ask of a running slot

void runner_wake(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    for (int lane = 0; lane < JOB_LANES; lane++) {
        runner->due[lane] = true;
        pthread_cond_signal(&runner->work[lane]);
    }
    pthread_mutex_unlock(&runner->lock);
}

bool runner_ready(struct runner *runner)
{
    return atomic_load(&runner->ready);
}

void runner_heard(struct runner *runner, error result)
{
    bool ready = !error_is(result), before = atomic_exchange(&runner->ready, ready);
    if (before && !ready)
        log_event(LOG_ERROR, NULL, "job", "Jobs wait: the database does not answer",
            LOG_TEXT("reason", str_of(result.message)));
    if (!before && ready)
        log_event(LOG_INFO, NULL, "job", "The database answers");
}

static bool same_job(const struct run *run, int64_t parent)
{
    return run && run->job.parent.set && run->job.parent.value == parent;
}

void runner_parts_done(struct runner *runner, int64_t parent, int64_t count)
{
    pthread_mutex_lock(&runner->lock);
    for (int i = 0; i < runner->slot_count; i++) {
        struct run *run = runner->slots[i].run;
        if (same_job(run, parent) && atomic_load(&run->parts_done) < count)
            atomic_store(&run->parts_done, (int)count);
    }
    pthread_mutex_unlock(&runner->lock);
}

double runner_progress(struct runner *runner, const struct run *run)
{
    double own = atomic_load(&run->progress_ppm) / 1e6;
    if (!run->job.parent.set) {
        bool joins = str_equal(run->job.stage, STR("join"));
        return joins ? 0.95 + 0.05 * own : 0.05 * own;
    }
    double done = atomic_load(&run->parts_done);
    pthread_mutex_lock(&runner->lock);
    for (int i = 0; i < runner->slot_count; i++)
        if (same_job(runner->slots[i].run, run->job.parent.value))
            done += atomic_load(&runner->slots[i].run->progress_ppm) / 1e6;
    pthread_mutex_unlock(&runner->lock);
    double total = (double)run->parent.parts_total;
    return 0.05 + 0.9 * (done < total ? done / total : 1);
}

// One run

static const struct job_kind *find_kind(const struct runner *runner, str name)
{
    for (const struct job_kind *const *kind = runner->options.kinds; *kind; kind++)
        if (str_equal_c(name, (*kind)->name))
            return *kind;
    return NULL;
}

static error as_owner(struct run *run)
{
    struct user user;
    TRY(user_get(&run->scope, run->job.user_id, &user));
    run->scope.actor = (struct actor) { .user_id = user.id, .number = user.number, .plan = user.plan };
    return OK;
}

static error prepare(struct run *run)
{
    json_t *params;
    TRY(as_owner(run));
    TRY(json_read(run->scope.arena, run->job.params.text, &params));
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

static error work(struct run *run)
{
    TRY(prepare(run));
    const struct job_kind *kind = find_kind(run->runner, run->job.kind);
    if (!kind)
        return error_make(ERROR_VALIDATION_ERROR, "kind",
            "This version of Kinora does not know jobs of the kind \"%.*s\"", STR_ARGS(run->job.kind));
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
        return job_hand_back(&scope, &ending->run->job);
    return job_fail(&scope, &ending->run->job, ending->failure, run_is_final(ending->failure));
}

bool runner_is_stopping(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    bool stopping = runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return stopping;
}

// After a run that neither completed nor split. One that is no longer ours writes nothing: its fence is old.
static void end_badly(struct run *run, error failure)
{
    struct arena *arena = run->scope.arena;
    struct ending ending = { .run = run, .failure = failure, .hand_back = runner_is_stopping(run->runner) };
    ending.failure.message = str_copy(arena, str_of(failure.message)).data;
    if (!ending.hand_back && atomic_load(&run->cancelled))
        return;
    error written = db_write(run->runner->options.db, ending_change, &ending);
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
    run->scope.deadline_us = started_us + RUNNER_ATTEMPT_US;
    struct span span;
    run_observe_begin(run, &span);
    set_run(slot, run);
    error result = work(run);
    for (size_t i = 0; i < sizeof run->children / sizeof *run->children; i++)
        child_end(run->children[i]);
    run_close_inputs(run);
    if (error_is(result) && !run->ended)
        end_badly(run, result);
    set_run(slot, NULL);
    run_observe_attempt(run, started_us, result, &span);
    log_end(run, result, started_us);
}

// Slots

struct claim {
    struct run *run;
    enum job_lane lane;
    bool found;
};

static error claim_change(struct db *db, void *context)
{
    struct claim *claim = context;
    struct scope scope = claim->run->scope;
    scope.db = db;
    return job_claim(
        &scope, claim->lane, str_of(claim->run->runner->id), RUNNER_LEASE_US, &claim->run->job, &claim->found);
}

// The look comes first, so that an idle runner writes nothing.
static error claim_next(struct run *run, enum job_lane lane, bool *ret_found)
{
    struct claim claim = { .run = run, .lane = lane };
    bool due;
    TRY(job_is_due(&run->scope, lane, &due));
    if (due)
        TRY(db_write(run->runner->options.db, claim_change, &claim));
    *ret_found = claim.found;
    return OK;
}

// Waits until there may be work; false when the runner stops.
static bool wait_for_work(struct runner *runner, enum job_lane lane)
{
    pthread_mutex_lock(&runner->lock);
    while (!runner->due[lane] && !runner->stopping)
        pthread_cond_wait(&runner->work[lane], &runner->lock);
    runner->due[lane] = false;
    bool stopping = runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return !stopping;
}

// Takes jobs until there is none.
static error take_jobs(struct slot *slot, struct db *db, struct arena *arena)
{
    bool found = true;
    while (found && !runner_is_stopping(slot->runner)) {
        arena_reset(arena);
        struct run run = { .runner = slot->runner,
            .scope = { .arena = arena, .db = db, .blobs = slot->runner->options.blobs } };
        TRY(claim_next(&run, slot->lane, &found));
        if (!found)
            break;
        runner_wake(slot->runner); // there may be more
        run_job(slot, &run);
    }
    return OK;
}

static void *slot_main(void *context)
{
    struct slot *slot = context;
    struct arena *arena = arena_new(JOB_MEMORY_MAX);
    struct db *db = NULL;
    while (wait_for_work(slot->runner, slot->lane)) {
        error result = db ? OK : db_connect(slot->runner->options.db, &db);
        if (!error_is(result))
            result = take_jobs(slot, db, arena);
        runner_heard(slot->runner, result);
        arena_reset(arena);
    }
    db_disconnect(db);
    arena_free(arena);
    return NULL;
}

// Start and stop

static error recover_all(struct db *db, void *context)
{
    struct runner *runner = context;
    struct scope scope = { .arena = runner->clock_arena, .db = db };
    int64_t count;
    return job_recover(&scope, str_of(runner->id), &count);
}

static void release(struct runner *runner)
{
    pthread_mutex_destroy(&runner->lock);
    for (int lane = 0; lane < JOB_LANES; lane++)
        pthread_cond_destroy(&runner->work[lane]);
    pthread_cond_destroy(&runner->stop);
    arena_free(runner->clock_arena);
    free(runner->slots);
    free(runner);
}

static void start_slot(struct runner *runner, enum job_lane lane)
{
    pthread_mutex_lock(&runner->lock);
    struct slot *slot = &runner->slots[runner->slot_count++];
    slot->runner = runner;
    slot->lane = lane;
    ASSERT(!pthread_create(&slot->thread, NULL, slot_main, slot));
    pthread_mutex_unlock(&runner->lock);
}

void runner_grow(struct runner *runner)
{
    int64_t wanted = SETTING_NOW(max_concurrent_downloads);
    if (wanted > RUNNER_DOWNLOADS_MAX)
        wanted = RUNNER_DOWNLOADS_MAX;
    while (runner->slot_count - runner->options.slots < wanted)
        start_slot(runner, JOB_LANE_DOWNLOAD);
}

static void start_threads(struct runner *runner)
{
    for (int i = 0; i < runner->options.slots; i++)
        start_slot(runner, JOB_LANE_WORK);
    runner_grow(runner);
    ASSERT(!pthread_create(&runner->clock, NULL, runner_clock, runner));
    ASSERT(!pthread_create(&runner->sweeper, NULL, runner_sweeper, runner));
}

error runner_start(const struct runner_options *options, struct runner **ret_runner)
{
    struct runner *runner = calloc(1, sizeof *runner);
    ASSERT(runner && options->slots > 0);
    runner->options = *options;
    if (!runner->options.kinds)
        runner->options.kinds = job_kind_list;
    id_write(runner->id);
    pthread_mutex_init(&runner->lock, NULL);
    for (int lane = 0; lane < JOB_LANES; lane++) {
        pthread_cond_init(&runner->work[lane], NULL);
        runner->due[lane] = true;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    runner->slots = calloc((size_t)options->slots + RUNNER_DOWNLOADS_MAX, sizeof *runner->slots);
    ASSERT(runner->slots);
    runner->clock_arena = arena_new(JOB_MEMORY_MAX);
    atomic_store(&runner->ready, true);
    error recovered = options->alone ? db_write(options->db, recover_all, runner) : OK;
    if (error_is(recovered)) {
        release(runner);
        return recovered;
    }
    start_threads(runner);
    *ret_runner = runner;
    return OK;
}

void runner_stop(struct runner *runner)
{
    if (!runner)
        return;
    pthread_mutex_lock(&runner->lock);
    runner->stopping = true;
    for (int i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].run)
            atomic_store(&runner->slots[i].run->cancelled, true);
    for (int lane = 0; lane < JOB_LANES; lane++)
        pthread_cond_broadcast(&runner->work[lane]);
    pthread_cond_broadcast(&runner->stop);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->clock, NULL); // first, since it may start slots
    for (int i = 0; i < runner->slot_count; i++)
        pthread_join(runner->slots[i].thread, NULL);
    pthread_join(runner->sweeper, NULL);
    release(runner);
}
