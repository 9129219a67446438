// SPDX-License-Identifier: GPL-3.0-or-later
// Start and stop, and what others ask of a runner.
#include "work/runner.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/id.h"
#include "domain/worker.h"
#include "work/runner_parts.h"

static const size_t JOB_MEMORY_MAX = 256u << 20;

// What others ask of a running slot

bool runner_is_stopping(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    bool stopping = runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return stopping;
}

void runner_wake(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->due = true;
    pthread_cond_signal(&runner->work);
    pthread_mutex_unlock(&runner->lock);
}

bool runner_ready(struct runner *runner)
{
    return atomic_load(&runner->ready);
}

void runner_heard(struct runner *runner, error result)
{
    // One that is busy answers; what it refuses is tried again.
    bool ready = !error_is(result) || result.code == ERROR_DATABASE_BUSY,
         before = atomic_exchange(&runner->ready, ready);
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
    if (!run->splits)
        return own;
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

// Start and stop

static error recover_all(struct db *db, void *context)
{
    struct runner *runner = context;
    struct scope scope = { .arena = runner->clock_arena, .db = db };
    int64_t count;
    TRY(job_clock_went_back(&scope, RUNNER_LEASE_US)); // for all that is known of the time before
    return job_recover(&scope, str_of(runner->id), &count);
}

static void release(struct runner *runner)
{
    for (int i = 0; i < runner->slot_count; i++) {
        arena_free(runner->slots[i].arena);
        pthread_cond_destroy(&runner->slots[i].wake);
    }
    pthread_mutex_destroy(&runner->lock);
    pthread_cond_destroy(&runner->work);
    pthread_cond_destroy(&runner->idle);
    pthread_cond_destroy(&runner->stop);
    arena_free(runner->clock_arena);
    free(runner->kinds);
    free(runner->slots);
    free(runner);
}

static struct kind_slots *find_kind(struct runner *runner, str name)
{
    for (int i = 0; i < runner->kind_count; i++)
        if (str_equal_c(name, runner->kinds[i].kind->name))
            return &runner->kinds[i];
    return NULL;
}

// "render=1,download=4"
static error read_slots(struct runner *runner, const char *text)
{
    str rest = str_of(text ? text : ""), item, name;
    while (rest.size && str_split(&rest, ',', &item)) {
        str count_text = item;
        int64_t count;
        if (!str_split(&count_text, '=', &name) || !str_to_int(count_text, &count) || count < 0
            || count > RUNNER_SLOTS_MAX)
            return error_make(ERROR_USAGE, "slots",
                "Slots are written as render=2,download=4 with numbers from 0 to %d, not \"%s\"", RUNNER_SLOTS_MAX,
                text);
        struct kind_slots *kind = find_kind(runner, name);
        if (!kind)
            return error_make(ERROR_USAGE, "slots", "There are no jobs of the kind \"%.*s\"", STR_ARGS(name));
        kind->slots = (int)count;
    }
    return OK;
}

static error make_slots(struct runner *runner)
{
    const struct job_kind *const *kinds = runner->options.kinds ? runner->options.kinds : job_kind_list;
    while (kinds[runner->kind_count])
        runner->kind_count++;
    runner->kinds = calloc((size_t)runner->kind_count, sizeof *runner->kinds);
    ASSERT_MEMORY(runner->kinds);
    for (int i = 0; i < runner->kind_count; i++)
        runner->kinds[i] = (struct kind_slots) { .kind = kinds[i],
            .slots = kinds[i]->able && !kinds[i]->able() ? 0
                     : kinds[i]->slots                   ? kinds[i]->slots
                                                         : runner->options.slots };
    TRY(read_slots(runner, runner->options.slots_of_kinds));
    int count = 0;
    for (int i = 0; i < runner->kind_count; i++)
        count += runner->kinds[i].slots;
    runner->slots = calloc((size_t)count + 1, sizeof *runner->slots);
    ASSERT_MEMORY(runner->slots);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    for (runner->slot_count = 0; runner->slot_count < count; runner->slot_count++) {
        struct slot *slot = &runner->slots[runner->slot_count];
        slot->runner = runner;
        slot->arena = arena_new(JOB_MEMORY_MAX);
        pthread_cond_init(&slot->wake, &monotonic);
    }
    pthread_cond_init(&runner->stop, &monotonic);
    pthread_cond_init(&runner->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return OK;
}

static void start_threads(struct runner *runner)
{
    ASSERT_MEMORY(!pthread_create(&runner->broker, NULL, runner_broker, runner));
    ASSERT_MEMORY(!pthread_create(&runner->clock, NULL, runner_clock, runner));
    ASSERT_MEMORY(!pthread_create(&runner->sweeper, NULL, runner_sweeper, runner));
}

error runner_start(const struct runner_options *options, struct runner **ret_runner)
{
    struct runner *runner = calloc(1, sizeof *runner);
    ASSERT_MEMORY(runner);
    ASSERT(options->slots > 0);
    runner->options = *options;
    if (!options->attempt_us)
        runner->options.attempt_us = RUNNER_ATTEMPT_US;
    id_write(runner->id);
    pthread_mutex_init(&runner->lock, NULL);
    pthread_cond_init(&runner->work, NULL);
    runner->clock_arena = arena_new(JOB_MEMORY_MAX);
    runner->due = true;
    atomic_store(&runner->ready, true);
    error made = make_slots(runner);
    if (!error_is(made) && options->alone)
        made = db_write(options->db, recover_all, runner);
    if (error_is(made)) {
        release(runner);
        return made;
    }
    start_threads(runner);
    *ret_runner = runner;
    return OK;
}

error runner_seen(struct runner *runner, struct scope *scope)
{
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    json_t *slots = json_keep(scope->arena, json_object());
    for (int i = 0; i < runner->kind_count; i++)
        json_object_set_new(slots, runner->kinds[i].kind->name, json_integer(runner->kinds[i].slots));
    pthread_mutex_lock(&runner->lock);
    bool draining = runner->draining || runner->stopping;
    pthread_mutex_unlock(&runner->lock);
    return worker_seen(scope, &(struct worker_row) { .id = str_of(runner->id),
                                  .host = str_of(host),
                                  .version = STR(KINORA_VERSION),
                                  .slots.text = json_text(scope->arena, slots),
                                  .draining = draining });
}

static error gone_change(struct db *db, void *context)
{
    struct runner *runner = context;
    struct scope scope = { .arena = runner->clock_arena, .db = db };
    return worker_gone(&scope, str_of(runner->id));
}

static bool is_idle(const struct runner *runner)
{
    for (int i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].task != SLOT_IDLE)
            return false;
    return true;
}

void runner_slot_free(struct slot *slot)
{
    struct runner *runner = slot->runner;
    pthread_mutex_lock(&runner->lock);
    slot->kind->busy--;
    slot->task = SLOT_IDLE;
    runner->freed = true;
    pthread_cond_signal(&runner->work);
    pthread_cond_broadcast(&runner->idle);
    pthread_mutex_unlock(&runner->lock);
}

void runner_drain(struct runner *runner, int64_t wait_us)
{
    int64_t until = clock_mono_us() + wait_us;
    struct timespec time = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
    pthread_mutex_lock(&runner->lock);
    runner->draining = true;
    for (int result = 0; !is_idle(runner) && !result;)
        result = pthread_cond_timedwait(&runner->idle, &runner->lock, &time);
    pthread_mutex_unlock(&runner->lock);
}

void runner_stop(struct runner *runner)
{
    if (!runner)
        return;
    pthread_mutex_lock(&runner->lock);
    runner->stopping = true;
    for (int i = 0; i < runner->slot_count; i++) {
        if (runner->slots[i].run)
            atomic_store(&runner->slots[i].run->cancelled, true);
    }
    runner->freed = true; // the broker must see it before the slots end
    pthread_cond_signal(&runner->work);
    pthread_cond_broadcast(&runner->stop);
    while (!runner->sealed)
        pthread_cond_wait(&runner->idle, &runner->lock);
    pthread_mutex_unlock(&runner->lock);
    for (int i = 0; i < runner->slot_count; i++)
        if (runner->slots[i].has_thread)
            pthread_join(runner->slots[i].thread, NULL);
    pthread_mutex_lock(&runner->lock); // the slots needed the broker for their last completions
    runner->closed = true;
    pthread_cond_signal(&runner->work);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->broker, NULL);
    pthread_join(runner->clock, NULL);
    pthread_join(runner->sweeper, NULL);
    error ignored = db_write_loose(runner->options.db, gone_change, runner); // else it is silent soon
    (void)ignored;
    release(runner);
}
