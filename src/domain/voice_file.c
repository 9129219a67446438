// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/voice_file.h"

#include "domain/media.h"

DB_STATEMENT(forget, "DELETE FROM voice_file WHERE job_id = $1");
DB_STATEMENT(insert, "INSERT INTO voice_file (job_id, blob_id) VALUES ($1, $2)");

error voice_file_put(struct scope *scope, str job_id, const struct blob_info *blob)
{
    TRY(db_run(scope->db, &forget, DB_ARGS(db_text(job_id)), NULL));
    TRY(media_blob_add(scope, blob));
    return db_run(scope->db, &insert, DB_ARGS(db_text(job_id), db_text(str_of(blob->id))), NULL);
}

DB_STATEMENT(blob_of, "SELECT blob_id FROM voice_file WHERE job_id = $1");

error voice_file_get(struct scope *scope, str job_id, struct job *ret_job, str *ret_blob_id)
{
    TRY(job_get(scope, job_id, ret_job));
    TRY(db_string(scope->db, scope->arena, &blob_of, DB_ARGS(db_text(ret_job->id)), ret_blob_id));
    return ret_blob_id->data ? OK : error_of(ERROR_JOB_NOT_FOUND);
}
