// SPDX-License-Identifier: GPL-3.0-or-later
// The behaviour that both databases share, run against each of them.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/driver.h"
#include "postgres_cluster.h"
#include "test.h"

struct fixture {
    struct db_pool *pool;
    struct db *reader;
    struct arena *arena;
    char folder[64];
    struct postgres_cluster *cluster;
};

static const char *const schema =
    "CREATE TABLE owner (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE thing (id BIGINT PRIMARY KEY, owner BIGINT NOT NULL REFERENCES owner (id),"
    " amount BIGINT NOT NULL CONSTRAINT amount_is_positive CHECK (amount > 0));"
    "CREATE TABLE count (id BIGINT PRIMARY KEY, value BIGINT NOT NULL)";

static error create_schema(struct db *db, void *context)
{
    (void)context;
    return db_script(db, schema);
}

DB_STATEMENT(delete_things, "DELETE FROM thing");
DB_STATEMENT(delete_owners, "DELETE FROM owner");
DB_STATEMENT(delete_counts, "DELETE FROM count");
DB_STATEMENT(add_owner, "INSERT INTO owner (id, name) VALUES ($1, $2)");
DB_STATEMENT(add_thing, "INSERT INTO thing (id, owner, amount) VALUES ($1, $2, $3)");
DB_STATEMENT(count_owners, "SELECT COUNT(*) FROM owner");
DB_STATEMENT(add_count, "INSERT INTO count (id, value) VALUES (1, 0)");
DB_STATEMENT(count_value, "SELECT value FROM count WHERE id = 1");
DB_STATEMENT(set_count, "UPDATE count SET value = $1 WHERE id = 1");

static error clear(struct db *db, void *context)
{
    (void)context;
    TRY(db_run(db, &delete_things, DB_NO_ARGS, NULL));
    TRY(db_run(db, &delete_owners, DB_NO_ARGS, NULL));
    TRY(db_run(db, &delete_counts, DB_NO_ARGS, NULL));
    return db_run(db, &add_count, DB_NO_ARGS, NULL);
}

static int prepare_test(void **state)
{
    struct fixture *f = *state;
    f->arena = arena_new(1 << 20);
    return error_is(db_write(f->pool, clear, NULL)) || error_is(db_connect(f->pool, &f->reader));
}

static int clean_test(void **state)
{
    struct fixture *f = *state;
    db_disconnect(TAKE(f->reader));
    arena_free(TAKE(f->arena));
    return 0;
}

// Kinds -------------------------------------------------------------------------------------------

struct kinds {
    str text, bytes;
    int64_t integer;
    double number;
    bool boolean;
    struct opt_int opt_int;
    struct opt_number opt_number;
    struct opt_bool opt_bool;
    time_us at;
    struct raw_json raw;
    str untouched;
};
static const struct field kinds_fields[] = {
    FIELD(struct kinds, text),
    FIELD(struct kinds, bytes),
    FIELD(struct kinds, integer),
    FIELD(struct kinds, number),
    FIELD(struct kinds, boolean),
    FIELD(struct kinds, opt_int),
    FIELD(struct kinds, opt_number),
    FIELD(struct kinds, opt_bool),
    FIELD(struct kinds, at),
    FIELD(struct kinds, raw),
    FIELD(struct kinds, untouched),
};
static const struct shape kinds_shape = SHAPE("Kinds", struct kinds, kinds_fields);

DB_STATEMENT(create_kinds,
    "CREATE TABLE kinds (id BIGINT PRIMARY KEY, text TEXT, bytes BYTEA, integer BIGINT, number DOUBLE PRECISION,"
    " boolean BOOLEAN, opt_int BIGINT, opt_number FLOAT, opt_bool BOOLEAN, at BIGINT, raw TEXT)");
