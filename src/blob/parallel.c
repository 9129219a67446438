// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/parallel.h"

#include <pthread.h>
#include <stdio.h>

struct work {
    pthread_mutex_t lock;
    size_t next, count;
    error (*step)(void *context, size_t number);
    void *context;
    enum error_code failed;
    char field[64], message[512]; // an error's own texts end with its thread
};

static void *run(void *context)
{
    struct work *work = context;
    pthread_mutex_lock(&work->lock);
    while (!work->failed && work->next < work->count) {
        size_t number = work->next++;
        pthread_mutex_unlock(&work->lock);
        error e = work->step(work->context, number);
        pthread_mutex_lock(&work->lock);
        if (error_is(e) && !work->failed) {
            work->failed = e.code;
            snprintf(work->field, sizeof work->field, "%s", e.field ? e.field : "");
            snprintf(work->message, sizeof work->message, "%s", e.message);
        }
    }
    pthread_mutex_unlock(&work->lock);
    return NULL;
}

error parallel_run(size_t count, size_t width, error (*step)(void *context, size_t number), void *context)
{
    struct work work = { .lock = PTHREAD_MUTEX_INITIALIZER, .count = count, .step = step, .context = context };
    pthread_t threads[PARALLEL_MAX];
    size_t started = 0;
    ASSERT(width <= PARALLEL_MAX);
    // Fewer threads than wanted are slower, not wrong.
    while (started + 1 < width && started + 1 < count && pthread_create(&threads[started], NULL, run, &work) == 0)
        started++;
    run(&work);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&work.lock);
    return work.failed ? error_make(work.failed, *work.field ? work.field : NULL, "%s", work.message) : OK;
}
