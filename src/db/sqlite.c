// SPDX-License-Identifier: GPL-3.0-or-later
// The SQLite driver: connections and statements. Changes are the business of sqlite_writer.c.
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric.h"

enum { BUSY_TIMEOUT_MS = 5000 };

struct sqlite_prepared {
    struct db_prepared base;
    sqlite3_stmt *handle;
    int parameter_count;
    unsigned char argument[DB_PARAMETERS_MAX]; // of each parameter: its number less one
};

// Errors ------------------------------------------------------------------------------------------

static error constraint_error(int extended, const char *text)
{
    // "UNIQUE constraint failed: users.username"; a foreign key has no name.
    const char *colon = strstr(text, "failed: ");
    const char *field = colon ? colon + strlen("failed: ") : NULL;
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return db_conflict(DB_BROKEN_UNIQUE, field);
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return db_conflict(DB_BROKEN_REFERENCE, field);
    case SQLITE_CONSTRAINT_NOTNULL:
        return db_conflict(DB_BROKEN_NOT_NULL, field);
    case SQLITE_CONSTRAINT_TRIGGER: // what RAISE said
        return db_conflict(DB_BROKEN_CHECK, text);
    default:
        return db_conflict(DB_BROKEN_CHECK, field);
    }
}

error sqlite_error(sqlite3 *handle, const char *what)
{
    int extended = sqlite3_extended_errcode(handle);
    int system_error = sqlite3_system_errno(handle);
    switch (extended & 0xFF) {
    case SQLITE_CONSTRAINT:
        return constraint_error(extended, sqlite3_errmsg(handle));
    case SQLITE_FULL:
        return error_of(ERROR_STORAGE_FULL);
    case SQLITE_IOERR:
        if (system_error == ENOSPC || system_error == EDQUOT)
            return error_of(ERROR_STORAGE_FULL);
        return error_make(ERROR_UNAVAILABLE, what, "The disk of the database fails: %s",
            system_error ? strerror(system_error) : sqlite3_errmsg(handle));
    case SQLITE_READONLY:
        return error_make(ERROR_UNAVAILABLE, what, "The database may not be written: %s", sqlite3_errmsg(handle));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_of(ERROR_DATABASE_BUSY);
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
        return error_make(ERROR_UNAVAILABLE, what, "The database cannot be used: %s", sqlite3_errmsg(handle));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_make(ERROR_DATA_CORRUPT, what, "The database file is damaged: %s", sqlite3_errmsg(handle));
    default:
        break;
    }
    return error_make(ERROR_INTERNAL_ERROR, what, "The database failed at %s: %s", what, sqlite3_errmsg(handle));
}

// Connections -------------------------------------------------------------------------------------

static int first_column_is_wal(void *context, int count, char **values, char **names)
{
    (void)names;
    *(bool *)context = count == 1 && values[0] && !strcmp(values[0], "wal");
    return 0;
}

// The database's clock, as a migration defines it for PostgreSQL: one for all who share the database.
static void now_us(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    (void)values;
    sqlite3_result_int64(context, clock_now_us());
}

static error configure(sqlite3 *handle, bool writing)
{
    sqlite3_extended_result_codes(handle, 1);
    if (sqlite3_create_function(handle, "now_us", 0, SQLITE_UTF8, NULL, now_us, NULL, NULL) != SQLITE_OK)
        return sqlite_error(handle, "opening");
    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    // Else a statement with LIKE is compiled anew whenever its pattern changes.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    // The search's triggers write into FTS5's table, which SQLite before 3.41 lets only a trusted schema do.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
    bool wal = false;
    if (sqlite3_exec(handle, "PRAGMA journal_mode = WAL", first_column_is_wal, &wal, NULL) != SQLITE_OK)
        return sqlite_error(handle, "opening");
    if (!wal)
        return error_make(ERROR_UNAVAILABLE, NULL, "The database's file system does not allow a write-ahead log");
    const char *settings = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 1000;"
                           "PRAGMA temp_store = MEMORY";
    if (sqlite3_exec(handle, settings, NULL, NULL, NULL) != SQLITE_OK
        || (!writing && sqlite3_exec(handle, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK))
        return sqlite_error(handle, "opening");
    return OK;
}

error sqlite_connect(struct sqlite_pool *pool, bool writing, struct sqlite_db **ret_db)
{
    struct sqlite_db *db = calloc(1, sizeof *db);
    if (!db)
        return error_of(ERROR_UNAVAILABLE);
    db->base.pool = &pool->base;
    metric_add(METRIC_db_connections, 1, STR_NONE, STR_NONE);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writing ? SQLITE_OPEN_CREATE : 0);
    int opened = sqlite3_open_v2(pool->path, &db->handle, flags, NULL);
    error result = OK;
    if (!db->handle)
        result = error_of(ERROR_UNAVAILABLE);
    else
        result = opened == SQLITE_OK ? configure(db->handle, writing) : sqlite_error(db->handle, pool->path);
    if (error_is(result)) {
        sqlite_disconnect(db);
        return result;
    }
    *ret_db = db;
    return OK;
}

