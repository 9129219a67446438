// SPDX-License-Identifier: GPL-3.0-or-later
// What only PostgreSQL has: types of its own, collisions, broken connections; and the cluster of the tests.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "db/db.h"
#include "postgres_cluster.h"
#include "test.h"

static const char text_id[] = "0190f3c2-7b1e-7c3a-9f00-00000000abcd";

struct fixture {
    struct postgres_cluster *cluster;
    struct db_pool *pool;
    struct db *reader;
};

struct typed {
    str id, at, tags;
    struct raw_json data;
    int64_t total;
};
static const struct field typed_fields[] = { FIELD(struct typed, id), FIELD(struct typed, at),
    FIELD(struct typed, tags), FIELD(struct typed, data), FIELD(struct typed, total) };
static const struct shape typed_shape = SHAPE("Typed", struct typed, typed_fields);

DB_STATEMENT(add_typed, "INSERT INTO typed (id, data, at, tags) VALUES ($1, $2, $3, $4)");
DB_STATEMENT(
    typed_by_id, "SELECT id, data, at, tags, (SELECT SUM(number) FROM number) AS total FROM typed WHERE id = $1");
DB_STATEMENT(add_number, "INSERT INTO number (number) VALUES ($1)");
DB_STATEMENT(count_numbers, "SELECT COUNT(*) FROM number");
DB_STATEMENT(clear_numbers, "DELETE FROM number");
DB_STATEMENT(end_others, "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                         " WHERE pid <> pg_backend_pid() AND application_name = 'kinora'"
                         " AND datname = current_database()");
DB_STATEMENT(end_oneself, "SELECT pg_terminate_backend(pg_backend_pid())");

static error create(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "CREATE TABLE typed (id UUID PRIMARY KEY, data JSONB, at TIMESTAMP, tags TEXT[]);"
                         "CREATE TABLE number (number BIGINT PRIMARY KEY)");
}

static int open_cluster(void **state)
{
    static struct fixture f;
    *state = &f;
    f.cluster = postgres_cluster_start();
    return !f.cluster || error_is(db_open(&(struct db_options) { postgres_cluster_url(f.cluster) }, &f.pool))
           || error_is(db_write(f.pool, create, NULL)) || error_is(db_connect(f.pool, &f.reader));
}

static int close_cluster(void **state)
{
    struct fixture *f = *state;
    db_disconnect(f->reader);
    db_close(f->pool);
    postgres_cluster_stop(f->cluster);
    return 0;
}

static error clear(struct db *db, void *context)
{
    (void)context;
    return db_run(db, &clear_numbers, DB_NO_ARGS, NULL);
}

static int begin_test(void **state)
{
    return error_is(db_write(((struct fixture *)*state)->pool, clear, NULL));
}

static int64_t count_of(struct fixture *f)
{
    int64_t count = -1;
    assert_ok(db_integer(f->reader, &count_numbers, DB_NO_ARGS, &count, NULL));
    return count;
}

static error write_typed(struct db *db, void *context)
{
    TRY(db_run(db, &add_number, DB_ARGS(db_int(40)), NULL));
    TRY(db_run(db, &add_number, DB_ARGS(db_int(2)), NULL));
    return db_run(db, &add_typed,
        DB_ARGS(db_text(str_of(context)), db_text(STR("{\"a\": 1}")), db_text(STR("2026-01-25 12:00:00.5")),
            db_text(STR("{x,y}"))),
        NULL);
}

static void types_of_its_own_are_texts_here(void **state)
{
    struct fixture *f = *state;
    ARENA_AUTO struct arena *arena = arena_new(10000);
    assert_ok(db_write(f->pool, write_typed, (void *)(uintptr_t)text_id));
    struct typed row;
    bool found = false;
    struct db_args args = DB_ARGS(db_text(str_of(text_id)));
    assert_ok(db_one(f->reader, arena, &typed_by_id, args, &typed_shape, &row, &found));
    assert_true(found);
    assert_string_equal(row.id.data, text_id);
    assert_string_equal(row.data.text.data, "{\"a\": 1}");
    assert_string_equal(row.at.data, "2026-01-25 12:00:00.5");
    assert_string_equal(row.tags.data, "{x,y}");
    assert_int_equal(row.total, 42);
}

