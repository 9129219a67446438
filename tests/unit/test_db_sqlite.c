// SPDX-License-Identifier: GPL-3.0-or-later
// What only SQLite has: the one writer with its batches, durability after SIGKILL, the mapping of words.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "db/driver.h"
#include "test.h"

struct fixture {
    char folder[64], url[128];
    struct db_pool *pool;
    struct db *reader;
};

DB_STATEMENT(add_row, "INSERT INTO item (id, parent) VALUES ($1, $2)");
DB_STATEMENT(count_rows, "SELECT COUNT(*) FROM item");
DB_STATEMENT(row_exists, "SELECT 1 FROM item WHERE id = $1");
DB_STATEMENT(add_blob, "INSERT INTO large (content) VALUES (zeroblob($1))");

static error create(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "CREATE TABLE IF NOT EXISTS item (id BIGINT PRIMARY KEY,"
                         " parent BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);"
                         "CREATE TABLE IF NOT EXISTS large (content BYTEA)");
}

static int begin_test(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->folder, "/tmp/kinora-test-db-XXXXXX");
    if (!mkdtemp(f->folder))
        return 1;
    snprintf(f->url, sizeof f->url, "sqlite://%s/test.db", f->folder);
    return error_is(db_open(&(struct db_options) { f->url }, &f->pool)) || error_is(db_write(f->pool, create, NULL))
           || error_is(db_connect(f->pool, &f->reader));
}

static int end_test(void **state)
{
    struct fixture *f = *state;
    char path[128];
    db_disconnect(f->reader);
    db_close(f->pool);
    snprintf(path, sizeof path, "%s/test.db", f->folder);
    // The write-ahead log is gone when the last connection has closed in order.
    int failed = unlink(path) || rmdir(f->folder);
    free(f);
    return failed;
}

static int64_t rows_of(struct fixture *f)
{
    int64_t count = -1;
    assert_ok(db_integer(f->reader, &count_rows, DB_NO_ARGS, &count, NULL));
    return count;
}

// A gate holds the writer inside of a change, so that what is queued meanwhile becomes one batch.
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool entered, open;
    int finished;
};

static error wait_at_gate(struct db *db, void *context)
{
    (void)db;
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    gate->entered = true;
    pthread_cond_broadcast(&gate->moved);
    while (!gate->open)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    return OK;
}

static void gate_finished(void *context, error result)
{
    (void)result;
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    gate->finished++;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}

static void close_gate(struct fixture *f, struct gate *gate)
{
    *gate = (struct gate) { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
    assert_ok(db_write_async(f->pool, wait_at_gate, gate_finished, gate));
    pthread_mutex_lock(&gate->lock);
    while (!gate->entered)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate, int finished)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->moved);
    while (gate->finished < finished)
        pthread_cond_wait(&gate->moved, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

struct insertion {
    struct gate *gate;
    int64_t id, parent;
    bool fail_after;
    const char *script;
    enum error_code code;
    char message[128];
};

static error insert(struct db *db, void *context)
{
    struct insertion *insertion = context;
    TRY(db_run(
        db, &add_row, DB_ARGS(db_int(insertion->id), insertion->parent ? db_int(insertion->parent) : db_null()), NULL));
    if (insertion->script)
        TRY(db_script(db, insertion->script));
    if (insertion->fail_after)
        return error_make(ERROR_STALE_REVISION, NULL, "Number %d is refused", (int)insertion->id);
    return OK;
}

static void inserted(void *context, error result)
{
    struct insertion *insertion = context;
    insertion->code = result.code;
    snprintf(insertion->message, sizeof insertion->message, "%s", result.message ? result.message : "");
    gate_finished(insertion->gate, result);
}

enum { MANY = 60 };

// Runs all of them as one batch.
static void insert_together(struct fixture *f, struct insertion *insertions, int count)
{
    struct gate gate;
    close_gate(f, &gate);
    for (int i = 0; i < count; i++) {
        insertions[i].gate = &gate;
        if (!insertions[i].id)
            insertions[i].id = i + 1;
        assert_ok(db_write_async(f->pool, insert, inserted, &insertions[i]));
    }
    open_gate(&gate, count + 1);
}

static void count_commit(void *context)
{
    __atomic_add_fetch((int *)context, 1, __ATOMIC_SEQ_CST);
}

static void what_waits_together_is_committed_together(void **state)
{
    struct fixture *f = *state;
    static struct insertion insertions[MANY];
    memset(insertions, 0, sizeof insertions);
    int commits = 0;
    db_on_commit(f->pool, count_commit, &commits);
    insert_together(f, insertions, MANY);
    assert_int_equal(rows_of(f), MANY);
    assert_int_equal(__atomic_load_n(&commits, __ATOMIC_SEQ_CST), 2); // the gate's own and the batch
    db_on_commit(f->pool, NULL, NULL);
}

static void a_failing_change_undoes_itself_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    static struct insertion insertions[MANY];
    memset(insertions, 0, sizeof insertions);
    for (int i = 0; i < MANY; i += 2)
        insertions[i].fail_after = true;
    insertions[11].id = 2; // there already
    insert_together(f, insertions, MANY);
    for (int i = 0; i < MANY; i++) {
        char text[128];
        snprintf(text, sizeof text, "Number %d is refused", i + 1);
        assert_int_equal(insertions[i].code, i % 2 == 0 ? ERROR_STALE_REVISION : i == 11 ? ERROR_CONFLICT : ERROR_NONE);
        if (i % 2 == 0)
            assert_string_equal(insertions[i].message, text); // thirty errors of one thread, none overwritten
        bool found = false;
        int64_t one;
        assert_ok(db_integer(f->reader, &row_exists, DB_ARGS(db_int(i + 1)), &one, &found));
        assert_int_equal(found, i % 2 == 1 && i != 11);
    }
}

