// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs, files' keys sealed to them, shares, and another master key, on both databases.
#include "base/id.h"
#include "both_databases.h"
#include "domain/blob_row.h"
#include "domain/file_key.h"
#include "domain/job.h"
#include "domain/rekey.h"
#include "domain/reseal.h"

struct person {
    struct actor actor;
    unsigned char public_key[BOX_KEY_SIZE], private_key[BOX_KEY_SIZE];
};
static struct person ann, ben;

// A change by somebody.
struct change {
    const struct person *who;
    struct media media;
    str user_id;
    struct file_share share;
    struct file_key_move move;
    struct blob_info blob;
    int64_t count, after, damaged;
    const char *name;
};

static struct scope scope_of(const struct change *change, struct db *db)
{
    struct scope scope = library.scope;
    scope.db = db;
    if (change->who)
        scope.actor = change->who->actor;
    return scope;
}

static error bring(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    struct user_key key;
    TRY(user_key_bring(&scope, change->move.public_key, &key));
    return file_key_move(&scope, &change->move);
}

static void move_prepare(struct change *change)
{
    struct scope scope = scope_of(change, library.scope.db);
    change->move.public_key = (str) { (const char *)change->who->public_key, BOX_KEY_SIZE };
    assert_ok(file_key_move_prepare(&scope, &change->move));
}

static void new_pair(struct person *person)
{
    struct change change = { .who = person };
    box_pair_new(person->public_key, person->private_key);
    move_prepare(&change);
    assert_ok(db_write(library.pool, bring, &change));
}

static error add_person(struct db *db, void *context)
{
    struct person *person = context;
    struct scope scope = library.scope;
    struct user user;
    char email[80];
    str name = id_new(library.arena);
    scope.db = db;
    scope.actor.is_superuser = true;
    snprintf(email, sizeof email, "%.*s@example.org", STR_ARGS(name));
    struct user_change made = { .username = name, .email = str_of(email), .password_hash = STR("-") };
    TRY(user_create(&scope, &made, true, &user));
    person->actor = (struct actor) { .user_id = user.id, .number = user.number, .plan = user.plan };
    return OK;
}

// A listed blob without bytes: nothing here reads them.
static struct blob_info listed_blob(unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    struct blob_info blob = { .size = 1, .stored_size = 100 };
    str id = id_new(library.arena);
    memcpy(blob.id, id.data, id.size);
    id_random(blob.sha256, sizeof blob.sha256); // content that there is not yet
    id_random(ret_key, CRYPT_KEY_SIZE);
    id_random(blob.sha256, sizeof blob.sha256); // so that no two files are taken for one
    str sealed = keyring_seal(
        library.arena, library.keyring, RESEAL_BLOB_KEY, id, (str) { (const char *)ret_key, CRYPT_KEY_SIZE });
    memcpy(blob.sealed_key, sealed.data, sealed.size);
    return blob;
}

static error add_file(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    json_t *probe = json_keep(library.arena, json_pack("{s:s, s:s}", "kind", "audio", "mime", "audio/wav"));
    return media_add(&scope, id_new(library.arena), STR("a.wav"), &change->blob, probe, false, &change->media);
}

static struct media new_file(const struct person *owner, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    struct change change = { .who = owner, .blob = listed_blob(ret_key) };
    assert_ok(db_write(library.pool, add_file, &change));
    return change.media;
}

static error share(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    return file_key_share(&scope, change->media.id, change->user_id, &change->share);
}

static error unshare(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    return file_key_unshare(&scope, change->media.id, change->user_id, &change->share);
}

static error change_blob(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    bool changed;
    TRY(media_change_blob(&scope, &change->media, &change->blob, &changed));
    change->count = changed;
    return OK;
}

static bool may_read(const struct person *person, const struct media *media)
{
    struct scope scope = library.scope;
    struct media got;
    scope.actor = person->actor;
    error result = media_get(&scope, media->id, &got);
    if (error_is(result))
        assert_error(result, ERROR_MEDIA_NOT_FOUND);
    return !error_is(result);
}

