// SPDX-License-Identifier: GPL-3.0-or-later
// The database interface alone: db_bench URL reads|writes THREADS SECONDS. On a new database it makes its table first.
// Prints {"rate"} a second: rows read by their key, or changes of one row each that are on disk when they return.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"

enum { ROWS = 100000, THREADS_MAX = 256 };

struct row {
    int64_t number;
    str text;
};
static const struct field row_fields[] = { FIELD(struct row, number), FIELD(struct row, text) };
static const struct shape row_shape = SHAPE("Row", struct row, row_fields);

DB_STATEMENT(bench_read, "SELECT number, text FROM bench WHERE number = $1");
DB_STATEMENT(bench_write, "UPDATE bench SET changes = changes + 1 WHERE number = $1");

struct bench {
    struct db_pool *pool;
    bool writes;
    atomic_bool stop;
    atomic_llong done;
};
struct worker {
    struct bench *bench;
    pthread_t thread;
    unsigned seed;
};

static void check(error result)
{
    if (!error_is(result))
        return;
    fprintf(stderr, "db_bench: %s: %s\n", error_info(result.code)->name, result.message);
    exit(1);
}

#define ROWS_OF(numbers)                                                                                               \
    "CREATE TABLE IF NOT EXISTS bench (number BIGINT PRIMARY KEY, text TEXT NOT NULL, changes BIGINT NOT NULL);"       \
    "INSERT INTO bench SELECT n, 'a text as long as a title is', 0 FROM " numbers " ON CONFLICT DO NOTHING"

static error fill(struct db *db, void *context)
{
    const struct bench *bench = context;
    return db_script(
        db, db_pool_kind(bench->pool) == DB_SQLITE
                ? ROWS_OF("(WITH RECURSIVE added(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM added WHERE n < 100000) "
                          "SELECT n FROM added) WHERE true")
                : ROWS_OF("generate_series(1, 100000) AS added(n)"));
}

static error change(struct db *db, void *context)
{
    return db_run(db, &bench_write, DB_ARGS(db_int(*(int64_t *)context)), NULL);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct bench *bench = worker->bench;
    struct arena *arena = arena_new(64 << 10);
    struct db *db;
    check(db_connect_thread(bench->pool, &db));
    while (!atomic_load(&bench->stop)) {
        int64_t number = 1 + rand_r(&worker->seed) % ROWS;
        struct row row;
        bool found = true;
        if (bench->writes)
            check(db_write(bench->pool, change, &number));
        else
            check(db_one(db, arena, &bench_read, DB_ARGS(db_int(number)), &row_shape, &row, &found));
        ASSERT(found);
        arena_reset(arena);
        atomic_fetch_add(&bench->done, 1);
    }
    db_disconnect(db);
    arena_free(arena);
    return NULL;
}

int main(int count, char **words)
{
    struct bench bench = { 0 };
    struct worker workers[THREADS_MAX];
    int threads = count == 5 ? atoi(words[3]) : 0;
    if (threads < 1 || threads > THREADS_MAX) {
        fprintf(stderr, "db_bench URL reads|writes THREADS SECONDS\n");
        return 2;
    }
    bench.writes = !strcmp(words[2], "writes");
    log_open(true, LOG_ERROR);
    check(db_open(&(struct db_options) { words[1] }, &bench.pool));
    check(db_write(bench.pool, fill, &bench));
    int64_t from = clock_mono_us();
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker) { .bench = &bench, .seed = (unsigned)i };
        ASSERT(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
    }
    nanosleep(&(struct timespec) { .tv_sec = atoi(words[4]) }, NULL);
    atomic_store(&bench.stop, true);
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
    printf("{\"rate\": %.1f}\n", (double)atomic_load(&bench.done) * SECOND_US / (double)(clock_mono_us() - from));
    db_close(bench.pool);
    return 0;
}
