// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/event.h"
#include "domain/job.h"
#include "domain/reseal.h"
#include "domain/user_key.h"

// A refresh token lives this long after its last use.
static const int64_t REFRESH_TTL_US = INT64_C(30) * 24 * 3600 * SECOND_US;

DB_STATEMENT(secret_get, "SELECT sealed FROM secret WHERE name = $1");
DB_STATEMENT(secret_put, "INSERT INTO secret (name, sealed) VALUES ($1, $2)");

static error load_key(
    struct scope *scope, const struct keyring *keyring, const char *name, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    str sealed, plain;
    TRY(db_string(scope->db, scope->arena, &secret_get, DB_ARGS(db_text(str_of(name))), &sealed));
    if (sealed.data) {
        TRY(keyring_open_sealed(scope->arena, keyring, RESEAL_SECRET, str_of(name), sealed, &plain));
        if (plain.size != CRYPT_KEY_SIZE)
            return error_make(ERROR_DATA_CORRUPT, name, "The secret %s has a wrong size", name);
        memcpy(ret_key, plain.data, CRYPT_KEY_SIZE);
        return OK;
    }
    id_random(ret_key, CRYPT_KEY_SIZE);
    sealed = keyring_seal(
        scope->arena, keyring, RESEAL_SECRET, str_of(name), (str) { (char *)ret_key, CRYPT_KEY_SIZE });
    return db_run(scope->db, &secret_put, DB_ARGS(db_text(str_of(name)), db_bytes(sealed.data, sealed.size)), NULL);
}

error session_keys_load(struct scope *scope, const struct keyring *keyring, struct session_keys *ret_keys)
{
    TRY(load_key(scope, keyring, "token_key", ret_keys->token));
    return load_key(scope, keyring, "url_key", ret_keys->url);
}

error session_keys_check(struct scope *scope, const struct keyring *keyring)
{
    str sealed, plain;
    TRY(db_string(scope->db, scope->arena, &secret_get, DB_ARGS(db_text(STR("token_key"))), &sealed));
    if (!sealed.data)
        return error_of(ERROR_NOT_FOUND);
    return keyring_open_sealed(scope->arena, keyring, RESEAL_SECRET, STR("token_key"), sealed, &plain);
}

error session_check(struct scope *scope, str name, str password, struct user *ret_user)
{
    struct user user = { 0 };
    bool found;
    TRY(user_by_login(scope, name, &user, &found));
    bool right = crypt_password_verify(found ? user.password_hash : STR_NONE, password);
    if (!found || !right)
        return error_of(ERROR_WRONG_CREDENTIALS);
    if (!user.is_active)
        return error_of(ERROR_ACCOUNT_DISABLED);
    *ret_user = user;
    return OK;
}

// Times of sessions are the database's: servers that share one agree on them, whatever their own clocks say.
static error issue(struct scope *scope, const struct session_keys *keys, const struct user *user, str session_id,
    str refresh_token, int64_t ttl_seconds, struct login *ret_login)
{
    int64_t now;
    TRY(job_clock(scope, &now));
    struct token token = { .subject = user->id,
        .session_id = session_id,
        .role = user->is_superuser ? STR("superuser") : STR("user"),
        .issued_us = now,
        .expires_us = now + ttl_seconds * SECOND_US };
    *ret_login = (struct login) {
        .token_type = STR("bearer"), .refresh_token = refresh_token, .expires_in = ttl_seconds, .user = *user
    };
    return token_issue(scope->arena, keys->token, &token, &ret_login->access_token);
}

static str new_refresh_token(struct scope *scope, unsigned char ret_hash[static 32])
{
    unsigned char bytes[32];
    id_random(bytes, sizeof bytes);
    str token = str_base64url(scope->arena, bytes, sizeof bytes);
    crypt_sha256(token.data, token.size, ret_hash);
    return token;
}

DB_STATEMENT(insert, "INSERT INTO session (id, user_id, refresh_hash, created_at, expires_at) VALUES ($1, $2, $3, "
                     "now_us(), now_us() + $4)");
DB_STATEMENT(forget_old, "DELETE FROM session WHERE user_id = $1 AND expires_at < now_us()");

error session_start(struct scope *scope, const struct session_keys *keys, const struct user *user, int64_t ttl_seconds,
    struct login *ret_login)
{
    unsigned char hash[32];
    str refresh = new_refresh_token(scope, hash), id = id_new(scope->arena);
    TRY(user_key_make(scope, user->id));
    TRY(db_run(scope->db, &forget_old, DB_ARGS(db_text(user->id)), NULL));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(user->id), db_bytes(hash, sizeof hash), db_int(REFRESH_TTL_US)), NULL));
    return issue(scope, keys, user, id, refresh, ttl_seconds, ret_login);
}

struct session_row {
    str id, user_id;
};
static const struct field session_fields[] = {
    FIELD(struct session_row, id),
    FIELD(struct session_row, user_id),
};
static const struct shape session_row_shape = SHAPE("SessionRow", struct session_row, session_fields);

DB_STATEMENT(renew,
    "UPDATE session SET refresh_hash = $2, expires_at = now_us() + $3 WHERE refresh_hash = $1 AND expires_at > now_us()"
    " RETURNING id, user_id");