DB_STATEMENT(add_kinds,
    "INSERT INTO kinds (id, text, bytes, integer, number, boolean, opt_int, opt_number, opt_bool, at, raw)"
    " VALUES ($11, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
DB_STATEMENT(kinds_by_id,
    "SELECT text, bytes, integer, number, boolean, opt_int, opt_number, opt_bool, at, raw FROM kinds WHERE id = $1");
DB_STATEMENT(drop_kinds, "DROP TABLE kinds");

static const char binary[] = { 0, 1, '\\', 'x', (char)0xFF, '\'', 0 };

static error write_kinds(struct db *db, void *context)
{
    (void)context;
    TRY(db_run(db, &create_kinds, DB_NO_ARGS, NULL));
    TRY(db_run(db, &add_kinds,
        DB_ARGS(db_text(STR("grüße '\"$1 \n")), db_bytes(binary, sizeof binary), db_int(INT64_MIN), db_number(0.1),
            db_bool(true), db_int(0), db_number(-1e300), db_bool(false), db_time(1769342400000001),
            db_text(STR("{\"a\":[1]}")), db_int(1)),
        NULL));
    TRY(db_run(db, &add_kinds,
        DB_ARGS(db_null(), db_null(), db_null(), db_null(), db_null(), db_null(), db_null(), db_null(), db_time(0),
            db_text(STR_NONE), db_int(2)),
        NULL));
    return db_run(db, &add_kinds,
        DB_ARGS(db_text(STR("")), db_bytes(NULL, 0), db_int(INT64_MAX), db_number(3), db_bool(false), db_int(-1),
            db_number(0), db_bool(true), db_time(-5), db_text(STR("null")), db_int(3)),
        NULL);
}

static error remove_kinds(struct db *db, void *context)
{
    (void)context;
    return db_run(db, &drop_kinds, DB_NO_ARGS, NULL);
}

static void check_full_row(const struct kinds *row)
{
    assert_string_equal(row->text.data, "grüße '\"$1 \n");
    assert_int_equal(row->bytes.size, sizeof binary);
    assert_memory_equal(row->bytes.data, binary, sizeof binary);
    assert_true(row->integer == INT64_MIN);
    assert_true(row->number == 0.1);
    assert_true(row->boolean);
    assert_true(row->opt_int.set && row->opt_int.value == 0);
    assert_true(row->opt_number.set && row->opt_number.value == -1e300);
    assert_true(row->opt_bool.set && !row->opt_bool.value);
    assert_true(row->at.us == 1769342400000001);
    assert_string_equal(row->raw.text.data, "{\"a\":[1]}");
    assert_null(row->untouched.data);
}

static void every_kind_of_value_comes_back_as_it_went(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_write(f->pool, write_kinds, NULL));
    struct kinds row;
    bool found = false;
    assert_ok(db_one(f->reader, f->arena, &kinds_by_id, DB_ARGS(db_int(1)), &kinds_shape, &row, &found));
    assert_true(found);
    check_full_row(&row);

    assert_ok(db_one(f->reader, f->arena, &kinds_by_id, DB_ARGS(db_int(2)), &kinds_shape, &row, &found));
    assert_true(found);
    static const struct kinds nothing;
    assert_memory_equal(&row, &nothing, sizeof row);

    assert_ok(db_one(f->reader, f->arena, &kinds_by_id, DB_ARGS(db_int(3)), &kinds_shape, &row, &found));
    assert_true(row.text.data && row.text.size == 0);
    assert_true(row.bytes.data && row.bytes.size == 0);
    assert_true(row.integer == INT64_MAX && row.number == 3 && !row.boolean && row.at.us == -5);
    assert_true(row.opt_bool.set && row.opt_bool.value);

    row.integer = 77;
    assert_ok(db_one(f->reader, f->arena, &kinds_by_id, DB_ARGS(db_int(4)), &kinds_shape, &row, &found));
    assert_false(found);
    assert_int_equal(row.integer, 77);
    assert_ok(db_write(f->pool, remove_kinds, NULL));
}

struct number_row {
    bool number;
};
static const struct field number_fields[] = { FIELD(struct number_row, number) };
static const struct shape number_shape = SHAPE("Number", struct number_row, number_fields);
DB_STATEMENT(not_a_number, "SELECT 'seven' AS number");

static void a_value_of_the_wrong_kind_is_corrupt_data(void **state)
{
    struct fixture *f = *state;
    struct number_row row = { true };
    bool found = false;
    error e = db_one(f->reader, f->arena, &not_a_number, DB_NO_ARGS, &number_shape, &row, &found);
    assert_int_equal(e.code, ERROR_DATA_CORRUPT);
    assert_string_equal(e.field, "number");
    assert_true(row.number);
}

// Asking ------------------------------------------------------------------------------------------

struct owner {
    int64_t id;
    str name;
};
static const struct field owner_fields[] = { FIELD(struct owner, id), FIELD(struct owner, name) };
static const struct shape owner_shape = SHAPE("Owner", struct owner, owner_fields);
DB_STATEMENT(owners, "SELECT id, name FROM owner ORDER BY id");
DB_STATEMENT(owner_name, "SELECT name FROM owner WHERE id = $1");
DB_STATEMENT(rename_owners, "UPDATE owner SET name = $2 || name WHERE id < $1");
DB_STATEMENT(add_owner_back, "INSERT INTO owner (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE"
                             " SET name = excluded.name RETURNING id, name");

