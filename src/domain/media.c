// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/media.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/blob_use.h"
#include "domain/derivative.h"
#include "domain/event.h"
#include "domain/file_key.h"
#include "domain/library.h"
#include "domain/quota.h"
#include "domain/search.h"

static const struct field fields[] = {
    FIELD(struct media, number),
    FIELD(struct media, id),
    FIELD(struct media, user_id),
    FIELD(struct media, blob_id),
    FIELD(struct media, file_name),
    FIELD(struct media, file_path),
    FIELD(struct media, media_type),
    FIELD(struct media, mime_type),
    FIELD(struct media, size_bytes),
    FIELD(struct media, duration),
    FIELD(struct media, width),
    FIELD(struct media, height),
    FIELD(struct media, has_audio),
    FIELD(struct media, status),
    FIELD(struct media, probe),
    FIELD(struct media, created_at),
    FIELD(struct media, updated_at),
    FIELD(struct media, completed_at),
    FIELD(struct media, thumbnail_type),
    FIELD(struct media, poster_type),
    FIELD(struct media, waveform_type),
    FIELD(struct media, proxy_type),
};
const struct shape media_row_shape = SHAPE("MediaRow", struct media, fields);

// NULL while there is none.
#define TYPE_OF(kind)                                                                                                  \
    "(SELECT d.mime_type FROM derivative d WHERE d.media_id = media.id AND d.kind = '" kind "') AS " kind "_type"
#define COLUMNS                                                                                                        \
    "number, id, user_id, blob_id, file_name, file_path, media_type, mime_type, size_bytes, duration, width, "         \
    "height, has_audio, status, probe, created_at, updated_at, completed_at, " TYPE_OF("thumbnail") ", " TYPE_OF(      \
        "poster") ", " TYPE_OF("waveform") ", " TYPE_OF("proxy")

DB_STATEMENT(by_number, "SELECT " COLUMNS " FROM media WHERE number = $1");
DB_STATEMENT(by_id, "SELECT " COLUMNS " FROM media WHERE id = $1");

error media_get(struct scope *scope, str key, struct media *ret_media)
{
    int64_t number;
    struct media media;
    bool found, is_number = str_to_int(key, &number);
    if (!is_number && !id_is_valid(key))
        return error_make(ERROR_INVALID_ID, "media_id", "A media id is an integer or a UUID");
    TRY(db_one(scope->db, scope->arena, is_number ? &by_number : &by_id,
        is_number ? DB_ARGS(db_int(number)) : DB_ARGS(db_text(str_lower(scope->arena, key))), &media_row_shape, &media,
        &found));
    if (found)
        TRY(file_key_may_read(scope, media.id, media.user_id, &found));
    if (!found)
        return error_make(ERROR_MEDIA_NOT_FOUND, "media_id", "Media with ID '%.*s' not found", STR_ARGS(key));
    *ret_media = media;
    return OK;
}

error media_get_own(struct scope *scope, str key, struct media *ret_media)
{
    struct media media;
    TRY(media_get(scope, key, &media));
    if (!scope_may(scope, media.user_id))
        return error_make(
            ERROR_READ_ONLY, "media_id", "This file is shared with you to read; only its owner may change it");
    *ret_media = media;
    return OK;
}

DB_STATEMENT(of_video_people,
    "SELECT " COLUMNS " FROM media WHERE id = $1 AND id IN (SELECT media_id FROM file_key WHERE media_id = $1 AND"
    " user_id IN (SELECT user_id FROM video WHERE id = $2 UNION SELECT user_id FROM video_member WHERE video_id = "
    "$2))");

error media_get_for_video(struct scope *scope, str key, str video_id, struct media *ret_media)
{
    bool found;
    error own = media_get(scope, key, ret_media);
    if (own.code != ERROR_MEDIA_NOT_FOUND || !id_is_valid(key))
        return own;
    TRY(db_one(scope->db, scope->arena, &of_video_people,
        DB_ARGS(db_text(str_lower(scope->arena, key)), db_text(video_id)), &media_row_shape, ret_media, &found));
    return found ? OK : own;
}

static const struct field blob_fields[] = {
    FIELD(struct media_blob, id),
    FIELD(struct media_blob, sealed_key),
    FIELD(struct media_blob, sha256),
    FIELD(struct media_blob, size_bytes),
    FIELD(struct media_blob, stored_bytes),
};
const struct shape media_blob_row_shape = SHAPE("BlobRow", struct media_blob, blob_fields);

