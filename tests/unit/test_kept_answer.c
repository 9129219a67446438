// SPDX-License-Identifier: GPL-3.0-or-later
// Answers of POSTs that may be sent again, on both databases.
#include <pthread.h>

#include "both_databases.h"
#include "domain/kept_answer.h"

static const struct kept_answer sample = { { "k", 1 }, { "digest", 6 }, 201, { "a\0b", 3 } };

DB_STATEMENT(test_age_answers, "UPDATE kept_answer SET created_at = created_at - 86400000000");
DB_STATEMENT(test_count_answers, "SELECT count(*) FROM kept_answer");
DB_STATEMENT(test_forget_answers, "DELETE FROM kept_answer");

static error keep(struct db *db, void *context)
{
    struct scope scope = library.scope;
    scope.db = db;
    return kept_answer_add(&scope, context);
}

static error run_statement(struct db *db, void *context)
{
    return db_run(db, context, DB_NO_ARGS, NULL);
}

static int64_t count(void)
{
    int64_t number;
    assert_ok(db_integer(library.scope.db, &test_count_answers, DB_NO_ARGS, &number, NULL));
    return number;
}

static bool find(struct scope scope, const char *key, struct kept_answer *ret_kept)
{
    bool found;
    assert_ok(kept_answer_get(&scope, str_of(key), ret_kept, &found));
    return found;
}

static void an_answer_is_found_by_its_user_and_key(void **state)
{
    (void)state;
    struct kept_answer kept;
    assert_false(find(library.scope, "k", &kept));
    assert_ok(db_write(library.pool, keep, (void *)&sample));
    assert_true(find(library.scope, "k", &kept));
    assert_int_equal(kept.status, 201);
    assert_true(str_equal(kept.answer, sample.answer) && str_equal(kept.request, sample.request));
    assert_false(find(library.scope, "K", &kept));
    struct scope other = library.scope;
    other.actor.user_id = STR("0190f3c2-7b1e-7c3a-9f00-00000000000a");
    assert_false(find(other, "k", &kept));
    assert_error(db_write(library.pool, keep, (void *)&sample), ERROR_CONFLICT);
}

static void after_a_day_an_answer_is_gone_and_its_key_free(void **state)
{
    (void)state;
    struct kept_answer kept, other = sample;
    other.key = STR("l");
    assert_ok(db_write(library.pool, keep, (void *)&sample));
    assert_ok(db_write(library.pool, run_statement, (void *)&test_age_answers));
    assert_false(find(library.scope, "k", &kept));
    assert_ok(db_write(library.pool, keep, &other));
    assert_int_equal(count(), 1);
    assert_ok(db_write(library.pool, keep, (void *)&sample));
    assert_int_equal(count(), 2);
}

enum { RACERS = 4, ROUNDS = 25 };
struct racer {
    pthread_t thread;
    int kept, refused;
};

// As a route does: look, do the work, keep; in one change.
static error look_and_keep(struct db *db, void *context)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct scope scope = library.scope;
    struct kept_answer kept;
    bool found;
    scope.db = db;
    scope.arena = arena;
    TRY(kept_answer_get(&scope, ((struct kept_answer *)context)->key, &kept, &found));
    return found ? error_of(ERROR_FILE_EXISTS) : kept_answer_add(&scope, context);
}

static void *race(void *context)
{
    struct racer *racer = context;
    for (int i = 0; i < ROUNDS; i++) {
        char key[16];
        snprintf(key, sizeof key, "round %d", i);
        struct kept_answer mine = sample;
        mine.key = str_of(key);
        error result = db_write(library.pool, look_and_keep, &mine);
        racer->kept += !error_is(result);
        racer->refused += result.code == ERROR_FILE_EXISTS || result.code == ERROR_CONFLICT;
    }
    return NULL;
}

static void of_racing_changes_with_one_key_one_is_made(void **state)
{
    (void)state;
    struct racer racers[RACERS] = { 0 };
    int kept = 0, refused = 0;
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        kept += racers[i].kept;
        refused += racers[i].refused;
    }
    assert_int_equal(kept, ROUNDS);
    assert_int_equal(refused, ROUNDS * (RACERS - 1));
}

static int forget(void **state)
{
    (void)state;
    assert_ok(db_write(library.pool, run_statement, (void *)&test_forget_answers));
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_is_found_by_its_user_and_key),
        TEST(after_a_day_an_answer_is_gone_and_its_key_free),
        TEST(of_racing_changes_with_one_key_one_is_made),
    };
    return RUN_ON_BOTH_DATABASES("kept answers", tests);
}