error session_refresh(struct scope *scope, const struct session_keys *keys, str refresh_token, int64_t ttl_seconds,
    struct login *ret_login)
{
    unsigned char old_hash[32], hash[32];
    crypt_sha256(refresh_token.data, refresh_token.size, old_hash);
    str fresh = new_refresh_token(scope, hash);
    struct session_row row;
    bool found;
    TRY(db_one(scope->db, scope->arena, &renew,
        DB_ARGS(db_bytes(old_hash, 32), db_bytes(hash, 32), db_int(REFRESH_TTL_US)), &session_row_shape, &row, &found));
    if (!found)
        return error_of(ERROR_NOT_AUTHENTICATED);
    struct user user;
    TRY(user_get(scope, row.user_id, &user));
    if (!user.is_active)
        return error_of(ERROR_NOT_AUTHENTICATED);
    return issue(scope, keys, &user, row.id, fresh, ttl_seconds, ret_login);
}

DB_STATEMENT(end_one, "DELETE FROM session WHERE id = $1");
DB_STATEMENT(end_all, "DELETE FROM session WHERE user_id = $1");

// The event closes the sockets that were opened with it, on every server.
static error note_end(struct scope *scope, str user_id, str session_id)
{
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "session_id", json_str(session_id)); // null: all of the user's
    return event_add(scope, &(struct event_new) { .kind = SESSION_ENDED, .user_id = user_id, .payload = payload });
}

error session_end(struct scope *scope)
{
    TRY(db_run(scope->db, &end_one, DB_ARGS(db_text(scope->actor.session_id)), NULL));
    return note_end(scope, scope->actor.user_id, scope->actor.session_id);
}

error session_end_all(struct scope *scope, str user_id)
{
    TRY(db_run(scope->db, &end_all, DB_ARGS(db_text(user_id)), NULL));
    return note_end(scope, user_id, STR_NONE);
}

static const struct field standing_fields[] = {
    FIELD(struct session, id),
    FIELD(struct session, created_at),
    FIELD(struct session, expires_at),
};
const struct shape session_shape = SHAPE("StandingSession", struct session, standing_fields);

DB_STATEMENT(list_standing,
    "SELECT id, created_at, expires_at FROM session WHERE user_id = $1 AND expires_at > now_us()"
    " AND NOT EXISTS (SELECT 1 FROM api_key k WHERE k.id = session.id) ORDER BY created_at DESC, id");

error session_list(struct scope *scope, struct list *ret_sessions)
{
    return db_all(scope->db, scope->arena, &list_standing, DB_ARGS(db_text(scope->actor.user_id)), &session_shape, 0,
        ret_sessions);
}

DB_STATEMENT(revoke, "DELETE FROM session WHERE id = $1 AND user_id = $2");

error session_revoke(struct scope *scope, str session_id)
{
    int64_t gone;
    TRY(db_run(scope->db, &revoke, DB_ARGS(db_text(session_id), db_text(scope->actor.user_id)), &gone));
    if (!gone)
        return error_make(ERROR_NOT_FOUND, "session_id", "There is no such session");
    return note_end(scope, scope->actor.user_id, session_id);
}

struct actor_row {
    int64_t number;
    str id, plan;
    bool is_superuser;
    int64_t key_scopes;
    time_us asked_at; // by the clock of the database
};
static const struct field actor_fields[] = {
    FIELD(struct actor_row, number),
    FIELD(struct actor_row, id),
    FIELD(struct actor_row, plan),
    FIELD(struct actor_row, is_superuser),
    FIELD(struct actor_row, key_scopes),
    FIELD(struct actor_row, asked_at),
};
static const struct shape actor_row_shape = SHAPE("ActorRow", struct actor_row, actor_fields);

DB_STATEMENT(actor_get, "SELECT u.number, u.id, u.plan, u.is_superuser, now_us() AS asked_at FROM session s JOIN users "
                        "u ON u.id = s.user_id"
                        " WHERE s.id = $1 AND u.id = $2 AND u.is_active");

error session_actor(struct scope *scope, const struct session_keys *keys, str access_token, struct actor *ret_actor,
    int64_t *ret_expires_us)
{
    struct token token;
    TRY(token_verify(scope->arena, keys->token, access_token, &token));
    struct actor_row row;
    bool found;
    TRY(db_one(scope->db, scope->arena, &actor_get, DB_ARGS(db_text(token.session_id), db_text(token.subject)),
        &actor_row_shape, &row, &found));
    if (!found)
        return error_of(ERROR_NOT_AUTHENTICATED);
    TRY(token_check_time(&token, row.asked_at.us));
    *ret_actor = (struct actor) { .user_id = row.id,
        .number = row.number,
        .session_id = token.session_id,
        .is_superuser = row.is_superuser,
        .plan = row.plan };
    *ret_expires_us = clock_now_us() + token.expires_us - row.asked_at.us;
    return OK;
}

// An API key may be less than its owner, and ends by the clock.
DB_STATEMENT(holder, "SELECT u.number, u.id, u.plan, (u.is_superuser AND (k.scopes IS NULL OR (k.scopes & 4) = 4)) AS"
                     " is_superuser, CAST(coalesce(k.scopes, 0) AS BIGINT) AS key_scopes FROM session s"
                     " JOIN users u ON u.id = s.user_id LEFT JOIN api_key k ON k.id = s.id"
                     " WHERE s.id = $1 AND u.is_active AND (k.expires_at IS NULL OR k.expires_at > now_us())");

error session_holder(struct scope *scope, str session_id, struct actor *ret_actor, bool *ret_found)
{
    struct actor_row row;
    TRY(db_one(scope->db, scope->arena, &holder, DB_ARGS(db_text(session_id)), &actor_row_shape, &row, ret_found));
    if (*ret_found)
        *ret_actor = (struct actor) { .user_id = row.id,
            .number = row.number,
            .session_id = session_id,
            .is_superuser = row.is_superuser,
            .plan = row.plan,
            .key_scopes = row.key_scopes };
    return OK;
}
