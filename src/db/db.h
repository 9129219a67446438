// SPDX-License-Identifier: GPL-3.0-or-later
// One interface for SQLite and PostgreSQL. SQL is written once, in PostgreSQL's words: $1 parameters,
// RETURNING, ON CONFLICT. Statements stand as static constants above the function that uses them:
//
//   DB_STATEMENT(user_by_name, "SELECT number, id, username FROM users WHERE username = $1");
//   TRY(db_one(db, arena, &user_by_name, DB_ARGS(db_text(name)), &user_row_shape, &user, &found));
//
// DB_STATEMENT puts each into a list (a linker section), so that a test prepares all of them on both
// databases. (The section may not be called like a function: in an object that has it, the assembler would take
// a call of the function for the section.) Where the two must differ, DB_STATEMENT2(name, sqlite_text, postgres_text).
#pragma once

#include "base/shape.h"

struct db;      // one connection; used by one thread at a time
struct db_pool; // the database: opens connections, owns SQLite's one writer

enum db_kind { DB_SQLITE, DB_POSTGRES };

struct db_statement {
    const char *name, *sqlite, *postgres;
};
#define DB_STATEMENT2(c_name, sqlite_text, postgres_text)                                                              \
    static const struct db_statement c_name = { #c_name, sqlite_text, postgres_text };                                 \
    static const struct db_statement *const c_name##_listed                                                            \
        __attribute__((section("db_statement_list"), used, retain)) = &c_name
#define DB_STATEMENT(c_name, text) DB_STATEMENT2(c_name, text, text)
// All of them, in link order.
const struct db_statement *const *db_statements(size_t *ret_count);

enum db_value_kind { DB_NULL, DB_INT, DB_NUMBER, DB_BOOL, DB_TEXT, DB_BYTES };
struct db_value {
    enum db_value_kind kind;
    union {
        int64_t integer;
        double number;
        bool boolean;
        str text; // borrowed; also for bytes
    };
};
static inline struct db_value db_null(void)
{
    return (struct db_value) { .kind = DB_NULL };
}
static inline struct db_value db_int(int64_t value)
{
    return (struct db_value) { .kind = DB_INT, .integer = value };
}
static inline struct db_value db_number(double value)
{
    return (struct db_value) { .kind = DB_NUMBER, .number = value };
}
static inline struct db_value db_bool(bool value)
{
    return (struct db_value) { .kind = DB_BOOL, .boolean = value };
}
// NULL data gives SQL NULL.
static inline struct db_value db_text(str value)
{
    return value.data ? (struct db_value) { .kind = DB_TEXT, .text = value } : db_null();
}
static inline struct db_value db_bytes(const void *bytes, size_t size)
{
    return (struct db_value) { .kind = DB_BYTES, .text = { bytes, size } };
}
static inline struct db_value db_time(int64_t us)
{
    return us ? db_int(us) : db_null();
}

struct db_args {
    const struct db_value *values;
    size_t count;
};
#define DB_ARGS(...)                                                                                                   \
    ((struct db_args) { (const struct db_value[]) { __VA_ARGS__ },                                                     \
        sizeof((const struct db_value[]) { __VA_ARGS__ }) / sizeof(struct db_value) })
#define DB_NO_ARGS ((struct db_args) { NULL, 0 })

// Opening -----------------------------------------------------------------------------------------
struct db_options {
    const char *url; // "sqlite:///path/file.db" or "postgresql://..."
};
// Opens (SQLite: creates; WAL, synchronous=FULL, foreign keys on) and starts SQLite's writer thread.
MUST_USE error db_open(const struct db_options *options, struct db_pool **ret_pool);
void db_close(struct db_pool *pool); // after every connection was given back
enum db_kind db_pool_kind(const struct db_pool *pool);
// A connection for reading (SQLite: query_only), one a thread; to be closed by the thread that made it.
MUST_USE error db_connect(struct db_pool *pool, struct db **ret_db);
// The same for a thread that also changes things: on PostgreSQL its changes run on this connection as well, which is
// made when it is first used, so that this cannot fail there. The thread that made it closes it.
MUST_USE error db_connect_thread(struct db_pool *pool, struct db **ret_db);
void db_disconnect(struct db *db); // NULL is allowed

// Asking ------------------------------------------------------------------------------------------
// Result columns fill the struct's members of the same name (`member` of struct field); a column without a
// member is a bug, a member without a column stays zero. Texts are copied into the arena. SQL NULL gives
// STR_NONE, 0, unset. BYTEA fills a str, TIMESTAMP-like texts a str, BIGINT a time_us or an integer.
MUST_USE error db_one(struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args,
    const struct shape *shape, void *ret_struct, bool *ret_found);
// Every row, at most `limit` (0: no limit but the arena's cap, past which LIMIT_EXCEEDED).
MUST_USE error db_all(struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args,
    const struct shape *shape, size_t limit, struct list *ret_list);
// One integer of one row; *ret_found may be NULL when a row is certain.
MUST_USE error db_integer(
    struct db *db, const struct db_statement *statement, struct db_args args, int64_t *ret_value, bool *ret_found);
// One text of one row; STR_NONE for NULL or no row.
MUST_USE error db_string(
    struct db *db, struct arena *arena, const struct db_statement *statement, struct db_args args, str *ret_text);
// Runs a statement for its effect; *ret_changed (may be NULL) is the number of rows.
MUST_USE error db_run(struct db *db, const struct db_statement *statement, struct db_args args, int64_t *ret_changed);
// Prepares a statement without running it: INTERNAL_ERROR when the database does not take it.
MUST_USE error db_prepare(struct db *db, const struct db_statement *statement);
// Constraint violations come as CONFLICT with the constraint's or column's name as field; a database that
// is busy, gone or full as DATABASE_BUSY, UNAVAILABLE, STORAGE_FULL.

// Snapshot for several reads that belong together.
MUST_USE error db_read_begin(struct db *db);
void db_read_end(struct db *db);
// SQL from a constant text, several statements: migrations and tests only.
MUST_USE error db_script(struct db *db, const char *sql);

// Changing ----------------------------------------------------------------------------------------
// `change` runs in a transaction. SQLite: on the writer thread, in a SAVEPOINT of the open batch of up to 64;
// an error undoes this change only. PostgreSQL: on the calling thread's own writing connection. It must not
// block on anything but the database. The calls return (done is called) when the COMMIT is on disk.
typedef error (*db_change)(struct db *db, void *context);
MUST_USE error db_write(struct db_pool *pool, db_change change, void *context);
// For changes whose every statement holds by itself, such as the queue's: on PostgreSQL READ COMMITTED, so that those
// of many runners do not collide.
MUST_USE error db_write_loose(struct db_pool *pool, db_change change, void *context);
// `done` runs on the writer thread (PostgreSQL: the calling thread) after the COMMIT, or with the error that
// undid the change; it must be quick. UNAVAILABLE at once when the bounded queue is full.
MUST_USE error db_write_async(
    struct db_pool *pool, db_change change, void (*done)(void *context, error result), void *context);
// Shuts the database to the changes of all other programs, when those under way have ended: theirs are DATABASE_BUSY
// until db_let_others, or until this program ends, however it does. Those of this pool go on: who shuts keeps them back
// itself. DATABASE_BUSY when another program has shut it and does not open it within a minute. On SQLite there are no
// others.
MUST_USE error db_shut_others(struct db_pool *pool, struct db **ret_gate);
void db_let_others(struct db_pool *pool, struct db *gate); // NULL is allowed
// Calls `hook` after each committed batch, before its answers (writer thread; PostgreSQL: the changing ones,
// one at a time): wakes the followers of the event table. On PostgreSQL also when another program has committed, by one
// coalesced NOTIFY; one may be lost, so followers look by themselves now and then. NULL ends it. Call it from one
// thread.
void db_on_commit(struct db_pool *pool, void (*hook)(void *context), void *context);

// Words between the programs that share a PostgreSQL database, for what passes (progress, presence), not for what must
// last: they are lost while the database is away. Nothing on SQLite, and before db_on_commit.
enum { DB_WORD_BYTES_MAX = 4000 }; // of one; longer ones, and those with a line end, are not told
// Within a quarter of a second; a newer text with the same key takes the place of one that was not sent yet.
void db_tell(struct db_pool *pool, str key, str text);
// Calls `hook` with each text that another program told, on a thread of its own. NULL ends it.
void db_on_told(struct db_pool *pool, void (*hook)(void *context, str text), void *context);

// Migrations --------------------------------------------------------------------------------------
struct db_migration {
    int version;            // 1, 2, 3 …
    const char *name, *sql; // PostgreSQL's words; on SQLite type names are mapped (UUID, JSONB and
                            // TIMESTAMP to TEXT, BIGSERIAL PRIMARY KEY to INTEGER PRIMARY KEY AUTOINCREMENT, …)
    const char *sqlite_sql; // instead of `sql` where mapping does not do (mapped all the same); usually NULL
};
// Brings the schema to the newest version in one transaction. A database newer than the list is refused
// untouched (CONFLICT, says both versions).
MUST_USE error db_migrate(
    struct db_pool *pool, const struct db_migration *migrations, size_t count, int *ret_from, int *ret_to);
// The same as a part of a change that does more: the lock first of all in it, then the steps, of the whole list or of
// its beginning; they may be called again later in the change.
MUST_USE error db_migrate_lock(struct db *db);
MUST_USE error db_migrate_steps(struct db *db, const struct db_migration *migrations, size_t count, int *ret_from);
// What the database has now; 0: nothing yet.
MUST_USE error db_schema_version(struct db *db, int *ret_version);
// A consistent copy of a SQLite database as a new file (0600), on disk when this returns, while others change it.
MUST_USE error db_copy_file(struct db_pool *pool, const char *path);