DB_STATEMENT(blob_by_id, "SELECT id, sealed_key, sha256, size_bytes, stored_bytes FROM blob WHERE id = $1");

error media_blob_get(struct scope *scope, str blob_id, struct media_blob *ret_blob)
{
    bool found;
    TRY(db_one(
        scope->db, scope->arena, &blob_by_id, DB_ARGS(db_text(blob_id)), &media_blob_row_shape, ret_blob, &found));
    if (!found || ret_blob->sealed_key.size != BLOB_SEALED_KEY_SIZE)
        return error_make(ERROR_DATA_CORRUPT, "blob", "The stored file %.*s is not listed", STR_ARGS(blob_id));
    return OK;
}

// The page's numbers first, in two parts, each of which stops at the page's end ($4) on its own index.
DB_STATEMENT(list_readable,
    "SELECT " COLUMNS " FROM media WHERE number IN (SELECT number FROM"
    " (SELECT * FROM (SELECT number FROM media WHERE user_id = $1 ORDER BY number DESC LIMIT $4) AS own"
    " UNION ALL SELECT * FROM (SELECT number FROM media WHERE id" FILE_KEY_SHARED_WITH(
        "$1") " ORDER BY number DESC LIMIT $4) AS shared) AS readable ORDER BY number DESC LIMIT $2 OFFSET $3)"
              " ORDER BY number DESC");
DB_STATEMENT(count_readable, "SELECT (SELECT count(*) FROM media WHERE user_id = $1)"
                             " + (SELECT count(*) FROM file_key WHERE user_id = $1 AND is_shared)");
#define OF_TYPE "(media_type = $2 OR ($2 = 'image' AND media_type = 'gif'))"
DB_STATEMENT(list_of_type, "SELECT " COLUMNS " FROM media WHERE (user_id = $1 OR id" FILE_KEY_SHARED_WITH(
                               "$1") ") AND " OF_TYPE " ORDER BY number DESC LIMIT $3 OFFSET $4");
DB_STATEMENT(
    count_of_type, "SELECT count(*) FROM media WHERE (user_id = $1 OR id" FILE_KEY_SHARED_WITH("$1") ") AND " OF_TYPE);

error media_list(struct scope *scope, str type, int64_t skip, int64_t limit, struct list *ret_media, int64_t *ret_total)
{
    struct db_value user = db_text(scope->actor.user_id);
    if (type.data) {
        TRY(db_integer(scope->db, &count_of_type, DB_ARGS(user, db_text(type)), ret_total, NULL));
        return db_all(scope->db, scope->arena, &list_of_type, DB_ARGS(user, db_text(type), db_int(limit), db_int(skip)),
            &media_row_shape, 0, ret_media);
    }
    TRY(db_integer(scope->db, &count_readable, DB_ARGS(user), ret_total, NULL));
    return db_all(scope->db, scope->arena, &list_readable,
        DB_ARGS(user, db_int(limit), db_int(skip), db_int(skip + limit)), &media_row_shape, 0, ret_media);
}

str media_clean_name(struct arena *arena, str name)
{
    for (size_t i = name.size; i > 0; i--)
        if (name.data[i - 1] == '/' || name.data[i - 1] == '\\') {
            name = str_sub(name, i, name.size);
            break;
        }
    char *clean = arena_alloc_raw(arena, name.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.data[i] >= 0x20 && name.data[i] != 0x7F)
            clean[size++] = name.data[i];
    clean[size] = 0;
    str result = str_cut_utf8(str_trim((str) { clean, size }), 255);
    if (result.size == 0 || str_equal(result, STR(".")) || str_equal(result, STR("..")) || !str_is_utf8(result))
        return STR("file");
    return str_copy(arena, result);
}

error media_check_path(str path)
{
    str rest = path, part;
    bool bad = path.size == 0 || path.size > 1024;
    while (!bad && str_split(&rest, '/', &part))
        bad = part.size == 0 || str_equal(part, STR(".")) || str_equal(part, STR(".."));
    for (size_t i = 0; i < path.size && !bad; i++)
        bad = (unsigned char)path.data[i] < 0x20 || path.data[i] == 0x7F || path.data[i] == '\\';
    return bad ? error_make(ERROR_VALIDATION_ERROR, "file_path",
               "A path is relative, without empty parts, \"..\", backslashes or control characters")
               : OK;
}

