// SPDX-License-Identifier: GPL-3.0-or-later
// Databases of every version there was, with something in them, become today's: by migrations, and from a backup.
#include <fcntl.h>

#include "db/catalogue.h"
#include "domain/database_export.h"
#include "domain/database_restore.h"
#include "library_help.h"
#include "postgres_cluster.h"

// What came with each of the first versions, filled as a program of that time did.
static const struct {
    int version;
    const char *sql;
} content[] = {
    { 1,
        "INSERT INTO users (id, username, username_key, email, email_key, password_hash, is_active, is_superuser, plan,"
        " created_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000001', 'Ann', 'ann', 'A@x', 'a@x', '-', "
        "TRUE,"
        " TRUE, 'pro', 1, 1);"
        "INSERT INTO secret (name, sealed) VALUES ('s', '1');" },
    { 2,
        "INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, created_at) VALUES"
        " ('00000000-0000-7000-8000-000000000002', 5, 9, '1', '2', 1);"
        "INSERT INTO media (id, user_id, blob_id, file_name, file_path, media_type, mime_type, size_bytes, duration,"
        " has_audio, status, probe, created_at, updated_at) VALUES ('00000000-0000-7000-8000-000000000003',"
        " '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'a ''quoted'' name.wav', 'p',"
        " 'audio', 'audio/wav', 5, 1.5, TRUE, 'completed', '{\"a\":1}', 1, 1);" },
    { 3, "INSERT INTO job (id, kind, user_id, media_id, part, stage, state, priority, params, progress, parts_total,"
         " attempts, retry_count, run_after, fence, trace_id, created_at) VALUES"
         " ('00000000-0000-7000-8000-000000000004', 'transcribe', '00000000-0000-7000-8000-000000000001',"
         " '00000000-0000-7000-8000-000000000003', 0, 'start', 'completed', 0, '{}', 1, 0, 1, 0, 1, 1, '', 1);" },
    { 4,
        "INSERT INTO transcription (id, user_id, media_id, job_id, text, language, duration, word_count, created_at,"
        " updated_at) VALUES ('00000000-0000-7000-8000-000000000005', '00000000-0000-7000-8000-000000000001',"
        " '00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000004', 'three of spades', 'en', 1.5,"
        " 3, 1, 1);"
        "INSERT INTO segment (id, transcription_id, position, start_time, end_time, text, speaker, words) VALUES"
        " ('00000000-0000-7000-8000-000000000006', '00000000-0000-7000-8000-000000000005', 0, 0.25, 1.25,"
        " 'three of spades', 'Speaker 1', '[]');" },
    { 5,
        "INSERT INTO video (id, user_id, title, properties, revision, created_at, updated_at) VALUES"
        " ('00000000-0000-7000-8000-000000000007', '00000000-0000-7000-8000-000000000001', 'A film', '{}', 1, 1, 1);"
        "INSERT INTO scenes (id, video_id, scene_number, text, duration, properties, is_expanded, revision, created_at,"
        " updated_at) VALUES ('00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-000000000007', 1,"
        " 'Once upon a time', 3, '{}', TRUE, 1, 1, 1);" },
};
enum { CONTENT_COUNT = sizeof content / sizeof *content };

// Texts that must be there afterwards, and the version that they came with.
DB_STATEMENT(user_name, "SELECT username FROM users");
DB_STATEMENT(file_name, "SELECT file_name FROM media WHERE blob_id IN (SELECT id FROM blob)");
DB_STATEMENT(job_kind, "SELECT kind FROM job");
DB_STATEMENT(segment_text, "SELECT text FROM segment WHERE start_time = 0.25");
DB_STATEMENT(scene_text, "SELECT text FROM scenes");
static const struct {
    int version;
    const struct db_statement *statement;
    const char *text;
} wanted[] = { { 1, &user_name, "Ann" }, { 2, &file_name, "a 'quoted' name.wav" }, { 3, &job_kind, "transcribe" },
    { 4, &segment_text, "three of spades" }, { 5, &scene_text, "Once upon a time" } };

static error fill(struct db *db, void *context)
{
    int version = *(int *)context;
    for (size_t i = 0; i < CONTENT_COUNT && content[i].version <= version; i++)
        TRY(db_script(db, content[i].sql));
    return OK;
}

// Names and kinds of all columns of all tables.
static str catalogue(struct arena *arena, struct db *db)
{
    BUFFER_AUTO struct buffer text = { 0 };
    struct db_table *tables;
    size_t count;
    assert_ok(db_tables(db, arena, &tables, &count));
    for (size_t i = 0; i < count; i++) {
        buffer_format(&text, "\n%.*s:", STR_ARGS(tables[i].name));
        for (size_t k = 0; k < tables[i].column_count; k++)
            buffer_format(&text, " %.*s %d", STR_ARGS(tables[i].columns[k].name), (int)tables[i].columns[k].kind);
    }
    return str_copy(arena, buffer_str(&text));
}

static void check(struct db_pool *pool, int version, str fresh)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    struct db *db;
    assert_ok(db_connect(pool, &db));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        str text;
        if (wanted[i].version > version)
            continue;
        assert_ok(db_string(db, arena, wanted[i].statement, DB_NO_ARGS, &text));
        assert_true(str_equal_c(text, wanted[i].text));
    }
    if (fresh.data) {
        str now = catalogue(arena, db);
        assert_string_equal(now.data, fresh.data);
    }
    db_disconnect(db);
}

// A database in a file, or in a schema of its own.
struct place {
    char folder[64], url[512];
    const char *postgres_url; // NULL: SQLite
    int count;
};

