// SPDX-License-Identifier: GPL-3.0-or-later
// The PostgreSQL driver: connections, statements and errors. Changes are the business of postgres_writer.c.
#include "db/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"

// Object ids of types, fixed in PostgreSQL's catalogue (pg_type.dat).
enum { TYPE_BYTEA = 17, TYPE_TEXT = 25, TYPE_VARCHAR = 1043 };
enum { NUMBER_TEXT_SIZE = 32 };

struct postgres_prepared {
    struct db_prepared base;
    char name[24];
    int parameter_count;
    bool takes_bytes[DB_PARAMETERS_MAX]; // the binary form is the bytes themselves: no copy, NUL is no end
};

// Errors ------------------------------------------------------------------------------------------

// The first line, without PostgreSQL's line end.
static str first_line(const char *text)
{
    str line = STR_NONE;
    str rest = str_of(text ? text : "");
    str_split(&rest, '\n', &line);
    return line;
}

static error constraint_error(const PGresult *result, const char *state)
{
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    if (!strcmp(state, "23505"))
        return db_conflict(DB_BROKEN_UNIQUE, constraint);
    if (!strcmp(state, "23503"))
        return db_conflict(DB_BROKEN_REFERENCE, constraint);
    if (strcmp(state, "23502") || !table || !column)
        return db_conflict(DB_BROKEN_CHECK, constraint);
    char field[160];
    snprintf(field, sizeof field, "%.63s.%.63s", table, column);
    return db_conflict(DB_BROKEN_NOT_NULL, field);
}

// PostgreSQL's error codes: the first two characters are the class.
static error state_error(const PGresult *result, const char *state, const char *what)
{
    str message = first_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (!strncmp(state, "23", 2))
        return constraint_error(result, state);
    if (!strcmp(state, "P0001")) // what RAISE said
        return db_conflict(DB_BROKEN_CHECK, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    if (!strncmp(state, "22", 2))
        return error_make(ERROR_UNPROCESSABLE, what, "The database does not take this value: %.*s", STR_ARGS(message));
    if (!strcmp(state, "53100"))
        return error_of(ERROR_STORAGE_FULL);
    if (!strncmp(state, "40", 2) || !strcmp(state, "55P03") || !strcmp(state, "57014"))
        return error_of(ERROR_DATABASE_BUSY);
    if (!strncmp(state, "53", 2) || !strncmp(state, "57P", 3) || !strncmp(state, "08", 2) || !strcmp(state, "25P03"))
        return error_make(ERROR_UNAVAILABLE, NULL, "The database is not available: %.*s", STR_ARGS(message));
    if (!strncmp(state, "XX", 2))
        return error_make(ERROR_DATA_CORRUPT, what, "The database is damaged: %.*s", STR_ARGS(message));
    return error_make(ERROR_INTERNAL_ERROR, what, "The database failed at %s: %.*s", what, STR_ARGS(message));
}

error postgres_broken(const struct postgres_db *db)
{
    error e = db_error_kept(&db->broken);
    return error_is(e) ? error_make(e.code, e.field, "%s", e.message) : OK;
}

static error note(struct postgres_db *db, error e)
{
    if (db->base.in_change && db->broken.code == ERROR_NONE)
        db_error_keep(&db->broken, e);
    return e;
}

error postgres_error(struct postgres_db *db, const PGresult *result, const char *what)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    // Without a code the server has not answered; libpq may hold the connection for good while it still reads from it.
    db->lost = !state || !strncmp(state, "57P", 3) || PQstatus(db->handle) == CONNECTION_BAD;
    if (!state)
        return note(db, error_make(ERROR_UNAVAILABLE, NULL, "The connection to the database broke"));
    if (!strcmp(state, "40001") || !strcmp(state, "40P01"))
        db->collided = true;
    if (strcmp(state, "25P02"))
        return note(db, state_error(result, state, what));
    // "current transaction is aborted": the reason is what failed before.
    error first = postgres_broken(db);
    return error_is(first) ? first : error_make(ERROR_INTERNAL_ERROR, what, "A statement of this snapshot failed");
}