static void a_deferred_reference_fails_only_the_change_that_left_it_open(void **state)
{
    struct fixture *f = *state;
    struct insertion insertions[3] = { { 0 }, { .parent = 99 }, { .parent = 3 } };
    insert_together(f, insertions, 3);
    assert_int_equal(insertions[0].code, ERROR_NONE);
    assert_int_equal(insertions[1].code, ERROR_CONFLICT);
    assert_int_equal(insertions[2].code, ERROR_NONE);
    assert_int_equal(rows_of(f), 2);
}

static void a_batch_that_ends_unasked_fails_as_one(void **state)
{
    struct fixture *f = *state;
    struct insertion insertions[3] = { { 0 }, { .script = "ROLLBACK" }, { 0 } };
    insert_together(f, insertions, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(insertions[i].code, ERROR_DATABASE_BUSY);
    assert_int_equal(rows_of(f), 0);
    memset(insertions, 0, sizeof insertions);
    insert_together(f, insertions, 3);
    assert_int_equal(rows_of(f), 3);
}

static error fill(struct db *db, void *context)
{
    (void)context;
    TRY(db_script(db, "PRAGMA max_page_count = 50"));
    return db_run(db, &add_blob, DB_ARGS(db_int(1 << 20)), NULL);
}

static void a_full_disk_is_named_and_survived(void **state)
{
    struct fixture *f = *state;
    assert_error(db_write(f->pool, fill, NULL), ERROR_STORAGE_FULL);
    struct insertion insertion = { .id = 1 };
    assert_ok(db_write(f->pool, insert, &insertion));
    assert_int_equal(rows_of(f), 1);
}

static void the_queue_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct gate gate;
    close_gate(f, &gate);
    static struct insertion insertion;
    insertion = (struct insertion) { .gate = &gate, .id = 1 };
    int queued = 0;
    error e = OK;
    while (queued < 100000 && !error_is(e = db_write_async(f->pool, insert, inserted, &insertion)))
        queued++;
    assert_int_equal(e.code, ERROR_UNAVAILABLE);
    assert_int_equal(queued, 4096);
    assert_error(db_write(f->pool, insert, &insertion), ERROR_UNAVAILABLE);
    open_gate(&gate, queued + 1);
    assert_int_equal(rows_of(f), 1);
}

// Durability --------------------------------------------------------------------------------------

enum { KILL_THREADS = 4 };

struct reporter {
    struct db_pool *pool;
    int pipe;
    int64_t first;
};

static void *write_and_report(void *context)
{
    struct reporter *reporter = context;
    struct insertion insertion = { 0 };
    for (int64_t id = reporter->first;; id += KILL_THREADS) {
        insertion.id = id;
        if (error_is(db_write(reporter->pool, insert, &insertion))
            || write(reporter->pipe, &id, sizeof id) != sizeof id)
            _exit(1);
    }
}

