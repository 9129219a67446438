// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/file_key.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/event.h"
#include "domain/user.h"

// Sealing --------------------------------------------------------------------------------------------

// The data key of a listed blob, sealed to a public key.
static error seal_key(struct scope *scope, const struct media_blob *blob, str public_key, str *ret_sealed)
{
    unsigned char key[CRYPT_KEY_SIZE];
    TRY(blob_data_key(
        scope->blobs, str_to_c(scope->arena, blob->id), (const unsigned char *)blob->sealed_key.data, key));
    error result = box_seal(
        scope->arena, (const unsigned char *)public_key.data, (str) { (const char *)key, sizeof key }, ret_sealed);
    explicit_bzero(key, sizeof key);
    return result;
}

static error seal_for(struct scope *scope, str blob_id, str public_key, str *ret_sealed)
{
    struct media_blob blob;
    TRY(media_blob_get(scope, blob_id, &blob));
    return seal_key(scope, &blob, public_key, ret_sealed);
}

DB_STATEMENT(insert, "INSERT INTO file_key (media_id, user_id, sealed_key, created_at, is_shared)"
                     " VALUES ($1, $2, $3, $4, $5)");

static error add(struct scope *scope, const struct media *media, str user_id, int64_t now_us)
{
    struct user_key key;
    str sealed;
    TRY(user_key_need(scope, user_id, &key));
    TRY(seal_for(scope, media->blob_id, key.public_key, &sealed));
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(media->id), db_text(user_id), db_bytes(sealed.data, sealed.size), db_int(now_us),
            db_bool(!str_equal(user_id, media->user_id))),
        NULL);
}

error file_key_add_owner(struct scope *scope, const struct media *media)
{
    return add(scope, media, media->user_id, clock_now_us());
}

// Reading --------------------------------------------------------------------------------------------

static const struct field key_fields[] = {
    FIELD(struct file_key, media_id),
    FIELD(struct file_key, sealed_key),
    FIELD(struct file_key, created_at),
};
static const struct shape key_shape = SHAPE("FileKeyRow", struct file_key, key_fields);

DB_STATEMENT(of_reader, "SELECT media_id, sealed_key, created_at FROM file_key WHERE media_id = $1 AND user_id = $2");
DB_STATEMENT(is_reader, "SELECT count(*) FROM media WHERE id = $1 AND" FILE_KEY_READABLE("media.id", "$2"));

error file_key_may_read(struct scope *scope, str media_id, str owner_id, bool *ret_may)
{
    int64_t rows = 1;
    if (!scope_may(scope, owner_id))
        TRY(db_integer(scope->db, &is_reader, DB_ARGS(db_text(media_id), db_text(scope->actor.user_id)), &rows, NULL));
    *ret_may = rows > 0;
    return OK;
}

error file_key_get(struct scope *scope, str media_key, struct file_key *ret_key)
{
    struct media media;
    struct user_key pair;
    bool found;
    TRY(media_get(scope, media_key, &media));
    struct db_value id = db_text(media.id), actor = db_text(scope->actor.user_id);
    TRY(db_one(scope->db, scope->arena, &of_reader, DB_ARGS(id, actor), &key_shape, ret_key, &found));
    if (!found) { // a superuser may read what was never sealed to them
        TRY(user_key_get(scope, scope->actor.user_id, &pair));
        *ret_key = (struct file_key) { .media_id = media.id, .created_at = media.created_at };
        TRY(seal_for(scope, media.blob_id, pair.public_key, &ret_key->sealed_key));
    }
    ret_key->owner_id = media.user_id;
    return OK;
}

// Sharing --------------------------------------------------------------------------------------------

static const struct field share_fields[] = {
    FIELD(struct file_share, media_id),
    FIELD(struct file_share, user_id),
    FIELD(struct file_share, username),
    FIELD(struct file_share, created_at),
};
static const struct shape share_shape = SHAPE("FileShareRow", struct file_share, share_fields);

#define SHARES                                                                                                         \
    "SELECT k.media_id, k.user_id, u.username, k.created_at FROM file_key k JOIN users u ON u.id = k.user_id"          \
    " WHERE k.media_id = $1 AND k.is_shared "
DB_STATEMENT(shares_of, SHARES "ORDER BY k.created_at, k.user_id");
DB_STATEMENT(share_of, SHARES "AND k.user_id = $2");

// Told to the one it is about.
static error note(struct scope *scope, const char *kind, const struct media *media, str user_id)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "media_id", json_str(media->id));
    json_object_set_new(payload, "file_name", json_str(media->file_name));
    json_object_set_new(payload, "owner_id", json_str(media->user_id));
    return event_add(
        scope, &(struct event_new) { .kind = kind, .user_id = user_id, .media_id = media->id, .payload = payload });
}