static void a_value_that_a_type_does_not_take_is_no_fault_of_ours(void **state)
{
    struct fixture *f = *state;
    assert_error(db_write(f->pool, write_typed, "not-a-uuid"), ERROR_UNPROCESSABLE);
    assert_int_equal(count_of(f), 0);
}

static error swallow(struct db *db, void *context)
{
    (void)context;
    TRY(db_run(db, &add_number, DB_ARGS(db_int(1)), NULL));
    error first = db_run(db, &add_number, DB_ARGS(db_int(1)), NULL);
    ASSERT(first.code == ERROR_CONFLICT);
    error second = db_run(db, &add_number, DB_ARGS(db_int(2)), NULL);
    ASSERT(second.code == ERROR_CONFLICT); // still about the first
    return OK;
}

static void a_change_that_passes_over_a_failure_does_not_count_as_done(void **state)
{
    struct fixture *f = *state;
    error e = db_write(f->pool, swallow, NULL);
    assert_int_equal(e.code, ERROR_CONFLICT);
    assert_string_equal(e.field, "number_pkey");
    assert_int_equal(count_of(f), 0);
}

// Two changes that each look before they write: without serializable transactions both would.
struct skew {
    pthread_barrier_t both_have_looked;
    int runs[2];
    struct db_pool *pool;
};
struct skew_side {
    struct skew *skew;
    int side;
    error result;
};

static error write_if_alone(struct db *db, void *context)
{
    struct skew_side *side = context;
    int64_t count;
    TRY(db_integer(db, &count_numbers, DB_NO_ARGS, &count, NULL));
    if (side->skew->runs[side->side]++ == 0)
        pthread_barrier_wait(&side->skew->both_have_looked);
    return count ? OK : db_run(db, &add_number, DB_ARGS(db_int(side->side + 1)), NULL);
}

static void *run_side(void *context)
{
    struct skew_side *side = context;
    side->result = db_write(side->skew->pool, write_if_alone, side);
    return NULL;
}

static void changes_that_collide_run_again(void **state)
{
    struct fixture *f = *state;
    struct skew skew = { .pool = f->pool };
    pthread_barrier_init(&skew.both_have_looked, NULL, 2);
    struct skew_side sides[2] = { { &skew, 0, OK }, { &skew, 1, OK } };
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_side, &sides[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&skew.both_have_looked);
    assert_int_equal(sides[0].result.code, ERROR_NONE);
    assert_int_equal(sides[1].result.code, ERROR_NONE);
    assert_int_equal(count_of(f), 1);
    assert_true(skew.runs[0] + skew.runs[1] > 2);
}

// Broken connections ------------------------------------------------------------------------------

static error add_one(struct db *db, void *context)
{
    (void)context;
    return db_run(db, &add_number, DB_ARGS(db_int(1)), NULL);
}

static error end_all_others(struct db *db, void *context)
{
    int64_t ended;
    TRY(db_integer(db, &end_others, DB_NO_ARGS, &ended, NULL));
    *(int64_t *)context = ended;
    return OK;
}

static void a_broken_connection_is_made_anew(void **state)
{
    struct fixture *f = *state;
    int64_t ended = 0;
    assert_ok(db_write(f->pool, add_one, NULL));
    assert_int_equal(count_of(f), 1);
    assert_ok(db_write(f->pool, end_all_others, &ended));
    assert_true(ended >= 1);
    assert_int_equal(count_of(f), 1);
    assert_ok(end_all_others(f->reader, &ended));
    assert_true(ended >= 1);
    assert_ok(db_write(f->pool, clear, NULL));
    assert_int_equal(count_of(f), 0);
}

static void a_snapshot_is_lost_with_its_connection(void **state)
{
    struct fixture *f = *state;
    int64_t ended, count;
    assert_ok(db_read_begin(f->reader));
    assert_int_equal(count_of(f), 0);
    assert_ok(db_write(f->pool, end_all_others, &ended));
    assert_error(db_integer(f->reader, &count_numbers, DB_NO_ARGS, &count, NULL), ERROR_UNAVAILABLE);
    db_read_end(f->reader);
    assert_int_equal(count_of(f), 0);
}