static void discard(struct db_prepared *prepared)
{
    sqlite3_finalize(((struct sqlite_prepared *)prepared)->handle);
}

void sqlite_disconnect(struct sqlite_db *db)
{
    if (!db)
        return;
    db_cache_clear(&db->base.cache, discard);
    int closed = sqlite3_close(db->handle);
    ASSERT(closed == SQLITE_OK);
    metric_add(METRIC_db_connections, -1, STR_NONE, STR_NONE);
    free(db);
}

static error connect_reader(struct db_pool *pool, struct db **ret_db)
{
    struct sqlite_db *db;
    TRY(sqlite_connect((struct sqlite_pool *)pool, false, &db));
    *ret_db = &db->base;
    return OK;
}

static void disconnect_reader(struct db *db)
{
    sqlite_disconnect((struct sqlite_db *)db);
}

static void close_pool(struct db_pool *base)
{
    struct sqlite_pool *pool = (struct sqlite_pool *)base;
    sqlite_writer_stop(pool->writer);
    db_pool_done(base);
    free(pool->path);
    free(pool);
}

// A new database is its owner's alone; the files beside it get the same permissions from SQLite. An existing one
// must not be touched: closing any descriptor of it would drop the locks that this process has on it.
static void create_private(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0)
        close(file);
}

static error open_pool(const char *url, struct db_pool **ret_pool)
{
    const char *path = url + strlen("sqlite://");
    if (!*path || *path == ':' || !strncmp(path, "file:", 5))
        return error_make(ERROR_VALIDATION_ERROR, "database_url", "The database URL names no file");
    struct sqlite_pool *pool = calloc(1, sizeof *pool);
    char *copy = strdup(path);
    if (!pool || !copy) {
        free(pool);
        free(copy);
        return error_of(ERROR_UNAVAILABLE);
    }
    db_pool_init(&pool->base, &db_sqlite_driver);
    pool->path = copy;
    create_private(path);
    // Its statistics of memory would cost a lock of all threads for every allocation. Refused once it has begun.
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    error result = sqlite_writer_start(pool, &pool->writer);
    if (error_is(result)) {
        close_pool(&pool->base);
        return result;
    }
    *ret_pool = &pool->base;
    return OK;
}

// Statements --------------------------------------------------------------------------------------

// SQLite takes $1 as a name and numbers parameters by first appearance: remember which is which.
static void map_parameters(struct sqlite_prepared *prepared)
{
    prepared->parameter_count = sqlite3_bind_parameter_count(prepared->handle);
    ASSERT(prepared->parameter_count <= DB_PARAMETERS_MAX);
    for (int i = 0; i < prepared->parameter_count; i++) {
        const char *name = sqlite3_bind_parameter_name(prepared->handle, i + 1);
        int64_t number = 0;
        ASSERT(name && name[0] == '$' && str_to_int(str_of(name + 1), &number));
        ASSERT(number >= 1 && number <= DB_PARAMETERS_MAX);
        prepared->argument[i] = (unsigned char)(number - 1);
    }
}

static error prepare(struct db *base, const struct db_statement *statement, struct db_prepared **ret_prepared)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct sqlite_prepared *prepared = calloc(1, sizeof *prepared);
    if (!prepared)
        return error_of(ERROR_UNAVAILABLE);
    const char *rest = NULL;
    int result = sqlite3_prepare_v3(
        db->handle, statement->sqlite, -1, SQLITE_PREPARE_PERSISTENT, &prepared->handle, &rest);
    if (result != SQLITE_OK) {
        free(prepared);
        return sqlite_error(db->handle, statement->name);
    }
    ASSERT(prepared->handle && !*rest); // exactly one statement
    prepared->base.statement = statement;
    prepared->base.column_count = sqlite3_column_count(prepared->handle);
    map_parameters(prepared);
    db_cache_add(&base->cache, &prepared->base);
    *ret_prepared = &prepared->base;
    return OK;
}

