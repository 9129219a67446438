// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/blob_use.h"

#include "domain/backup_row.h"

#define UNUSED                                                                                                         \
    "NOT EXISTS (SELECT 1 FROM media WHERE media.blob_id = blob.id)"                                                   \
    " AND NOT EXISTS (SELECT 1 FROM cache WHERE cache.blob_id = blob.id)"                                              \
    " AND NOT EXISTS (SELECT 1 FROM film_file WHERE film_file.blob_id = blob.id)"                                      \
    " AND NOT EXISTS (SELECT 1 FROM film_extra WHERE film_extra.blob_id = blob.id)"                                    \
    " AND NOT EXISTS (SELECT 1 FROM derivative WHERE derivative.blob_id = blob.id)"                                    \
    " AND NOT EXISTS (SELECT 1 FROM job_input WHERE job_input.blob_id = blob.id)"                                      \
    " AND NOT EXISTS (SELECT 1 FROM voice_file WHERE voice_file.blob_id = blob.id)"                                    \
    " AND NOT EXISTS (SELECT 1 FROM upload_part WHERE upload_part.blob_id = blob.id)"

// Changes nothing, but holds the row. On SQLite changes come one after the other anyway.
DB_STATEMENT(lock_user, "UPDATE users SET updated_at = updated_at WHERE id = $1");

error blob_use_lock(struct scope *scope, str user_id)
{
    return db_run(scope->db, &lock_user, DB_ARGS(db_text(user_id)), NULL);
}

DB_STATEMENT(release, "DELETE FROM blob WHERE id = $1 AND " UNUSED);

error blob_use_release(struct scope *scope, str blob_id, bool *ret_free)
{
    int64_t changed;
    bool held = false;
    TRY(db_run(scope->db, &release, DB_ARGS(db_text(blob_id)), &changed));
    if (changed)
        TRY(backup_row_is_held(scope, &held));
    *ret_free = changed > 0 && !held;
    return OK;
}

DB_STATEMENT(release_unused, "DELETE FROM blob WHERE created_at < $1 AND " UNUSED);

error blob_use_release_unused(struct scope *scope, int64_t before_us, int64_t *ret_count)
{
    return db_run(scope->db, &release_unused, DB_ARGS(db_int(before_us)), ret_count);
}