struct suicide {
    int runs, deaths;
};

static error add_and_die(struct db *db, void *context)
{
    struct suicide *suicide = context;
    TRY(db_run(db, &add_number, DB_ARGS(db_int(1)), NULL));
    if (suicide->runs++ < suicide->deaths)
        TRY(db_run(db, &end_oneself, DB_NO_ARGS, NULL));
    return OK;
}

static void a_change_is_run_again_once_when_its_connection_breaks(void **state)
{
    struct fixture *f = *state;
    struct suicide once = { .deaths = 1 }, twice = { .deaths = 2 };
    assert_ok(db_write(f->pool, add_and_die, &once));
    assert_int_equal(once.runs, 2);
    assert_int_equal(count_of(f), 1);
    assert_ok(db_write(f->pool, clear, NULL));
    assert_error(db_write(f->pool, add_and_die, &twice), ERROR_UNAVAILABLE);
    assert_int_equal(twice.runs, 2);
    assert_int_equal(count_of(f), 0);
    assert_ok(db_write(f->pool, add_one, NULL));
}

// The pool -----------------------------------------------------------------------------------------

DB_STATEMENT(own_pid, "SELECT pg_backend_pid()");

static error pid_of(struct db *db, void *context)
{
    return db_integer(db, &own_pid, DB_NO_ARGS, context, NULL);
}

static void a_threads_changes_run_on_its_own_connection(void **state)
{
    struct fixture *f = *state;
    struct db *own;
    int64_t reads = 0, writes = 0, others = 0, ended;
    assert_ok(db_connect_thread(f->pool, &own));
    assert_ok(db_write(f->pool, pid_of, &writes)); // before it was ever read
    assert_ok(pid_of(own, &reads));
    assert_int_equal(reads, writes);
    assert_int_not_equal(error_info(add_one(own, NULL).code)->status, 200); // no change outside of one
    assert_ok(db_write(f->pool, add_one, NULL));
    assert_int_equal(count_of(f), 1);
    assert_ok(db_read_begin(own)); // it is busy: the change must not end up in the snapshot
    assert_ok(pid_of(own, &reads));
    assert_ok(db_write(f->pool, pid_of, &others));
    assert_int_not_equal(reads, others);
    db_read_end(own);
    assert_ok(end_all_others(f->reader, &ended));
    assert_ok(db_write(f->pool, clear, NULL)); // made anew
    assert_ok(pid_of(own, &reads));
    assert_int_not_equal(reads, writes);
    db_disconnect(own);
    assert_ok(db_write(f->pool, pid_of, &others));
    assert_int_not_equal(reads, others);
}

// The cluster -------------------------------------------------------------------------------------

