// SPDX-License-Identifier: GPL-3.0-or-later
// Following events, and attempts that are counted, on both databases.
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "both_databases.h"
#include "domain/attempt.h"
#include "domain/event.h"

// An event in a change that goes step by step, from another thread.
struct slow {
    sem_t begin, begun, add, added, end; // begun: it has a number among the changes, not yet an event
    bool fails;
    error result;
};

static error add(struct db *db, const char *kind)
{
    struct scope scope = library.scope;
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    scope.arena = arena;
    scope.db = db;
    return event_add(&scope, &(struct event_new) { .kind = kind, .payload = json_keep(arena, json_object()) });
}

DB_STATEMENT2(test_take_xid, "SELECT 1", "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)");

static error slow_change(struct db *db, void *context)
{
    struct slow *slow = context;
    int64_t xid;
    sem_wait(&slow->begin);
    TRY(db_integer(db, &test_take_xid, DB_NO_ARGS, &xid, NULL));
    sem_post(&slow->begun);
    sem_wait(&slow->add);
    TRY(add(db, "slow"));
    sem_post(&slow->added);
    sem_wait(&slow->end);
    return slow->fails ? error_of(ERROR_CANCELLED) : OK;
}

static void *slow_thread(void *context)
{
    struct slow *slow = context;
    slow->result = db_write_loose(library.pool, slow_change, slow);
    return NULL;
}

static pthread_t slow_start(struct slow *slow)
{
    pthread_t thread;
    sem_t *all[] = { &slow->begin, &slow->begun, &slow->add, &slow->added, &slow->end };
    for (size_t i = 0; i < 5; i++)
        sem_init(all[i], 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, slow_thread, slow), 0);
    sem_post(&slow->begin);
    sem_wait(&slow->begun);
    return thread;
}

static error quick_change(struct db *db, void *context)
{
    return add(db, context);
}

static struct event_place newest(void)
{
    struct event_place place = { 0 };
    assert_ok(event_newest(&library.scope, &place.at));
    return place;
}

// Kinds of what a follower is given, "," behind each.
static void assert_follows(struct event_place *place, const char *kinds, bool waits)
{
    struct list events;
    bool now_waits;
    char told[256] = "";
    assert_ok(event_follow(&library.scope, place, 100, &events, &now_waits));
    for (size_t i = 0; i < events.count; i++) {
        const struct event *event = &((struct event *)events.items)[i];
        strncat(told, event->kind.data, event->kind.size);
        strcat(told, ",");
        assert_true(event->number > place->at);
        place->at = event->number;
    }
    assert_string_equal(told, kinds);
    assert_int_equal(now_waits, waits);
}

static void a_follower_gets_each_event_once_and_in_order(void **state)
{
    (void)state;
    struct event_place place = newest();
    assert_follows(&place, "", false);
    assert_ok(db_write(library.pool, quick_change, (void *)"one"));
    assert_ok(db_write(library.pool, quick_change, (void *)"two"));
    assert_follows(&place, "one,two,", false);
    assert_follows(&place, "", false);
}

// A change with an earlier event that commits after a later one, whichever of both began first.
static void late(bool slow_is_first, bool fails)
{
    if (!library_cluster) // one writer: changes do not overlap
        return;
    struct event_place place = newest();
    struct slow slow = { .fails = fails }, other = { 0 };
    pthread_t first = slow_start(slow_is_first ? &slow : &other), second = slow_start(slow_is_first ? &other : &slow);
    sem_post(&slow.add);
    sem_wait(&slow.added);
    sem_post(&other.add);
    sem_wait(&other.added);
    sem_post(&other.end);
    pthread_join(slow_is_first ? second : first, NULL);
    assert_ok(other.result);
    assert_follows(&place, "", true);
    assert_ok(db_write(library.pool, quick_change, (void *)"quick"));
    assert_follows(&place, "", true);
    sem_post(&slow.end);
    pthread_join(slow_is_first ? first : second, NULL);
    assert_follows(&place, fails ? "slow,quick," : "slow,slow,quick,", false);
    assert_follows(&place, "", false);
}

static void an_event_that_commits_late_is_waited_for(void **state)
{
    (void)state;
    late(true, false);
    late(false, false);
}

static void an_event_that_never_comes_is_not_waited_for(void **state)
{
    (void)state;
    late(true, true);
    late(false, true);
}

static const struct attempt_limit slowly = { 5, 0.001 };

static void attempts_run_out_and_come_back(void **state)
{
    (void)state;
    bool left, taken;
    int64_t wait;
    const struct attempt_limit quickly = { 3, 20 };
    for (int i = 0; i < 5; i++) {
        assert_ok(attempt_look(&library.scope, STR("ann"), slowly, &left, &wait));
        assert_true(left);
        assert_ok(attempt_take(&library.scope, library.pool, STR("ann"), slowly, &taken, &wait));
        assert_true(taken);
    }
    assert_ok(attempt_look(&library.scope, STR("ann"), slowly, &left, &wait));
    assert_false(left);
    assert_in_range(wait, 900, 1000);
    assert_ok(attempt_take(&library.scope, library.pool, STR("ann"), slowly, &taken, &wait));
    assert_false(taken);
    assert_in_range(wait, 900, 1000);
    assert_ok(attempt_take(&library.scope, library.pool, STR("bob"), slowly, &taken, &wait));
    assert_true(taken);
    for (int i = 0; i < 3; i++)
        assert_ok(attempt_take(&library.scope, library.pool, STR("eve"), quickly, &taken, &wait));
    usleep(200000);
    assert_ok(attempt_take(&library.scope, library.pool, STR("eve"), quickly, &taken, &wait));
    assert_true(taken);
}

static atomic_int taken_count;

static void *take_three(void *context)
{
    (void)context;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct scope scope = { .arena = arena };
    bool taken;
    int64_t wait;
    for (int i = 0; i < 3; i++) {
        error result = attempt_take(&scope, library.pool, STR("all at once"), slowly, &taken, &wait);
        if (error_is(result))
            atomic_fetch_add(&taken_count, 1000);
        else
            atomic_fetch_add(&taken_count, taken);
    }
    return NULL;
}

static void many_at_the_same_time_take_no_more_than_are_left(void **state)
{
    (void)state;
    pthread_t threads[6];
    atomic_store(&taken_count, 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_three, NULL), 0);
    for (size_t i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&taken_count), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_follower_gets_each_event_once_and_in_order),
        cmocka_unit_test(an_event_that_commits_late_is_waited_for),
        cmocka_unit_test(an_event_that_never_comes_is_not_waited_for),
        cmocka_unit_test(attempts_run_out_and_come_back),
        cmocka_unit_test(many_at_the_same_time_take_no_more_than_are_left),
    };
    return RUN_ON_BOTH_DATABASES("events", tests);
}