// Whether what the person is given opens to `key`.
static bool gets_key(const struct person *person, const struct media *media, const unsigned char *key)
{
    struct scope scope = library.scope;
    struct file_key got;
    str plain;
    scope.actor = person->actor;
    if (error_is(file_key_get(&scope, media->id, &got)))
        return false;
    assert_int_equal(got.sealed_key.size, CRYPT_KEY_SIZE + BOX_OVERHEAD);
    assert_true(str_equal(got.owner_id, media->user_id));
    return !error_is(box_open(library.arena, person->private_key, got.sealed_key, &plain))
           && plain.size == CRYPT_KEY_SIZE && memcmp(plain.data, key, CRYPT_KEY_SIZE) == 0;
}

static int64_t listed(const struct person *person, int64_t skip, int64_t limit, struct list *ret_media)
{
    struct scope scope = library.scope;
    int64_t total;
    scope.actor = person->actor;
    assert_ok(media_list(&scope, STR_NONE, skip, limit, ret_media, &total));
    return total;
}

static void points_of_low_order_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157" };
    unsigned char key[BOX_KEY_SIZE], private_key[BOX_KEY_SIZE];
    str sealed;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(str_from_hex(str_of(bad[i]), key, sizeof key));
        assert_false(box_public_is_good(key));
        assert_error(box_seal(library.arena, key, STR("x"), &sealed), ERROR_DATA_CORRUPT);
    }
    box_pair_new(key, private_key);
    assert_true(box_public_is_good(key));
}

static void a_box_opens_only_to_its_key_and_whole(void **state)
{
    (void)state;
    unsigned char key[BOX_KEY_SIZE], private_key[BOX_KEY_SIZE], again[BOX_KEY_SIZE], other[BOX_KEY_SIZE];
    str sealed, plain;
    box_pair_new(key, private_key);
    box_public_of(private_key, again);
    assert_memory_equal(key, again, sizeof key);
    assert_ok(box_seal(library.arena, key, STR("secret"), &sealed));
    assert_ok(box_open(library.arena, private_key, sealed, &plain));
    assert_true(str_equal(plain, STR("secret")));
    box_pair_new(again, other);
    assert_error(box_open(library.arena, other, sealed, &plain), ERROR_DATA_CORRUPT);
    assert_error(box_open(library.arena, private_key, str_sub(sealed, 0, sealed.size - 1), &plain), ERROR_DATA_CORRUPT);
    assert_error(box_open(library.arena, private_key, STR("short"), &plain), ERROR_DATA_CORRUPT);
    ((char *)sealed.data)[40] ^= 1;
    assert_error(box_open(library.arena, private_key, sealed, &plain), ERROR_DATA_CORRUPT);
}

static void a_user_has_a_pair_whose_private_half_the_master_key_opens(void **state)
{
    (void)state;
    struct person person;
    struct user_key key;
    str private_key;
    unsigned char public_key[BOX_KEY_SIZE];
    assert_ok(db_write(library.pool, add_person, &person));
    assert_ok(user_key_get(&library.scope, person.actor.user_id, &key));
    assert_ok(keyring_open_sealed(
        library.arena, library.keyring, RESEAL_USER_KEY, person.actor.user_id, key.sealed_private_key, &private_key));
    box_public_of((const unsigned char *)private_key.data, public_key);
    assert_memory_equal(public_key, key.public_key.data, BOX_KEY_SIZE);
}

static void a_share_is_what_may_be_read(void **state)
{
    (void)state;
    unsigned char key[CRYPT_KEY_SIZE];
    struct media media = new_file(&ann, key), got;
    struct change change = { .who = &ann, .media = media, .user_id = ben.actor.user_id };
    struct list shares, list;
    struct scope as_ann = library.scope, as_ben = library.scope;
    as_ann.actor = ann.actor;
    as_ben.actor = ben.actor;
    assert_true(gets_key(&ann, &media, key));
    assert_false(may_read(&ben, &media));
    int64_t before = listed(&ben, 0, 1, &list);
    assert_ok(db_write(library.pool, share, &change));
    assert_true(str_equal(change.share.user_id, ben.actor.user_id));
    assert_true(may_read(&ben, &media));
    assert_true(gets_key(&ben, &media, key));
    assert_true(gets_key(&ann, &media, key));
    assert_error(media_get_own(&as_ben, media.id, &got), ERROR_READ_ONLY);
    assert_error(file_key_shares(&as_ben, media.id, &shares), ERROR_READ_ONLY);
    assert_int_equal(listed(&ben, 0, 1, &list), before + 1);
    assert_true(str_equal(((struct media *)list.items)[0].id, media.id));
    assert_ok(file_key_shares(&as_ann, media.id, &shares));
    assert_int_equal(shares.count, 1);

    assert_error(db_write(library.pool, share, &change), ERROR_CONFLICT);
    change.user_id = ann.actor.user_id;
    assert_error(db_write(library.pool, share, &change), ERROR_CONFLICT);
    assert_error(db_write(library.pool, unshare, &change), ERROR_NOT_FOUND);
    change.user_id = STR("0190f3c2-7b1e-7c3a-9f00-00000000000a");
    assert_error(db_write(library.pool, share, &change), ERROR_USER_NOT_FOUND);
    change.user_id = ben.actor.user_id;
    assert_ok(db_write(library.pool, unshare, &change));
    assert_false(may_read(&ben, &media));
    assert_false(gets_key(&ben, &media, key));
    assert_int_equal(listed(&ben, 0, 1, &list), before);
    assert_error(db_write(library.pool, unshare, &change), ERROR_NOT_FOUND);
}

