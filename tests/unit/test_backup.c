// SPDX-License-Identifier: GPL-3.0-or-later
// The hold that a backup has on stored files, when the next one is due, and what its database gives back.
#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "both_databases.h"
#include "domain/backup_row.h"
#include "domain/blob_row.h"
#include "domain/blob_use.h"
#include "domain/database_export.h"

#define KEY STR("backup")
static const int64_t HOUR_US = 3600 * SECOND_US;
static char row[37];
static int64_t begun;

static error begin(struct db *db, void *hold_us)
{
    struct scope scope = { .arena = library.arena, .db = db };
    return backup_row_begin(&scope, str_of(row), STR("/backups"), str_of(row), *(int64_t *)hold_us, &begun);
}

static error end(struct db *db, void *outcome)
{
    struct scope scope = { .arena = library.arena, .db = db };
    return backup_row_end(&scope, str_of(row), *(enum backup_outcome *)outcome);
}

static void begin_for(int64_t hold_us)
{
    id_write(row);
    assert_ok(db_write(library.pool, begin, &hold_us));
}

static void end_as(enum backup_outcome outcome)
{
    assert_ok(db_write(library.pool, end, &outcome));
}

static error forget_all(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "DELETE FROM backup; DELETE FROM job");
}

DB_STATEMENT(add_blob, "INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, place, created_at)"
                       " VALUES ($1, 1, 1, $2, $2, 'local', 1)");
static error release(struct db *db, void *ret_free)
{
    struct scope scope = { .arena = library.arena, .db = db };
    str id = id_new(library.arena), place;
    TRY(db_run(db, &add_blob, DB_ARGS(db_text(id), db_bytes("x", 1)), NULL));
    TRY(blob_use_release(&scope, id, ret_free));
    TRY(blob_row_place(&scope, id, &place));
    return place.data ? error_of(ERROR_CONFLICT) : OK;
}

static void what_is_let_go_of_while_a_backup_is_made_keeps_its_bytes(void **state)
{
    (void)state;
    bool is_free = false, held;
    assert_ok(db_write(library.pool, forget_all, NULL));
    assert_ok(db_write(library.pool, release, &is_free));
    assert_true(is_free);
    begin_for(HOUR_US);
    assert_ok(backup_row_is_held(&library.scope, &held));
    assert_true(held);
    assert_ok(db_write(library.pool, release, &is_free));
    assert_false(is_free);
    end_as(BACKUP_MADE);
    assert_ok(db_write(library.pool, release, &is_free));
    assert_true(is_free);
    begin_for(-1); // one that was killed long ago
    assert_ok(db_write(library.pool, release, &is_free));
    assert_true(is_free);
}

static error renew(struct db *db, void *ret_held)
{
    struct scope scope = { .arena = library.arena, .db = db };
    return backup_row_hold(&scope, str_of(row), HOUR_US, ret_held);
}

static void a_hold_that_has_run_out_cannot_be_renewed(void **state)
{
    (void)state;
    bool held = false;
    begin_for(HOUR_US);
    assert_ok(db_write(library.pool, renew, &held));
    assert_true(held);
    begin_for(-1);
    assert_ok(db_write(library.pool, renew, &held));
    assert_false(held);
}

static bool is_due(int64_t every_us)
{
    bool due;
    str user;
    assert_ok(backup_row_is_due(&library.scope, every_us, KEY, &due, &user));
    assert_true(!due || str_equal(user, library.scope.actor.user_id));
    return due;
}

static error make_old(struct db *db, void *context)
{
    (void)context;
    return db_script(db, "UPDATE backup SET started_at = started_at - 7200000000, made_at = made_at - 7200000000");
}

