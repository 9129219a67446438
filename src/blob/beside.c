// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/beside.h"

#include <signal.h>
#include <unistd.h>

// Under the lock, for a task that waits.
static void take_out(struct beside *beside, struct beside_task *task)
{
    struct beside_task *before = NULL;
    for (struct beside_task *one = beside->first; one != task; one = one->next)
        before = one;
    if (before)
        before->next = task->next;
    else
        beside->first = task->next;
    if (beside->last == task)
        beside->last = before;
    task->state = BESIDE_RUNS;
}

static void *work(void *context)
{
    struct beside *beside = context;
    pthread_mutex_lock(&beside->lock);
    while (!beside->stopping) {
        struct beside_task *task = beside->first;
        if (!task) {
            beside->idle++;
            pthread_cond_wait(&beside->wake, &beside->lock);
            beside->idle--;
            continue;
        }
        take_out(beside, task);
        pthread_mutex_unlock(&beside->lock);
        task->run(task->context);
        pthread_mutex_lock(&beside->lock);
        task->state = BESIDE_DONE;
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
    if (pthread_create(&beside->threads[beside->count], NULL, work, beside) == 0)
        beside->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void beside_start(struct beside *beside, struct beside_task *task)
{
    pthread_mutex_lock(&beside->lock);
    task->state = BESIDE_WAITS;
    task->next = NULL;
    if (beside->first)
        beside->last->next = task;
    else
        beside->first = task;
    beside->last = task;
    if (beside->idle)
        pthread_cond_signal(&beside->wake);
    else if (beside->count < beside->wanted)
        add_thread(beside);
    pthread_mutex_unlock(&beside->lock);
}

void beside_help(struct beside *beside, struct beside_task *task)
{
    pthread_mutex_lock(&beside->lock);
    bool untouched = task->state == BESIDE_WAITS;
    if (untouched)
        take_out(beside, task);
    pthread_mutex_unlock(&beside->lock);
    if (!untouched)
        return;
    task->run(task->context);
    pthread_mutex_lock(&beside->lock);
    task->state = BESIDE_DONE;
    pthread_mutex_unlock(&beside->lock);
}

void beside_wait(struct beside *beside, struct beside_task *task)
{
    beside_help(beside, task);
    pthread_mutex_lock(&beside->lock);
    while (task->state != BESIDE_DONE)
        pthread_cond_wait(&beside->finished, &beside->lock);
    pthread_mutex_unlock(&beside->lock);
}
