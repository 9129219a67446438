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

// A lock of PostgreSQL's own, one for each schema: changes share it until they end, who shuts has it alone. It goes
// with its connection, so that a program that dies leaves nothing shut.
#define GATE "7241893, hashtext(current_schema())"
#define PASS "; SELECT 1 WHERE pg_try_advisory_xact_lock_shared(" GATE ")"
DB_STATEMENT2(take_gate, "SELECT 1", "SELECT 1 FROM (SELECT pg_advisory_lock(" GATE ")) AS held");
DB_STATEMENT2(give_gate, "SELECT 1", "SELECT CAST(pg_advisory_unlock(" GATE ") AS INTEGER)");

error postgres_shut(struct db_pool *base, struct db **ret_gate)
{
    struct postgres_pool *pool = (struct postgres_pool *)base;
    struct postgres_db *gate;
    int64_t one;
    TRY(postgres_connect(pool, POSTGRES_READS, &gate));
    error result = db_integer(&gate->base, &take_gate, DB_NO_ARGS, &one, NULL);
    if (error_is(result)) {
        postgres_disconnect(gate);
        if (result.code == ERROR_DATABASE_BUSY)
            return error_make(result.code, NULL, "Another program has been replacing this database for a minute");
        return result;
    }
    atomic_store(&pool->has_gate, true);
    *ret_gate = &gate->base;
    return OK;
}

void postgres_let(struct db_pool *base, struct db *gate)
{
    int64_t one;
    atomic_store(&((struct postgres_pool *)base)->has_gate, false);
    error ignored = db_integer(gate, &give_gate, DB_NO_ARGS, &one, NULL); // else it goes with the connection
    (void)ignored;
    postgres_disconnect((struct postgres_db *)gate);
}

static error begin(struct postgres_db *db, enum db_isolation isolation)
{
// What holds a lock must not hold it for long when its program has gone away; reading may take its time.
#define BRIEF "; SET LOCAL idle_in_transaction_session_timeout = '30s'"
#define STRICT "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE" BRIEF
#define LOOSE "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" BRIEF
    static const char *const plain[] = { STRICT, LOOSE }, *const passing[] = { STRICT PASS, LOOSE PASS };
    const struct postgres_pool *pool = (const struct postgres_pool *)db->base.pool;
    bool free = atomic_load(&pool->has_gate);
    PGresult *result = PQexec(db->handle, (free ? plain : passing)[isolation == DB_COMMITTED]);
    ExecStatusType status = PQresultStatus(result);
    error begun = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OK : postgres_error(db, result, "a change");
    bool shut = status == PGRES_TUPLES_OK && !PQntuples(result);
    PQclear(result);
    return shut ? error_make(ERROR_DATABASE_BUSY, NULL, "A database is being imported; try again in a moment") : begun;
}

// One attempt. *ret_again: nothing was committed and another attempt may do better.
static error write_once(
    struct postgres_db *db, enum db_isolation isolation, db_change change, void *context, bool *ret_again)
{
    db->collided = false;
    db->broken.code = ERROR_NONE;
    error begun = begin(db, isolation);
    *ret_again = db->lost;
    if (error_is(begun))
        return rollback(db, begun);
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