static void own_and_shared_files_stand_in_one_order_on_every_page(void **state)
{
    (void)state;
    enum { COUNT = 9 };
    unsigned char key[CRYPT_KEY_SIZE];
    struct list list;
    str expected[COUNT];
    struct person cat;
    assert_ok(db_write(library.pool, add_person, &cat));
    for (int i = 0; i < COUNT; i++) {
        bool own = i % 3 == 0;
        struct media media = new_file(own ? &cat : &ann, key);
        struct change change = { .who = &ann, .media = media, .user_id = cat.actor.user_id };
        if (!own)
            assert_ok(db_write(library.pool, share, &change));
        expected[COUNT - 1 - i] = media.id;
    }
    for (int at = 0; at < COUNT; at += 2) {
        assert_int_equal(listed(&cat, at, 2, &list), COUNT);
        assert_int_equal(list.count, at + 2 <= COUNT ? 2 : 1);
        for (size_t i = 0; i < list.count; i++)
            assert_true(str_equal(((struct media *)list.items)[i].id, expected[(size_t)at + i]));
    }
}

static void another_blob_is_sealed_to_everyone_who_may_read_the_file(void **state)
{
    (void)state;
    unsigned char key[CRYPT_KEY_SIZE], fresh[CRYPT_KEY_SIZE], unused[CRYPT_KEY_SIZE];
    struct media media = new_file(&ann, key);
    struct change change = { .who = &ann, .media = media, .user_id = ben.actor.user_id };
    assert_ok(db_write(library.pool, share, &change));
    change.blob = listed_blob(fresh);
    assert_ok(db_write(library.pool, change_blob, &change));
    assert_int_equal(change.count, 1);
    for (const struct person *person = &ann; person; person = person == &ann ? &ben : NULL) {
        assert_true(gets_key(person, &media, fresh));
        assert_false(gets_key(person, &media, key));
    }
    change.blob = listed_blob(unused); // `media` still names the first one
    assert_ok(db_write(library.pool, change_blob, &change));
    assert_int_equal(change.count, 0);
    assert_true(gets_key(&ann, &media, fresh));
}

static error add_film(struct db *db, void *context)
{
    struct scope scope = library.scope;
    scope.db = db;
    return job_add(
        &scope, &(struct job_new) { .kind = "render", .params = json_keep(library.arena, json_object()) }, context);
}

static error end_film(struct db *db, void *context)
{
    struct scope scope = library.scope;
    struct job job;
    scope.db = db;
    return job_cancel(&scope, context, &job);
}

static error finish(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    return rekey_finish(&scope, &change->media, &change->blob);
}

static bool is_listed(str blob_id)
{
    str place;
    assert_ok(blob_row_place(&library.scope, blob_id, &place));
    return place.data != NULL;
}

static void the_old_blob_goes_unless_a_film_may_still_read_it(void **state)
{
    (void)state;
    unsigned char key[CRYPT_KEY_SIZE];
    struct change change = { .who = &ann, .media = new_file(&ann, key), .blob = listed_blob(key) };
    struct job film;
    str first = change.media.blob_id, second = str_copy(library.arena, str_of(change.blob.id));
    assert_ok(db_write(library.pool, add_film, &film));
    assert_ok(db_write(library.pool, finish, &change));
    assert_true(is_listed(first));
    assert_ok(db_write(library.pool, end_film, &film));
    change.media.blob_id = second;
    change.blob = listed_blob(key);
    assert_ok(db_write(library.pool, finish, &change));
    assert_false(is_listed(second));
    struct blob_info unused = change.blob = listed_blob(key);
    assert_error(db_write(library.pool, finish, &change), ERROR_CANCELLED); // the file has the third one by now
    assert_false(is_listed(str_of(unused.id)));
}