DB_STATEMENT(blob_insert, "INSERT INTO blob (id, size_bytes, stored_bytes, sha256, sealed_key, created_at, place)"
                          " VALUES ($1, $2, $3, $4, $5, now_us(), $6)");

error media_blob_add(struct scope *scope, const struct blob_info *blob)
{
    return db_run(scope->db, &blob_insert,
        DB_ARGS(db_text(str_of(blob->id)), db_int(blob->size), db_int(blob->stored_size),
            db_bytes(blob->sha256, sizeof blob->sha256), db_bytes(blob->sealed_key, sizeof blob->sealed_key),
            db_text(str_of(blob_place_name(blob->place)))),
        NULL);
}

struct same_content {
    str id;
};
static const struct field same_content_fields[] = { FIELD(struct same_content, id) };
static const struct shape same_content_shape = SHAPE("SameContent", struct same_content, same_content_fields);

DB_STATEMENT(same_content,
    "SELECT blob.id FROM blob JOIN media ON media.blob_id = blob.id"
    " WHERE blob.sha256 = $1 AND blob.size_bytes = $2 AND media.user_id = $3 ORDER BY media.number LIMIT 1");

DB_STATEMENT(of_content,
    "SELECT media.id FROM blob JOIN media ON media.blob_id = blob.id"
    " WHERE blob.sha256 = $1 AND blob.size_bytes = $2 AND media.user_id = $3 ORDER BY media.number LIMIT 1");

error media_of_content(struct scope *scope, const struct blob_info *blob, str *ret_id, bool *ret_found)
{
    struct same_content same;
    TRY(db_one(scope->db, scope->arena, &of_content,
        DB_ARGS(db_bytes(blob->sha256, sizeof blob->sha256), db_int(blob->size), db_text(scope->actor.user_id)),
        &same_content_shape, &same, ret_found));
    if (*ret_found)
        *ret_id = same.id;
    return OK;
}

str media_key(str reference)
{
    static const char *const links[] = { "/content/media/", "/content/stock/" };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        ptrdiff_t at = str_find(reference, str_of(links[i]));
        if (at < 0)
            continue;
        str rest = str_sub(reference, (size_t)at + str_of(links[i]).size, reference.size), id;
        return str_split(&rest, '/', &id) ? id : reference;
    }
    return reference;
}

// The blob that holds this content already for the actor, else this one, listed.
static error keep_once(struct scope *scope, const struct blob_info *blob, str *ret_blob_id)
{
    struct same_content same;
    bool found;
    TRY(blob_use_lock(scope, scope->actor.user_id));
    TRY(db_one(scope->db, scope->arena, &same_content,
        DB_ARGS(db_bytes(blob->sha256, sizeof blob->sha256), db_int(blob->size), db_text(scope->actor.user_id)),
        &same_content_shape, &same, &found));
    if (!found)
        TRY(media_blob_add(scope, blob));
    *ret_blob_id = found ? same.id : str_of(blob->id);
    return OK;
}

static struct db_value number_or_null(const json_t *probe, const char *key)
{
    const json_t *value = json_object_get(probe, key);
    return json_is_number(value) ? db_number(json_number_value(value)) : db_null();
}

static struct db_value int_or_null(const json_t *probe, const char *key)
{
    const json_t *value = json_object_get(probe, key);
    return json_is_integer(value) ? db_int(json_integer_value(value)) : db_null();
}

DB_STATEMENT(insert,
    "INSERT INTO media (id, user_id, blob_id, file_name, file_path, media_type, mime_type, size_bytes, duration, width,"
    " height, has_audio, status, probe, created_at, updated_at, completed_at)"
    " VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15) RETURNING " COLUMNS);

