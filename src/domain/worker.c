// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/worker.h"

static const struct field fields[] = {
    FIELD(struct worker_row, id, .format = FORMAT_UUID),
    FIELD(struct worker_row, host, .doc = "Name of the machine"),
    FIELD(struct worker_row, version, .doc = "Version of Kinora"),
    FIELD(struct worker_row, slots, .doc = "Jobs at a time, by kind"),
    FIELD(struct worker_row, draining, .doc = "It ends what it has and takes no new work"),
    FIELD(struct worker_row, alive, .doc = "It was seen in the last 30 seconds"),
    FIELD(struct worker_row, running, .doc = "Jobs and parts of jobs that it works on"),
    FIELD(struct worker_row, started_at),
    FIELD(struct worker_row, seen_at),
};
const struct shape worker_row_shape = SHAPE("Worker", struct worker_row, fields);

DB_STATEMENT(seen, "INSERT INTO runner (id, host, version, slots, draining, started_at, seen_at)"
                   " VALUES ($1, $2, $3, $4, $5, now_us(), now_us())"
                   " ON CONFLICT (id) DO UPDATE SET draining = excluded.draining, seen_at = excluded.seen_at");
DB_STATEMENT(forget_old, "DELETE FROM runner WHERE seen_at < now_us() - 86400000000");

error worker_seen(struct scope *scope, const struct worker_row *worker)
{
    TRY(db_run(scope->db, &forget_old, DB_NO_ARGS, NULL));
    return db_run(scope->db, &seen,
        DB_ARGS(db_text(worker->id), db_text(worker->host), db_text(worker->version), db_text(worker->slots.text),
            db_bool(worker->draining)),
        NULL);
}

DB_STATEMENT(gone, "DELETE FROM runner WHERE id = $1");

error worker_gone(struct scope *scope, str id)
{
    return db_run(scope->db, &gone, DB_ARGS(db_text(id)), NULL);
}

#define ALIVE "seen_at > now_us() - 30000000"
DB_STATEMENT(all, "SELECT id, host, version, slots, draining, " ALIVE " AS alive, (SELECT count(*) FROM job"
                  " WHERE state = 'processing' AND runner_id = runner.id) AS running, started_at, seen_at"
                  " FROM runner ORDER BY started_at, id LIMIT 1000");

error worker_list(struct scope *scope, struct list *ret_workers)
{
    return db_all(scope->db, scope->arena, &all, DB_NO_ARGS, &worker_row_shape, 0, ret_workers);
}

DB_STATEMENT(count_alive, "SELECT count(*) FROM runner WHERE NOT draining AND " ALIVE);

error worker_count_alive(struct scope *scope, int64_t *ret_count)
{
    return db_integer(scope->db, &count_alive, DB_NO_ARGS, ret_count, NULL);
}
