// SPDX-License-Identifier: GPL-3.0-or-later
// A deleted account, on both databases: after what is left to be done has been done, no table has a row with its id or
// name, however they came there; what others have is theirs.
#include "base/id.h"
#include "both_databases.h"
#include "db/catalogue.h"
#include "domain/audit.h"
#include "domain/backup_row.h"
#include "domain/cache.h"
#include "domain/media.h"
#include "domain/member.h"
#include "domain/reseal.h"
#include "domain/scene.h"
#include "domain/session.h"
#include "work/depart.h"

static const char NAME[] = "ben-of-the-test";

struct life {
    struct actor actor;
    struct user user;
    struct video own, shared; // shared: the library's user's
    str blob_id;
};

static struct blob_info listed_blob(void)
{
    struct blob_info blob = { .size = 1, .stored_size = 100 };
    str id = id_new(library.arena);
    memcpy(blob.id, id.data, id.size);
    id_random(blob.sha256, sizeof blob.sha256);
    unsigned char key[CRYPT_KEY_SIZE];
    id_random(key, sizeof key);
    str sealed = keyring_seal(
        library.arena, library.keyring, RESEAL_BLOB_KEY, id, (str) { (const char *)key, sizeof key });
    memcpy(blob.sealed_key, sealed.data, sealed.size);
    return blob;
}

static error make_user(struct db *db, void *context)
{
    struct life *life = context;
    struct scope scope = library.scope;
    scope.db = db;
    scope.actor.is_superuser = true;
    struct user_change made = { .username = str_of(NAME),
        .email = STR("ben-of-the-test@example.org"),
        .plan = STR("business"),
        .password_hash = STR("-") };
    TRY(user_create(&scope, &made, true, &life->user));
    life->actor = (struct actor) { .user_id = life->user.id, .number = life->user.number, .plan = life->user.plan };
    return OK;
}

static error live(struct db *db, void *context)
{
    struct life *life = context;
    struct scope scope = library.scope, other = library.scope;
    struct problems problems = { 0 };
    struct blob_info blob = listed_blob(), kept = listed_blob();
    struct media media;
    struct scene scene;
    struct member member;
    json_t *probe = json_keep(library.arena, json_pack("{s:s, s:s}", "kind", "audio", "mime", "audio/wav"));
    scope.db = other.db = db;
    scope.actor = life->actor;
    other.actor.is_superuser = true;
    other.actor.plan = STR("business");
    TRY(media_add(&scope, id_new(library.arena), STR("a.wav"), &blob, probe, false, &media));
    life->blob_id = str_copy(library.arena, str_of(blob.id));
    TRY(cache_put(&scope, STR("key"), &kept, json_keep(library.arena, json_object())));
    TRY(video_create(&scope, STR("Mine"), NULL, &problems, &life->own));
    TRY(video_create(&other, STR("Ours"), NULL, &problems, &life->shared));
    TRY(member_add(&other, life->shared.id, life->user.id, STR("editor"), &member));
    struct scene_change change = { .text = STR("By Ben") };
    TRY(scene_add(&scope, life->shared.id, &change, &problems, &scene)); // a revision and an event with Ben's id
    TRY(audit_add(&scope, &(struct audit_new) { .action = STR("video.delete"),
                              .object_kind = STR("user"),
                              .object_id = life->user.id,
                              .outcome = STR("ok"),
                              .address = STR("192.0.2.1") }));
    return session_end_all(&scope, life->user.id);
}

static error leave(struct db *db, void *context)
{
    struct life *life = context;
    struct scope scope = library.scope;
    struct user gone;
    scope.db = db;
    scope.actor.is_superuser = true;
    return user_delete(&scope, life->user.id, &gone);
}

static error hold(struct db *db, void *id)
{
    struct scope scope = library.scope;
    scope.db = db;
    return backup_row_begin(&scope, str_of(id), STR("/backups"), STR("one"), INT64_C(60) * SECOND_US, &(int64_t) { 0 });
}

static error let_go(struct db *db, void *id)
{
    struct scope scope = library.scope;
    scope.db = db;
    return backup_row_end(&scope, str_of(id), BACKUP_MADE);
}