static error add_hundred(struct db *db, void *context)
{
    (void)context;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "owner %d", i);
        TRY(db_run(db, &add_owner, DB_ARGS(db_int(i), db_text(str_of(name))), NULL));
    }
    return OK;
}

static void rows_are_listed_up_to_a_limit(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_write(f->pool, add_hundred, NULL));
    struct list list;
    assert_ok(db_all(f->reader, f->arena, &owners, DB_NO_ARGS, &owner_shape, 0, &list));
    assert_int_equal(list.count, 100);
    const struct owner *items = list.items;
    assert_string_equal(items[99].name.data, "owner 99");
    assert_int_equal(items[42].id, 42);
    assert_ok(db_all(f->reader, f->arena, &owners, DB_NO_ARGS, &owner_shape, 7, &list));
    assert_int_equal(list.count, 7);

    ARENA_AUTO struct arena *small = arena_new(1000);
    assert_error(db_all(f->reader, small, &owners, DB_NO_ARGS, &owner_shape, 0, &list), ERROR_LIMIT_EXCEEDED);
    assert_int_equal(list.count, 7);
}

static void one_text_and_one_integer_are_read(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_write(f->pool, add_hundred, NULL));
    str name;
    assert_ok(db_string(f->reader, f->arena, &owner_name, DB_ARGS(db_int(5)), &name));
    assert_string_equal(name.data, "owner 5");
    assert_ok(db_string(f->reader, f->arena, &owner_name, DB_ARGS(db_int(500)), &name));
    assert_null(name.data);
    int64_t count = 0;
    assert_ok(db_integer(f->reader, &count_owners, DB_NO_ARGS, &count, NULL));
    assert_int_equal(count, 100);
}

static error rename_and_return(struct db *db, void *context)
{
    struct fixture *f = context;
    int64_t changed = -1;
    TRY(db_run(db, &rename_owners, DB_ARGS(db_int(3), db_text(STR("the "))), &changed));
    ASSERT(changed == 3);
    TRY(db_run(db, &rename_owners, DB_ARGS(db_int(-3), db_text(STR("the "))), &changed));
    ASSERT(changed == 0);
    struct owner owner;
    bool found = false;
    struct db_args args = DB_ARGS(db_int(7), db_text(STR("new")));
    TRY(db_one(db, f->arena, &add_owner_back, args, &owner_shape, &owner, &found));
    ASSERT(found);
    ASSERT(str_equal(owner.name, STR("new")));
    return OK;
}

static void changed_rows_are_counted_and_returned(void **state)
{
    struct fixture *f = *state;
    assert_ok(db_write(f->pool, add_hundred, NULL));
    assert_ok(db_write(f->pool, rename_and_return, f));
    str name;
    assert_ok(db_string(f->reader, f->arena, &owner_name, DB_ARGS(db_int(7)), &name));
    assert_string_equal(name.data, "new");
}

static void a_snapshot_does_not_move(void **state)
{
    struct fixture *f = *state;
    int64_t before = -1, after = -1;
    assert_ok(db_read_begin(f->reader));
    assert_ok(db_integer(f->reader, &count_owners, DB_NO_ARGS, &before, NULL));
    assert_ok(db_write(f->pool, add_hundred, NULL));
    assert_ok(db_integer(f->reader, &count_owners, DB_NO_ARGS, &after, NULL));
    db_read_end(f->reader);
    assert_int_equal(before, 0);
    assert_int_equal(after, 0);
    assert_ok(db_integer(f->reader, &count_owners, DB_NO_ARGS, &after, NULL));
    assert_int_equal(after, 100);
}

static void a_connection_for_reading_cannot_change_anything(void **state)
{
    struct fixture *f = *state;
    assert_true(error_is(db_run(f->reader, &set_count, DB_ARGS(db_int(5)), NULL)));
    int64_t value = -1;
    assert_ok(db_integer(f->reader, &count_value, DB_NO_ARGS, &value, NULL));
    assert_int_equal(value, 0);
}

// Changing ----------------------------------------------------------------------------------------

struct bad_thing {
    int64_t id, owner, amount;
};

static error add_bad_thing(struct db *db, void *context)
{
    const struct bad_thing *thing = context;
    TRY(db_run(db, &add_owner, DB_ARGS(db_int(1), db_text(STR("ada"))), NULL));
    TRY(db_run(db, &add_thing, DB_ARGS(db_int(1), db_int(1), db_int(1)), NULL));
    return db_run(db, &add_thing,
        DB_ARGS(db_int(thing->id), db_int(thing->owner), thing->amount ? db_int(thing->amount) : db_null()), NULL);
}

