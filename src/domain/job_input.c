// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/job_input.h"

#include "domain/blob_use.h"
#include "domain/media.h"

DB_STATEMENT(insert, "INSERT INTO job_input (job_id, blob_id) VALUES ($1, $2)");

error job_input_add(struct scope *scope, str job_id, const struct blob_info *blob)
{
    TRY(media_blob_add(scope, blob));
    return db_run(scope->db, &insert, DB_ARGS(db_text(job_id), db_text(str_of(blob->id))), NULL);
}

struct row {
    str blob_id;
};
static const struct field fields[] = { FIELD(struct row, blob_id) };
static const struct shape row_shape = SHAPE("JobInputRow", struct row, fields);

DB_STATEMENT(by_job, "SELECT blob_id FROM job_input WHERE job_id = $1");

static error find(struct scope *scope, str job_id, str *ret_blob_id, bool *ret_found)
{
    struct row row = { STR_NONE };
    TRY(db_one(scope->db, scope->arena, &by_job, DB_ARGS(db_text(job_id)), &row_shape, &row, ret_found));
    *ret_blob_id = row.blob_id;
    return OK;
}

error job_input_get(struct scope *scope, str job_id, str *ret_blob_id)
{
    bool found;
    TRY(find(scope, job_id, ret_blob_id, &found));
    return found ? OK : error_of(ERROR_JOB_NOT_FOUND);
}

DB_STATEMENT(forget, "DELETE FROM job WHERE id = $1");

error job_input_remove(struct scope *scope, str job_id)
{
    str blob_id;
    bool found, freed;
    TRY(find(scope, job_id, &blob_id, &found));
    if (!found)
        return OK;
    TRY(db_run(scope->db, &forget, DB_ARGS(db_text(job_id)), NULL));
    return blob_use_release(scope, blob_id, &freed);
}

DB_STATEMENT(
    forget_old, "DELETE FROM job WHERE created_at < $1 AND EXISTS (SELECT 1 FROM job_input WHERE job_id = job.id)");

error job_input_remove_old(struct scope *scope, int64_t before_us)
{
    return db_run(scope->db, &forget_old, DB_ARGS(db_int(before_us)), NULL);
}
