// SPDX-License-Identifier: GPL-3.0-or-later
// Changes on PostgreSQL: on the calling thread, on its own connection or one borrowed from a small store. They are
// serializable, so that a change which reads and then writes is as safe as behind SQLite's one writer; the
// price is that PostgreSQL may end one of two that collide, which is then run again, at last by itself.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "db/postgres.h"

enum { RETRIES_MAX = 5, PAUSE_STEP_US = 1000 };
static const int64_t IDLE_US = 60 * SECOND_US; // of a connection in the store

error postgres_writer_init(struct postgres_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pthread_rwlockattr_t kind;
    pthread_rwlockattr_init(&kind);
    // The default lets a stream of readers keep a writer out for ever.
    pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&pool->alone, &kind);
    pthread_rwlockattr_destroy(&kind);
    // At once, so that a wrong URL shows when the database is opened.
    TRY(postgres_connect(pool, POSTGRES_WRITES, &pool->idle[0]));
    pool->idle_count = 1;
    return OK;
}

void postgres_writer_done(struct postgres_pool *pool)
{
    for (size_t i = 0; i < pool->idle_count; i++)
        postgres_disconnect(pool->idle[i]);
    pthread_rwlock_destroy(&pool->alone);
    pthread_mutex_destroy(&pool->lock);
}

static error borrow(struct postgres_pool *pool, struct postgres_db **ret_db)
{
    pthread_mutex_lock(&pool->lock);
    struct postgres_db *db = pool->idle_count ? pool->idle[--pool->idle_count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    if (!db)
        TRY(postgres_connect(pool, POSTGRES_WRITES, &db));
    *ret_db = db;
    return OK;
}

static void give_back(struct postgres_pool *pool, struct postgres_db *db)
{
    int64_t now = clock_mono_us();
    struct postgres_db *old = NULL;
    pthread_mutex_lock(&pool->lock);
    bool keep = !db->lost && pool->idle_count < POSTGRES_IDLE_MAX;
    if (keep && pool->idle_count && now - pool->idle[0]->given_us > IDLE_US) {
        old = pool->idle[0];
        memmove(&pool->idle[0], &pool->idle[1], --pool->idle_count * sizeof *pool->idle);
    }
    db->given_us = now;
    if (keep)
        pool->idle[pool->idle_count++] = db;
    pthread_mutex_unlock(&pool->lock);
    postgres_disconnect(old);
    if (!keep)
        postgres_disconnect(db);
}

static error rollback(struct postgres_db *db, error reason)
{
    // Of the two errors the first matters; one here can only be a lost connection, which is noted.
    error ignored = db->lost ? OK : postgres_run(db, "ROLLBACK");
    (void)ignored;
    return reason;
}

// One attempt. *ret_again: nothing was committed and another attempt may do better.
static error write_once(
    struct postgres_db *db, enum db_isolation isolation, db_change change, void *context, bool *ret_again)
{
    db->collided = false;
    db->broken.code = ERROR_NONE;
    error begun = postgres_run(db, isolation == DB_COMMITTED ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                                             : "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE");
    *ret_again = db->lost;
    TRY(begun);
    error result = db_change_run(&db->base, change, context);
    if (!error_is(result))
        // A change that went on after a failed statement has in truth changed nothing.
        result = postgres_broken(db);
    *ret_again = db->collided || db->lost;
    if (error_is(result))
        return rollback(db, result);
    error committed = postgres_run(db, "COMMIT");
    // When the connection breaks here, nobody knows whether the change took place: not twice, then.
    *ret_again = db->collided;
    return error_is(committed) ? rollback(db, committed) : OK;
}

// Longer after each collision, and not the same for both.
static void pause_after(int attempt)
{
    uint16_t chance;
    id_random(&chance, sizeof chance);
    long us = PAUSE_STEP_US * ((long)1 << attempt) * (chance % 256) / 256;
    nanosleep(&(struct timespec) { .tv_nsec = us * 1000 }, NULL);
}

static error write_until_done(
    struct postgres_pool *pool, struct postgres_db *db, enum db_isolation isolation, db_change change, void *context)
{
    bool was_lost = false;
    if (db->lost)
        TRY(postgres_reconnect(db));
    for (int attempt = 0;; attempt++) {
        bool alone = attempt >= 2, again;
        if (alone)
            pthread_rwlock_wrlock(&pool->alone);
        else
            pthread_rwlock_rdlock(&pool->alone);
        error result = write_once(db, isolation, change, context, &again);
        pthread_rwlock_unlock(&pool->alone);
        if (!error_is(result) || !again || attempt == RETRIES_MAX || (db->lost && was_lost))
            return result;
        if (db->lost) {
            was_lost = true;
            TRY(postgres_reconnect(db));
        } else {
            pause_after(attempt);
        }
    }
}

error postgres_write(struct db_pool *base, enum db_isolation isolation, db_change change, db_done done, void *context)
{
    struct postgres_pool *pool = (struct postgres_pool *)base;
    struct postgres_db *own = postgres_own(pool), *db = own;
    if (!own)
        TRY(borrow(pool, &db));
    error result = write_until_done(pool, db, isolation, change, context);
    if (!own)
        give_back(pool, db);
    if (!error_is(result))
        db_pool_committed(base);
    done(context, result);
    return OK;
}
