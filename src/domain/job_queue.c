// SPDX-License-Identifier: GPL-3.0-or-later
// Kinds of jobs as queues, and the end of old jobs.
#include "domain/job.h"

static const struct field fields[] = {
    FIELD(struct job_queue, kind, .doc = "Kind of the jobs"),
    FIELD(struct job_queue, pending, .doc = "Jobs that have not begun"),
    FIELD(struct job_queue, processing, .doc = "Jobs that are under way"),
    FIELD(struct job_queue, failed, .doc = "Jobs that failed and can be retried"),
    FIELD(struct job_queue, paused, .doc = "No job of this kind begins"),
    FIELD(struct job_queue, oldest_at, .doc = "When the oldest pending job was made"),
};
const struct shape job_queue_shape = SHAPE("JobQueue", struct job_queue, fields);

DB_STATEMENT(queues,
    "SELECT kinds.kind, coalesce(pending, 0) AS pending, coalesce(processing, 0) AS processing,"
    " coalesce(failed, 0) AS failed, paused_at IS NOT NULL AS paused, oldest_at FROM"
    " (SELECT kind FROM job WHERE state IN ('pending', 'processing', 'waiting', 'failed') AND parent IS NULL"
    " UNION SELECT kind FROM job_pause) AS kinds LEFT JOIN"
    " (SELECT kind, sum(CASE WHEN state = 'pending' AND stage = 'start' THEN 1 ELSE 0 END) AS pending,"
    " sum(CASE WHEN state IN ('processing', 'waiting') OR (state = 'pending' AND stage = 'join') THEN 1 ELSE 0 END)"
    " AS processing, sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END) AS failed,"
    " min(CASE WHEN state = 'pending' AND stage = 'start' THEN created_at END) AS oldest_at"
    " FROM job WHERE state IN ('pending', 'processing', 'waiting', 'failed') AND parent IS NULL GROUP BY kind)"
    " AS counted ON counted.kind = kinds.kind LEFT JOIN job_pause ON job_pause.kind = kinds.kind ORDER BY kinds.kind");

error job_queues(struct scope *scope, struct list *ret_queues)
{
    return db_all(scope->db, scope->arena, &queues, DB_NO_ARGS, &job_queue_shape, 0, ret_queues);
}

DB_STATEMENT(pause, "INSERT INTO job_pause (kind, paused_at) VALUES ($1, now_us()) ON CONFLICT DO NOTHING");

error job_queue_pause(struct scope *scope, str kind)
{
    return db_run(scope->db, &pause, DB_ARGS(db_text(kind)), NULL);
}

DB_STATEMENT(resume, "DELETE FROM job_pause WHERE kind = $1");

error job_queue_resume(struct scope *scope, str kind)
{
    return db_run(scope->db, &resume, DB_ARGS(db_text(kind)), NULL);
}

// A film and a transcript are found by the job that made them.
DB_STATEMENT(tidy,
    "DELETE FROM job WHERE state IN ('completed', 'cancelled') AND parent IS NULL AND finished_at < now_us() - $1"
    " AND NOT EXISTS (SELECT 1 FROM transcription WHERE transcription.job_id = job.id)"
    " AND NOT EXISTS (SELECT 1 FROM film_file WHERE film_file.job_id = job.id)");

error job_tidy(struct scope *scope, int64_t age_us, int64_t *ret_count)
{
    return db_run(scope->db, &tidy, DB_ARGS(db_int(age_us)), ret_count);
}