static error make_schema(struct db *db, void *context)
{
    char sql[64];
    snprintf(sql, sizeof sql, "CREATE SCHEMA at_%d", ((struct place *)context)->count);
    return db_script(db, sql);
}

static struct db_pool *open_next(struct place *place)
{
    struct db_pool *pool;
    place->count++;
    if (place->postgres_url) {
        assert_ok(db_open(&(struct db_options) { place->postgres_url }, &pool));
        assert_ok(db_write(pool, make_schema, place));
        db_close(pool);
        snprintf(place->url, sizeof place->url, "%s&options=-csearch_path%%3Dat_%d", place->postgres_url, place->count);
    } else
        snprintf(place->url, sizeof place->url, "sqlite://%s/%d.db", place->folder, place->count);
    assert_ok(db_open(&(struct db_options) { place->url }, &pool));
    return pool;
}

static struct db_pool *open_old(struct place *place, size_t count)
{
    int from, to, version = schema_migrations[count - 1].version;
    struct db_pool *pool = open_next(place);
    assert_ok(db_migrate(pool, schema_migrations, count, &from, &to));
    assert_ok(db_write(pool, fill, &version));
    return pool;
}

static error read_file(void *context, void *room, size_t size, size_t *ret_got)
{
    ssize_t got = read(*(int *)context, room, size);
    *ret_got = got > 0 ? (size_t)got : 0;
    return OK;
}

static error rewind_file(void *context)
{
    return lseek(*(int *)context, 0, SEEK_SET) == 0 ? OK : error_of(ERROR_INTERNAL_ERROR);
}

// What a backup of that time holds, into an empty database.
static void restore(struct place *place, struct db_pool *old, int version, str fresh)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%d.sql", place->folder, place->count);
    assert_ok(database_export_file(old, NULL, true, path));
    struct db_pool *pool = open_next(place);
    int file = open(path, O_RDONLY);
    struct database_restore back = { read_file, rewind_file, &file };
    assert_true(file >= 0);
    assert_ok(db_write(pool, database_restore, &back));
    assert_int_equal(back.schema, version);
    check(pool, version, fresh);
    error again = db_write(pool, database_restore, &back);
    assert_int_equal(again.code, ERROR_CONFLICT);
    close(file);
    db_close(pool);
}

static void upgrade_from_all(struct place *place, size_t step)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    struct db_pool *pool = open_next(place);
    struct db *db;
    int from, to;
    assert_ok(db_migrate(pool, schema_migrations, schema_migration_count, &from, &to));
    assert_ok(db_connect(pool, &db));
    str fresh = catalogue(arena, db);
    db_disconnect(db);
    db_close(pool);
    assert_true(str_find(fresh, STR("\nbackup: id")) >= 0);
    for (size_t count = 1; count <= schema_migration_count; count += step) {
        int version = schema_migrations[count - 1].version;
        pool = open_old(place, count);
        if (count % 4 == 1)
            restore(place, pool, version, fresh);
        assert_ok(db_migrate(pool, schema_migrations, schema_migration_count, &from, &to));
        assert_int_equal(from, version);
        check(pool, version, fresh);
        db_close(pool);
    }
}

static void every_version_becomes_the_newest_on_sqlite(void **state)
{
    (void)state;
    struct place place = { .folder = "/tmp/kinora-test-XXXXXX" };
    assert_non_null(mkdtemp(place.folder));
    upgrade_from_all(&place, 1);
    nftw(place.folder, library_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void every_fourth_version_becomes_the_newest_on_postgresql(void **state)
{
    (void)state;
    if (!postgres_cluster_possible())
        skip();
    struct postgres_cluster *cluster = postgres_cluster_start();
    struct place place = { .folder = "/tmp/kinora-test-XXXXXX", .postgres_url = postgres_cluster_url(cluster) };
    assert_non_null(mkdtemp(place.folder));
    upgrade_from_all(&place, 4);
    nftw(place.folder, library_remove, 16, FTW_DEPTH | FTW_PHYS);
    postgres_cluster_stop(cluster);
}

// The last step fails: nothing of those before it stays.
static void a_migration_that_fails_leaves_the_old_version(void **state)
{
    (void)state;
    struct place place = { .folder = "/tmp/kinora-test-XXXXXX" };
    assert_non_null(mkdtemp(place.folder));
    struct db_migration *migrations = calloc(schema_migration_count + 1, sizeof *migrations);
    memcpy(migrations, schema_migrations, schema_migration_count * sizeof *migrations);
    migrations[schema_migration_count] = (struct db_migration) {
        schema_migrations[schema_migration_count - 1].version + 1, "broken", "INSERT INTO nowhere VALUES (1)", NULL
    };
    struct db_pool *pool = open_old(&place, 1);
    struct db *db;
    int from, to, version;
    error failed = db_migrate(pool, migrations, schema_migration_count + 1, &from, &to);
    assert_true(error_is(failed));
    assert_non_null(strstr(failed.message, "broken"));
    assert_ok(db_connect(pool, &db));
    assert_ok(db_schema_version(db, &version));
    assert_int_equal(version, 1);
    db_disconnect(db);
    check(pool, 1, STR_NONE);
    db_close(pool);
    free(migrations);
    nftw(place.folder, library_remove, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_becomes_the_newest_on_sqlite),
        cmocka_unit_test(every_fourth_version_becomes_the_newest_on_postgresql),
        cmocka_unit_test(a_migration_that_fails_leaves_the_old_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