error file_key_share(struct scope *scope, str media_key, str user_key, struct file_share *ret_share)
{
    struct media media;
    struct user user;
    struct file_key there;
    bool found;
    TRY(media_get_own(scope, media_key, &media));
    TRY(user_get(scope, user_key, &user));
    if (str_equal(user.id, media.user_id))
        return error_make(ERROR_CONFLICT, "user_id", "The file is this user's own");
    struct db_value id = db_text(media.id);
    TRY(db_one(scope->db, scope->arena, &of_reader, DB_ARGS(id, db_text(user.id)), &key_shape, &there, &found));
    if (found)
        return error_make(ERROR_CONFLICT, "user_id", "The file is shared with this user already");
    int64_t now_us = clock_now_us();
    TRY(add(scope, &media, user.id, now_us));
    *ret_share = (struct file_share) { media.id, user.id, user.username, { now_us } };
    return note(scope, "media:shared", &media, user.id);
}

DB_STATEMENT(delete_share, "DELETE FROM file_key WHERE media_id = $1 AND user_id = $2 AND is_shared");

error file_key_unshare(struct scope *scope, str media_key, str user_key, struct file_share *ret_share)
{
    struct media media;
    struct user user;
    bool found;
    TRY(media_get(scope, media_key, &media));
    TRY(user_get(scope, user_key, &user));
    if (!str_equal(user.id, scope->actor.user_id))
        TRY(media_get_own(scope, media_key, &media));
    struct db_args which = DB_ARGS(db_text(media.id), db_text(user.id));
    TRY(db_one(scope->db, scope->arena, &share_of, which, &share_shape, ret_share, &found));
    if (!found)
        return error_make(ERROR_NOT_FOUND, "user_id", "The file is not shared with this user");
    TRY(db_run(scope->db, &delete_share, which, NULL));
    return note(scope, "media:unshared", &media, user.id);
}

error file_key_shares(struct scope *scope, str media_key, struct list *ret_shares)
{
    struct media media;
    TRY(media_get_own(scope, media_key, &media));
    return db_all(scope->db, scope->arena, &shares_of, DB_ARGS(db_text(media.id)), &share_shape, 0, ret_shares);
}

error file_key_forget(struct scope *scope, const struct media *media)
{
    struct list shares;
    TRY(db_all(scope->db, scope->arena, &shares_of, DB_ARGS(db_text(media->id)), &share_shape, 0, &shares));
    for (size_t i = 0; i < shares.count; i++)
        TRY(note(scope, "media:unshared", media, ((struct file_share *)shares.items)[i].user_id));
    return OK;
}

// Sealing anew -----------------------------------------------------------------------------------------

struct reader {
    str user_id, public_key;
};
static const struct field reader_fields[] = {
    FIELD(struct reader, user_id),
    FIELD(struct reader, public_key),
};
static const struct shape reader_shape = SHAPE("FileKeyReader", struct reader, reader_fields);

DB_STATEMENT(readers_of, "SELECT k.user_id, u.public_key FROM file_key k JOIN user_key u ON u.user_id = k.user_id"
                         " WHERE k.media_id = $1 ORDER BY k.user_id");
DB_STATEMENT(set_key, "UPDATE file_key SET sealed_key = $3, created_at = $4 WHERE media_id = $1 AND user_id = $2");

static error set(struct scope *scope, str media_id, str user_id, str sealed)
{
    return db_run(scope->db, &set_key,
        DB_ARGS(db_text(media_id), db_text(user_id), db_bytes(sealed.data, sealed.size), db_int(clock_now_us())), NULL);
}

error file_key_renew(struct scope *scope, const struct media *media)
{
    struct media_blob blob;
    struct list readers;
    str sealed;
    TRY(media_blob_get(scope, media->blob_id, &blob));
    TRY(db_all(scope->db, scope->arena, &readers_of, DB_ARGS(db_text(media->id)), &reader_shape, 0, &readers));
    for (size_t i = 0; i < readers.count; i++) {
        const struct reader *reader = &((struct reader *)readers.items)[i];
        TRY(seal_key(scope, &blob, reader->public_key, &sealed));
        TRY(set(scope, media->id, reader->user_id, sealed));
    }
    return OK;
}

struct file_key_row {
    str media_id, blob_id, blob_key, sealed;
};
static const struct field row_fields[] = {
    FIELD(struct file_key_row, media_id),
    FIELD(struct file_key_row, blob_id),
    FIELD(struct file_key_row, blob_key),
};
static const struct shape row_shape = SHAPE("FileKeyMoving", struct file_key_row, row_fields);