static _Noreturn void write_until_killed(const char *url, int pipe)
{
    struct db_pool *pool;
    pthread_t threads[KILL_THREADS];
    static struct reporter reporters[KILL_THREADS];
    if (error_is(db_open(&(struct db_options) { url }, &pool)) || error_is(db_write(pool, create, NULL)))
        _exit(1);
    for (int i = 0; i < KILL_THREADS; i++) {
        reporters[i] = (struct reporter) { pool, pipe, i + 1 };
        if (pthread_create(&threads[i], NULL, write_and_report, &reporters[i]))
            _exit(1);
    }
    for (;;)
        pause();
}

static void kill_after_random_time(const char *url)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(url, ends[1]);
    close(ends[1]);
    static int64_t ids[1 << 20];
    size_t count = 0;
    uint16_t chance;
    id_random(&chance, sizeof chance);
    size_t enough = 100 + chance % 2000;
    while (count < enough && read(ends[0], &ids[count], sizeof *ids) == sizeof *ids)
        count++;
    assert_int_equal(count, enough);
    kill(child, SIGKILL);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (count < sizeof ids / sizeof *ids && read(ends[0], &ids[count], sizeof *ids) == sizeof *ids)
        count++;
    close(ends[0]);

    struct db_pool *pool;
    struct db *db;
    assert_ok(db_open(&(struct db_options) { url }, &pool));
    assert_ok(db_connect(pool, &db));
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        int64_t one;
        assert_ok(db_integer(db, &row_exists, DB_ARGS(db_int(ids[i])), &one, &found));
        assert_true(found);
    }
    db_disconnect(db);
    db_close(pool);
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        char folder[] = "/tmp/kinora-test-db-XXXXXX", path[64], url[128];
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof path, "%s/test.db", folder);
        snprintf(url, sizeof url, "sqlite://%s", path);
        kill_after_random_time(url);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(folder), 0);
    }
}

// Bugs --------------------------------------------------------------------------------------------

// Runs it in a child, which has to abort; returns what it said.
static const char *last_words(void (*buggy)(struct db_pool *pool, struct db *reader))
{
    static char text[512];
    char folder[] = "/tmp/kinora-test-db-XXXXXX", path[64], url[128];
    int ends[2], status;
    assert_true(mkdtemp(folder) && !pipe(ends));
    snprintf(path, sizeof path, "%s/test.db", folder);
    snprintf(url, sizeof url, "sqlite://%s", path);
    pid_t child = fork();
    if (child == 0) {
        struct db_pool *pool;
        struct db *reader;
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], 2);
        if (error_is(db_open(&(struct db_options) { url }, &pool)) || error_is(db_write(pool, create, NULL))
            || error_is(db_connect(pool, &reader)))
            _exit(1);
        buggy(pool, reader);
        _exit(0);
    }
    close(ends[1]);
    ssize_t size = read(ends[0], text, sizeof text - 1);
    text[size > 0 ? size : 0] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    for (int i = 0; i < 3; i++) {
        char file[80];
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        struct stat info;
        assert_int_equal(stat(file, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600); // the owner's alone
        unlink(file);
    }
    assert_int_equal(rmdir(folder), 0);
    return text;
}

struct narrow {
    int64_t id;
};
static const struct field narrow_fields[] = { FIELD(struct narrow, id) };
static const struct shape narrow_shape = SHAPE("Narrow", struct narrow, narrow_fields);
DB_STATEMENT(wide, "SELECT 1 AS id, 2 AS breadth");

static void read_wide(struct db_pool *pool, struct db *reader)
{
    (void)pool;
    struct narrow narrow;
    bool found;
    error e = db_one(reader, arena_new(1000), &wide, DB_NO_ARGS, &narrow_shape, &narrow, &found);
    (void)e;
}

static error write_inside(struct db *db, void *context)
{
    (void)db;
    return db_write(context, create, NULL);
}

static void write_within_a_write(struct db_pool *pool, struct db *reader)
{
    (void)reader;
    error e = db_write(pool, write_inside, pool);
    (void)e;
}

static void a_column_without_a_member_is_a_bug_that_names_both(void **state)
{
    (void)state;
    const char *text = last_words(read_wide);
    assert_non_null(strstr(text, "statement wide has the column breadth"));
    assert_non_null(strstr(text, "Narrow"));
}