static void a_cluster_is_removed_when_its_test_is_killed(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        unsetenv("KINORA_TEST_POSTGRES");
        struct postgres_cluster *cluster = postgres_cluster_start();
        const char *url = cluster ? postgres_cluster_url(cluster) : "";
        if (write(ends[1], url, strlen(url) + 1) > 0)
            raise(SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    char url[256] = "";
    assert_true(read(ends[0], url, sizeof url) > 1);
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    const char *folder = strstr(url, "/tmp/");
    assert_non_null(folder);
    for (int i = 0; i < 200 && !access(folder, F_OK); i++)
        nanosleep(&(struct timespec) { .tv_nsec = 50000000 }, NULL);
    assert_int_equal(access(folder, F_OK), -1);
}

#define ON(test) cmocka_unit_test_setup(test, begin_test)

// Another program on the same database, as far as the driver can tell.
static void count_call(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static bool is_called_again(atomic_int *calls, int before)
{
    for (int i = 0; i < 300 && atomic_load(calls) == before; i++)
        nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
    return atomic_load(calls) > before;
}

static error add_million(struct db *db, void *context)
{
    return db_run(db, &add_number, DB_ARGS(db_int(*(int64_t *)context)), NULL);
}

static void another_program_hears_of_a_commit_also_after_its_connection_broke(void **state)
{
    struct fixture *f = *state;
    struct db_pool *other;
    atomic_int calls = 0, own_calls = 0;
    int64_t number = 1000001, ended;
    assert_ok(db_open(&(struct db_options) { postgres_cluster_url(f->cluster) }, &other));
    db_on_commit(other, count_call, &calls);
    db_on_commit(f->pool, count_call, &own_calls);
    for (int i = 0; i < 100 && atomic_load(&calls) == 0; i++) { // until it listens
        assert_ok(db_write(f->pool, add_million, &number));
        number++;
        nanosleep(&(struct timespec) { .tv_nsec = 100000000 }, NULL);
    }
    for (int i = 0; i < 3; i++, number++) {
        int before = atomic_load(&calls);
        assert_ok(db_write(f->pool, add_million, &number));
        assert_true(is_called_again(&calls, before));
    }
    int before = atomic_load(&calls);
    assert_ok(db_integer(f->reader, &end_others, DB_NO_ARGS, &ended, NULL));
    assert_true(ended >= 2);
    assert_true(is_called_again(&calls, before)); // it listens again, and has looked for what it missed
    before = atomic_load(&calls);
    assert_ok(db_write(f->pool, add_million, &number));
    assert_true(is_called_again(&calls, before));
    db_on_commit(other, NULL, NULL);
    db_on_commit(f->pool, NULL, NULL);
    db_close(other);
}

struct heard {
    pthread_mutex_t lock;
    char last[64];
    int count;
};

static void hear(void *context, str text)
{
    struct heard *heard = context;
    pthread_mutex_lock(&heard->lock);
    snprintf(heard->last, sizeof heard->last, "%.*s", STR_ARGS(text));
    heard->count++;
    pthread_mutex_unlock(&heard->lock);
}

static bool has_heard(struct heard *heard, const char *text)
{
    bool so = false;
    for (int i = 0; i < 300 && !so; i++) {
        nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
        pthread_mutex_lock(&heard->lock);
        so = !strcmp(heard->last, text);
        pthread_mutex_unlock(&heard->lock);
    }
    return so;
}

static void ignore(void *context)
{
    (void)context;
}

static void words_reach_the_other_programs_only_the_newest_of_each_key(void **state)
{
    struct fixture *f = *state;
    struct db_pool *other;
    struct heard own = { .lock = PTHREAD_MUTEX_INITIALIZER }, theirs = { .lock = PTHREAD_MUTEX_INITIALIZER };
    assert_ok(db_open(&(struct db_options) { postgres_cluster_url(f->cluster) }, &other));
    db_tell(f->pool, STR("key"), STR("nobody hears this"));
    db_on_commit(other, ignore, NULL);
    db_on_commit(f->pool, ignore, NULL);
    db_on_told(other, hear, &theirs);
    db_on_told(f->pool, hear, &own);
    for (int i = 0; i < 20 && !has_heard(&theirs, "hello"); i++) // until both listen
        db_tell(f->pool, STR("key"), STR("hello"));
    theirs.count = 0;
    char text[16];
    for (int i = 0; i <= 100; i++) {
        int size = snprintf(text, sizeof text, "{\"n\":%d}", i);
        db_tell(f->pool, STR("key"), (str) { text, (size_t)size });
    }
    db_tell(f->pool, STR("key"), STR("two\nlines")); // not told
    assert_true(has_heard(&theirs, "{\"n\":100}"));
    assert_in_range(theirs.count, 1, 20);
    db_tell(f->pool, STR("other key"), STR("last"));
    assert_true(has_heard(&theirs, "last"));
    assert_int_equal(own.count, 0);
    db_on_told(other, NULL, NULL);
    db_on_told(f->pool, NULL, NULL);
    db_on_commit(other, NULL, NULL);
    db_on_commit(f->pool, NULL, NULL);
    db_close(other);
}

// The gate ----------------------------------------------------------------------------------------

struct slow {
    struct db_pool *pool;
    pthread_barrier_t begun;
    atomic_bool may_end, ended;
    error result;
};

static error write_slowly(struct db *db, void *context)
{
    struct slow *slow = context;
    pthread_barrier_wait(&slow->begun);
    while (!atomic_load(&slow->may_end))
        nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
    return add_one(db, NULL);
}

static void *run_slowly(void *context)
{
    struct slow *slow = context;
    slow->result = db_write_loose(slow->pool, write_slowly, slow);
    return NULL;
}

static void *shut(void *context)
{
    struct slow *slow = context;
    struct db *gate;
    slow->result = db_shut_others(slow->pool, &gate);
    atomic_store(&slow->ended, true);
    return error_is(slow->result) ? NULL : gate;
}

static void who_shuts_the_database_waits_for_changes_and_then_changes_it_alone(void **state)
{
    struct fixture *f = *state;
    struct db_pool *other;
    struct slow slow = { 0 }, shutting = { .pool = f->pool };
    pthread_t writer, shutter;
    void *gate;
    assert_ok(db_open(&(struct db_options) { postgres_cluster_url(f->cluster) }, &other));
    slow.pool = other;
    pthread_barrier_init(&slow.begun, NULL, 2);
    assert_int_equal(pthread_create(&writer, NULL, run_slowly, &slow), 0);
    pthread_barrier_wait(&slow.begun);
    assert_int_equal(pthread_create(&shutter, NULL, shut, &shutting), 0);
    // Those that come while it waits are refused already, or it might wait for ever.
    error refused = OK;
    for (int i = 0; i < 1000 && !error_is(refused); i++)
        refused = db_write(other, clear, NULL);
    assert_int_equal(refused.code, ERROR_DATABASE_BUSY);
    assert_false(atomic_load(&shutting.ended));
    atomic_store(&slow.may_end, true);
    pthread_join(writer, NULL);
    pthread_join(shutter, &gate);
    pthread_barrier_destroy(&slow.begun);
    assert_int_equal(slow.result.code, ERROR_NONE);
    assert_int_equal(shutting.result.code, ERROR_NONE);
    assert_int_equal(count_of(f), 1);
    assert_error(db_write(other, clear, NULL), ERROR_DATABASE_BUSY);
    assert_error(db_write_loose(other, clear, NULL), ERROR_DATABASE_BUSY);
    assert_ok(db_write(f->pool, clear, NULL));
    assert_int_equal(count_of(f), 0);
    db_let_others(f->pool, gate);
    assert_ok(db_write(other, add_one, NULL));
    db_close(other);
}

static void a_program_that_dies_leaves_nothing_shut(void **state)
{
    struct fixture *f = *state;
    struct db *gate;
    pid_t child = fork();
    if (child == 0) {
        struct db_pool *own;
        if (!error_is(db_open(&(struct db_options) { postgres_cluster_url(f->cluster) }, &own))
            && !error_is(db_shut_others(own, &gate)))
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    error result = error_of(ERROR_DATABASE_BUSY);
    for (int i = 0; i < 500 && result.code == ERROR_DATABASE_BUSY; i++) {
        result = db_write(f->pool, add_one, NULL);
        nanosleep(&(struct timespec) { .tv_nsec = 10000000 }, NULL);
    }
    assert_int_equal(result.code, ERROR_NONE);
}

int main(void)
{
    if (!postgres_cluster_possible()) {
        print_message("Skipped: PostgreSQL's server is not installed\n");
        return 77; // Meson's word for a skipped test
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_program_hears_of_a_commit_also_after_its_connection_broke),
        cmocka_unit_test(words_reach_the_other_programs_only_the_newest_of_each_key),
        cmocka_unit_test(a_cluster_is_removed_when_its_test_is_killed),
        ON(types_of_its_own_are_texts_here),
        ON(a_value_that_a_type_does_not_take_is_no_fault_of_ours),
        ON(a_change_that_passes_over_a_failure_does_not_count_as_done),
        ON(changes_that_collide_run_again),
        ON(a_broken_connection_is_made_anew),
        ON(a_snapshot_is_lost_with_its_connection),
        ON(a_change_is_run_again_once_when_its_connection_breaks),
        ON(a_threads_changes_run_on_its_own_connection),
        ON(who_shuts_the_database_waits_for_changes_and_then_changes_it_alone),
        ON(a_program_that_dies_leaves_nothing_shut),
    };
    return cmocka_run_group_tests(tests, open_cluster, close_cluster);
}
