// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_import.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/database_parse.h"
#include "domain/event.h"
#include "domain/schema.h"
#include "domain/session.h"

enum { ARENA_BYTES = 16 << 20, BLOBS_AT_ONCE = 1000 };

struct importing {
    struct database_import *import;
    struct db *db;
    struct arena *arena;
    struct db_table *tables;
    size_t count;
    bool *begun; // by table
    struct db_load *load;
};

static error wrong(const char *thing, str name, const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "file", "the %s %.*s %s", thing, STR_ARGS(name), what);
}

static error read_file(void *context, void *room, size_t size, size_t *ret_got)
{
    const struct importing *importing = context;
    ssize_t got;
    do
        got = read(importing->import->file, room, size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_system("read", "the uploaded file", errno);
    *ret_got = (size_t)got;
    return OK;
}

static error take_head(void *context, const struct database_head *head)
{
    const struct importing *importing = context;
    int64_t own = schema_migrations[schema_migration_count - 1].version;
    if (head->schema > own)
        return error_make(ERROR_VALIDATION_ERROR, "file",
            "Line 2: the export is of a newer Kinora (schema %lld, this one has %lld)", (long long)head->schema,
            (long long)own);
    if (!importing->import->allow_foreign_keys && !str_equal_c(head->fingerprint, importing->import->fingerprint))
        return error_make(ERROR_VALIDATION_ERROR, "file",
            "Line 3: the export belongs to another master key (%.*s, this server has %s), without which none of its "
            "files "
            "opens; bring that key, or import with allow_foreign_keys=true",
            STR_ARGS(head->fingerprint), importing->import->fingerprint);
    return OK;
}

static error place_of(
    const struct db_table *table, const struct db_column *column, const size_t *taken, size_t count, size_t *ret_place)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!str_equal(table->columns[i].name, column->name))
            continue;
        if (table->columns[i].kind != column->kind)
            return wrong("column", column->name, "has another type here");
        for (size_t k = 0; k < count; k++)
            if (taken[k] == i)
                return wrong("column", column->name, "stands there twice");
        *ret_place = i;
        return OK;
    }
    return wrong("column", column->name, "is none of this table");
}

static error check_required(const struct db_table *table, const size_t *taken, size_t count)
{
    for (size_t i = 0; i < table->column_count; i++) {
        bool there = !table->columns[i].required;
        for (size_t k = 0; k < count && !there; k++)
            there = taken[k] == i;
        if (!there)
            return wrong("column", table->columns[i].name, "is missing");
    }
    return OK;
}

static error take_table(void *context, str name, const struct db_column *columns, size_t count)
{
    struct importing *importing = context;
    size_t taken[DATABASE_COLUMNS_MAX], at = 0;
    while (at < importing->count && !str_equal(importing->tables[at].name, name))
        at++;
    if (at == importing->count)
        return wrong("table", name, "is none that can be imported");
    if (importing->begun[at])
        return wrong("table", name, "stands there twice");
    importing->begun[at] = true;
    for (size_t i = 0; i < count; i++)
        TRY(place_of(&importing->tables[at], &columns[i], taken, i, &taken[i]));
    TRY(check_required(&importing->tables[at], taken, count));
    importing->import->tables++;
    return db_load_table(importing->load, &importing->tables[at], taken, count);
}

static error take_row(void *context, const struct db_value *values)
{
    struct importing *importing = context;
    importing->import->rows++;
    return db_load_row(importing->load, values);
}

DB_STATEMENT(session_users, "SELECT user_id AS id FROM session GROUP BY user_id");
struct holder {
    str id;
};
static const struct field holder_fields[] = { FIELD(struct holder, id) };
static const struct shape holder_shape = SHAPE("SessionHolder", struct holder, holder_fields);

// Sockets and streams of before are told by an event each.
static error end_sessions(struct scope *scope, const struct list *holders)
{
    for (size_t i = 0; i < holders->count; i++) {
        json_t *payload = json_keep(scope->arena, json_object());
        json_object_set_new(payload, "session_id", json_null());
        TRY(event_add(scope,
            &(struct event_new) {
                .kind = SESSION_ENDED, .user_id = ((struct holder *)holders->items)[i].id, .payload = payload }));
    }
    return OK;
}

