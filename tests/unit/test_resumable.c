// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads under way and quotas, on both databases.
#include <pthread.h>

#include "base/id.h"
#include "base/settings.h"
#include "both_databases.h"
#include "domain/quota.h"
#include "domain/resumable.h"
#include "work/sweep.h"

DB_STATEMENT(test_count_parts, "SELECT count(*) FROM upload_part");
DB_STATEMENT(test_count_blobs, "SELECT count(*) FROM blob");
DB_STATEMENT(test_expire_all, "UPDATE upload SET expires_at = 1");
DB_STATEMENT(test_forget_uploads, "DELETE FROM upload");
DB_STATEMENT(test_forget_blobs, "DELETE FROM blob");
DB_STATEMENT(test_forget_quota, "UPDATE users SET quota_bytes = NULL");
DB_STATEMENT(test_age_all_blobs, "UPDATE blob SET created_at = 1");

struct step {
    error (*run)(struct scope *scope, struct step *step);
    struct resumable upload;
    struct blob_info part;
    int64_t number;
};

static error change(struct db *db, void *context)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct step *step = context;
    struct scope scope = library.scope;
    scope.db = db;
    scope.arena = arena;
    return step->run(&scope, step);
}

static error write_step(struct step step)
{
    return db_write(library.pool, change, &step);
}

static error add(struct scope *scope, struct step *step)
{
    return resumable_add(scope, &step->upload);
}

static error append(struct scope *scope, struct step *step)
{
    return resumable_append(scope, &step->upload, &step->part);
}

static error finish(struct scope *scope, struct step *step)
{
    return resumable_finish(scope, &step->upload);
}

static error drop(struct scope *scope, struct step *step)
{
    return resumable_remove(scope, step->upload.id);
}

static error limit(struct scope *scope, struct step *step)
{
    return quota_set(scope, scope->actor.user_id, step->number);
}

static error run_statement(struct db *db, void *context)
{
    return db_run(db, context, DB_NO_ARGS, NULL);
}

static int64_t count(const struct db_statement *statement)
{
    int64_t number;
    assert_ok(db_integer(library.scope.db, statement, DB_NO_ARGS, &number, NULL));
    return number;
}

static struct resumable begin(int64_t length)
{
    struct resumable upload = { .id = id_new(library.arena), .metadata = STR(""), .length_bytes = length };
    assert_ok(write_step((struct step) { add, upload }));
    assert_ok(resumable_get(&library.scope, upload.id, &upload));
    return upload;
}

static struct blob_info part_of(size_t size)
{
    struct blob_writer *writer;
    struct blob_info part;
    char *bytes = calloc(1, size);
    assert_ok(blob_writer_open(library.blobs, NULL, &writer));
    assert_ok(blob_write(writer, bytes, size));
    assert_ok(blob_writer_commit(writer, &part));
    free(bytes);
    return part;
}

static void parts_are_taken_up_in_order_and_let_go_at_the_end(void **state)
{
    (void)state;
    struct resumable upload = begin(30);
    struct list parts;
    assert_int_equal(upload.offset_bytes, 0);
    assert_ok(write_step((struct step) { append, upload, part_of(10) }));
    assert_error(write_step((struct step) { append, upload, part_of(10) }), ERROR_UPLOAD_OFFSET);
    assert_ok(resumable_get(&library.scope, upload.id, &upload));
    assert_int_equal(upload.offset_bytes, 10);
    assert_ok(write_step((struct step) { append, upload, part_of(15) }));
    assert_ok(resumable_get(&library.scope, upload.id, &upload));
    assert_ok(resumable_parts(&library.scope, upload.id, &parts));
    assert_int_equal(parts.count, 2);
    assert_int_equal(((struct media_blob *)parts.items)[0].size_bytes, 10);
    assert_int_equal(((struct media_blob *)parts.items)[1].size_bytes, 15);
    assert_ok(write_step((struct step) { finish, upload }));
    assert_error(write_step((struct step) { finish, upload }), ERROR_UPLOAD_OFFSET);
    assert_ok(resumable_get(&library.scope, upload.id, &upload));
    assert_true(upload.finished && upload.offset_bytes == 30);
    assert_int_equal(count(&test_count_parts), 0);
    assert_int_equal(count(&test_count_blobs), 0);
}

