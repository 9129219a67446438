// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/sweep.h"

#include "base/clock.h"
#include "domain/blob_use.h"
#include "domain/job_input.h"
#include "domain/resumable.h"
#include "work/runner_parts.h"

static const int64_t LEFT_ALONE_US = 3600 * SECOND_US, FIRST_US = 60 * SECOND_US, EVERY_US = 24 * 3600 * SECOND_US;
static const int64_t JOB_LASTS_US = 3 * 3600 * SECOND_US; // longer than anybody waits for its result
static const size_t SWEEP_MEMORY_MAX = 1 << 20;

struct sweeping {
    struct scope scope;
    bool (*is_stopping)(void *context);
    void *context;
    int64_t before_us;
    struct sweep_result result;
};

static error release_change(struct db *db, void *context)
{
    struct sweeping *sweeping = context;
    struct scope scope = sweeping->scope;
    scope.db = db;
    TRY(job_input_remove_old(&scope, sweeping->before_us - JOB_LASTS_US));
    TRY(resumable_expire(&scope)); // first, since it lets go of blobs
    return blob_use_release_unused(&scope, sweeping->before_us, &sweeping->result.unlisted);
}

static error visit(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    struct sweeping *sweeping = context;
    bool listed;
    (void)stored_size;
    if (sweeping->is_stopping(sweeping->context))
        return error_of(ERROR_CANCELLED);
    if (changed_us >= sweeping->before_us)
        return OK;
    TRY(blob_use_is_listed(&sweeping->scope, str_of(id), &listed));
    if (listed)
        return OK;
    TRY(blob_remove(sweeping->scope.blobs, id));
    sweeping->result.removed++;
    return OK;
}

error sweep(struct db_pool *pool, struct db *db, struct blob_store *blobs, bool (*is_stopping)(void *context),
    void *context, struct sweep_result *ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new(SWEEP_MEMORY_MAX);
    struct sweeping sweeping = { .scope = { .arena = arena, .db = db, .blobs = blobs },
        .is_stopping = is_stopping,
        .context = context,
        .before_us = clock_now_us() - LEFT_ALONE_US };
    TRY(db_write(pool, release_change, &sweeping));
    TRY(blob_each(blobs, visit, &sweeping));
    TRY(blob_sweep_unfinished(blobs, LEFT_ALONE_US, &sweeping.result.unfinished));
    *ret_result = sweeping.result;
    return OK;
}

static bool is_stopping(void *runner)
{
    return runner_is_stopping(runner);
}

static void sweep_once(struct runner *runner)
{
    struct db *db = NULL;
    struct sweep_result result = { 0 };
    error swept = db_connect(runner->options.db, &db);
    if (!error_is(swept))
        swept = sweep(runner->options.db, db, runner->options.blobs, is_stopping, runner, &result);
    db_disconnect(db);
    if (error_is(swept) && swept.code != ERROR_CANCELLED)
        log_event(LOG_WARN, NULL, "sweep", "Files that nothing uses were not all removed",
            LOG_TEXT("reason", str_of(swept.message)));
    else if (result.removed || result.unfinished)
        log_event(LOG_INFO, NULL, "sweep", "Removed files that nothing uses", LOG_NUMBER("removed", result.removed),
            LOG_NUMBER("unfinished", result.unfinished));
}

void *runner_sweeper(void *runner)
{
    for (int64_t pause = FIRST_US; runner_sleep(runner, pause); pause = EVERY_US)
        sweep_once(runner);
    return NULL;
}
