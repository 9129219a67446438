// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "net/server_parts.h"

enum { QUEUE_PER_THREAD = 512 }; // requests; at 20 us each a full queue is 10 ms of work, at 2 ms a second

struct queue {
    struct work *first, *last;
    int count;
};

struct workers {
    struct server_app app;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queue queue; // under the lock, as the two below
    int sleeping;
    bool stopping;
    atomic_int waiting;  // new requests in the queue or staged
    struct queue staged; // loop thread only
    int count;
    pthread_t *threads;
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

static struct work *take(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->queue.first && !workers->stopping) {
        workers->sleeping++;
        pthread_cond_wait(&workers->wake, &workers->lock);
        workers->sleeping--;
    }
    struct work *work = workers->queue.first;
    if (work) {
        workers->queue.first = work->next;
        if (!work->next)
            workers->queue.last = NULL;
        workers->queue.count--;
        if (work->fresh)
            atomic_fetch_sub_explicit(&workers->waiting, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&workers->lock);
    return work;
}

static void *run(void *context)
{
    struct workers *workers = context;
    const struct server_app *app = &workers->app;
    void *worker = app->worker_start ? app->worker_start(app->context) : NULL;
    struct work *work;
    while ((work = take(workers)))
        work->run(work, worker);
    if (app->worker_stop)
        app->worker_stop(app->context, worker);
    return NULL;
}

error workers_start(const struct server_app *app, int count, struct workers **ret_workers)
{
    struct workers *workers = calloc(1, sizeof *workers);
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    if (!workers || !threads) {
        free(workers);
        free(threads);
        return error_make(ERROR_INTERNAL_ERROR, NULL, "Out of memory");
    }
    workers->app = *app;
    workers->threads = threads;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    for (; workers->count < count; workers->count++) {
        int failed = pthread_create(&threads[workers->count], NULL, run, workers);
        if (failed) {
            workers_stop(workers);
            return error_system("start", "a handler thread", failed);
        }
    }
    *ret_workers = workers;
    return OK;
}

bool workers_have_room(const struct workers *workers)
{
    return atomic_load_explicit(&workers->waiting, memory_order_relaxed) < workers->count * QUEUE_PER_THREAD;
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
    pthread_mutex_unlock(&workers->lock);
    while (wake-- > 0)
        pthread_cond_signal(&workers->wake);
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (int i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}
