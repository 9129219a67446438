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
    enum db_kind kind;
    const struct db_migration *migrations;
    size_t count;
    int from, to;
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

static error migrate(struct db *db, void *context)
{
    struct migration_run *run = context;
    if (run->kind == DB_POSTGRES)
        TRY(db_script(db, postgres_lock));
    TRY(db_script(db, create_table));
    int64_t from;
    TRY(db_integer(db, &newest_version, DB_NO_ARGS, &from, NULL));
    if (from > run->to)
        return error_make(ERROR_CONFLICT, "schema_version",
            "The database has schema version %lld, this program knows versions up to %d: use a newer program",
            (long long)from, run->to);
    for (size_t i = 0; i < run->count; i++) {
        if (run->migrations[i].version > from)
            TRY(apply(db, run->kind, &run->migrations[i]));
    }
    run->from = (int)from;
    return OK;
}

static struct migration_run make_run(enum db_kind kind, const struct db_migration *migrations, size_t count)
{
    struct migration_run run = { .kind = kind, .migrations = migrations, .count = count };
    for (size_t i = 0; i < count; i++) {
        ASSERT(migrations[i].version > run.to);
        run.to = migrations[i].version;
    }
    return run;
}

error db_migrate_within(struct db *db, const struct db_migration *migrations, size_t count)
{
    struct migration_run run = make_run(db_pool_kind(db->pool), migrations, count);
    return migrate(db, &run);
}

error db_schema_version(struct db *db, int64_t *ret_version)
{
    return db_integer(db, &newest_version, DB_NO_ARGS, ret_version, NULL);
}

error db_migrate(struct db_pool *pool, const struct db_migration *migrations, size_t count, int *ret_from, int *ret_to)
{
    struct migration_run run = make_run(db_pool_kind(pool), migrations, count);
    TRY(db_write_loose(pool, migrate, &run));
    *ret_from = run.from;
    *ret_to = run.to;
    return OK;
}