static bool has(const struct db_value *value, str text)
{
    return (value->kind == DB_TEXT || value->kind == DB_BYTES) && value->text.data && str_find(value->text, text) >= 0;
}

// Tables with a row that has this text.
static int traces(str text)
{
    struct db *db;
    struct db_table *tables;
    size_t count;
    int found = 0;
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    assert_ok(db_connect(library.pool, &db));
    assert_ok(db_tables(db, arena, &tables, &count));
    assert_true(count > 40);
    assert_ok(db_read_begin(db));
    for (size_t i = 0; i < count; i++) {
        struct db_dump *dump;
        const struct db_value *values;
        bool row = true, here = false;
        assert_ok(db_dump_open(db, arena, &tables[i], &dump));
        for (;;) {
            assert_ok(db_dump_next(dump, &values, &row));
            if (!row)
                break;
            for (size_t k = 0; k < tables[i].column_count; k++)
                here = here || has(&values[k], text);
        }
        db_dump_close(dump);
        if (here)
            print_message("  %.*s\n", STR_ARGS(tables[i].name));
        found += here;
    }
    db_read_end(db);
    db_disconnect(db);
    return found;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

DB_STATEMENT(test_is_listed, "SELECT count(*) FROM blob WHERE id = $1");

static void no_table_has_a_row_of_a_deleted_account(void **state)
{
    (void)state;
    struct life life = { 0 };
    int64_t removed, listed;
    assert_ok(db_write(library.pool, make_user, &life));
    assert_ok(db_write(library.pool, live, &life));
    assert_true(traces(life.user.id) >= 8 && traces(str_of(NAME)) >= 2);
    assert_ok(db_write(library.pool, leave, &life));
    // Broken off at any place it goes on the next time.
    assert_error(depart(library.pool, library.scope.db, library.blobs, 0, at_once, NULL, &removed), ERROR_CANCELLED);
    assert_ok(db_integer(library.scope.db, &test_is_listed, DB_ARGS(db_text(life.blob_id)), &listed, NULL));
    assert_int_equal(listed, 0);
    // A backup under way may still want to copy the bytes.
    assert_ok(db_write(library.pool, hold, (void *)"0190f3c2-7b1e-7c3a-9f00-00000000000c"));
    assert_ok(depart(library.pool, library.scope.db, library.blobs, 0, never, NULL, &removed));
    assert_int_equal(removed, 0);
    assert_ok(db_write(library.pool, let_go, (void *)"0190f3c2-7b1e-7c3a-9f00-00000000000c"));
    assert_ok(depart(library.pool, library.scope.db, library.blobs, 0, never, NULL, &removed));
    assert_int_equal(removed, 2);
    assert_int_equal(traces(life.user.id), 0);
    assert_int_equal(traces(str_of(NAME)), 0);
    assert_int_equal(traces(STR("192.0.2.1")), 0);
    struct scope scope = library.scope;
    struct list scenes;
    assert_ok(scene_list(&scope, life.shared.id, &scenes));
    assert_int_equal(scenes.count, 1);
    assert_ok(depart(library.pool, library.scope.db, library.blobs, 0, never, NULL, &removed));
    assert_int_equal(removed, 0);
}

static void an_account_that_is_gone_for_a_moment_keeps_its_events_for_those_who_have_to_hear(void **state)
{
    (void)state;
    struct life life = { 0 };
    int64_t removed;
    assert_ok(db_write(library.pool, make_user, &life));
    assert_ok(db_write(library.pool, leave, &life));
    assert_ok(depart(library.pool, library.scope.db, library.blobs, INT64_C(60) * SECOND_US, never, NULL, &removed));
    assert_true(traces(life.user.id) >= 2); // the event and the note
    assert_ok(depart(library.pool, library.scope.db, library.blobs, 0, never, NULL, &removed));
    assert_int_equal(traces(life.user.id), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_table_has_a_row_of_a_deleted_account),
        cmocka_unit_test(an_account_that_is_gone_for_a_moment_keeps_its_events_for_those_who_have_to_hear),
    };
    return RUN_ON_BOTH_DATABASES("departure", tests);
}
