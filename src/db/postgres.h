// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the PostgreSQL driver: its connections and the road of its changes.
#pragma once

#include <libpq-fe.h>
#include <stdatomic.h>

#include "base/buffer.h"
#include "db/driver.h"

enum { POSTGRES_IDLE_MAX = 16 };

enum postgres_use { POSTGRES_READS, POSTGRES_WRITES, POSTGRES_BOTH };

struct postgres_db {
    struct db base;
    enum postgres_use use;
    PGconn *handle;   // NULL until the first use of one for both
    PGresult *result; // of the statement under way
    int row;
    struct buffer scratch; // parameters as text, then decoded bytes
    bool lost;             // the connection is not there or broke
    int64_t given_us;      // back to the store
    // Since the transaction began:
    bool collided;               // another transaction was in the way: run it again
    struct db_kept_error broken; // the first failed statement, after which PostgreSQL refuses the others
    uint64_t named;              // statements that were prepared: each has a name of its own
};

struct postgres_pool {
    struct db_pool base;
    char *url;
    pthread_mutex_t lock; // of what follows until the listener
    size_t idle_count;
    struct postgres_db *idle[POSTGRES_IDLE_MAX]; // connections for changes, those used last at the end
    int64_t pause_us, next_us;                   // after a connection failed: until the next try, and when that is
    struct postgres_listener *listener; // NULL: nobody wants to hear of commits; changed while there is no hook
    pthread_rwlock_t alone;             // held for writing by a change that collided, so that it runs by itself
    atomic_bool has_gate;               // this program has shut the database to the others
};

// UNAVAILABLE at once while the database is known to be away and the next try is not due.
MUST_USE error postgres_connect(struct postgres_pool *pool, enum postgres_use use, struct postgres_db **ret_db);
MUST_USE error postgres_reconnect(struct postgres_db *db);
void postgres_disconnect(struct postgres_db *db); // NULL is allowed
// Runs SQL without parameters and without reconnecting.
MUST_USE error postgres_run(struct postgres_db *db, const char *sql);
// What a failed result means; also notes it in the connection. `what` names the statement or action.
MUST_USE error postgres_error(struct postgres_db *db, const PGresult *result, const char *what);

// The calling thread's own connection, if it has one in this pool that is free for a change.
struct postgres_db *postgres_own(struct postgres_pool *pool);

// The error that broke the transaction, OK when it is whole.
MUST_USE error postgres_broken(const struct postgres_db *db);

// Starts or ends the thread that hears of other programs' commits. Not inside of a change.
void postgres_listen(struct db_pool *pool, bool on);
void postgres_notify(struct db_pool *pool); // after a commit, under the hook's lock: tells the other programs soon
void postgres_tell(struct db_pool *pool, str key, str text); // under the hook's lock

// The gate that every change passes (db_shut_others).
MUST_USE error postgres_shut(struct db_pool *pool, struct db **ret_gate);
void postgres_let(struct db_pool *pool, struct db *gate);

MUST_USE error postgres_writer_init(struct postgres_pool *pool);
void postgres_writer_done(struct postgres_pool *pool);
MUST_USE error postgres_write(
    struct db_pool *pool, enum db_isolation isolation, db_change change, db_done done, void *context);
