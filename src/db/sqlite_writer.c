// SPDX-License-Identifier: GPL-3.0-or-later
// The one thread that changes a SQLite database. It takes what has queued up, at most BATCH_MAX changes,
// runs each in a savepoint of one transaction and commits once: the fsync, the dearest part, is shared, and
// the longer it takes the larger the next batch is. Nobody is told of success before the COMMIT is on disk.
#include <stdlib.h>
#include <string.h>

#include "db/sqlite.h"

enum { BATCH_MAX = 64, QUEUE_MAX = 4096 };

struct job {
    db_change change;
    db_done done;
    void *context;
};

struct sqlite_writer {
    struct sqlite_pool *pool;
    struct sqlite_db *db;
    pthread_t thread;
    pthread_mutex_t lock; // of the four below
    pthread_cond_t wake;
    bool stopping;
    size_t first, count; // ring of queued jobs
    struct job queue[QUEUE_MAX];
    // Used by the thread only:
    size_t batch_count;
    struct job batch[BATCH_MAX];
    struct db_kept_error results[BATCH_MAX];
};

static const struct db_statement begin_batch = { "begin_batch", "BEGIN IMMEDIATE", NULL };
static const struct db_statement commit_batch = { "commit_batch", "COMMIT", NULL };
static const struct db_statement rollback_batch = { "rollback_batch", "ROLLBACK", NULL };
static const struct db_statement begin_watch = { "begin_watch", "BEGIN", NULL };
static const struct db_statement watch = { "watch", "SELECT 1 FROM sqlite_schema LIMIT 1", NULL };
static const struct db_statement savepoint = { "savepoint", "SAVEPOINT change", NULL };
static const struct db_statement release = { "release", "RELEASE change", NULL };
static const struct db_statement rollback_to = { "rollback_to", "ROLLBACK TO change", NULL };

static error run(struct sqlite_writer *writer, const struct db_statement *statement)
{
    return db_run(&writer->db->base, statement, DB_NO_ARGS, NULL);
}

static bool in_transaction(const struct sqlite_writer *writer)
{
    return !sqlite3_get_autocommit(writer->db->handle);
}

// Between batches the thread holds a snapshot of what it has just committed: as long as one connection of a process has
// its place in the log locked, those of the readers are counted in memory, where each would ask the system twice
// (https://sqlite.org/src, os_unix.c, unixShmLock). It ends before the next batch, so that the log can begin anew.
static void end_watch(struct sqlite_writer *writer)
{
    if (in_transaction(writer)) {
        error ignored = run(writer, &rollback_batch); // nothing is lost; what fails, fails at the next BEGIN
        (void)ignored;
    }
}

static void begin_to_watch(struct sqlite_writer *writer)
{
    int64_t ignored;
    if (error_is(run(writer, &begin_watch))
        || error_is(db_integer(&writer->db->base, &watch, DB_NO_ARGS, &ignored, NULL)))
        end_watch(writer);
}

// A deferred foreign key would only fail at COMMIT, and take the neighbours in the batch with it.
static error check_deferred(struct sqlite_writer *writer)
{
    int open = 0, highest = 0;
    sqlite3_db_status(writer->db->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0);
    return open ? db_conflict(DB_BROKEN_REFERENCE, NULL) : OK;
}

// Runs one change. Returns whether the batch goes on: false when its transaction has ended unasked or the
// change could not be undone alone.
static bool run_change(struct sqlite_writer *writer, size_t i)
{
    error begun = run(writer, &savepoint);
    error result = begun;
    if (!error_is(begun))
        result = db_change_run(&writer->db->base, writer->batch[i].change, writer->batch[i].context);
    if (!in_transaction(writer)) {
        // The change's own error names the reason, if it passed it up.
        if (result.code != ERROR_STORAGE_FULL)
            result = error_of(ERROR_DATABASE_BUSY);
        db_error_keep(&writer->results[i], result);
        return false;
    }
    if (!error_is(result))
        result = check_deferred(writer);
    db_error_keep(&writer->results[i], result);
    if (error_is(begun))
        return true;
    if (error_is(result) && error_is(run(writer, &rollback_to)))
        return false;
    return !error_is(run(writer, &release));
}

