// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/rekey.h"

#include "domain/blob_use.h"
#include "domain/job_row.h"

error rekey_start(struct scope *scope, str media_key, str *ret_job_id)
{
    struct media media;
    struct job job;
    bool found;
    TRY(media_get_own(scope, media_key, &media));
    TRY(job_newest_of_media(scope, media.id, "rekey", &job, &found));
    str key = job_unique_key(scope->arena, STR("rekey"), media.id);
    bool at_work = found && !job.finished_at.us;
    if (!at_work)
        TRY(job_add(scope,
            &(struct job_new) { .kind = "rekey",
                .media_id = media.id,
                .params = json_keep(scope->arena, json_object()),
                .unique_key = key },
            &job));
    *ret_job_id = job.id;
    return OK;
}

DB_STATEMENT(films_at_work,
    "SELECT count(*) FROM job WHERE kind IN ('render', 'draft') AND parent IS NULL AND state IN "
    "('pending', 'processing', 'waiting')");

error rekey_finish(struct scope *scope, const struct media *media, const struct blob_info *blob)
{
    int64_t films;
    bool changed, is_free;
    TRY(media_change_blob(scope, media, blob, &changed));
    if (!changed)
        return error_of(ERROR_CANCELLED);
    TRY(db_integer(scope->db, &films_at_work, DB_NO_ARGS, &films, NULL));
    return films ? OK : blob_use_release(scope, media->blob_id, &is_free);
}
