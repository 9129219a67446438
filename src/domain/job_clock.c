// SPDX-License-Identifier: GPL-3.0-or-later
// The queue when the clock that it goes by jumps.
#include "base/clock.h"
#include "domain/job.h"

// Longer than any pause that job_run.c gives a job.
static const int64_t PAUSE_MAX_US = 120 * SECOND_US;

DB_STATEMENT2(clock_now, "SELECT now_us()", "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)");

error job_clock(struct scope *scope, int64_t *ret_now_us)
{
    return db_integer(scope->db, &clock_now, DB_NO_ARGS, ret_now_us, NULL);
}

DB_STATEMENT(shorten_leases,
    "UPDATE job SET lease_until = now_us() + $1 WHERE state = 'processing' AND lease_until > now_us() + $1");
DB_STATEMENT(
    shorten_pauses, "UPDATE job SET run_after = now_us() WHERE state = 'pending' AND run_after > now_us() + $1");

error job_clock_went_back(struct scope *scope, int64_t lease_us)
{
    TRY(db_run(scope->db, &shorten_leases, DB_ARGS(db_int(lease_us)), NULL));
    return db_run(scope->db, &shorten_pauses, DB_ARGS(db_int(PAUSE_MAX_US)), NULL);
}
