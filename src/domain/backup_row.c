// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/backup_row.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/audit.h"

static const int64_t AGAIN_US = 3600 * SECOND_US;

// A hundred are remembered.
DB_STATEMENT(forget, "DELETE FROM backup WHERE started_at < (SELECT min(started_at) FROM"
                     " (SELECT started_at FROM backup ORDER BY started_at DESC LIMIT 100) AS newest)");
DB_STATEMENT(add, "INSERT INTO backup (id, folder, name, started_at, held_until) VALUES ($1, $2, $3, now_us(),"
                  " now_us() + $4)");
DB_STATEMENT2(this_change, "SELECT 0", "SELECT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)");

error backup_row_begin(struct scope *scope, str id, str folder, str name, int64_t hold_us, int64_t *ret_change)
{
    TRY(db_run(scope->db, &forget, DB_NO_ARGS, NULL));
    TRY(db_run(scope->db, &add, DB_ARGS(db_text(id), db_text(folder), db_text(name), db_int(hold_us)), NULL));
    return db_integer(scope->db, &this_change, DB_NO_ARGS, ret_change, NULL);
}

DB_STATEMENT2(
    oldest_change, "SELECT 1", "SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)");

error backup_row_is_alone(struct scope *scope, int64_t change, bool *ret_alone)
{
    int64_t oldest;
    TRY(db_integer(scope->db, &oldest_change, DB_NO_ARGS, &oldest, NULL));
    *ret_alone = oldest > change;
    return OK;
}

DB_STATEMENT(hold, "UPDATE backup SET held_until = now_us() + $2 WHERE id = $1 AND held_until > now_us()");

error backup_row_hold(struct scope *scope, str id, int64_t hold_us, bool *ret_held)
{
    int64_t changed;
    TRY(db_run(scope->db, &hold, DB_ARGS(db_text(id), db_int(hold_us)), &changed));
    *ret_held = changed > 0;
    return OK;
}

static error write_down(struct scope *scope, str action, str id, bool good)
{
    return audit_add(scope, &(struct audit_new) { .action = action,
                                .object_kind = STR("backup"),
                                .object_id = id,
                                .outcome = good ? STR("ok") : STR("FAILED") });
}

DB_STATEMENT(end_well, "UPDATE backup SET held_until = NULL, made_at = now_us() WHERE id = $1");
DB_STATEMENT(end_badly, "UPDATE backup SET held_until = NULL, failed_at = now_us() WHERE id = $1");

DB_STATEMENT(break_off, "DELETE FROM backup WHERE id = $1");

error backup_row_end(struct scope *scope, str id, enum backup_outcome outcome)
{
    static const struct db_statement *const ends[] = {
        [BACKUP_MADE] = &end_well, [BACKUP_FAILED] = &end_badly, [BACKUP_BROKEN_OFF] = &break_off
    };
    TRY(db_run(scope->db, ends[outcome], DB_ARGS(db_text(id)), NULL));
    return write_down(scope, STR("backup.create"), id, outcome == BACKUP_MADE);
}

#define VERIFIED(column)                                                                                               \
    "INSERT INTO backup (id, folder, name, started_at, " column ") VALUES ($1, $2, $3, now_us(), now_us())"            \
    " ON CONFLICT (folder, name) DO UPDATE SET " column " = now_us()"
DB_STATEMENT(verified_well, VERIFIED("verified_at"));
DB_STATEMENT(verified_badly, VERIFIED("failed_at"));

error backup_row_verified(struct scope *scope, str folder, str name, bool whole)
{
    TRY(db_run(scope->db, whole ? &verified_well : &verified_badly,
        DB_ARGS(db_text(id_new(scope->arena)), db_text(folder), db_text(name)), NULL));
    return write_down(scope, STR("backup.verify"), name, whole);
}

DB_STATEMENT(holds, "SELECT count(*) FROM backup WHERE held_until > now_us()");

error backup_row_is_held(struct scope *scope, bool *ret_held)
{
    int64_t count;
    TRY(db_integer(scope->db, &holds, DB_NO_ARGS, &count, NULL));
    *ret_held = count > 0;
    return OK;
}

static const struct field times_fields[] = {
    FIELD(struct backup_times, started_at),
    FIELD(struct backup_times, made_at),
    FIELD(struct backup_times, verified_at),
    FIELD(struct backup_times, failed_at),
};
static const struct shape times_shape = SHAPE("BackupTimes", struct backup_times, times_fields);
DB_STATEMENT(times, "SELECT max(started_at) AS started_at, max(made_at) AS made_at, max(verified_at) AS verified_at,"
                    " max(failed_at) AS failed_at FROM backup");

error backup_row_times(struct scope *scope, struct backup_times *ret_times)
{
    bool found;
    return db_one(scope->db, scope->arena, &times, DB_NO_ARGS, &times_shape, ret_times, &found);
}

DB_STATEMENT(lately, "SELECT (SELECT count(*) FROM backup WHERE made_at > now_us() - $1 OR started_at > now_us() - $2)"
                     " + (SELECT count(*) FROM job WHERE unique_key = $3)");
DB_STATEMENT(somebody, "SELECT id FROM users WHERE is_superuser AND is_active ORDER BY number LIMIT 1");

error backup_row_is_due(struct scope *scope, int64_t every_us, str job_key, bool *ret_due, str *ret_user_id)
{
    int64_t count, again_us = every_us < AGAIN_US ? every_us : AGAIN_US;
    TRY(db_integer(scope->db, &lately, DB_ARGS(db_int(every_us), db_int(again_us), db_text(job_key)), &count, NULL));
    TRY(db_string(scope->db, scope->arena, &somebody, DB_NO_ARGS, ret_user_id));
    *ret_due = !count && ret_user_id->data;
    return OK;
}
