// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/overview.h"

static const struct field jobs_fields[] = {
    FIELD(struct overview_jobs, kind),
    FIELD(struct overview_jobs, status, .doc = "pending, processing, completed, failed or cancelled"),
    FIELD(struct overview_jobs, count),
};
const struct shape overview_jobs_shape = SHAPE("OverviewJobs", struct overview_jobs, jobs_fields);

DB_STATEMENT(users, "SELECT count(*) FROM users");
DB_STATEMENT(files, "SELECT count(*) FROM media");
DB_STATEMENT(file_bytes, "SELECT CAST(coalesce(sum(size_bytes), 0) AS BIGINT) FROM media");
DB_STATEMENT(stored_bytes, "SELECT CAST(coalesce(sum(stored_bytes), 0) AS BIGINT) FROM blob");
DB_STATEMENT(videos, "SELECT count(*) FROM video");
DB_STATEMENT(jobs,
    "SELECT kind, CASE WHEN state = 'waiting' THEN 'processing' ELSE state END AS status, count(*) AS count FROM job"
    " WHERE parent IS NULL GROUP BY 1, 2 ORDER BY 1, 2");

error overview_read(struct scope *scope, struct overview *ret_overview)
{
    struct overview told = { 0 };
    TRY(db_integer(scope->db, &users, DB_NO_ARGS, &told.users, NULL));
    TRY(db_integer(scope->db, &files, DB_NO_ARGS, &told.files, NULL));
    TRY(db_integer(scope->db, &file_bytes, DB_NO_ARGS, &told.file_bytes, NULL));
    TRY(db_integer(scope->db, &stored_bytes, DB_NO_ARGS, &told.stored_bytes, NULL));
    TRY(db_integer(scope->db, &videos, DB_NO_ARGS, &told.videos, NULL));
    TRY(db_all(scope->db, scope->arena, &jobs, DB_NO_ARGS, &overview_jobs_shape, 0, &told.jobs));
    *ret_overview = told;
    return OK;
}

static const struct field place_fields[] = {
    FIELD(struct overview_place, place),
    FIELD(struct overview_place, stored_bytes),
};
static const struct shape place_shape = SHAPE("OverviewPlace", struct overview_place, place_fields);

DB_STATEMENT(queue,
    "SELECT kind, CASE WHEN state = 'waiting' THEN 'processing' ELSE state END AS status, count(*) AS count FROM job"
    " WHERE parent IS NULL AND state IN ('pending', 'processing', 'waiting') GROUP BY 1, 2");
DB_STATEMENT(places, "SELECT place, CAST(sum(stored_bytes) AS BIGINT) AS stored_bytes FROM blob GROUP BY place");

error overview_load(struct scope *scope, struct overview_load *ret_load)
{
    struct overview_load load;
    TRY(db_all(scope->db, scope->arena, &queue, DB_NO_ARGS, &overview_jobs_shape, 0, &load.jobs));
    TRY(db_all(scope->db, scope->arena, &places, DB_NO_ARGS, &place_shape, 0, &load.places));
    *ret_load = load;
    return OK;
}
