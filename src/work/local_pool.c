// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/local_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS_MAX = 64, RESULT_BYTES_MAX = 64 << 20, LOOK_MS = 50 };

struct local_pool {
    struct zygote *zygote;
    int workers;
    const atomic_bool *cancelled;
};

error local_pool_open(const char *engine_path, enum zygote_kind kind, int workers, const atomic_bool *cancelled,
    struct local_pool **ret_pool)
{
    struct zygote *zygote;
    TRY(zygote_start(engine_path, kind, &zygote));
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (workers <= 0)
        workers = cores > 0 ? (int)cores : 1;
    struct local_pool *pool = calloc(1, sizeof *pool);
    ASSERT_MEMORY(pool);
    *pool = (struct local_pool) { zygote, workers < WORKERS_MAX ? workers : WORKERS_MAX, cancelled };
    *ret_pool = pool;
    return OK;
}

void local_pool_close(struct local_pool *pool)
{
    if (!pool)
        return;
    zygote_stop(pool->zygote);
    free(pool);
}

void local_pool_cleanup(struct local_pool **pool)
{
    local_pool_close(TAKE(*pool));
}

int local_pool_workers(const struct local_pool *pool)
{
    return pool->workers;
}

struct run {
    struct local_pool *pool;
    struct local_task *tasks;
    struct arena **arenas; // of the tasks' results
    size_t *order;         // heavy first
    double *done;          // of each task
    size_t count;
    atomic_bool stop;
    pthread_mutex_t lock; // guards all below, and `done`
    pthread_cond_t change;
    size_t next, finished;
    enum error_code code; // of the first failure; its texts outlive the failing thread here
    char field[128], message[512];
    bool has_field;
    double weight, told;
    void (*progress)(void *context, double done);
    void *context;
};

struct local_asking {
    struct run *run;
    size_t task;
};

static void tell(struct run *run)
{
    double sum = 0;
    for (size_t i = 0; i < run->count; i++)
        sum += run->done[i] * run->tasks[i].weight;
    double done = run->weight > 0 ? sum / run->weight : 1;
    if (done <= run->told || !run->progress)
        return;
    run->told = done > 1 ? 1 : done;
    run->progress(run->context, run->told);
}

void local_tell(struct local_asking *asking, double done)
{
    struct run *run = asking->run;
    pthread_mutex_lock(&run->lock);
    if (done > run->done[asking->task] && done <= 1) {
        run->done[asking->task] = done;
        tell(run);
    }
    pthread_mutex_unlock(&run->lock);
}

static void task_progress(void *context, double done)
{
    local_tell(context, done);
}

const atomic_bool *local_cancelled(const struct local_asking *asking)
{
    return &asking->run->stop;
}

error local_ask(struct local_asking *asking, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    struct child *child;
    call->cancelled = &asking->run->stop;
    TRY(child_fork(asking->run->pool->zygote, &(struct child_limits) { 0 }, &child));
    error result = child_ask(child, arena, call, ret_result);
    child_end(child);
    return result;
}

static error ask(struct run *run, size_t index)
{
    struct local_task *task = &run->tasks[index];
    struct local_asking asking = { run, index };
    if (task->run)
        return task->run(&asking, run->arenas[index], task);
    struct child_call call = {
        .op = task->op,
        .params = task->params,
        .inputs = task->inputs,
        .input_count = task->input_count,
        .outputs = task->outputs,
        .output_count = task->output_count,
        .progress = task_progress,
        .context = &asking,
    };
    return local_ask(&asking, run->arenas[index], &call, &task->result);
}

static void take_failure(struct run *run, error problem)
{
    if (run->code)
        return;
    run->code = problem.code;
    run->has_field = problem.field != NULL;
    snprintf(run->field, sizeof run->field, "%s", problem.field ? problem.field : "");
    snprintf(run->message, sizeof run->message, "%s", problem.message);
    atomic_store(&run->stop, true);
}

static void *work(void *context)
{
    struct run *run = context;
    pthread_mutex_lock(&run->lock);
    while (run->next < run->count && !run->code) {
        size_t index = run->order[run->next++];
        pthread_mutex_unlock(&run->lock);
        error problem = ask(run, index);
        pthread_mutex_lock(&run->lock);
        run->tasks[index].failed = error_is(problem) && !run->code;
        if (error_is(problem))
            take_failure(run, problem);
        else
            run->done[index] = 1;
        tell(run);
    }
    run->finished++;
    pthread_cond_signal(&run->change);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

// Waits for the workers, looking for a cancellation meanwhile.
static void supervise(struct run *run, size_t threads)
{
    pthread_mutex_lock(&run->lock);
    while (run->finished < threads) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&run->change, &run->lock, &until);
        if (run->pool->cancelled && atomic_load(run->pool->cancelled))
            take_failure(run, error_of(ERROR_CANCELLED));
    }
    pthread_mutex_unlock(&run->lock);
}

static void sort_by_weight(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        size_t at = i;
        for (; at && run->tasks[run->order[at - 1]].weight < run->tasks[i].weight; at--)
            run->order[at] = run->order[at - 1];
        run->order[at] = i;
    }
}

static void free_arena(void *arena)
{
    arena_free(arena);
}

static void prepare(struct run *run, struct arena *arena)
{
    run->order = ARENA_ARRAY(arena, size_t, run->count);
    run->done = ARENA_ARRAY(arena, double, run->count);
    run->arenas = ARENA_ARRAY(arena, struct arena *, run->count);
    for (size_t i = 0; i < run->count; i++) {
        run->arenas[i] = arena_new(RESULT_BYTES_MAX);
        arena_defer(arena, free_arena, run->arenas[i]);
        run->weight += run->tasks[i].weight;
    }
    sort_by_weight(run);
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->change, NULL);
}

error local_pool_run(struct local_pool *pool, struct arena *arena, struct local_task *tasks, size_t count,
    void (*progress)(void *context, double done), void *context)
{
    struct run run = { .pool = pool, .tasks = tasks, .count = count, .progress = progress, .context = context };
    prepare(&run, arena);
    pthread_t threads[WORKERS_MAX];
    size_t started = 0, wanted = count < (size_t)pool->workers ? count : (size_t)pool->workers;
    while (started < wanted && !pthread_create(&threads[started], NULL, work, &run))
        started++;
    if (!started && wanted)
        take_failure(&run, error_make(ERROR_UNAVAILABLE, NULL, "The system gives no threads"));
    supervise(&run, started);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&run.change);
    pthread_mutex_destroy(&run.lock);
    if (!run.code)
        return OK;
    const char *field = run.has_field ? str_copy(arena, str_of(run.field)).data : NULL;
    return error_make(run.code, field, "%s", run.message);
}
