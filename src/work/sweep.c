// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/sweep.h"

#include "base/clock.h"
#include "base/settings.h"
#include "domain/audit.h"
#include "domain/backup_row.h"
#include "domain/blob_row.h"
#include "domain/blob_use.h"
#include "domain/job_input.h"
#include "domain/resumable.h"
#include "work/depart.h"
#include "work/runner_parts.h"

static const int64_t FIRST_US = 10 * SECOND_US, EVERY_US = 24 * 3600 * SECOND_US;
static const int64_t DEPART_EVERY_US = 5 * SECOND_US;
static const int64_t JOB_LASTS_US = 3 * 3600 * SECOND_US; // longer than anybody waits for its result
static const size_t SWEEP_MEMORY_MAX = 1 << 20, VISIT_MEMORY_MAX = 64 << 10;
// A copy at another place than the listed one may be that of a move under way, however old it is.
static const int64_t COPY_US = 24 * 3600 * SECOND_US;
const struct sweep_ages sweep_ages_usual = { 3600 * SECOND_US, 24 * 3600 * SECOND_US };

struct sweeping {
    struct scope scope;
    bool (*is_stopping)(void *context);
    void *context;
    struct arena *visited; // for one blob
    int64_t now_us, before_us;
    enum blob_place place;
    struct sweep_result result;
};

static error release_change(struct db *db, void *context)
{
    struct sweeping *sweeping = context;
    struct scope scope = sweeping->scope;
    scope.db = db;
    TRY(job_input_remove_old(&scope, sweeping->before_us - JOB_LASTS_US));
    if (settings.job_retention_days)
        TRY(job_tidy(&scope, settings.job_retention_days * 24 * 3600 * SECOND_US, &sweeping->result.jobs));
    if (settings.audit_retention_days)
        TRY(audit_tidy(&scope, settings.audit_retention_days * 24 * 3600 * SECOND_US));
    TRY(resumable_expire(&scope)); // first, since it lets go of blobs
    return blob_use_release_unused(&scope, sweeping->before_us, &sweeping->result.unlisted);
}

static error visit(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    struct sweeping *sweeping = context;
    str place;
    bool held;
    (void)stored_size;
    if (sweeping->is_stopping(sweeping->context))
        return error_of(ERROR_CANCELLED);
    if (changed_us >= sweeping->before_us)
        return OK;
    struct scope scope = sweeping->scope;
    scope.arena = sweeping->visited;
    arena_reset(scope.arena);
    TRY(blob_row_place(&scope, str_of(id), &place));
    if (str_equal_c(place, blob_place_name(sweeping->place)))
        return OK;
    if (place.data && changed_us >= sweeping->now_us - COPY_US)
        return OK;
    TRY(backup_row_is_held(&scope, &held)); // after the look for the row: who deletes it sees the hold before
    if (held)
        return OK;
    TRY(blob_remove_at(sweeping->scope.blobs, sweeping->place, id));
    sweeping->result.removed++;
    return OK;
}

error sweep(struct db_pool *pool, struct db *db, struct blob_store *blobs, const struct sweep_ages *ages,
    bool (*is_stopping)(void *context), void *context, struct sweep_result *ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new(SWEEP_MEMORY_MAX);
    ARENA_AUTO struct arena *visited = arena_new(VISIT_MEMORY_MAX);
    const int64_t ages_us[BLOB_PLACE_COUNT] = { ages->local_us, ages->s3_us };
    struct sweeping sweeping = { .scope = { .arena = arena, .db = db, .blobs = blobs },
        .is_stopping = is_stopping,
        .context = context,
        .visited = visited };
    int64_t
        now_us; // rows and objects are of machines with clocks of their own; files of this one's disk have this one's
    TRY(job_clock(&sweeping.scope, &now_us));
    sweeping.before_us = now_us - ages->local_us;
    TRY(db_write(pool, release_change, &sweeping));
    for (sweeping.place = 0; sweeping.place < BLOB_PLACE_COUNT; sweeping.place++) {
        int64_t unfinished;
        sweeping.now_us = sweeping.place == BLOB_LOCAL ? clock_now_us() : now_us;
        sweeping.before_us = sweeping.now_us - ages_us[sweeping.place];
        TRY(blob_each(blobs, sweeping.place, &(struct blob_visitor) { visit, &sweeping }));
        int64_t age_us = clock_now_us() - sweeping.before_us; // it goes by this machine's clock
        TRY(blob_sweep_unfinished(blobs, sweeping.place, age_us, &unfinished));
        sweeping.result.unfinished += unfinished;
    }
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
        swept = sweep(runner->options.db, db, runner->options.blobs, &sweep_ages_usual, is_stopping, runner, &result);
    db_disconnect(db);
    if (error_is(swept) && swept.code != ERROR_CANCELLED)
        log_event(LOG_WARN, NULL, "sweep", "Files that nothing uses were not all removed",
            LOG_TEXT("reason", str_of(swept.message)));
    else if (result.removed || result.unfinished)
        log_event(LOG_INFO, NULL, "sweep", "Removed files that nothing uses", LOG_NUMBER("removed", result.removed),
            LOG_NUMBER("unfinished", result.unfinished));
}

// *db stays open as long as it answers: this looks every few seconds.
static void depart_once(struct runner *runner, struct db **db)
{
    int64_t removed = 0;
    error departed = *db ? OK : db_connect(runner->options.db, db);
    if (!error_is(departed))
        departed = depart(
            runner->options.db, *db, runner->options.blobs, DEPART_GRACE_US, is_stopping, runner, &removed);
    if (error_is(departed))
        db_disconnect(TAKE(*db));
    if (error_is(departed) && departed.code != ERROR_CANCELLED)
        log_event(LOG_WARN, NULL, "sweep", "What deleted accounts left was not all removed",
            LOG_TEXT("reason", str_of(departed.message)));
    else if (removed)
        log_event(LOG_INFO, NULL, "sweep", "Removed files of deleted accounts", LOG_NUMBER("removed", removed));
}

void *runner_sweeper(void *runner)
{
    struct db *db = NULL;
    int64_t due_us = clock_mono_us() + FIRST_US;
    while (runner_sleep(runner, DEPART_EVERY_US)) {
        depart_once(runner, &db);
        if (clock_mono_us() < due_us)
            continue;
        sweep_once(runner);
        due_us = clock_mono_us() + EVERY_US;
    }
    db_disconnect(db);
    return NULL;
}
