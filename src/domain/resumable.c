// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/resumable.h"

#include "base/clock.h"
#include "base/settings.h"
#include "domain/blob_use.h"
#include "domain/job.h"
#include "domain/quota.h"

enum { UNFINISHED_MAX = 1000 }; // of one user; a browser that sends a folder has a few at a time

static const struct field fields[] = {
    FIELD(struct resumable, id),
    FIELD(struct resumable, user_id),
    FIELD(struct resumable, metadata),
    FIELD(struct resumable, length_bytes),
    FIELD(struct resumable, offset_bytes),
    FIELD(struct resumable, finished),
    FIELD(struct resumable, created_at),
    FIELD(struct resumable, expires_at),
};
static const struct shape row_shape = SHAPE("UploadRow", struct resumable, fields);

static int64_t lifetime_us(void)
{
    return SETTING_NOW(upload_lifetime) * SECOND_US;
}

int64_t resumable_expiry_us(void)
{
    return clock_now_us() + lifetime_us();
}

DB_STATEMENT(count_unfinished, "SELECT count(*) FROM upload WHERE user_id = $1 AND NOT finished");
DB_STATEMENT(insert, "INSERT INTO upload (id, user_id, metadata, length_bytes, offset_bytes, finished, created_at,"
                     " expires_at) VALUES ($1, $2, $3, $4, 0, false, now_us(), now_us() + $5)");

error resumable_add(struct scope *scope, const struct resumable *upload)
{
    int64_t count;
    str user_id = scope->actor.user_id;
    TRY(quota_require(scope, upload->length_bytes));
    TRY(db_integer(scope->db, &count_unfinished, DB_ARGS(db_text(user_id)), &count, NULL));
    if (count >= UNFINISHED_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL,
            "You have %d unfinished uploads; finish some, or delete those that you do not want", UNFINISHED_MAX);
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(upload->id), db_text(user_id), db_text(upload->metadata), db_int(upload->length_bytes),
            db_int(lifetime_us())),
        NULL);
}

DB_STATEMENT(by_id, "SELECT id, user_id, metadata, length_bytes, offset_bytes, finished, created_at, expires_at"
                    " FROM upload WHERE id = $1 AND user_id = $2");

error resumable_get(struct scope *scope, str id, struct resumable *ret_upload)
{
    struct resumable upload;
    int64_t now;
    bool found;
    TRY(job_clock(scope, &now));
    TRY(db_one(scope->db, scope->arena, &by_id,
        DB_ARGS(db_text(str_lower(scope->arena, id)), db_text(scope->actor.user_id)), &row_shape, &upload, &found));
    if (!found)
        return error_of(ERROR_UPLOAD_NOT_FOUND);
    if (upload.expires_at.us <= now)
        return error_of(ERROR_UPLOAD_EXPIRED);
    *ret_upload = upload;
    return OK;
}

DB_STATEMENT(move_on, "UPDATE upload SET offset_bytes = $3, finished = $4, expires_at = now_us() + $5"
                      " WHERE id = $1 AND offset_bytes = $2 AND NOT finished");

static error move(struct scope *scope, const struct resumable *upload, int64_t to_bytes, bool finished)
{
    int64_t changed;
    struct resumable now;
    TRY(db_run(scope->db, &move_on,
        DB_ARGS(db_text(upload->id), db_int(upload->offset_bytes), db_int(to_bytes), db_bool(finished),
            db_int(lifetime_us())),
        &changed));
    if (changed)
        return OK;
    TRY(resumable_get(scope, upload->id, &now));
    return error_make(ERROR_UPLOAD_OFFSET, "Upload-Offset",
        "Someone else has sent this part: the upload is at offset %lld", (long long)now.offset_bytes);
}

DB_STATEMENT(insert_part, "INSERT INTO upload_part (upload_id, first_byte, blob_id) VALUES ($1, $2, $3)");

error resumable_append(struct scope *scope, const struct resumable *upload, const struct blob_info *part)
{
    TRY(quota_require(scope, part->size));
    TRY(move(scope, upload, upload->offset_bytes + part->size, false));
    TRY(media_blob_add(scope, part));
    return db_run(scope->db, &insert_part,
        DB_ARGS(db_text(upload->id), db_int(upload->offset_bytes), db_text(str_of(part->id))), NULL);
}

DB_STATEMENT(all_parts, "SELECT blob.id, sealed_key, sha256, size_bytes, stored_bytes FROM blob"
                        " JOIN upload_part ON upload_part.blob_id = blob.id WHERE upload_id = $1 ORDER BY first_byte");

error resumable_parts(struct scope *scope, str id, struct list *ret_parts)
{
    return db_all(scope->db, scope->arena, &all_parts, DB_ARGS(db_text(id)), &media_blob_row_shape, 0, ret_parts);
}

DB_STATEMENT(drop_parts, "DELETE FROM upload_part WHERE upload_id = $1");

static error release_parts(struct scope *scope, str id)
{
    struct list parts;
    bool is_free;
    TRY(resumable_parts(scope, id, &parts));
    TRY(db_run(scope->db, &drop_parts, DB_ARGS(db_text(id)), NULL));
    for (size_t i = 0; i < parts.count; i++)
        TRY(blob_use_release(scope, ((struct media_blob *)parts.items)[i].id, &is_free));
    return OK;
}

error resumable_finish(struct scope *scope, const struct resumable *upload)
{
    TRY(move(scope, upload, upload->length_bytes, true));
    return release_parts(scope, upload->id);
}

DB_STATEMENT(delete_one, "DELETE FROM upload WHERE id = $1");

error resumable_remove(struct scope *scope, str id)
{
    TRY(release_parts(scope, id));
    return db_run(scope->db, &delete_one, DB_ARGS(db_text(id)), NULL);
}

DB_STATEMENT(delete_expired, "DELETE FROM upload WHERE expires_at <= now_us()");

error resumable_expire(struct scope *scope)
{
    return db_run(scope->db, &delete_expired, DB_NO_ARGS, NULL);
}
