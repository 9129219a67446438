// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "domain/job_input.h"

enum { WAITERS_MAX = 256 };                          // each holds a connection and a file; clients with more come back
static const int64_t WAIT_US = 2 * 3600 * SECOND_US; // as long as one attempt at a job may take

struct waiter {
    struct api_call *call;
    char job_id[37];
    int64_t until_us;
    error (*finish)(struct api_call *call);
};

struct waiting {
    struct app *app;
    pthread_mutex_t mutex;
    struct waiter waiters[WAITERS_MAX];
    size_t count;
    bool shut;
};

struct waiting *waiting_new(struct app *app)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    ASSERT_MEMORY(waiting);
    waiting->app = app;
    pthread_mutex_init(&waiting->mutex, NULL);
    return waiting;
}

void waiting_free(struct waiting *waiting)
{
    if (!waiting)
        return;
    pthread_mutex_destroy(&waiting->mutex);
    free(waiting);
}

error waiting_add(struct waiting *waiting, str job_id, struct api_call *call, error (*finish)(struct api_call *call))
{
    struct waiter waiter = { .call = call, .until_us = clock_mono_us() + WAIT_US, .finish = finish };
    snprintf(waiter.job_id, sizeof waiter.job_id, "%.*s", STR_ARGS(job_id));
    pthread_mutex_lock(&waiting->mutex);
    size_t at = 0;
    while (at < waiting->count && waiting->waiters[at].call != call)
        at++;
    bool fits = at < WAITERS_MAX && !waiting->shut;
    if (fits) {
        waiting->waiters[at] = waiter;
        waiting->count += at == waiting->count;
    }
    pthread_mutex_unlock(&waiting->mutex);
    return fits ? OK
                : error_make(ERROR_UNAVAILABLE, NULL, "Too many transcriptions wait already. Please try again later");
}

// Takes the first out for which `wanted` holds; false when there is none.
static bool take(struct waiting *waiting, bool (*wanted)(const struct waiter *waiter, const void *context),
    const void *context, struct waiter *ret_waiter)
{
    bool found = false;
    pthread_mutex_lock(&waiting->mutex);
    for (size_t i = 0; i < waiting->count && !found; i++)
        if (wanted(&waiting->waiters[i], context)) {
            found = true;
            *ret_waiter = waiting->waiters[i];
            waiting->waiters[i] = waiting->waiters[--waiting->count];
        }
    pthread_mutex_unlock(&waiting->mutex);
    return found;
}

static bool is_call(const struct waiter *waiter, const void *context)
{
    return waiter->call == context;
}

void waiting_remove(struct waiting *waiting, struct api_call *call)
{
    struct waiter waiter;
    (void)take(waiting, is_call, call, &waiter);
}

size_t waiting_count(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting->mutex);
    size_t count = waiting->count;
    pthread_mutex_unlock(&waiting->mutex);
    return count;
}

static bool is_job(const struct waiter *waiter, const void *context)
{
    return str_equal_c(*(const str *)context, waiter->job_id);
}

void waiting_done(struct waiting *waiting, str job_id)
{
    struct waiter waiter;
    if (take(waiting, is_job, &job_id, &waiter))
        route_change(waiter.call, waiter.finish);
}

static error remove_job(struct db *db, void *context)
{
    const struct waiter *waiter = context;
    struct scope scope = waiter->call->scope;
    scope.db = db;
    return job_input_remove(&scope, str_of(waiter->job_id));
}

static void give_up(struct waiting *waiting, struct waiter *waiter, error why)
{
    error removed = db_write(waiting->app->db, remove_job, waiter);
    if (error_is(removed)) // the sweeper comes by
        log_event(LOG_WARN, &waiter->call->scope.trace, "request", "A job that nobody waits for was not removed",
            LOG_TEXT("reason", str_of(removed.message)));
    route_finish(waiter->call, why);
}

static bool is_over(const struct waiter *waiter, const void *context)
{
    return !exchange_is_open(waiter->call->exchange) || waiter->until_us < *(const int64_t *)context;
}

void waiting_look(struct waiting *waiting)
{
    struct waiter waiter;
    int64_t now_us = clock_mono_us();
    while (take(waiting, is_over, &now_us, &waiter)) {
        bool late = exchange_is_open(waiter.call->exchange); // else nobody reads the answer
        give_up(waiting, &waiter,
            late ? error_make(ERROR_UNAVAILABLE, NULL, "The transcription took longer than two hours")
                 : error_of(ERROR_CANCELLED));
    }
}

static bool is_any(const struct waiter *waiter, const void *context)
{
    (void)waiter;
    (void)context;
    return true;
}

void waiting_shut(struct waiting *waiting)
{
    struct waiter waiter;
    if (!waiting)
        return;
    pthread_mutex_lock(&waiting->mutex);
    waiting->shut = true;
    pthread_mutex_unlock(&waiting->mutex);
    while (take(waiting, is_any, NULL, &waiter))
        give_up(waiting, &waiter, error_make(ERROR_UNAVAILABLE, NULL, "The server stops. Please try again later"));
}