error media_add(struct scope *scope, str id, str file_name, const struct blob_info *blob, const json_t *probe,
    bool will_transcribe, struct media *ret_media)
{
    TRY(quota_check_kind(json_get_str(probe, "kind"), blob->size));
    TRY(quota_require(scope, blob->size));
    str blob_id;
    TRY(keep_once(scope, blob, &blob_id));
    int64_t now = clock_now_us();
    bool found;
    error result = db_one(scope->db, scope->arena, &insert,
        DB_ARGS(db_text(id), db_text(scope->actor.user_id), db_text(blob_id),
            db_text(media_clean_name(scope->arena, file_name)), db_text(json_get_str(probe, "kind")),
            db_text(json_get_str(probe, "mime")), db_int(blob->size), number_or_null(probe, "duration"),
            int_or_null(probe, "width"), int_or_null(probe, "height"),
            db_bool(json_get_bool(probe, "has_audio", false)),
            db_text(will_transcribe ? STR("pending") : STR("completed")), db_text(json_text(scope->arena, probe)),
            db_int(now), will_transcribe ? db_null() : db_int(now)),
        &media_row_shape, ret_media, &found);
    if (result.code == ERROR_CONFLICT)
        return error_make(ERROR_FILE_EXISTS, "file_id", "A file with the id %.*s exists already", STR_ARGS(id));
    TRY(result);
    TRY(file_key_add_owner(scope, ret_media));
    TRY(library_add_media(scope, ret_media));
    TRY(search_update(scope, SEARCH_MEDIA, id));
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "media_id", json_str(id));
    json_object_set_new(payload, "file_name", json_str(ret_media->file_name));
    json_object_set_new(payload, "transcribing", json_boolean(will_transcribe));
    TRY(event_add(scope, &(struct event_new) { .kind = "media:added", .media_id = id, .payload = payload }));
    return derivative_queue(scope, id);
}

DB_STATEMENT(
    update, "UPDATE media SET file_name = $2, file_path = $3, updated_at = $4 WHERE number = $1 RETURNING " COLUMNS);

error media_update(struct scope *scope, str key, str file_name, str file_path, struct media *ret_media)
{
    struct media media;
    bool found;
    TRY(media_get_own(scope, key, &media));
    if (file_path.data)
        TRY(media_check_path(file_path));
    if (file_name.data && !str_equal(media_clean_name(scope->arena, file_name), file_name))
        return error_make(ERROR_VALIDATION_ERROR, "file_name",
            "A file name has no folders, control characters or blanks at its ends, and at most 255 bytes");
    TRY(db_one(scope->db, scope->arena, &update,
        DB_ARGS(db_int(media.number), db_text(file_name.data ? file_name : media.file_name),
            db_text(file_path.data ? file_path : media.file_path), db_int(clock_now_us())),
        &media_row_shape, ret_media, &found));
    return search_update(scope, SEARCH_MEDIA, media.id);
}

DB_STATEMENT(delete_one, "DELETE FROM media WHERE number = $1");

error media_delete(struct scope *scope, str key, struct media *ret_media, str *ret_free_blob)
{
    bool is_free;
    TRY(media_get_own(scope, key, ret_media));
    TRY(file_key_forget(scope, ret_media));
    TRY(derivative_forget(scope, ret_media->id));
    TRY(blob_use_lock(scope, ret_media->user_id));
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_int(ret_media->number)), NULL));
    TRY(blob_use_release(scope, ret_media->blob_id, &is_free));
    *ret_free_blob = is_free ? ret_media->blob_id : STR_NONE;
    json_t *payload = json_keep(
        scope->arena, json_pack("{s:s#}", "media_id", ret_media->id.data, (int)ret_media->id.size));
    return event_add(scope,
        &(struct event_new) {
            .kind = "media:deleted", .user_id = ret_media->user_id, .media_id = ret_media->id, .payload = payload });
}

DB_STATEMENT(set_blob, "UPDATE media SET blob_id = $3 WHERE id = $1 AND blob_id = $2");

error media_change_blob(struct scope *scope, const struct media *media, const struct blob_info *blob, bool *ret_changed)
{
    int64_t changed;
    struct media now = *media;
    now.blob_id = str_of(blob->id);
    TRY(media_blob_add(scope, blob));
    TRY(db_run(
        scope->db, &set_blob, DB_ARGS(db_text(media->id), db_text(media->blob_id), db_text(now.blob_id)), &changed));
    *ret_changed = changed > 0;
    return changed ? file_key_renew(scope, &now) : OK;
}

DB_STATEMENT(set_status, "UPDATE media SET status = $2, updated_at = $3, completed_at = $4 WHERE id = $1");

error media_set_status(struct scope *scope, str id, const char *status)
{
    int64_t now = clock_now_us();
    bool done = str_equal_c(STR("completed"), status);
    return db_run(scope->db, &set_status,
        DB_ARGS(db_text(id), db_text(str_of(status)), db_int(now), done ? db_int(now) : db_null()), NULL);
}