static void broken_constraints_are_conflicts_that_name_them(void **state)
{
    struct fixture *f = *state;
    bool sqlite = db_pool_kind(f->pool) == DB_SQLITE;
    static const struct {
        struct bad_thing thing;
        const char *sqlite, *postgres;
    } cases[] = {
        { { 1, 1, 1 }, "thing.id", "thing_pkey" },
        { { 2, 9, 1 }, NULL, "thing_owner_fkey" },
        { { 2, 1, -1 }, "amount_is_positive", "amount_is_positive" },
        { { 2, 1, 0 }, "thing.amount", "thing.amount" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bad_thing thing = cases[i].thing;
        error e = db_write(f->pool, add_bad_thing, &thing);
        const char *field = sqlite ? cases[i].sqlite : cases[i].postgres;
        assert_int_equal(e.code, ERROR_CONFLICT);
        assert_true(field ? e.field && !strcmp(e.field, field) : !e.field);
        assert_null(strstr(e.message, "INSERT"));
        int64_t count = -1;
        assert_ok(db_integer(f->reader, &count_owners, DB_NO_ARGS, &count, NULL));
        assert_int_equal(count, 0);
    }
}

static error count_up(struct db *db, void *context)
{
    (void)context;
    int64_t value;
    TRY(db_integer(db, &count_value, DB_NO_ARGS, &value, NULL));
    return db_run(db, &set_count, DB_ARGS(db_int(value + 1)), NULL);
}

static error count_up_and_fail(struct db *db, void *context)
{
    TRY(count_up(db, context));
    return error_make(ERROR_STALE_REVISION, "count", "No, after all");
}

enum { WRITER_COUNT = 8, WRITES_EACH = 40 };

static void *write_many(void *context)
{
    struct db_pool *pool = context;
    for (int i = 0; i < WRITES_EACH; i++) {
        bool good = i % 4 != 3;
        error e = db_write(pool, good ? count_up : count_up_and_fail, NULL);
        if (good ? error_is(e) : e.code != ERROR_STALE_REVISION || strcmp(e.message, "No, after all"))
            return context;
    }
    return NULL;
}

static void count_commit(void *context)
{
    __atomic_add_fetch((int *)context, 1, __ATOMIC_RELAXED);
}

static void changes_of_many_threads_neither_mix_nor_get_lost(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[WRITER_COUNT];
    int commits = 0;
    db_on_commit(f->pool, count_commit, &commits);
    for (int i = 0; i < WRITER_COUNT; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, f->pool), 0);
    for (int i = 0; i < WRITER_COUNT; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    db_on_commit(f->pool, NULL, NULL);
    int64_t value = -1;
    assert_ok(db_integer(f->reader, &count_value, DB_NO_ARGS, &value, NULL));
    assert_int_equal(value, WRITER_COUNT * WRITES_EACH * 3 / 4);
    assert_in_range(commits, 1, WRITER_COUNT * WRITES_EACH * 3 / 4);
    if (db_pool_kind(f->pool) == DB_SQLITE)
        assert_in_range(commits, 1, WRITER_COUNT * WRITES_EACH * 3 / 4 - 1);
}

// Migrations --------------------------------------------------------------------------------------

static const struct db_migration migrations[] = {
    { 1, "things",
        "CREATE TABLE m1 (id BIGSERIAL PRIMARY KEY, key UUID DEFAULT gen_random_uuid(), at TIMESTAMP DEFAULT NOW());"
        "INSERT INTO m1 (id) VALUES (41)",
        NULL },
    { 2, "more", "CREATE TABLE m2 (id BIGINT); INSERT INTO m2 VALUES (1)", NULL },
    { 3, "broken", "CREATE TABLE m3 (id BIGINT); INSERT INTO nowhere VALUES (1)", NULL },
};
DB_STATEMENT(count_versions, "SELECT COUNT(*) FROM schema_version");

static error forget_migrations(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "DROP TABLE IF EXISTS m1; DROP TABLE IF EXISTS m2; DROP TABLE IF EXISTS m3;"
                         "DROP TABLE IF EXISTS schema_version");
}

