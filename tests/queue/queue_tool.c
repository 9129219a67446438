// SPDX-License-Identifier: GPL-3.0-or-later
// The queue alone, for its tests and its benchmark: simple jobs, by the runner of the product, on the database that is
// named. Each prints one line of JSON.
//
//   queue_tool URL FOLDER fill KIND COUNT              adds jobs (to a new database: its tables first)
//   queue_tool URL FOLDER bulk KIND COUNT STATE        the same rows by one statement: many pending or completed ones
//   queue_tool URL FOLDER drain KIND SLOTS COUNT       runs until COUNT have ended: {"jobs", "seconds"}
//   queue_tool URL FOLDER latency COUNT                idle queue, one job now and then: {"p50_ms", "p99_ms"}
//   queue_tool URL FOLDER work SLOTS                   runs until it is killed
//
// Kinds: none (claimed and completed one by one), batch (many in one change), child (a fresh sandboxed child answers);
// effect and split (four parts) leave a row in the table `effect` in the change that completes them, batch does so
// where that table exists.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypt/crypt.h"
#include "domain/schema.h"
#include "domain/user.h"
#include "work/job_kind.h"
#include "work/runner.h"

enum { CHANGE_JOBS = 1000 };

struct bench {
    struct db_pool *pool;
    struct arena *arena;
    struct actor actor;
    const char *kind;
    int count;
    bool effects;
    atomic_int done;
    int64_t begun_us; // clock_mono_us, before the runner starts
    _Atomic int64_t started_us;
    struct keyring *keyring;
    struct blob_store *blobs;
    struct runner *runner;
};
static struct bench bench; // the kinds' functions can be given nothing

static void check(error result)
{
    if (!error_is(result))
        return;
    fprintf(stderr, "queue_tool: %s: %s\n", error_info(result.code)->name, result.message);
    exit(1);
}

// Kinds

static error none_start(struct run *run)
{
    atomic_store(&bench.started_us, clock_mono_us());
    TRY(run_complete(run, NULL, NULL, NULL));
    atomic_fetch_add(&bench.done, 1);
    return OK;
}

static error child_start(struct run *run)
{
    json_t *answer;
    struct child_call call = { .op = "tts.voices", .params = run->params };
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &answer));
    TRY(run_complete(run, NULL, NULL, NULL));
    atomic_fetch_add(&bench.done, 1);
    return OK;
}

DB_STATEMENT(test_effect, "INSERT INTO effect (job) VALUES ($1)");

static error effect_commit(struct scope *scope, const struct run *run, void *context)
{
    (void)context;
    return db_run(scope->db, &test_effect, DB_ARGS(db_int(run->job.number)), NULL);
}

static error effect_start(struct run *run)
{
    usleep(2000);
    return run_complete(run, NULL, effect_commit, NULL);
}

static error split_start(struct run *run)
{
    json_t *parts[4];
    for (int i = 0; i < 4; i++)
        parts[i] = json_keep(run->scope.arena, json_pack("{s:i}", "n", i));
    return run_fan_out(run, parts, 4, NULL);
}

static error split_part(struct run *run)
{
    usleep(1000);
    return run_complete(run, run->params, NULL, NULL);
}

static error split_join(struct run *run)
{
    const json_t **results;
    size_t count;
    TRY(run_results(run, &results, &count));
    for (size_t i = 0; i < 4; i++)
        if (count != 4 || json_get_int(results[i], "n", -1) != (int64_t)i)
            return error_make(ERROR_VALIDATION_ERROR, NULL, "A part is missing");
    return run_complete(run, NULL, effect_commit, NULL);
}

static error batch_all(struct scope *scope, const struct job *jobs, size_t count)
{
    for (size_t i = 0; bench.effects && i < count; i++)
        TRY(db_run(scope->db, &test_effect, DB_ARGS(db_int(jobs[i].number)), NULL));
    atomic_fetch_add(&bench.done, (int)count); // counted before the commit: nothing fails here
    return OK;
}

static const struct job_kind none_kind = { .name = "none", .start = none_start };
static const struct job_kind child_kind = { .name = "child", .start = child_start };
static const struct job_kind batch_kind = { .name = "batch", .batch = batch_all };
static const struct job_kind effect_kind = { .name = "effect", .start = effect_start };
static const struct job_kind split_kind = { "split", split_start, split_part, split_join, NULL, 0 };
static const struct job_kind *const kinds[] = { &none_kind, &child_kind, &batch_kind, &effect_kind, &split_kind, NULL };

// Filling

static error user_change(struct db *db, void *context)
{
    (void)context;
    struct scope scope = { .arena = bench.arena, .db = db };
    struct user user;
    bool found;
    struct user_change change = {
        .username = STR("bench"), .email = STR("bench@example.org"), .password_hash = STR("-")
    };
    TRY(user_by_login(&scope, STR("bench"), &user, &found));
    if (!found)
        TRY(user_create(&scope, &change, true, &user));
    bench.actor = (struct actor) { .user_id = user.id, .number = user.number, .plan = user.plan };
    return OK;
}

static error effect_table(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "CREATE TABLE IF NOT EXISTS effect (job BIGINT NOT NULL)");
}

static error fill_change(struct db *db, void *context)
{
    const int *count = context;
    ARENA_AUTO struct arena *arena = arena_new(256 << 20);
    struct scope scope = { .arena = arena, .db = db, .actor = bench.actor };
    struct job job;
    json_t *params = json_keep(arena, json_object());
    for (int i = 0; i < *count; i++) {
        struct job_new new = { .kind = bench.kind, .params = params };
        TRY(job_add(&scope, &new, &job));
    }
    return OK;
}