static void an_upload_is_its_owners_alone(void **state)
{
    (void)state;
    struct resumable upload = begin(30);
    struct scope other = library.scope;
    other.actor = (struct actor) { .user_id = STR("0190f3c2-7b1e-7c3a-9f00-00000000000a"), .is_superuser = true };
    assert_error(resumable_get(&other, upload.id, &upload), ERROR_UPLOAD_NOT_FOUND);
    assert_ok(write_step((struct step) { append, upload, part_of(10) }));
    assert_ok(write_step((struct step) { drop, upload }));
    assert_error(resumable_get(&library.scope, upload.id, &upload), ERROR_UPLOAD_NOT_FOUND);
    assert_error(write_step((struct step) { append, upload, part_of(10) }), ERROR_UPLOAD_NOT_FOUND);
    assert_int_equal(count(&test_count_blobs), 0);
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void the_sweeper_ends_what_has_expired_and_nothing_else(void **state)
{
    (void)state;
    struct sweep_result result;
    struct resumable old = begin(30), fresh;
    assert_ok(write_step((struct step) { append, old, part_of(10) }));
    assert_ok(db_write(library.pool, run_statement, (void *)&test_expire_all));
    assert_error(resumable_get(&library.scope, old.id, &old), ERROR_UPLOAD_EXPIRED);
    fresh = begin(30);
    assert_ok(write_step((struct step) { append, fresh, part_of(10) }));
    assert_ok(db_write(library.pool, run_statement, (void *)&test_age_all_blobs));
    assert_int_equal(count(&test_count_blobs), 2);
    assert_ok(sweep(library.pool, library.scope.db, library.blobs, &sweep_ages_usual, never, NULL, &result));
    assert_int_equal(result.unlisted, 1);
    assert_int_equal(count(&test_count_blobs), 1);
    assert_error(resumable_get(&library.scope, old.id, &old), ERROR_UPLOAD_NOT_FOUND);
    assert_ok(resumable_get(&library.scope, fresh.id, &fresh));
    assert_int_equal(fresh.offset_bytes, 10);
}

static void a_quota_counts_what_has_come(void **state)
{
    (void)state;
    struct quota quota;
    int64_t room;
    struct resumable upload = begin(1000);
    assert_ok(write_step((struct step) { limit, .number = 100 }));
    assert_ok(write_step((struct step) { append, upload, part_of(60) }));
    assert_ok(quota_get(&library.scope, library.scope.actor.user_id, &quota));
    assert_int_equal(quota.used_bytes, 60);
    assert_int_equal(quota.allowed_bytes, 100);
    assert_ok(quota_require(&library.scope, 40));
    assert_error(quota_require(&library.scope, 41), ERROR_QUOTA_EXCEEDED);
    upload.offset_bytes = 60;
    assert_error(write_step((struct step) { append, upload, part_of(41) }), ERROR_QUOTA_EXCEEDED);
    assert_error(
        write_step((struct step) { add, { .id = id_new(library.arena), .metadata = STR(""), .length_bytes = 41 } }),
        ERROR_QUOTA_EXCEEDED);
    assert_ok(write_step((struct step) { limit, .number = 50 })); // less than is used
    assert_ok(quota_room(&library.scope, &room));
    assert_int_equal(room, 0);
    assert_ok(write_step((struct step) { limit, .number = 0 }));
    assert_ok(quota_room(&library.scope, &room));
    assert_true(room == INT64_MAX);
}

enum { RACERS = 4, ROUNDS = 10, PART = 10 };
struct racer {
    pthread_t thread;
    struct step steps[ROUNDS];
    int taken, refused;
};

static void *race(void *context)
{
    struct racer *racer = context;
    for (int i = 0; i < ROUNDS; i++) {
        error result = db_write(library.pool, change, &racer->steps[i]);
        racer->taken += !error_is(result);
        racer->refused += result.code == ERROR_QUOTA_EXCEEDED;
    }
    return NULL;
}

static void racing_changes_do_not_pass_a_quota_together(void **state)
{
    (void)state;
    struct racer racers[RACERS] = { 0 };
    int taken = 0, refused = 0;
    for (int i = 0; i < RACERS; i++)
        for (int k = 0; k < ROUNDS; k++)
            racers[i].steps[k] = (struct step) { append, begin(PART), part_of(PART), 0 };
    assert_ok(write_step((struct step) { limit, .number = 15 * PART + 5 }));
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        taken += racers[i].taken;
        refused += racers[i].refused;
    }
    assert_int_equal(taken, 15);
    assert_int_equal(refused, RACERS * ROUNDS - 15);
}

static int forget(void **state)
{
    (void)state;
    assert_ok(db_write(library.pool, run_statement, (void *)&test_forget_uploads));
    assert_ok(db_write(library.pool, run_statement, (void *)&test_forget_blobs));
    assert_ok(db_write(library.pool, run_statement, (void *)&test_forget_quota));
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, forget)
    const struct CMUnitTest tests[] = {
        TEST(parts_are_taken_up_in_order_and_let_go_at_the_end),
        TEST(an_upload_is_its_owners_alone),
        TEST(the_sweeper_ends_what_has_expired_and_nothing_else),
        TEST(a_quota_counts_what_has_come),
        TEST(racing_changes_do_not_pass_a_quota_together),
    };
    settings.upload_lifetime = 3600;
    return RUN_ON_BOTH_DATABASES("uploads", tests);
}
