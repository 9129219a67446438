// SPDX-License-Identifier: GPL-3.0-or-later
// The migrations on a copy: of SQLite's file in a scratch folder; on PostgreSQL in a schema of its own, in a change
// that is never committed, so that nothing is left even by a kill. Then every statement of the program is prepared
// there.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/data_folder.h"
#include "cmd/upgrade.h"
#include "domain/database_export.h"
#include "domain/database_restore.h"
#include "domain/schema.h"

enum { PIECE = 1 << 20 };

static error prepare_statements(struct db *db)
{
    size_t count;
    const struct db_statement *const *statements = db_statements(&count);
    for (size_t i = 0; i < count; i++) {
        error prepared = db_prepare(db, statements[i]);
        if (error_is(prepared))
            return error_make(prepared.code, NULL, "The statement %s does not fit the upgraded database: %s",
                statements[i]->name, prepared.message);
    }
    return OK;
}

// SQLite ----------------------------------------------------------------------------------------------

DB_STATEMENT2(broken_references, "SELECT count(*) FROM pragma_foreign_key_check", "SELECT CAST(0 AS BIGINT)");
DB_STATEMENT2(broken_pages, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "SELECT CAST(0 AS BIGINT)");

static error count_rows(struct db_pool *pool, int64_t *ret_rows)
{
    BUFFER_AUTO struct buffer piece = { 0 };
    struct database_export *export;
    size_t count;
    int64_t rows = 0;
    TRY(database_export_open_whole(pool, NULL, &export));
    error result;
    do {
        buffer_clear(&piece);
        result = database_export_fill(export, &piece, PIECE);
    } while (piece.size && !error_is(result));
    if (!error_is(result)) {
        const struct database_sum *sums = database_export_sums(export, &count);
        for (size_t i = 0; i < count; i++)
            rows += sums[i].rows;
        *ret_rows = rows;
    }
    database_export_close(export);
    return result;
}

static error look_at_copy(struct db_pool *copy)
{
    struct db *db;
    int64_t references = 0, pages = 0;
    TRY(db_connect(copy, &db));
    error result = prepare_statements(db);
    if (!error_is(result))
        result = db_integer(db, &broken_references, DB_NO_ARGS, &references, NULL);
    if (!error_is(result))
        result = db_integer(db, &broken_pages, DB_NO_ARGS, &pages, NULL);
    db_disconnect(db);
    TRY(result);
    return references || pages ? error_make(ERROR_DATA_CORRUPT, NULL,
               "The upgraded copy is not whole: %lld broken references, %lld faults of the file", (long long)references,
               (long long)pages)
                               : OK;
}

static error migrate_copy(struct db_pool *copy, struct upgrade_trial *trial)
{
    TRY(count_rows(copy, &trial->rows_before));
    int64_t start = clock_mono_us();
    TRY(db_migrate(copy, schema_migrations, schema_migration_count, &trial->from, &trial->to));
    trial->seconds = (double)(clock_mono_us() - start) / 1e6;
    TRY(look_at_copy(copy));
    return count_rows(copy, &trial->rows_after);
}

static error try_file(struct arena *arena, struct db_pool *pool, struct upgrade_trial *trial)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    const char *scratch = str_format(arena, "%s/scratch", settings.data).data;
    TRY(data_folder_make(scratch));
    char *folder = (char *)str_format(arena, "%s/upgrade-XXXXXX", scratch).data;
    if (!mkdtemp(folder))
        return error_system("make a folder in", scratch, errno);
    const char *path = str_format(arena, "%s/kinora.db", folder).data;
    struct db_pool *copy;
    error result = db_copy_file(pool, path);
    if (!error_is(result))
        result = db_open(&(struct db_options) { str_format(arena, "sqlite://%s", path).data }, &copy);
    if (!error_is(result)) {
        result = migrate_copy(copy, trial);
        if (error_is(result))
            result.message = str_copy(arena, str_of(result.message)).data;
        db_close(copy);
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(str_format(arena, "%s%s", path, endings[i]).data);
    rmdir(folder);
    return result;
}

// PostgreSQL ------------------------------------------------------------------------------------------

struct trying {
    struct arena *arena;
    struct db_pool *pool;
    struct database_export *export; // of the database as it is
    struct buffer piece;
    size_t at;
    struct upgrade_trial *trial;
    int64_t start_us;
    bool done;
};

static error read_export(void *context, void *room, size_t size, size_t *ret_got)
{
    struct trying *trying = context;
    if (trying->at == trying->piece.size) {
        buffer_clear(&trying->piece);
        trying->at = 0;
        TRY(database_export_fill(trying->export, &trying->piece, PIECE));
    }
    size_t left = trying->piece.size - trying->at, got = left < size ? left : size;
    if (got)
        memcpy(room, trying->piece.data + trying->at, got);
    trying->at += got;
    *ret_got = got;
    return OK;
}

static error rewind_export(void *context)
{
    struct trying *trying = context;
    database_export_close(TAKE(trying->export));
    buffer_clear(&trying->piece);
    trying->at = 0;
    return database_export_open_whole(trying->pool, NULL, &trying->export);
}

static error make_schema(struct db *db)
{
    return db_script(db, "CREATE SCHEMA kinora_upgrade_check; SET LOCAL search_path = kinora_upgrade_check");
}

static error try_change(struct db *db, void *context)
{
    struct trying *trying = context;
    struct database_restore restore = { read_export, rewind_export, trying, .prepare = make_schema };
    trying->start_us = clock_mono_us();
    TRY(database_restore(db, &restore));
    TRY(prepare_statements(db));
    trying->trial->rows_before = trying->trial->rows_after = restore.rows;
    trying->done = true;
    return error_of(ERROR_CANCELLED); // so that none of it stays
}

static error try_schema(struct arena *arena, struct db_pool *pool, struct upgrade_trial *trial)
{
    struct trying trying = { .arena = arena, .pool = pool, .trial = trial };
    error result = db_write(pool, try_change, &trying);
    trial->seconds = (double)(clock_mono_us() - trying.start_us) / 1e6;
    database_export_close(trying.export);
    buffer_done(&trying.piece);
    return trying.done && result.code == ERROR_CANCELLED ? OK : result;
}

error upgrade_try(struct arena *arena, struct db_pool *pool, int from, struct upgrade_trial *ret_trial)
{
    struct upgrade_trial trial = { .from = from, .to = schema_migrations[schema_migration_count - 1].version };
    TRY(db_pool_kind(pool) == DB_SQLITE ? try_file(arena, pool, &trial) : try_schema(arena, pool, &trial));
    *ret_trial = trial;
    return OK;
}
