// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/server_parts.h"

enum { QUEUE_PER_THREAD = 512 }; // requests; at 20 us each a full queue is 10 ms of work, at 2 ms a second

struct queue {
    struct work *first, *last;
    int count;
};

struct thread {
    struct workers *workers;
    pthread_t id;
    enum { THREAD_NONE, THREAD_RUNS, THREAD_ENDED } state; // ended: to be joined
};

struct workers {
    struct server_app app;
    struct workers_size size;
    pthread_mutex_t lock; // of what follows but `waiting` and `staged`
    pthread_cond_t wake;
    struct queue queue;
    int sleeping;
    bool stopping;
    struct thread *threads; // size.most of them
    int running;
    int least_sleeping, surplus; // since `since_us`; threads that may end, as nobody needed them before that
    int64_t since_us;
    atomic_int waiting;  // new requests in the queue or staged
    struct queue staged; // loop thread only
};

static void queue_append(struct queue *queue, struct queue *more)
{
    if (queue->last)
        queue->last->next = more->first;
    else
        queue->first = more->first;
    queue->last = more->last;
    queue->count += more->count;
    *more = (struct queue) { 0 };
}

// More threads run than were needed at any moment for a while, and one of them is the caller. Under the lock.
static bool is_surplus(struct workers *workers)
{
    if (workers->running <= workers->size.least)
        return false;
    int64_t now = clock_mono_us();
    if (now - workers->since_us >= workers->size.idle_us) {
        int over = workers->running - workers->size.least;
        workers->surplus = workers->least_sleeping < over ? workers->least_sleeping : over;
        workers->least_sleeping = workers->sleeping + 1; // the caller, too, has nothing to do
        workers->since_us = now;
    }
    if (workers->surplus <= 0)
        return false;
    workers->surplus--;
    return true;
}

// Under the lock: until there is work or an end; false when the thread should end.
static bool wait_for_work(struct workers *workers)
{
    while (!workers->queue.first && !workers->stopping) {
        if (is_surplus(workers))
            return false;
        workers->sleeping++;
        if (workers->running > workers->size.least) {
            int64_t until = clock_mono_us() + workers->size.idle_us;
            struct timespec time = { .tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000 };
            pthread_cond_timedwait(&workers->wake, &workers->lock, &time);
        } else
            pthread_cond_wait(&workers->wake, &workers->lock);
        workers->sleeping--;
    }
    return workers->queue.first != NULL;
}

static struct work *take(struct workers *workers)
{
    struct work *work = NULL;
    pthread_mutex_lock(&workers->lock);
    if (wait_for_work(workers)) {
        work = workers->queue.first;
        workers->queue.first = work->next;
        if (!work->next)
            workers->queue.last = NULL;
        workers->queue.count--;
        if (workers->sleeping < workers->least_sleeping)
            workers->least_sleeping = workers->sleeping;
        if (work->fresh)
            atomic_fetch_sub_explicit(&workers->waiting, 1, memory_order_relaxed);
    } else
        workers->running--;
    pthread_mutex_unlock(&workers->lock);
    return work;
}

static void *run(void *context)
{
    struct thread *thread = context;
    struct workers *workers = thread->workers;
    const struct server_app *app = &workers->app;
    void *worker = app->worker_start ? app->worker_start(app->context) : NULL;
    struct work *work;
    while ((work = take(workers)))
        work->run(work, worker);
    if (app->worker_stop)
        app->worker_stop(app->context, worker);
    pthread_mutex_lock(&workers->lock);
    thread->state = THREAD_ENDED;
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

// One more thread, in a place that none uses; 0 or the system's number of what is wrong. Under the lock.
static int add_thread(struct workers *workers)
{
    struct thread *thread = workers->threads;
    while (thread < workers->threads + workers->size.most && thread->state == THREAD_RUNS)
        thread++;
    if (thread == workers->threads + workers->size.most)
        return 0; // the last one that ended is not gone yet
    if (thread->state == THREAD_ENDED)
        pthread_join(thread->id, NULL);
    *thread = (struct thread) { .workers = workers };
    int failed = pthread_create(&thread->id, NULL, run, thread);
    if (failed)
        return failed;
    thread->state = THREAD_RUNS;
    workers->running++;
    return 0;
}

static int start_threads(struct workers *workers)
{
    int failed = 0;
    pthread_mutex_lock(&workers->lock);
    while (!failed && workers->running < workers->size.least)
        failed = add_thread(workers);
    pthread_mutex_unlock(&workers->lock);
    return failed;
}

error workers_start(const struct server_app *app, struct workers_size size, struct workers **ret_workers)
{
    struct workers *workers = calloc(1, sizeof *workers);
    struct thread *threads = calloc((size_t)size.most, sizeof *threads);
    if (!workers || !threads) {
        free(workers);
        free(threads);
        return error_make(ERROR_INTERNAL_ERROR, NULL, "Out of memory");
    }
    workers->app = *app;
    workers->size = size;
    workers->threads = threads;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&workers->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&workers->lock, NULL);
    int failed = start_threads(workers);
    if (failed) {
        workers_stop(workers);
        return error_system("start", "a handler thread", failed);
    }
    *ret_workers = workers;
    return OK;
}

bool workers_have_room(const struct workers *workers)
{
    return atomic_load_explicit(&workers->waiting, memory_order_relaxed) < workers->size.most * QUEUE_PER_THREAD;
}

void workers_add(struct workers *workers, struct work *work)
{
    work->next = NULL;
    struct queue one = { work, work, 1 };
    queue_append(&workers->staged, &one);
    if (work->fresh)
        atomic_fetch_add_explicit(&workers->waiting, 1, memory_order_relaxed);
}

void workers_flush(struct workers *workers)
{
    if (!workers->staged.first)
        return;
    pthread_mutex_lock(&workers->lock);
    int wake = workers->staged.count < workers->sleeping ? workers->staged.count : workers->sleeping;
    queue_append(&workers->queue, &workers->staged);
    // When none can be started those that run go on.
    int more = workers->queue.count - workers->sleeping, room = workers->size.most - workers->running;
    for (more = more < room ? more : room; more > 0 && !add_thread(workers);)
        more--;
    pthread_mutex_unlock(&workers->lock);
    while (wake-- > 0)
        pthread_cond_signal(&workers->wake);
}

// Those that run may end meanwhile; none begins any more.
static bool was_begun(struct workers *workers, int thread)
{
    pthread_mutex_lock(&workers->lock);
    bool begun = workers->threads[thread].state != THREAD_NONE;
    pthread_mutex_unlock(&workers->lock);
    return begun;
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (int i = 0; i < workers->size.most; i++)
        if (was_begun(workers, i))
            pthread_join(workers->threads[i].id, NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}
