// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_import.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "domain/database_load.h"
#include "domain/event.h"
#include "domain/schema.h"
#include "domain/search.h"
#include "domain/session.h"

enum { ARENA_BYTES = 16 << 20, BLOBS_AT_ONCE = 1000 };

struct importing {
    struct database_import *import;
    struct database_load load;
};

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

static error take_table(void *context, str name, const struct db_column *columns, size_t count)
{
    return database_load_table(&((struct importing *)context)->load, name, columns, count);
}

static error take_row(void *context, const struct db_value *values)
{
    return database_load_row(&((struct importing *)context)->load, values);
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
DB_STATEMENT(superusers, "SELECT count(*) FROM users WHERE is_superuser AND is_active");

static error settle(struct scope *scope, const struct list *holders)
{
    int64_t count;
    TRY(db_integer(scope->db, &superusers, DB_NO_ARGS, &count, NULL));
    if (!count)
        return error_make(ERROR_VALIDATION_ERROR, "file", "The export has no active superuser: nobody could log in");
    TRY(db_run(scope->db, &end_jobs, DB_ARGS(db_int(clock_now_us())), NULL));
    TRY(db_run(scope->db, &end_media, DB_NO_ARGS, NULL));
    TRY(search_find_again(scope));
    return end_sessions(scope, holders);
}

static error load_all(struct importing *importing)
{
    struct db_table *cleared;
    size_t count;
    struct list holders;
    struct database_parser parser = { read_file, take_head, take_table, take_row, importing };
    struct scope scope = { .arena = importing->load.arena, .db = importing->load.db };
    TRY(db_all(scope.db, scope.arena, &session_users, DB_NO_ARGS, &holder_shape, 0, &holders));
    TRY(database_parse(&parser));
    TRY(database_tables(scope.db, scope.arena, database_is_cleared, &cleared, &count));
    TRY(db_load_swap(importing->load.load, cleared, count));
    return settle(&scope, &holders);
}

error database_import(struct db *db, void *context)
{
    struct database_import *import = context;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_BYTES);
    struct importing importing = { .import = import };
    if (lseek(import->file, 0, SEEK_SET) < 0)
        return error_system("read", "the uploaded file", errno);
    error result = database_load_begin(&importing.load, db, arena, database_is_moved);
    if (!error_is(result))
        result = load_all(&importing);
    import->tables = importing.load.tables_done;
    import->rows = importing.load.rows_done;
    database_load_end(&importing.load);
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
