// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/password_reset.h"

#include "base/clock.h"
#include "base/id.h"

static const int64_t TOKEN_US = 30 * 60 * SECOND_US, RETRY_US = 30 * SECOND_US;
enum { ATTEMPTS_MAX = 5, TOKEN_BYTES = 32 };

static const struct field request_fields[] = {
    FIELD(struct reset_request, number),
    FIELD(struct reset_request, email_key),
    FIELD(struct reset_request, attempts),
};
static const struct shape request_shape = SHAPE("ResetRequestRow", struct reset_request, request_fields);

DB_STATEMENT(
    add, "INSERT INTO reset_request (email_key, attempts, run_after, created_at) VALUES ($1, 0, now_us(), now_us())");

error password_reset_request(struct scope *scope, str email)
{
    return db_run(scope->db, &add, DB_ARGS(db_text(str_lower(scope->arena, email))), NULL);
}

DB_STATEMENT(
    next, "SELECT number, email_key, attempts FROM reset_request WHERE run_after <= now_us() ORDER BY number LIMIT 1");

error password_reset_next(struct scope *scope, struct reset_request *ret_request, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &next, DB_NO_ARGS, &request_shape, ret_request, ret_found);
}

DB_STATEMENT(forget_tokens, "DELETE FROM reset_token WHERE user_id = $1 OR expires_at < now_us()");
DB_STATEMENT(add_token, "INSERT INTO reset_token (hash, user_id, expires_at) VALUES ($1, $2, now_us() + $3)");

error password_reset_token(
    struct scope *scope, const struct reset_request *request, struct user *ret_user, str *ret_token, bool *ret_found)
{
    struct user user = { 0 };
    unsigned char bytes[TOKEN_BYTES], hash[32];
    bool found;
    TRY(user_by_login(scope, request->email_key, &user, &found));
    // It is the address that counts: a user may be called like somebody's address.
    found = found && user.is_active && str_equal(str_lower(scope->arena, user.email), request->email_key);
    *ret_found = found;
    if (!found)
        return OK;
    id_random(bytes, sizeof bytes);
    str token = str_base64url(scope->arena, bytes, sizeof bytes);
    crypt_sha256(token.data, token.size, hash);
    TRY(db_run(scope->db, &forget_tokens, DB_ARGS(db_text(user.id)), NULL));
    TRY(db_run(scope->db, &add_token, DB_ARGS(db_bytes(hash, sizeof hash), db_text(user.id), db_int(TOKEN_US)), NULL));
    *ret_user = user;
    *ret_token = token;
    return OK;
}

DB_STATEMENT(forget, "DELETE FROM reset_request WHERE number = $1");
DB_STATEMENT(again, "UPDATE reset_request SET attempts = attempts + 1, run_after = now_us() + $2 WHERE number = $1");

error password_reset_settle(struct scope *scope, const struct reset_request *request, bool sent)
{
    if (sent || request->attempts + 1 >= ATTEMPTS_MAX)
        return db_run(scope->db, &forget, DB_ARGS(db_int(request->number)), NULL);
    return db_run(scope->db, &again, DB_ARGS(db_int(request->number), db_int(RETRY_US << request->attempts)), NULL);
}

DB_STATEMENT(use, "DELETE FROM reset_token WHERE hash = $1 AND expires_at > now_us() RETURNING CAST(user_id AS TEXT)");

error password_reset_use(struct scope *scope, str token, str password_hash, str *ret_user_id)
{
    unsigned char hash[32];
    str user_id;
    struct user user;
    crypt_sha256(token.data, token.size, hash);
    TRY(db_string(scope->db, scope->arena, &use, DB_ARGS(db_bytes(hash, sizeof hash)), &user_id));
    if (!user_id.data)
        return error_make(ERROR_VALIDATION_ERROR, "token",
            "The token is wrong, was used already or is older than 30 minutes; ask for a new one");
    struct scope self = *scope;
    self.actor = (struct actor) { .user_id = user_id };
    struct user_change change = { .password_hash = password_hash };
    TRY(user_update(&self, user_id, &change, &user)); // ends all sessions
    *ret_user_id = user_id;
    return db_run(scope->db, &forget_tokens, DB_ARGS(db_text(user_id)), NULL);
}