static void a_new_pair_opens_every_file_also_those_that_changed_meanwhile(void **state)
{
    (void)state;
    enum { COUNT = 1100 /* three batches */, EARLY = 700 };
    static unsigned char keys[COUNT][CRYPT_KEY_SIZE];
    static struct media files[COUNT];
    struct person dan;
    assert_ok(db_write(library.pool, add_person, &dan));
    for (int i = 0; i < EARLY; i++)
        files[i] = new_file(&dan, keys[i]);
    struct change moving = { .who = &dan };
    box_pair_new(dan.public_key, dan.private_key);
    move_prepare(&moving);
    assert_int_equal(moving.move.ahead.count, EARLY);
    for (int i = EARLY; i < COUNT; i++)
        files[i] = new_file(&dan, keys[i]);
    struct change changing = { .who = &dan, .media = files[3], .blob = listed_blob(keys[3]) };
    assert_ok(db_write(library.pool, change_blob, &changing));
    assert_ok(db_write(library.pool, bring, &moving));
    for (int i = 0; i < COUNT; i++)
        assert_true(gets_key(&dan, &files[i], keys[i]));
}

DB_STATEMENT(test_forget_owner_keys, "DELETE FROM file_key WHERE NOT is_shared");
DB_STATEMENT(test_spoil_blob, "UPDATE blob SET sealed_key = $2 WHERE id = $1");
DB_STATEMENT(test_count_missing, "SELECT count(*) FROM media WHERE NOT EXISTS (SELECT 1 FROM file_key k"
                                 " WHERE k.media_id = media.id AND k.user_id = media.user_id)");

static error forget_owner_keys(struct db *db, void *context)
{
    const struct media *spoilt = context;
    char noise[BLOB_SEALED_KEY_SIZE] = { 0 };
    TRY(db_run(db, &test_forget_owner_keys, DB_NO_ARGS, NULL));
    return db_run(db, &test_spoil_blob, DB_ARGS(db_text(spoilt->blob_id), db_bytes(noise, sizeof noise)), NULL);
}

static error complete(struct db *db, void *context)
{
    struct change *change = context;
    struct scope scope = scope_of(change, db);
    return file_key_complete(&scope, 100, &change->after, &change->count, &change->damaged);
}

static void files_without_keys_get_theirs_but_for_damaged_ones(void **state)
{
    (void)state;
    unsigned char key[CRYPT_KEY_SIZE], lost[CRYPT_KEY_SIZE];
    struct media media = new_file(&ann, key), spoilt = new_file(&ann, lost), last = new_file(&ann, lost);
    struct change change = { 0 };
    int64_t missing, damaged = 0;
    assert_ok(db_write(library.pool, forget_owner_keys, &spoilt));
    assert_ok(db_integer(library.scope.db, &test_count_missing, DB_NO_ARGS, &missing, NULL));
    assert_true(missing > 100);
    do {
        assert_ok(db_write(library.pool, complete, &change));
        damaged += change.damaged;
    } while (change.count);
    assert_int_equal(damaged, 1);
    assert_true(gets_key(&ann, &media, key));
    assert_true(gets_key(&ann, &last, lost));
    assert_ok(db_integer(library.scope.db, &test_count_missing, DB_NO_ARGS, &missing, NULL));
    assert_int_equal(missing, 1);
    assert_ok(
        db_write(library.pool, complete, &(struct change) { .after = 0 })); // an end, not a loop, for the damaged one
}

struct resealing {
    struct keyring *keyring;
    struct reseal reseal;
    int64_t limit;
};

static error reseal(struct db *db, void *context)
{
    struct resealing *resealing = context;
    ARENA_AUTO struct arena *arena = arena_new(4 << 20);
    struct scope scope = { .arena = arena, .db = db };
    return reseal_step(&scope, resealing->keyring, library.arena, resealing->limit, &resealing->reseal);
}

