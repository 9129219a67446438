// SPDX-License-Identifier: GPL-3.0-or-later
// What a database driver gives to the rest of this folder. Private: only src/db and its test include it.
// A connection runs one statement at a time: start, next until it says no or the caller has enough, finish.
#pragma once

#include <pthread.h>

#include "db/db.h"

enum { DB_PARAMETERS_MAX = 64 };

// A statement prepared on one connection, and where its columns go in the shape it was last read into.
struct db_prepared {
    const struct db_statement *statement;
    int column_count;
    const struct shape *shape;   // the shape that `fields` was made for, or NULL
    const struct field **fields; // by column
};

// Prepared statements of one connection by the statement's address (open addressing, a power of two).
struct db_cache {
    struct db_prepared **slots;
    size_t room, count;
};

// One value of a row. Texts and bytes are borrowed until the next call of the driver.
struct db_cell {
    enum { CELL_NULL, CELL_INTEGER, CELL_NUMBER, CELL_TEXT } kind;
    int64_t integer;
    double number;
    str text;
};

struct db {
    struct db_pool *pool;
    struct db_cache cache;
    bool in_change;   // inside of a db_change: a transaction is open already
    bool in_snapshot; // between db_read_begin and db_read_end
};

typedef void (*db_done)(void *context, error result);
enum db_isolation { DB_SERIALIZABLE, DB_COMMITTED };

struct db_driver {
    enum db_kind kind;
    MUST_USE error (*open)(const char *url, struct db_pool **ret_pool);
    void (*close)(struct db_pool *pool);
    MUST_USE error (*connect)(struct db_pool *pool, struct db **ret_db);
    MUST_USE error (*connect_thread)(struct db_pool *pool, struct db **ret_db);
    void (*disconnect)(struct db *db);
    // Adds the statement, which must not be there yet, to the connection's cache.
    MUST_USE error (*prepare)(struct db *db, const struct db_statement *statement, struct db_prepared **ret_prepared);
    // Prepares if need be, binds and gets ready to run; `finish` is due only when this went well.
    MUST_USE error (*start)(
        struct db *db, const struct db_statement *statement, struct db_args args, struct db_prepared **ret_prepared);
    MUST_USE error (*next)(struct db *db, struct db_prepared *prepared, bool *ret_row);
    const char *(*column_name)(struct db *db, struct db_prepared *prepared, int column);
    struct db_cell (*cell)(struct db *db, struct db_prepared *prepared, int column);
    int64_t (*changed)(struct db *db, struct db_prepared *prepared);
    void (*finish)(struct db *db, struct db_prepared *prepared);
    void (*discard)(struct db *db, struct db_prepared *prepared); // gives back what the driver holds of it
    MUST_USE error (*script)(struct db *db, const char *sql);
    // Runs or queues the change; `done` is called only when this returns OK.
    MUST_USE error (*write)(
        struct db_pool *pool, enum db_isolation isolation, db_change change, db_done done, void *context);
    // Where several programs share a database (else NULL): to keep the others from changing it, to hear of their
    // commits, to tell them of one's own.
    MUST_USE error (*shut)(struct db_pool *pool, struct db **ret_gate);
    void (*let)(struct db_pool *pool, struct db *gate);
    void (*listen)(struct db_pool *pool, bool on);
    void (*notify)(struct db_pool *pool);
    void (*tell)(struct db_pool *pool, str key, str text);               // words to the other programs
    MUST_USE error (*copy_file)(struct db_pool *pool, const char *path); // NULL: not a file
};

struct db_pool {
    const struct db_driver *driver;
    pthread_mutex_t hook_lock;
    void (*hook)(void *context);
    void *hook_context;
    pthread_mutex_t told_lock; // its own: who is told may tell
    void (*told)(void *context, str text);
    void *told_context;
};

extern const struct db_driver db_sqlite_driver, db_postgres_driver;

void db_pool_init(struct db_pool *pool, const struct db_driver *driver);
void db_pool_done(struct db_pool *pool);
void db_pool_committed(struct db_pool *pool);      // calls the hook and tells other programs
void db_pool_heard(struct db_pool *pool);          // another program has committed: calls the hook
void db_pool_told(struct db_pool *pool, str text); // another program's word
enum db_broken { DB_BROKEN_UNIQUE, DB_BROKEN_REFERENCE, DB_BROKEN_NOT_NULL, DB_BROKEN_CHECK };
// The CONFLICT of a violated constraint; `field` (may be NULL) is its name or its column's.
MUST_USE error db_conflict(enum db_broken broken, const char *field);

// Runs a change with the connection marked, so that a change inside of a change is found.
MUST_USE error db_change_run(struct db *db, db_change change, void *context);
// From now on a db_write of this thread, which would wait for itself, is a bug.
void db_thread_is_writer(void);

// A copy of an error that outlives the ring its texts stand in and may pass to another thread.
struct db_kept_error {
    enum error_code code;
    bool has_field;
    char field[128], message[256];
};
void db_error_keep(struct db_kept_error *kept, error e);
MUST_USE error db_error_kept(const struct db_kept_error *kept); // texts borrowed from `kept`

struct db_prepared *db_cache_find(const struct db_cache *cache, const struct db_statement *statement);
void db_cache_add(struct db_cache *cache, struct db_prepared *prepared);    // takes it over
void db_cache_remove(struct db_cache *cache, struct db_prepared *prepared); // and frees it
// Forgets a statement that was made for the moment, whose address may soon be another's.
void db_forget(struct db *db, const struct db_statement *statement);
// Frees everything; `discard` (may be NULL) first gives back what the driver holds of each.
void db_cache_clear(struct db_cache *cache, void (*discard)(struct db_prepared *prepared));

// Fills the struct (shape->size bytes, zeroed) from the current row. DATA_CORRUPT when a value does not fit.
MUST_USE error db_row_fill(
    struct db *db, struct db_prepared *prepared, struct arena *arena, const struct shape *shape, void *out_struct);
MUST_USE error db_cell_integer(struct db_cell cell, const char *name, int64_t *ret_value);
str db_cell_text(struct arena *arena, struct db_cell cell);

// The SQL with PostgreSQL's type words replaced by SQLite's, in the arena.
str db_sqlite_words(struct arena *arena, str sql);