static void fail_all(struct sqlite_writer *writer, error e)
{
    for (size_t i = 0; i < writer->batch_count; i++)
        db_error_keep(&writer->results[i], e);
}

static void undo_all(struct sqlite_writer *writer, error e)
{
    if (e.code != ERROR_STORAGE_FULL && e.code != ERROR_DATA_CORRUPT)
        e = error_of(ERROR_DATABASE_BUSY);
    fail_all(writer, e);
    if (in_transaction(writer)) {
        // A failed ROLLBACK leaves nothing to do: the next BEGIN will say so.
        error ignored = run(writer, &rollback_batch);
        (void)ignored;
    }
}

// Fills `results`; true when something was committed.
static bool run_batch(struct sqlite_writer *writer)
{
    end_watch(writer);
    error begun = run(writer, &begin_batch);
    if (error_is(begun)) {
        fail_all(writer, begun);
        return false;
    }
    size_t good = 0;
    for (size_t i = 0; i < writer->batch_count; i++) {
        if (!run_change(writer, i)) {
            struct db_kept_error lost = writer->results[i];
            undo_all(writer, db_error_kept(&lost));
            return false;
        }
        good += writer->results[i].code == ERROR_NONE;
    }
    error committed = run(writer, &commit_batch);
    if (error_is(committed)) {
        undo_all(writer, committed);
        return false;
    }
    return good > 0;
}

// Waits for work and moves up to BATCH_MAX jobs into `batch`; false when stopping and nothing is left.
static bool take_batch(struct sqlite_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (!writer->count && !writer->stopping)
        pthread_cond_wait(&writer->wake, &writer->lock);
    writer->batch_count = writer->count < BATCH_MAX ? writer->count : BATCH_MAX;
    for (size_t i = 0; i < writer->batch_count; i++)
        writer->batch[i] = writer->queue[(writer->first + i) % QUEUE_MAX];
    writer->first = (writer->first + writer->batch_count) % QUEUE_MAX;
    writer->count -= writer->batch_count;
    pthread_mutex_unlock(&writer->lock);
    return writer->batch_count > 0;
}

static void *writer_main(void *context)
{
    struct sqlite_writer *writer = context;
    db_thread_is_writer();
    begin_to_watch(writer);
    while (take_batch(writer)) {
        if (run_batch(writer))
            db_pool_committed(&writer->pool->base);
        for (size_t i = 0; i < writer->batch_count; i++)
            writer->batch[i].done(writer->batch[i].context, db_error_kept(&writer->results[i]));
        begin_to_watch(writer);
    }
    end_watch(writer);
    return NULL;
}

error sqlite_writer_start(struct sqlite_pool *pool, struct sqlite_writer **ret_writer)
{
    struct sqlite_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return error_of(ERROR_UNAVAILABLE);
    writer->pool = pool;
    error result = sqlite_connect(pool, true, &writer->db);
    if (error_is(result)) {
        free(writer);
        return result;
    }
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, NULL);
    int failed = pthread_create(&writer->thread, NULL, writer_main, writer);
    if (failed) {
        pthread_cond_destroy(&writer->wake);
        pthread_mutex_destroy(&writer->lock);
        sqlite_disconnect(writer->db);
        free(writer);
        return error_system("start", "the database writer", failed);
    }
    *ret_writer = writer;
    return OK;
}

void sqlite_writer_stop(struct sqlite_writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
    sqlite_disconnect(writer->db);
    free(writer);
}

error sqlite_writer_add(struct sqlite_writer *writer, db_change change, db_done done, void *context)
{
    pthread_mutex_lock(&writer->lock);
    bool full = writer->count == QUEUE_MAX || writer->stopping;
    if (!full) {
        writer->queue[(writer->first + writer->count++) % QUEUE_MAX] = (struct job) { change, done, context };
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
    return full ? error_make(ERROR_UNAVAILABLE, NULL, "Too many changes are waiting for the database") : OK;
}
