// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/database_restore.h"

#include "domain/database_load.h"
#include "domain/event.h"
#include "domain/schema.h"
#include "domain/search.h"

enum { ARENA_BYTES = 64 << 20 };

struct restoring {
    struct database_restore *restore;
    struct db *db;
    struct arena *arena;
    struct database_load load;
};

static error read_export(void *context, void *room, size_t size, size_t *ret_got)
{
    const struct database_restore *restore = ((struct restoring *)context)->restore;
    return restore->read(restore->context, room, size, ret_got);
}

// The migrations that a database of this version has had.
static error known_migrations(int64_t schema, size_t *ret_count)
{
    size_t count = 0;
    while (count < schema_migration_count && schema_migrations[count].version <= schema)
        count++;
    if (schema < 1 || !count || schema_migrations[count - 1].version != schema)
        return error_make(ERROR_CONFLICT, "schema_version",
            "The backup has schema version %lld, this program knows versions up to %d: use a newer program",
            (long long)schema, schema_migrations[schema_migration_count - 1].version);
    *ret_count = count;
    return OK;
}

static error take_head(void *context, const struct database_head *head)
{
    struct restoring *restoring = context;
    const char *fingerprint = restoring->restore->fingerprint;
    size_t count = 0;
    int from;
    TRY(known_migrations(head->schema, &count));
    if (fingerprint && !str_equal_c(head->fingerprint, fingerprint))
        return error_make(ERROR_CONFLICT, NULL, "The backup belongs to the master key %.*s; the key at hand is %s",
            STR_ARGS(head->fingerprint), fingerprint);
    TRY(db_migrate_steps(restoring->db, schema_migrations, count, &from));
    restoring->restore->schema = (int)head->schema;
    return database_load_begin(&restoring->load, restoring->db, restoring->arena, database_is_backed_up);
}

static error take_table(void *context, str name, const struct db_column *columns, size_t count)
{
    return database_load_table(&((struct restoring *)context)->load, name, columns, count);
}

static error take_row(void *context, const struct db_value *values)
{
    return database_load_row(&((struct restoring *)context)->load, values);
}

DB_STATEMENT(end_sessions, "DELETE FROM session WHERE id NOT IN (SELECT id FROM api_key)");
DB_STATEMENT(place_blobs, "UPDATE blob SET place = $1 WHERE place <> $1");
DB_STATEMENT(forget_root, "DELETE FROM setting WHERE name = 'media_root'"); // the files are in the folder itself now

static error settle(struct restoring *restoring)
{
    const struct database_restore *restore = restoring->restore;
    struct scope scope = { .arena = restoring->arena, .db = restoring->db };
    int from;
    TRY(db_migrate_steps(restoring->db, schema_migrations, schema_migration_count, &from));
    TRY(db_run(scope.db, &end_sessions, DB_NO_ARGS, NULL));
    TRY(db_run(scope.db, &forget_root, DB_NO_ARGS, NULL));
    if (restore->place)
        TRY(db_run(scope.db, &place_blobs, DB_ARGS(db_text(str_of(restore->place))), NULL));
    TRY(event_leap(&scope));
    return search_find_again(&scope);
}

static error run(struct restoring *restoring)
{
    struct database_parser parser = { read_export, take_head, take_table, take_row, restoring };
    int version;
    TRY(restoring->restore->rewind(restoring->restore->context));
    TRY(db_migrate_lock(restoring->db));
    if (restoring->restore->prepare)
        TRY(restoring->restore->prepare(restoring->db));
    TRY(db_schema_version(restoring->db, &version));
    if (version)
        return error_make(ERROR_CONFLICT, "database_url",
            "The database is not empty: it has schema version %d. Name an empty one with --database-url", version);
    TRY(database_parse(&parser));
    TRY(db_load_swap(restoring->load.load, NULL, 0));
    return restoring->restore->exactly ? OK : settle(restoring);
}

error database_restore(struct db *db, void *context)
{
    ARENA_AUTO struct arena *arena = arena_new(ARENA_BYTES);
    struct restoring restoring = { .restore = context, .db = db, .arena = arena };
    error result = run(&restoring);
    restoring.restore->tables = restoring.load.tables_done;
    restoring.restore->rows = restoring.load.rows_done;
    database_load_end(&restoring.load);
    return result;
}