enum { MOVE_BATCH = 500, MOVE_BATCH_BYTES = 1 << 20 };
DB_STATEMENT(readable_after,
    "SELECT m.id AS media_id, m.blob_id, b.sealed_key AS blob_key FROM file_key k JOIN media m ON m.id = k.media_id"
    " JOIN blob b ON b.id = m.blob_id WHERE k.user_id = $1 AND k.media_id > $2 ORDER BY k.media_id LIMIT $3");

static error next_rows(struct scope *scope, str after, int64_t limit, struct list *ret_rows)
{
    return db_all(scope->db, scope->arena, &readable_after,
        DB_ARGS(db_text(scope->actor.user_id), db_text(after), db_int(limit)), &row_shape, 0, ret_rows);
}

static error seal_row(struct scope *scope, const struct file_key_row *row, str public_key, str *ret_sealed)
{
    struct media_blob blob = { .id = row->blob_id, .sealed_key = row->blob_key };
    if (blob.sealed_key.size != BLOB_SEALED_KEY_SIZE)
        return error_make(ERROR_DATA_CORRUPT, "blob", "The key of %.*s is damaged", STR_ARGS(row->blob_id));
    return seal_key(scope, &blob, public_key, ret_sealed);
}

error file_key_move_prepare(struct scope *scope, struct file_key_move *move)
{
    TRY(next_rows(scope, STR("00000000-0000-0000-0000-000000000000"), FILE_KEY_AHEAD_MAX, &move->ahead));
    for (size_t i = 0; i < move->ahead.count; i++) {
        struct file_key_row *row = &((struct file_key_row *)move->ahead.items)[i];
        TRY(seal_row(scope, row, move->public_key, &row->sealed));
    }
    return OK;
}

// What was sealed ahead, unless the file has got another blob since; both lists stand by media_id.
static str find_ahead(const struct file_key_move *move, const struct file_key_row *row, size_t *at)
{
    const struct file_key_row *ahead = move->ahead.items;
    while (*at < move->ahead.count && str_compare(ahead[*at].media_id, row->media_id) < 0)
        ++*at;
    bool same = *at < move->ahead.count && str_equal(ahead[*at].media_id, row->media_id)
                && str_equal(ahead[*at].blob_id, row->blob_id);
    return same ? ahead[*at].sealed : STR_NONE;
}

// In an arena of its own, since there may be any number of batches.
static error move_batch(
    const struct scope *outer, const struct file_key_move *move, char after[static 37], size_t *at, size_t *ret_count)
{
    ARENA_AUTO struct arena *arena = arena_new(MOVE_BATCH_BYTES);
    struct scope scope = *outer;
    struct list rows;
    scope.arena = arena;
    TRY(next_rows(&scope, str_of(after), MOVE_BATCH, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct file_key_row *row = &((struct file_key_row *)rows.items)[i];
        str sealed = find_ahead(move, row, at);
        if (!sealed.data)
            TRY(seal_row(&scope, row, move->public_key, &sealed));
        TRY(set(&scope, row->media_id, scope.actor.user_id, sealed));
        snprintf(after, 37, "%.*s", STR_ARGS(row->media_id));
    }
    *ret_count = rows.count;
    return OK;
}

error file_key_move(struct scope *scope, const struct file_key_move *move)
{
    char after[37] = "00000000-0000-0000-0000-000000000000";
    size_t at = 0, count;
    do
        TRY(move_batch(scope, move, after, &at, &count));
    while (count == MOVE_BATCH);
    return OK;
}

DB_STATEMENT(without,
    "SELECT number, id, user_id, blob_id FROM media WHERE number > $1 AND NOT EXISTS (SELECT 1 FROM file_key k"
    " WHERE k.media_id = media.id AND k.user_id = media.user_id) ORDER BY number LIMIT $2");
static const struct field without_fields[] = {
    FIELD(struct media, number),
    FIELD(struct media, id),
    FIELD(struct media, user_id),
    FIELD(struct media, blob_id),
};
static const struct shape without_shape = SHAPE("MediaWithoutKey", struct media, without_fields);

error file_key_complete(struct scope *scope, int64_t limit, int64_t *after, int64_t *ret_found, int64_t *ret_damaged)
{
    struct list rows;
    int64_t damaged = 0;
    TRY(db_all(scope->db, scope->arena, &without, DB_ARGS(db_int(*after), db_int(limit)), &without_shape, 0, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct media *media = &((struct media *)rows.items)[i];
        error added = file_key_add_owner(scope, media);
        if (error_is(added) && added.code != ERROR_DATA_CORRUPT)
            return added;
        damaged += error_is(added);
        *after = media->number;
    }
    *ret_found = (int64_t)rows.count;
    *ret_damaged = damaged;
    return OK;
}
