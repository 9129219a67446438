// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/beside.h"

#include <signal.h>
#include <unistd.h>

static void *work(void *context)
{
    struct beside *beside = context;
    pthread_mutex_lock(&beside->lock);
    while (!beside->stopping) {
        struct beside_task *task = beside->next;
        if (!task) {
            pthread_cond_wait(&beside->wake, &beside->lock);
            continue;
        }
        beside->next = NULL;
        beside->idle--;
        pthread_mutex_unlock(&beside->lock);
        task->run(task->context);
        pthread_mutex_lock(&beside->lock);
        task->done = true;
        beside->idle++;
        pthread_cond_broadcast(&beside->finished);
    }
    pthread_mutex_unlock(&beside->lock);
    return NULL;
}

void beside_init(struct beside *beside)
{
    long spare = sysconf(_SC_NPROCESSORS_ONLN) - 1;
    *beside = (struct beside) { .wanted = (int)(spare < BESIDE_THREADS_MAX ? spare : BESIDE_THREADS_MAX) };
    pthread_mutex_init(&beside->lock, NULL);
    pthread_cond_init(&beside->wake, NULL);
    pthread_cond_init(&beside->finished, NULL);
}

void beside_done(struct beside *beside)
{
    pthread_mutex_lock(&beside->lock);
    beside->stopping = true;
    pthread_cond_broadcast(&beside->wake);
    pthread_mutex_unlock(&beside->lock);
    for (int i = 0; i < beside->count; i++)
        pthread_join(beside->threads[i], NULL);
    pthread_cond_destroy(&beside->finished);
    pthread_cond_destroy(&beside->wake);
    pthread_mutex_destroy(&beside->lock);
}

// Under the lock. Signals are for the program's own threads. Without a thread the callers do the work.
static void add_thread(struct beside *beside)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&beside->threads[beside->count], NULL, work, beside) == 0) {
        beside->count++;
        beside->idle++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool beside_start(struct beside *beside, struct beside_task *task)
{
    pthread_mutex_lock(&beside->lock);
    if (!beside->next && !beside->idle && beside->count < beside->wanted)
        add_thread(beside);
    bool taken = !beside->next && beside->idle > 0;
    if (taken) {
        task->done = false;
        beside->next = task;
        pthread_cond_signal(&beside->wake);
    }
    pthread_mutex_unlock(&beside->lock);
    return taken;
}

void beside_wait(struct beside *beside, struct beside_task *task)
{
    pthread_mutex_lock(&beside->lock);
    bool untouched = beside->next == task; // the machine is busy: nobody came to it, so the caller need not wait
    if (untouched)
        beside->next = NULL;
    while (!untouched && !task->done)
        pthread_cond_wait(&beside->finished, &beside->lock);
    pthread_mutex_unlock(&beside->lock);
    if (untouched)
        task->run(task->context);
}
