// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/link_run.h"

#include "base/clock.h"
#include "base/id.h"

enum { DOUBLINGS_MAX = 5 };

static double wait_factor(int64_t failures)
{
    unsigned char random;
    id_random(&random, 1);
    double jitter = 0.9 + 0.2 * random / 255;
    return jitter * (double)(1 << (failures < DOUBLINGS_MAX ? failures : DOUBLINGS_MAX));
}

DB_STATEMENT(set_last,
    "UPDATE link SET last_checked_at = $2, last_status = $3, last_error = $4, last_failure = $5, failures = $6,"
    " wait_factor = $7 WHERE id = $1");

error link_run_end(struct scope *scope, const struct link *link, const struct download_end *end)
{
    bool failed = end->failure != FAILURE_NONE;
    bool cancelled = str_equal_c(STR("cancelled"), end->status);
    int64_t failures = failed ? link->failures + 1 : cancelled ? link->failures : 0;
    TRY(download_record_add(scope, link, end));
    return db_run(scope->db, &set_last,
        DB_ARGS(db_text(link->id), db_int(clock_now_us()), db_text(str_of(end->status)),
            failed ? db_text(end->message) : db_null(), db_text(str_of(link_failure_name(end->failure))),
            db_int(failures), db_number(wait_factor(failures))),
        NULL);
}