DB_STATEMENT(test_drop_damaged, "DELETE FROM media WHERE blob_id IN (SELECT id FROM blob WHERE sealed_key = $1)");
DB_STATEMENT(test_drop_damaged_blobs, "DELETE FROM blob WHERE sealed_key = $1");

static error drop_damaged(struct db *db, void *context)
{
    char noise[BLOB_SEALED_KEY_SIZE] = { 0 };
    (void)context;
    TRY(db_run(db, &test_drop_damaged, DB_ARGS(db_bytes(noise, sizeof noise)), NULL));
    return db_run(db, &test_drop_damaged_blobs, DB_ARGS(db_bytes(noise, sizeof noise)), NULL);
}

static void another_master_key_takes_over_step_by_step_and_from_anywhere(void **state)
{
    (void)state;
    unsigned char key[CRYPT_KEY_SIZE];
    struct media media = new_file(&ann, key), got;
    struct media_blob blob;
    str plain;
    struct resealing resealing = { .limit = 7 };
    assert_ok(db_write(library.pool, drop_damaged, NULL));
    assert_ok(keyring_change_begin(library.folder, NULL));
    assert_ok(keyring_change_begin(library.folder, NULL)); // the same next key
    assert_ok(keyring_open(library.folder, NULL, &resealing.keyring));
    assert_true(keyring_is_changing(resealing.keyring));
    for (int i = 0; i < 4; i++)
        assert_ok(db_write(library.pool, reseal, &resealing));
    assert_true(resealing.reseal.resealed > 0);
    keyring_close(resealing.keyring); // as if it were killed here
    assert_ok(keyring_open(library.folder, NULL, &resealing.keyring));
    int64_t early = resealing.reseal.resealed, fresh;
    resealing.reseal = (struct reseal) { 0 };
    while (!resealing.reseal.done)
        assert_ok(db_write(library.pool, reseal, &resealing));
    fresh = resealing.reseal.resealed;
    assert_int_equal(early + fresh, resealing.reseal.seen);
    resealing.reseal = (struct reseal) { 0 };
    while (!resealing.reseal.done)
        assert_ok(db_write(library.pool, reseal, &resealing));
    assert_int_equal(resealing.reseal.resealed, 0);
    keyring_close(resealing.keyring);
    assert_ok(keyring_change_finish(library.folder, NULL));
    assert_ok(keyring_open(library.folder, NULL, &resealing.keyring));
    assert_false(keyring_is_changing(resealing.keyring));
    assert_ok(media_get(
        &(struct scope) { .arena = library.arena, .db = library.scope.db, .actor = ann.actor }, media.id, &got));
    assert_ok(media_blob_get(&library.scope, got.blob_id, &blob));
    assert_ok(keyring_open_sealed(library.arena, resealing.keyring, RESEAL_BLOB_KEY, blob.id, blob.sealed_key, &plain));
    assert_memory_equal(plain.data, key, CRYPT_KEY_SIZE);
    assert_error(keyring_open_sealed(library.arena, library.keyring, RESEAL_BLOB_KEY, blob.id, blob.sealed_key, &plain),
        ERROR_DATA_CORRUPT); // the old key, still in memory
    keyring_close(resealing.keyring);
}

static void open_people(void)
{
    ann.actor = library.scope.actor;
    assert_ok(db_write(library.pool, add_person, &ben));
    new_pair(&ann);
    new_pair(&ben);
}

int main(void)
{
    // In this order: the last ones spoil a blob and change the master key.
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_low_order_are_refused),
        cmocka_unit_test(a_box_opens_only_to_its_key_and_whole),
        cmocka_unit_test(a_user_has_a_pair_whose_private_half_the_master_key_opens),
        cmocka_unit_test(a_share_is_what_may_be_read),
        cmocka_unit_test(own_and_shared_files_stand_in_one_order_on_every_page),
        cmocka_unit_test(another_blob_is_sealed_to_everyone_who_may_read_the_file),
        cmocka_unit_test(the_old_blob_goes_unless_a_film_may_still_read_it),
        cmocka_unit_test(a_new_pair_opens_every_file_also_those_that_changed_meanwhile),
        cmocka_unit_test(files_without_keys_get_theirs_but_for_damaged_ones),
        cmocka_unit_test(another_master_key_takes_over_step_by_step_and_from_anywhere),
    };
    library_opened = open_people;
    return RUN_ON_BOTH_DATABASES("keys", tests);
}
