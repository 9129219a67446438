// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/kept_answer.h"

#include "base/clock.h"

static const int64_t LIFE_US = 24 * 3600 * SECOND_US;

static const struct field fields[] = {
    FIELD(struct kept_answer, key),
    FIELD(struct kept_answer, request),
    FIELD(struct kept_answer, status),
    FIELD(struct kept_answer, answer),
};
static const struct shape row_shape = SHAPE("KeptAnswerRow", struct kept_answer, fields);

DB_STATEMENT(by_key, "SELECT key, request, status, answer FROM kept_answer"
                     " WHERE user_id = $1 AND key = $2 AND created_at > $3");

error kept_answer_get(struct scope *scope, str key, struct kept_answer *ret_kept, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &by_key,
        DB_ARGS(db_text(scope->actor.user_id), db_text(key), db_int(clock_now_us() - LIFE_US)), &row_shape, ret_kept,
        ret_found);
}

DB_STATEMENT(drop_old, "DELETE FROM kept_answer WHERE user_id = $1 AND created_at <= $2");
DB_STATEMENT(insert, "INSERT INTO kept_answer (user_id, key, request, status, answer, created_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6)");

error kept_answer_add(struct scope *scope, const struct kept_answer *kept)
{
    int64_t now_us = clock_now_us();
    str user_id = scope->actor.user_id;
    TRY(db_run(scope->db, &drop_old, DB_ARGS(db_text(user_id), db_int(now_us - LIFE_US)), NULL));
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(user_id), db_text(kept->key), db_bytes(kept->request.data, kept->request.size),
            db_int(kept->status), db_bytes(kept->answer.data, kept->answer.size), db_int(now_us)),
        NULL);
}