static void fill(void)
{
    check(db_write(bench.pool, effect_table, NULL));
    for (int left = bench.count; left > 0; left -= CHANGE_JOBS) {
        int count = left < CHANGE_JOBS ? left : CHANGE_JOBS;
        check(db_write(bench.pool, fill_change, &count));
    }
    printf("{\"jobs\": %d}\n", bench.count);
}

#define BULK(id, numbers)                                                                                              \
    "INSERT INTO job (id, kind, user_id, part, stage, state, priority, params, progress, parts_total, attempts,"       \
    " retry_count, run_after, fence, trace_id, created_at, started_at, finished_at) SELECT " id                        \
    ", $1, $2, 0, 'start', $3, 0,"                                                                                     \
    " '{}', 0, 0, 0, 0, now_us(), 0, '', now_us(), CASE WHEN $3 = 'completed' THEN now_us() END,"                      \
    " CASE WHEN $3 = 'completed' THEN now_us() END FROM " numbers
DB_STATEMENT2(bulk_add,
    "WITH RECURSIVE added(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM added WHERE n < $4) " BULK(
        "printf('00000000-0000-7000-8000-%012x', n + (SELECT count(*) FROM job))", "added"),
    BULK("CAST(lpad(to_hex(n + (SELECT count(*) FROM job)), 32, '0') AS UUID)", "generate_series(1, $4) AS added(n)"));

static error bulk_change(struct db *db, void *state)
{
    return db_run(db, &bulk_add,
        DB_ARGS(db_text(str_of(bench.kind)), db_text(bench.actor.user_id), db_text(str_of(state)), db_int(bench.count)),
        NULL);
}

static error analyze(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "ANALYZE job"); // as autovacuum does in its time
}

static void bulk(char *state)
{
    check(db_write(bench.pool, bulk_change, state));
    check(db_write(bench.pool, analyze, NULL));
    printf("{\"jobs\": %d}\n", bench.count);
}

// Running

static void committed(void *context)
{
    runner_wake(context);
}

static void start_runner(const char *folder, int slots, struct zygote **ret_plain)
{
    const char *engine = getenv("KINORA_ENGINE");
    check(keyring_open(folder, NULL, &bench.keyring));
    check(blob_store_open(folder, bench.keyring, &bench.blobs));
    check(zygote_start(engine ? engine : "build/kinora-engine", ZYGOTE_PLAIN, ret_plain));
    struct runner_options options = { .db = bench.pool,
        .blobs = bench.blobs,
        .plain = *ret_plain,
        .scratch_directory = folder,
        .slots = slots,
        .alone = db_pool_kind(bench.pool) == DB_SQLITE,
        .kinds = kinds };
    bench.begun_us = clock_mono_us();
    check(runner_start(&options, &bench.runner));
    db_on_commit(bench.pool, committed, bench.runner);
}

static void stop_runner(struct zygote *plain)
{
    db_on_commit(bench.pool, NULL, NULL);
    runner_stop(bench.runner);
    zygote_stop(plain);
    blob_store_close(bench.blobs);
    keyring_close(bench.keyring);
}

static void drain(const char *folder, int slots)
{
    struct zygote *plain;
    start_runner(folder, slots, &plain);
    while (atomic_load(&bench.done) < bench.count)
        usleep(1000);
    int done = atomic_load(&bench.done);
    double seconds = (double)(clock_mono_us() - bench.begun_us) / 1e6;
    stop_runner(plain);
    printf("{\"jobs\": %d, \"seconds\": %.4f}\n", done, seconds);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void latency(const char *folder)
{
    struct zygote *plain;
    int one = 1;
    int64_t *waits = calloc((size_t)bench.count, sizeof *waits);
    ASSERT(waits);
    bench.kind = "none";
    start_runner(folder, 2, &plain);
    for (int i = 0; i < bench.count; i++) {
        usleep(10000 + (unsigned)rand() % 20000);
        int done = atomic_load(&bench.done);
        int64_t before = clock_mono_us();
        check(db_write(bench.pool, fill_change, &one));
        while (atomic_load(&bench.done) == done)
            usleep(50);
        waits[i] = atomic_load(&bench.started_us) - before;
    }
    stop_runner(plain);
    qsort(waits, (size_t)bench.count, sizeof *waits, by_size);
    printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", (double)waits[bench.count / 2] / 1e3,
        (double)waits[bench.count * 99 / 100] / 1e3);
    free(waits);
}

static void work(const char *folder, int slots)
{
    struct zygote *plain;
    bench.effects = true;
    start_runner(folder, slots, &plain);
    for (;;)
        pause();
}

int main(int count, char **words)
{
    if (count < 5) {
        fprintf(stderr, "queue_tool URL FOLDER fill|drain|latency|work ...\n");
        return 2;
    }
    const char *what = words[3];
    int from, to;
    log_open(true, LOG_ERROR);
    check(crypt_init());
    bench.arena = arena_new(16 << 20);
    check(db_open(&(struct db_options) { words[1] }, &bench.pool));
    check(db_migrate(bench.pool, schema_migrations, schema_migration_count, &from, &to));
    check(db_write(bench.pool, user_change, NULL));
    bench.kind = words[4];
    if (!strcmp(what, "fill") && count == 6) {
        bench.count = atoi(words[5]);
        fill();
    } else if (!strcmp(what, "bulk") && count == 7) {
        bench.count = atoi(words[5]);
        bulk(words[6]);
    } else if (!strcmp(what, "drain") && count == 7) {
        bench.count = atoi(words[6]);
        drain(words[2], atoi(words[5]));
    } else if (!strcmp(what, "work")) {
        work(words[2], atoi(words[4]));
    } else if (!strcmp(what, "latency")) {
        bench.count = atoi(words[4]);
        latency(words[2]);
    }
    db_close(bench.pool);
    arena_free(bench.arena);
    return 0;
}