// Connections -------------------------------------------------------------------------------------

error postgres_run(struct postgres_db *db, const char *sql)
{
    PGresult *result = PQexec(db->handle, sql);
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    error e = good ? OK : postgres_error(db, result, "a script");
    PQclear(result);
    return e;
}

static void keep_quiet(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

// The server, too, is to notice that we are cut off; and what holds a lock must not hold it for long when its program
// has gone away or waits.
#define COMMON                                                                                                         \
    "SET bytea_output = hex; SET datestyle = ISO; SET timezone = 'UTC'; SET statement_timeout = '60s';"                \
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2;"                      \
    "SET tcp_user_timeout = 8000;"
#define READ_ONLY "SET default_transaction_read_only = on"

static error configure(struct postgres_db *db)
{
    static const char *const settings[] = {
        [POSTGRES_READS] = COMMON READ_ONLY, [POSTGRES_WRITES] = COMMON, [POSTGRES_BOTH] = COMMON READ_ONLY
    };
    PQsetNoticeReceiver(db->handle, keep_quiet, NULL);
    return postgres_run(db, settings[db->use]);
}

static error connection_error(const PGconn *handle)
{
    str line = first_line(PQerrorMessage(handle));
    return error_make(ERROR_UNAVAILABLE, "database_url", "Cannot connect to the database: %.*s", STR_ARGS(line));
}

// A network that swallows everything is noticed within these times, in seconds and (the last) milliseconds.
static const char *const connect_keys[] = { "connect_timeout", "keepalives_idle", "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "application_name", "client_encoding", "dbname", NULL };

static PGconn *new_handle(const struct postgres_pool *pool)
{
    // The URL stands last: what it says wins.
    const char *const values[] = { "3", "5", "2", "3", "10000", "kinora", "UTF8", pool->url, NULL };
    return PQconnectdbParams(connect_keys, values, 1);
}

// After a failure the next try is a while off, twice as long each time: who asks meanwhile hears so at once, and a
// database that comes back is not stormed. Of several only one tries.
static const int64_t PAUSE_FIRST_US = SECOND_US / 10, PAUSE_MOST_US = SECOND_US, TRY_US = 4 * SECOND_US;

static bool may_try(struct postgres_pool *pool)
{
    int64_t now = clock_mono_us();
    pthread_mutex_lock(&pool->lock);
    bool may = !pool->pause_us || now >= pool->next_us;
    if (may && pool->pause_us)
        pool->next_us = now + TRY_US;
    pthread_mutex_unlock(&pool->lock);
    return may;
}

static void tried(struct postgres_pool *pool, bool went_well)
{
    pthread_mutex_lock(&pool->lock);
    int64_t longer_us = pool->pause_us ? pool->pause_us * 2 : PAUSE_FIRST_US;
    pool->pause_us = went_well ? 0 : longer_us < PAUSE_MOST_US ? longer_us : PAUSE_MOST_US;
    pool->next_us = clock_mono_us() + pool->pause_us;
    pthread_mutex_unlock(&pool->lock);
}

error postgres_reconnect(struct postgres_db *db)
{
    struct postgres_pool *pool = (struct postgres_pool *)db->base.pool;
    db_cache_clear(&db->base.cache, NULL); // the server's side of it is gone
    if (!may_try(pool))
        return error_make(ERROR_UNAVAILABLE, "database_url", "The database does not answer");
    if (db->handle)
        PQreset(db->handle);
    else {
        db->handle = new_handle(pool);
        metric_add(METRIC_db_connections, 1, STR_NONE, STR_NONE);
    }
    db->lost = PQstatus(db->handle) != CONNECTION_OK;
    error result = db->lost ? connection_error(db->handle) : configure(db);
    tried(pool, !error_is(result));
    return result;
}

static struct postgres_db *new_db(struct postgres_pool *pool, enum postgres_use use)
{
    struct postgres_db *db = calloc(1, sizeof *db);
    ASSERT_MEMORY(db);
    db->base.pool = &pool->base;
    db->use = use;
    db->lost = true;
    return db;
}

error postgres_connect(struct postgres_pool *pool, enum postgres_use use, struct postgres_db **ret_db)
{
    struct postgres_db *db = new_db(pool, use);
    error result = postgres_reconnect(db);
    if (error_is(result)) {
        postgres_disconnect(db);
        return result;
    }
    *ret_db = db;
    return OK;
}

void postgres_disconnect(struct postgres_db *db)
{
    if (!db)
        return;
    db_cache_clear(&db->base.cache, NULL);
    buffer_done(&db->scratch);
    if (db->handle)
        metric_add(METRIC_db_connections, -1, STR_NONE, STR_NONE);
    PQfinish(db->handle);
    free(db);
}

static error connect_reader(struct db_pool *pool, struct db **ret_db)
{
    struct postgres_db *db;
    TRY(postgres_connect((struct postgres_pool *)pool, POSTGRES_READS, &db));
    *ret_db = &db->base;
    return OK;
}

// A change finds the connection of its thread here, since it is told only the pool.
static _Thread_local struct postgres_db *thread_own;

static error connect_thread(struct db_pool *pool, struct db **ret_db)
{
    struct postgres_db *db = new_db((struct postgres_pool *)pool, POSTGRES_BOTH);
    thread_own = db;
    *ret_db = &db->base;
    return OK;
}

struct postgres_db *postgres_own(struct postgres_pool *pool)
{
    struct postgres_db *db = thread_own;
    bool is_free = db && db->base.pool == &pool->base && !db->base.in_snapshot && !db->result;
    return is_free ? db : NULL;
}

static void disconnect_reader(struct db *base)
{
    struct postgres_db *db = (struct postgres_db *)base;
    ASSERT(db->use != POSTGRES_BOTH || thread_own == db);
    if (thread_own == db)
        thread_own = NULL;
    postgres_disconnect(db);
}

static void close_pool(struct db_pool *base)
{
    struct postgres_pool *pool = (struct postgres_pool *)base;
    postgres_writer_done(pool);
    db_pool_done(base);
    free(pool->url);
    free(pool);
}

static error open_pool(const char *url, struct db_pool **ret_pool)
{
    struct postgres_pool *pool = calloc(1, sizeof *pool);
    char *copy = strdup(url);
    if (!pool || !copy) {
        free(pool);
        free(copy);
        return error_of(ERROR_UNAVAILABLE);
    }
    db_pool_init(&pool->base, &db_postgres_driver);
    pool->url = copy;
    error result = postgres_writer_init(pool);
    if (error_is(result)) {
        close_pool(&pool->base);
        return result;
    }
    *ret_pool = &pool->base;
    return OK;
}

// Statements --------------------------------------------------------------------------------------

// What the server says of the statement: its parameters and columns.
static error describe(struct postgres_db *db, struct postgres_prepared *prepared)
{
    PGresult *result = PQdescribePrepared(db->handle, prepared->name);
    error e = OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        e = postgres_error(db, result, prepared->base.statement->name);
    } else {
        prepared->base.column_count = PQnfields(result);
        prepared->parameter_count = PQnparams(result);
        ASSERT(prepared->parameter_count <= DB_PARAMETERS_MAX);
        for (int i = 0; i < prepared->parameter_count; i++) {
            Oid type = PQparamtype(result, i);
            prepared->takes_bytes[i] = type == TYPE_BYTEA || type == TYPE_TEXT || type == TYPE_VARCHAR;
        }
    }
    PQclear(result);
    return e;
}

static error prepare(struct db *base, const struct db_statement *statement, struct db_prepared **ret_prepared)
{
    struct postgres_db *db = (struct postgres_db *)base;
    struct postgres_prepared *prepared = calloc(1, sizeof *prepared);
    if (!prepared)
        return error_of(ERROR_UNAVAILABLE);
    prepared->base.statement = statement;
    snprintf(prepared->name, sizeof prepared->name, "s%llu", (unsigned long long)++db->named);
    PGresult *result = PQprepare(db->handle, prepared->name, statement->postgres, 0, NULL);
    error e = PQresultStatus(result) == PGRES_COMMAND_OK ? OK : postgres_error(db, result, statement->name);
    PQclear(result);
    if (!error_is(e))
        e = describe(db, prepared);
    if (error_is(e)) {
        free(prepared);
        return e;
    }
    db_cache_add(&base->cache, &prepared->base);
    *ret_prepared = &prepared->base;
    return OK;
}

struct parameters {
    const char *texts[DB_PARAMETERS_MAX];
    int sizes[DB_PARAMETERS_MAX], binary[DB_PARAMETERS_MAX];
};

static bool is_text(const struct db_value *value)
{
    return value->kind == DB_TEXT || value->kind == DB_BYTES;
}

// Adds a NUL-terminated form of the value to the scratch buffer, which has room enough not to move.
static const char *as_text(struct buffer *scratch, const struct db_value *value)
{
    size_t at = scratch->size;
    if (is_text(value))
        buffer_append_str(scratch, value->text);
    else if (value->kind == DB_NUMBER)
        buffer_format(scratch, "%.17g", value->number);
    else // both numbers and booleans take 0 and 1, as on SQLite
        buffer_format(scratch, "%lld", value->kind == DB_BOOL ? (long long)value->boolean : (long long)value->integer);
    buffer_append_byte(scratch, 0);
    return scratch->data + at;
}

static error fill_parameters(
    struct postgres_db *db, const struct postgres_prepared *prepared, struct db_args args, struct parameters *ret)
{
    ASSERT((size_t)prepared->parameter_count <= args.count);
    size_t room = 0;
    for (int i = 0; i < prepared->parameter_count; i++)
        room += is_text(&args.values[i]) ? args.values[i].text.size + 1 : NUMBER_TEXT_SIZE;
    buffer_clear(&db->scratch);
    if (room > INT32_MAX || !buffer_reserve(&db->scratch, room + 1))
        return error_of(ERROR_LIMIT_EXCEEDED);
    for (int i = 0; i < prepared->parameter_count; i++) {
        const struct db_value *value = &args.values[i];
        ret->binary[i] = is_text(value) && (prepared->takes_bytes[i] || value->kind == DB_BYTES);
        ret->sizes[i] = is_text(value) ? (int)value->text.size : 0;
        ret->texts[i] = NULL;
        if (ret->binary[i])
            ret->texts[i] = value->text.data ? value->text.data : "";
        else if (value->kind != DB_NULL)
            ret->texts[i] = as_text(&db->scratch, value);
    }
    return OK;
}

static error execute(struct postgres_db *db, const struct db_statement *statement, struct db_args args,
    struct db_prepared **ret_prepared)
{
    struct db_prepared *found = db_cache_find(&db->base.cache, statement);
    if (!found)
        TRY(prepare(&db->base, statement, &found));
    struct postgres_prepared *prepared = (struct postgres_prepared *)found;
    struct parameters parameters;
    TRY(fill_parameters(db, prepared, args, &parameters));
    PGresult *result = PQexecPrepared(db->handle, prepared->name, prepared->parameter_count, parameters.texts,
        parameters.sizes, parameters.binary, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        error e = postgres_error(db, result, statement->name);
        PQclear(result);
        return e;
    }
    db->result = result;
    db->row = -1;
    *ret_prepared = found;
    return OK;
}

// A lost connection is made anew once, unless a transaction was lost with it.
static bool can_reconnect(const struct postgres_db *db)
{
    return db->lost && !db->base.in_change && !db->base.in_snapshot;
}

static error connect_if_lost(struct postgres_db *db)
{
    return can_reconnect(db) ? postgres_reconnect(db) : OK;
}

static error start(
    struct db *base, const struct db_statement *statement, struct db_args args, struct db_prepared **ret_prepared)
{
    struct postgres_db *db = (struct postgres_db *)base;
    TRY(connect_if_lost(db));
    error result = execute(db, statement, args, ret_prepared);
    if (!error_is(result) || !can_reconnect(db))
        return result;
    TRY(postgres_reconnect(db));
    return execute(db, statement, args, ret_prepared);
}

static error script(struct db *base, const char *sql)
{
    struct postgres_db *db = (struct postgres_db *)base;
    TRY(connect_if_lost(db));
    error result = postgres_run(db, sql);
    if (!error_is(result) || !can_reconnect(db))
        return result;
    TRY(postgres_reconnect(db));
    return postgres_run(db, sql);
}

static error next(struct db *base, struct db_prepared *prepared, bool *ret_row)
{
    (void)prepared;
    struct postgres_db *db = (struct postgres_db *)base;
    *ret_row = ++db->row < PQntuples(db->result);
    return OK;
}

static const char *column_name(struct db *db, struct db_prepared *prepared, int column)
{
    (void)prepared;
    return PQfname(((struct postgres_db *)db)->result, column);
}

static struct db_cell cell(struct db *base, struct db_prepared *prepared, int column)
{
    (void)prepared;
    struct postgres_db *db = (struct postgres_db *)base;
    if (PQgetisnull(db->result, db->row, column))
        return (struct db_cell) { .kind = CELL_NULL };
    str text = { PQgetvalue(db->result, db->row, column), (size_t)PQgetlength(db->result, db->row, column) };
    if (PQftype(db->result, column) == TYPE_BYTEA && str_starts(text, STR("\\x"))) {
        str hex = str_sub(text, 2, text.size);
        buffer_clear(&db->scratch);
        char *bytes = buffer_reserve(&db->scratch, hex.size / 2 + 1);
        ASSERT(bytes && str_from_hex(hex, bytes, hex.size / 2));
        text = (str) { bytes, hex.size / 2 };
    }
    return (struct db_cell) { .kind = CELL_TEXT, .text = text };
}

static int64_t changed(struct db *db, struct db_prepared *prepared)
{
    (void)prepared;
    int64_t count = 0; // an empty text where the statement has no count
    str_to_int(str_of(PQcmdTuples(((struct postgres_db *)db)->result)), &count);
    return count;
}

static void finish(struct db *base, struct db_prepared *prepared)
{
    (void)prepared;
    struct postgres_db *db = (struct postgres_db *)base;
    PQclear(TAKE(db->result));
}

// A transaction that has failed takes no command; its statements go with the next connection.
static void discard(struct db *base, struct db_prepared *prepared)
{
    struct postgres_db *db = (struct postgres_db *)base;
    char sql[80];
    snprintf(sql, sizeof sql, "DEALLOCATE %s", ((struct postgres_prepared *)prepared)->name);
    PQclear(PQexec(db->handle, sql));
}

const struct db_driver db_postgres_driver = {
    .kind = DB_POSTGRES,
    .open = open_pool,
    .close = close_pool,
    .connect = connect_reader,
    .connect_thread = connect_thread,
    .disconnect = disconnect_reader,
    .prepare = prepare,
    .start = start,
    .next = next,
    .column_name = column_name,
    .cell = cell,
    .changed = changed,
    .finish = finish,
    .discard = discard,
    .script = script,
    .write = postgres_write,
    .shut = postgres_shut,
    .let = postgres_let,
    .listen = postgres_listen,
    .notify = postgres_notify,
    .tell = postgres_tell,
};