static void a_backup_is_due_after_its_time_and_a_failed_one_after_an_hour(void **state)
{
    (void)state;
    assert_ok(db_write(library.pool, forget_all, NULL));
    assert_true(is_due(24 * HOUR_US));
    begin_for(HOUR_US);
    assert_false(is_due(24 * HOUR_US));
    end_as(BACKUP_BROKEN_OFF);
    assert_true(is_due(24 * HOUR_US));
    begin_for(HOUR_US);
    end_as(BACKUP_FAILED);
    assert_false(is_due(24 * HOUR_US));
    assert_ok(db_write(library.pool, make_old, NULL));
    assert_true(is_due(24 * HOUR_US));
    begin_for(HOUR_US);
    end_as(BACKUP_MADE);
    assert_ok(db_write(library.pool, make_old, NULL));
    assert_false(is_due(24 * HOUR_US));
    assert_true(is_due(HOUR_US));
    struct backup_times times;
    assert_ok(backup_row_times(&library.scope, &times));
    assert_true(times.started_at.us && times.made_at.us && times.failed_at.us && !times.verified_at.us);
}

// A change that began before the hold, and ends when it is told to.
struct slow {
    pthread_t thread;
    struct db_pool *pool;
    atomic_bool inside, leave;
};

static error slow_change(struct db *db, void *context)
{
    struct slow *slow = context;
    TRY(db_script(db, "UPDATE users SET updated_at = updated_at"));
    atomic_store(&slow->inside, true);
    while (!atomic_load(&slow->leave))
        usleep(1000);
    return OK;
}

static void *slow_main(void *context)
{
    struct slow *slow = context;
    error result = db_write(slow->pool, slow_change, slow);
    (void)result;
    return NULL;
}

static void the_snapshot_waits_for_changes_that_do_not_know_of_the_hold(void **state)
{
    (void)state;
    bool alone;
    if (library_cluster) { // SQLite has one change at a time
        struct slow slow = { .pool = library.pool };
        assert_int_equal(pthread_create(&slow.thread, NULL, slow_main, &slow), 0);
        while (!atomic_load(&slow.inside))
            usleep(1000);
        begin_for(HOUR_US);
        assert_ok(backup_row_is_alone(&library.scope, begun, &alone));
        assert_false(alone);
        atomic_store(&slow.leave, true);
        pthread_join(slow.thread, NULL);
    } else
        begin_for(HOUR_US);
    assert_ok(backup_row_is_alone(&library.scope, begun, &alone));
    assert_true(alone);
}

static void sums(uint64_t ret_digest[static 4], int64_t *ret_rows)
{
    BUFFER_AUTO struct buffer piece = { 0 };
    struct database_export *export;
    size_t count;
    assert_ok(database_export_open_whole(library.pool, library.keyring, &export));
    do {
        buffer_clear(&piece);
        assert_ok(database_export_fill(export, &piece, 1 << 16));
    } while (piece.size);
    const struct database_sum *all = database_export_sums(export, &count);
    for (size_t i = 0; i < count; i++) {
        assert_false(str_equal_c(all[i].table, "backup") || str_equal_c(all[i].table, "event"));
        if (!str_equal_c(all[i].table, "users"))
            continue;
        *ret_rows = all[i].rows;
        memcpy(ret_digest, all[i].digest, sizeof all[i].digest);
    }
    database_export_close(export);
}

static error rename_user(struct db *db, void *name)
{
    return db_script(db, name);
}

static void the_digest_of_a_table_changes_with_every_row_and_comes_back(void **state)
{
    (void)state;
    uint64_t first[4], second[4], third[4];
    int64_t rows = 0;
    sums(first, &rows);
    assert_int_equal(rows, 1);
    assert_ok(db_write(library.pool, rename_user, "UPDATE users SET email = 'b@example.org'"));
    sums(second, &rows);
    assert_memory_not_equal(first, second, sizeof first);
    assert_ok(db_write(library.pool, rename_user, "UPDATE users SET email = 'ann@example.org'"));
    sums(third, &rows);
    assert_memory_equal(first, third, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_let_go_of_while_a_backup_is_made_keeps_its_bytes),
        cmocka_unit_test(a_hold_that_has_run_out_cannot_be_renewed),
        cmocka_unit_test(a_backup_is_due_after_its_time_and_a_failed_one_after_an_hour),
        cmocka_unit_test(the_snapshot_waits_for_changes_that_do_not_know_of_the_hold),
        cmocka_unit_test(the_digest_of_a_table_changes_with_every_row_and_comes_back),
    };
    return RUN_ON_BOTH_DATABASES("backup", tests);
}