static void a_change_within_a_change_is_a_bug(void **state)
{
    (void)state;
    assert_non_null(strstr(last_words(write_within_a_write), "bug"));
}

// Words -------------------------------------------------------------------------------------------

static void the_words_of_postgresql_are_mapped_outside_of_quotes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "" },
        { "id UUID PRIMARY KEY DEFAULT gen_random_uuid()", "id TEXT PRIMARY KEY " },
        { "a JSONB, b TIMESTAMP, c TEXT[], d BYTEA", "a TEXT, b TEXT, c TEXT, d BLOB" },
        { "n BIGSERIAL  PRIMARY\nKEY,", "n INTEGER PRIMARY KEY AUTOINCREMENT," },
        { "n SERIAL PRIMARY KEY", "n INTEGER PRIMARY KEY AUTOINCREMENT" },
        { "at TIMESTAMP DEFAULT NOW()", "at TEXT DEFAULT CURRENT_TIMESTAMP" },
        { "v VARCHAR(255), f FLOAT, d DOUBLE PRECISION, b BIGINT",
            "v VARCHAR(255), f FLOAT, d DOUBLE PRECISION, b BIGINT" },
        { "uuid UUID, timestamp TIMESTAMP", "uuid TEXT, timestamp TEXT" },
        { "MY_UUID UUIDS CURRENT_TIMESTAMP UUID2", "MY_UUID UUIDS CURRENT_TIMESTAMP UUID2" },
        { "'UUID' \"UUID\" 'it''s UUID' UUID", "'UUID' \"UUID\" 'it''s UUID' TEXT" },
        { "-- UUID\nUUID /* UUID */ UUID", "-- UUID\nTEXT /* UUID */ TEXT" },
        { "'UUID", "'UUID" },
        { "-- UUID", "-- UUID" },
        { "BIGSERIAL", "BIGSERIAL" },
    };
    ARENA_AUTO struct arena *arena = arena_new(10000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(db_sqlite_words(arena, str_of(cases[i][0])).data, cases[i][1]);
}

// Opening -----------------------------------------------------------------------------------------

static void a_url_that_cannot_be_opened_is_refused(void **state)
{
    (void)state;
    struct db_pool *pool = NULL;
    assert_error(db_open(&(struct db_options) { "mysql://x" }, &pool), ERROR_VALIDATION_ERROR);
    assert_error(db_open(&(struct db_options) { "sqlite://" }, &pool), ERROR_VALIDATION_ERROR);
    assert_error(db_open(&(struct db_options) { "sqlite://:memory:" }, &pool), ERROR_VALIDATION_ERROR);
    assert_error(db_open(&(struct db_options) { "sqlite:///nowhere/at/all.db" }, &pool), ERROR_UNAVAILABLE);
    assert_error(db_open(&(struct db_options) { "postgresql:///x?host=/nowhere" }, &pool), ERROR_UNAVAILABLE);
    assert_null(pool);
}

static void the_settings_for_durability_are_on(void **state)
{
    struct fixture *f = *state;
    static const struct db_statement settings[] = {
        { "synchronous", "PRAGMA synchronous", NULL },
        { "foreign_keys", "PRAGMA foreign_keys", NULL },
        { "checkpoint", "PRAGMA wal_autocheckpoint", NULL },
        { "query_only", "PRAGMA query_only", NULL },
    };
    static const int64_t expected[] = { 2, 1, 1000, 1 };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        int64_t value = -1;
        assert_ok(db_integer(f->reader, &settings[i], DB_NO_ARGS, &value, NULL));
        assert_int_equal(value, expected[i]);
    }
}

#define ON(test) cmocka_unit_test_setup_teardown(test, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_a_kill),
        cmocka_unit_test(a_column_without_a_member_is_a_bug_that_names_both),
        cmocka_unit_test(a_change_within_a_change_is_a_bug),
        ON(what_waits_together_is_committed_together),
        ON(a_failing_change_undoes_itself_and_nothing_else),
        ON(a_deferred_reference_fails_only_the_change_that_left_it_open),
        ON(a_batch_that_ends_unasked_fails_as_one),
        ON(a_full_disk_is_named_and_survived),
        ON(the_queue_is_bounded),
        cmocka_unit_test(the_words_of_postgresql_are_mapped_outside_of_quotes),
        cmocka_unit_test(a_url_that_cannot_be_opened_is_refused),
        ON(the_settings_for_durability_are_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