DB_STATEMENT(end_jobs,
    "UPDATE job SET state = 'cancelled', unique_key = NULL, lease_until = NULL, runner_id = NULL, fence = fence + 1,"
    " finished_at = $1 WHERE state IN ('pending', 'processing', 'waiting')");
DB_STATEMENT(end_media, "UPDATE media SET status = 'cancelled' WHERE status IN ('pending', 'processing')");
DB_STATEMENT(find_again,
    "INSERT INTO search_pending (source, id) SELECT 0, id FROM media UNION ALL SELECT 1, id FROM transcription"
    " UNION ALL SELECT 2, id FROM video UNION ALL SELECT 3, id FROM scenes");
error database_search_anew(struct db *db)
{
    return db_run(db, &find_again, DB_NO_ARGS, NULL);
}

DB_STATEMENT(superusers, "SELECT count(*) FROM users WHERE is_superuser AND is_active");

static error settle(struct scope *scope, const struct list *holders)
{
    int64_t count;
    TRY(db_integer(scope->db, &superusers, DB_NO_ARGS, &count, NULL));
    if (!count)
        return error_make(ERROR_VALIDATION_ERROR, "file", "The export has no active superuser: nobody could log in");
    TRY(db_run(scope->db, &end_jobs, DB_ARGS(db_int(clock_now_us())), NULL));
    TRY(db_run(scope->db, &end_media, DB_NO_ARGS, NULL));
    TRY(database_search_anew(scope->db));
    return end_sessions(scope, holders);
}

static error load_all(struct importing *importing)
{
    struct db_table *cleared;
    size_t count;
    struct list holders;
    struct database_parser parser = { read_file, take_head, take_table, take_row, importing };
    struct scope scope = { .arena = importing->arena, .db = importing->db };
    TRY(db_all(scope.db, scope.arena, &session_users, DB_NO_ARGS, &holder_shape, 0, &holders));
    TRY(database_parse(&parser));
    TRY(database_tables(importing->db, importing->arena, database_is_cleared, &cleared, &count));
    TRY(db_load_swap(importing->load, cleared, count));
    return settle(&scope, &holders);
}

error database_import(struct db *db, void *context)
{
    struct database_import *import = context;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_BYTES);
    struct importing importing = { .import = import, .db = db, .arena = arena };
    import->tables = import->rows = 0;
    if (lseek(import->file, 0, SEEK_SET) < 0)
        return error_system("read", "the uploaded file", errno);
    TRY(database_tables(db, arena, database_is_moved, &importing.tables, &importing.count));
    importing.begun = ARENA_ARRAY(arena, bool, importing.count);
    TRY(db_load_begin(db, arena, importing.tables, importing.count, false, &importing.load));
    error result = load_all(&importing);
    db_load_end(importing.load);
    return result;
}

static const struct field missing_fields[] = { FIELD(struct missing_blob, id), FIELD(struct missing_blob, place) };
static const struct shape missing_shape = SHAPE("ListedBlob", struct missing_blob, missing_fields);
DB_STATEMENT(listed, "SELECT id, place FROM blob WHERE id > $1 ORDER BY id LIMIT $2");

error database_missing_blobs(struct scope *scope, int64_t limit, struct list *ret_missing, int64_t *ret_count)
{
    struct missing_blob *missing = ARENA_ARRAY(scope->arena, struct missing_blob, (size_t)limit);
    str after = STR("00000000-0000-0000-0000-000000000000");
    int64_t count = 0, size;
    struct list rows;
    do {
        TRY(db_all(scope->db, scope->arena, &listed, DB_ARGS(db_text(after), db_int(BLOBS_AT_ONCE)), &missing_shape, 0,
            &rows));
        for (size_t i = 0; i < rows.count; i++) {
            const struct missing_blob *blob = &((struct missing_blob *)rows.items)[i];
            enum blob_place place;
            bool there = blob_place_parse(blob->place, &place) && blob_store_has(scope->blobs, place)
                         && !error_is(blob_stored_size(scope->blobs, place, blob->id.data, &size));
            after = blob->id;
            if (there)
                continue;
            if (count < limit)
                missing[count] = *blob;
            count++;
        }
    } while (rows.count == BLOBS_AT_ONCE);
    *ret_missing = (struct list) { missing, (size_t)(count < limit ? count : limit) };
    *ret_count = count;
    return OK;
}