// Texts are not copied: the caller's values outlive the statement's run.
static int bind(sqlite3_stmt *handle, int parameter, const struct db_value *value)
{
    switch (value->kind) {
    case DB_NULL:
        return sqlite3_bind_null(handle, parameter);
    case DB_INT:
        return sqlite3_bind_int64(handle, parameter, value->integer);
    case DB_NUMBER:
        return sqlite3_bind_double(handle, parameter, value->number);
    case DB_BOOL:
        return sqlite3_bind_int(handle, parameter, value->boolean);
    case DB_TEXT:
        return sqlite3_bind_text64(handle, parameter, value->text.data, value->text.size, SQLITE_STATIC, SQLITE_UTF8);
    case DB_BYTES:
        return sqlite3_bind_blob64(
            handle, parameter, value->text.data ? value->text.data : "", value->text.size, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static error start(
    struct db *base, const struct db_statement *statement, struct db_args args, struct db_prepared **ret_prepared)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct db_prepared *found = db_cache_find(&base->cache, statement);
    if (!found)
        TRY(prepare(base, statement, &found));
    struct sqlite_prepared *prepared = (struct sqlite_prepared *)found;
    for (int i = 0; i < prepared->parameter_count; i++) {
        ASSERT(prepared->argument[i] < args.count);
        if (bind(prepared->handle, i + 1, &args.values[prepared->argument[i]]) != SQLITE_OK)
            return sqlite_error(db->handle, statement->name);
    }
    *ret_prepared = found;
    return OK;
}

static error next(struct db *db, struct db_prepared *prepared, bool *ret_row)
{
    int result = sqlite3_step(((struct sqlite_prepared *)prepared)->handle);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        return sqlite_error(((struct sqlite_db *)db)->handle, prepared->statement->name);
    *ret_row = result == SQLITE_ROW;
    return OK;
}

static const char *column_name(struct db *db, struct db_prepared *prepared, int column)
{
    (void)db;
    return sqlite3_column_name(((struct sqlite_prepared *)prepared)->handle, column);
}

static struct db_cell cell(struct db *db, struct db_prepared *prepared, int column)
{
    (void)db;
    sqlite3_stmt *handle = ((struct sqlite_prepared *)prepared)->handle;
    switch (sqlite3_column_type(handle, column)) {
    case SQLITE_INTEGER:
        return (struct db_cell) { .kind = CELL_INTEGER, .integer = sqlite3_column_int64(handle, column) };
    case SQLITE_FLOAT:
        return (struct db_cell) { .kind = CELL_NUMBER, .number = sqlite3_column_double(handle, column) };
    case SQLITE_NULL:
        return (struct db_cell) { .kind = CELL_NULL };
    default: { // text and blob; an empty blob has no address
        const char *data = sqlite3_column_blob(handle, column);
        size_t size = (size_t)sqlite3_column_bytes(handle, column);
        return (struct db_cell) { .kind = CELL_TEXT, .text = { data ? data : "", size } };
    }
    }
}

static int64_t changed(struct db *db, struct db_prepared *prepared)
{
    (void)prepared;
    return sqlite3_changes64(((struct sqlite_db *)db)->handle);
}

static void finish(struct db *db, struct db_prepared *prepared)
{
    (void)db;
    sqlite3_reset(((struct sqlite_prepared *)prepared)->handle);
}

static void forget(struct db *db, struct db_prepared *prepared)
{
    (void)db;
    discard(prepared);
}

static error script(struct db *db, const char *sql)
{
    sqlite3 *handle = ((struct sqlite_db *)db)->handle;
    return sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : sqlite_error(handle, "a script");
}

static error write_change(
    struct db_pool *pool, enum db_isolation isolation, db_change change, db_done done, void *context)
{
    (void)isolation; // one writer: as strict as it gets
    return sqlite_writer_add(((struct sqlite_pool *)pool)->writer, change, done, context);
}

// Into an empty file of ours, so that nobody else may ever read it.
static error copy_to(struct sqlite_db *db, const char *path)
{
    sqlite3_stmt *handle;
    if (sqlite3_exec(db->handle, "PRAGMA query_only = OFF", NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db->handle, "VACUUM INTO ?1", -1, &handle, NULL) != SQLITE_OK)
        return sqlite_error(db->handle, "copying");
    int result = sqlite3_bind_text(handle, 1, path, -1, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_step(handle);
    error e = result == SQLITE_DONE ? OK : sqlite_error(db->handle, "copying");
    sqlite3_finalize(handle);
    return e;
}

static error copy_file(struct db_pool *pool, const char *path)
{
    struct sqlite_db *db;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return error_system("make", path, errno);
    error result = sqlite_connect((struct sqlite_pool *)pool, false, &db);
    if (!error_is(result)) {
        result = copy_to(db, path);
        sqlite_disconnect(db);
    }
    if (!error_is(result) && fsync(file) != 0)
        result = error_system("sync", path, errno);
    close(file);
    if (error_is(result))
        unlink(path);
    return result;
}

const struct db_driver db_sqlite_driver = {
    .kind = DB_SQLITE,
    .open = open_pool,
    .close = close_pool,
    .connect = connect_reader,
    .connect_thread = connect_reader, // changes have a thread of their own
    .disconnect = disconnect_reader,
    .prepare = prepare,
    .start = start,
    .next = next,
    .column_name = column_name,
    .cell = cell,
    .changed = changed,
    .finish = finish,
    .discard = forget,
    .script = script,
    .write = write_change,
    .copy_file = copy_file,
};
