// SPDX-License-Identifier: GPL-3.0-or-later
// Brings the schema to the newest version, in one transaction of the writer.
#include "base/clock.h"
#include "db/driver.h"

enum { MIGRATION_ARENA_BYTES = 16 << 20 };

static const char create_table[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                   "version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_us BIGINT NOT NULL)";
// Two servers may start at once: the second waits here, and then (the change is a loose one) sees what the first did.
static const char postgres_lock[] = "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7241893650)";

DB_STATEMENT(newest_version, "SELECT COALESCE(MAX(version), 0) FROM schema_version");
DB_STATEMENT(add_version, "INSERT INTO schema_version (version, name, applied_us) VALUES ($1, $2, $3)");

struct migration_run {
    const struct db_migration *migrations;
    size_t count;
    int from;
};

static error apply(struct db *db, enum db_kind kind, const struct db_migration *migration)
{
    ARENA_AUTO struct arena *arena = arena_new(MIGRATION_ARENA_BYTES);
    const char *sql = migration->sql;
    if (kind == DB_SQLITE)
        sql = db_sqlite_words(arena, str_of(migration->sqlite_sql ? migration->sqlite_sql : sql)).data;
    error result = db_script(db, sql);
    if (error_is(result))
        return error_make(result.code, result.field, "Migration %d (%s) failed: %s", migration->version,
            migration->name, result.message);
    return db_run(db, &add_version,
        DB_ARGS(db_int(migration->version), db_text(str_of(migration->name)), db_int(clock_now_us())), NULL);
}

error db_migrate_lock(struct db *db)
{
    return db_pool_kind(db->pool) == DB_POSTGRES ? db_script(db, postgres_lock) : OK;
}

error db_migrate_steps(struct db *db, const struct db_migration *migrations, size_t count, int *ret_from)
{
    int64_t from;
    int to = count ? migrations[count - 1].version : 0;
    TRY(db_script(db, create_table));
    TRY(db_integer(db, &newest_version, DB_NO_ARGS, &from, NULL));
    if (from > to)
        return error_make(ERROR_CONFLICT, "schema_version",
            "The database has schema version %lld, this program knows versions up to %d: use a newer program",
            (long long)from, to);
    for (size_t i = 0; i < count; i++) {
        if (migrations[i].version > from)
            TRY(apply(db, db_pool_kind(db->pool), &migrations[i]));
    }
    *ret_from = (int)from;
    return OK;
}

static error migrate(struct db *db, void *context)
{
    struct migration_run *run = context;
    TRY(db_migrate_lock(db));
    return db_migrate_steps(db, run->migrations, run->count, &run->from);
}

DB_STATEMENT2(has_versions, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
    " AND table_name = 'schema_version'");

error db_schema_version(struct db *db, int *ret_version)
{
    int64_t count, version = 0;
    TRY(db_integer(db, &has_versions, DB_NO_ARGS, &count, NULL));
    if (count)
        TRY(db_integer(db, &newest_version, DB_NO_ARGS, &version, NULL));
    *ret_version = (int)version;
    return OK;
}

error db_migrate(struct db_pool *pool, const struct db_migration *migrations, size_t count, int *ret_from, int *ret_to)
{
    struct migration_run run = { .migrations = migrations, .count = count };
    int to = 0;
    for (size_t i = 0; i < count; i++) {
        ASSERT(migrations[i].version > to);
        to = migrations[i].version;
    }
    TRY(db_write_loose(pool, migrate, &run));
    *ret_from = run.from;
    *ret_to = to;
    return OK;
}
