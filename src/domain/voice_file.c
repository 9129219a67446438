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

// The two states each by its index; jobs that have ended are many.
#define WANTED(states)                                                                                                 \
    "SELECT job.number FROM job WHERE job.kind = 'voice' AND job.user_id = $1 AND " states                             \
    " AND EXISTS (SELECT 1 FROM scenes JOIN scenes_layers ON scenes_layers.scene_id = scenes.id"                       \
    " WHERE scenes.video_id = $2 AND scenes_layers.type = 'voiceover'"                                                 \
    " AND scenes_layers.properties ->> 'voice_id' = job.params ->> 'voice'"                                            \
    " AND coalesce(nullif(scenes_layers.properties ->> 'text', ''), scenes.text) = job.params ->> 'text')"
DB_STATEMENT(wanted, WANTED("job.state = 'pending'") " UNION " WANTED("job.state = 'processing'") "");

struct number_row {
    int64_t number;
};
static const struct field number_fields[] = { FIELD(struct number_row, number) };
static const struct shape number_shape = SHAPE("NumberRow", struct number_row, number_fields);

error voice_file_wanted(
    struct scope *scope, str video_id, int64_t ret_numbers[static VOICE_FILE_WANTED_MAX], size_t *ret_count)
{
    struct list rows;
    TRY(db_all(scope->db, scope->arena, &wanted, DB_ARGS(db_text(scope->actor.user_id), db_text(video_id)),
        &number_shape, VOICE_FILE_WANTED_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++)
        ret_numbers[i] = ((const struct number_row *)rows.items)[i].number;
    *ret_count = rows.count;
    return OK;
}