static void migrations_bring_the_schema_to_the_newest_version(void **state)
{
    struct fixture *f = *state;
    int from = -1, to = -1;
    assert_ok(db_write(f->pool, forget_migrations, NULL));
    assert_ok(db_migrate(f->pool, migrations, 1, &from, &to));
    assert_true(from == 0 && to == 1);
    error e = db_migrate(f->pool, migrations, 3, &from, &to);
    assert_true(error_is(e));
    assert_non_null(strstr(e.message, "Migration 3 (broken)"));
    int64_t count = 0;
    assert_ok(db_integer(f->reader, &count_versions, DB_NO_ARGS, &count, NULL));
    assert_int_equal(count, 1);
    static const struct db_migration mended[] = {
        { 1, "things", "", NULL },
        { 2, "more", "CREATE TABLE m2 (id BIGINT); INSERT INTO m2 VALUES (1)", NULL },
        { 3, "mended", "CREATE TABLE m3 (id BIGINT)", NULL },
    };
    assert_ok(db_migrate(f->pool, mended, 3, &from, &to));
    assert_true(from == 1 && to == 3);
    assert_ok(db_migrate(f->pool, mended, 3, &from, &to));
    assert_true(from == 3 && to == 3);

    e = db_migrate(f->pool, mended, 2, &from, &to);
    assert_int_equal(e.code, ERROR_CONFLICT);
    assert_non_null(strstr(e.message, "version 3"));
    assert_non_null(strstr(e.message, "up to 2"));
    assert_ok(db_integer(f->reader, &count_versions, DB_NO_ARGS, &count, NULL));
    assert_int_equal(count, 3);
}

static error prepare_all(struct db *db, void *context)
{
    (void)context;
    size_t count = 0;
    const struct db_statement *const *list = db_statements(&count);
    bool found = false;
    TRY(db_run(db, &create_kinds, DB_NO_ARGS, NULL));
    for (size_t i = 0; i < count; i++) {
        found = found || list[i] == &count_versions;
        TRY(db_prepare(db, list[i]));
    }
    static const struct db_statement wrong = { "wrong", "SELECT nothing FROM nowhere", "SELECT nothing FROM nowhere" };
    return found ? db_prepare(db, &wrong) : OK;
}

static void every_listed_statement_can_be_prepared(void **state)
{
    struct fixture *f = *state;
    int from, to;
    assert_ok(db_write(f->pool, forget_migrations, NULL));
    assert_ok(db_migrate(f->pool, migrations, 1, &from, &to));
    error e = db_write(f->pool, prepare_all, NULL);
    assert_int_equal(e.code, ERROR_INTERNAL_ERROR);
    assert_string_equal(e.field, "wrong");
}

#define ON(test) cmocka_unit_test_setup_teardown(test, prepare_test, clean_test)
static const struct CMUnitTest tests[] = {
    ON(every_kind_of_value_comes_back_as_it_went),
    ON(a_value_of_the_wrong_kind_is_corrupt_data),
    ON(rows_are_listed_up_to_a_limit),
    ON(one_text_and_one_integer_are_read),
    ON(changed_rows_are_counted_and_returned),
    ON(a_snapshot_does_not_move),
    ON(a_connection_for_reading_cannot_change_anything),
    ON(broken_constraints_are_conflicts_that_name_them),
    ON(changes_of_many_threads_neither_mix_nor_get_lost),
    ON(migrations_bring_the_schema_to_the_newest_version),
    ON(every_listed_statement_can_be_prepared),
};

static int open_sqlite(void **state)
{
    static struct fixture f;
    *state = &f;
    snprintf(f.folder, sizeof f.folder, "/tmp/kinora-test-db-XXXXXX");
    char url[128];
    if (!mkdtemp(f.folder))
        return 1;
    snprintf(url, sizeof url, "sqlite://%s/test.db", f.folder);
    return error_is(db_open(&(struct db_options) { url }, &f.pool)) || error_is(db_write(f.pool, create_schema, NULL));
}

static int close_sqlite(void **state)
{
    struct fixture *f = *state;
    char path[128];
    db_close(f->pool);
    snprintf(path, sizeof path, "%s/test.db", f->folder);
    return unlink(path) || rmdir(f->folder);
}

static int open_postgres(void **state)
{
    static struct fixture f;
    *state = &f;
    f.cluster = postgres_cluster_start();
    if (!f.cluster)
        return 1;
    return error_is(db_open(&(struct db_options) { postgres_cluster_url(f.cluster) }, &f.pool))
           || error_is(db_write(f.pool, create_schema, NULL));
}

static int close_postgres(void **state)
{
    struct fixture *f = *state;
    db_close(f->pool);
    postgres_cluster_stop(f->cluster);
    return 0;
}

int main(void)
{
    int failed = cmocka_run_group_tests_name("sqlite", tests, open_sqlite, close_sqlite);
    if (postgres_cluster_possible())
        failed += cmocka_run_group_tests_name("postgres", tests, open_postgres, close_postgres);
    else
        print_message("postgres: skipped, PostgreSQL's server is not installed\n");
    return failed;
}
