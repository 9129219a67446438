// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/api_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/session.h"

static const int64_t NEVER_US = INT64_C(253402300799) * SECOND_US; // the year 9999
static const int64_t NOTE_EVERY_US = 60 * SECOND_US;               // a use that is noted costs a write
enum { PREFIX_SIZE = 11 };

bool api_key_is(str token)
{
    return str_starts(token, STR("kn_"));
}

static const struct field fields[] = {
    FIELD(struct api_key, id),
    FIELD(struct api_key, name),
    FIELD(struct api_key, prefix),
    FIELD(struct api_key, scopes),
    FIELD(struct api_key, created_at),
    FIELD(struct api_key, last_used_at),
    FIELD(struct api_key, expires_at),
};
static const struct shape row_shape = SHAPE("ApiKeyRow", struct api_key, fields);

DB_STATEMENT(count, "SELECT count(*) FROM api_key WHERE user_id = $1");
DB_STATEMENT(insert_session,
    "INSERT INTO session (id, user_id, refresh_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)");
DB_STATEMENT(insert, "INSERT INTO api_key (id, user_id, name, prefix, hash, scopes, created_at, expires_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

error api_key_add(
    struct scope *scope, str name, int64_t scopes, time_us expires_at, struct api_key *ret_row, str *ret_key)
{
    const struct actor *actor = &scope->actor;
    unsigned char secret[32], refresh[32], hash[32];
    int64_t there, now = clock_now_us();
    if (!actor->is_superuser && !str_equal(actor->plan, STR("business")))
        return error_make(ERROR_PLAN_REQUIRED, NULL, "API keys need the plan business");
    TRY(db_integer(scope->db, &count, DB_ARGS(db_text(actor->user_id)), &there, NULL));
    if (there >= API_KEYS_MAX)
        return error_make(ERROR_CONFLICT, NULL, "You have %d API keys; delete one first", API_KEYS_MAX);
    id_random(secret, sizeof secret);
    id_random(refresh, sizeof refresh); // nobody ever learns what it is the hash of: it cannot be renewed
    str id = id_new(scope->arena);
    str key = str_format(scope->arena, "kn_%s", str_base64url(scope->arena, secret, sizeof secret).data);
    crypt_sha256(key.data, key.size, hash);
    struct api_key row = { id, name, str_sub(key, 0, PREFIX_SIZE), scopes, { now }, { 0 }, expires_at };
    TRY(db_run(scope->db, &insert_session,
        DB_ARGS(db_text(id), db_text(actor->user_id), db_bytes(refresh, sizeof refresh), db_int(now),
            db_int(expires_at.us ? expires_at.us : NEVER_US)),
        NULL));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(actor->user_id), db_text(name), db_text(row.prefix), db_bytes(hash, sizeof hash),
            db_int(scopes), db_int(now), db_time(expires_at.us)),
        NULL));
    *ret_row = row;
    *ret_key = key;
    return OK;
}

DB_STATEMENT(list, "SELECT id, name, prefix, scopes, created_at, last_used_at, expires_at FROM api_key"
                   " WHERE user_id = $1 ORDER BY created_at DESC, id");

error api_key_list(struct scope *scope, struct list *ret_keys)
{
    return db_all(scope->db, scope->arena, &list, DB_ARGS(db_text(scope->actor.user_id)), &row_shape, 0, ret_keys);
}

DB_STATEMENT(drop, "DELETE FROM api_key WHERE id = $1 AND user_id = $2");

error api_key_delete(struct scope *scope, str id)
{
    int64_t gone;
    TRY(db_run(scope->db, &drop, DB_ARGS(db_text(id), db_text(scope->actor.user_id)), &gone));
    if (!gone)
        return error_make(ERROR_NOT_FOUND, "id", "There is no such API key");
    return session_revoke(scope, id);
}

// Using one ---------------------------------------------------------------------------------------------

struct use {
    char id[37];
    int64_t at_us;
};

DB_STATEMENT(note, "UPDATE api_key SET last_used_at = $2 WHERE id = $1");

static error note_change(struct db *db, void *context)
{
    const struct use *use = context;
    return db_run(db, &note, DB_ARGS(db_text(str_of(use->id)), db_int(use->at_us)), NULL);
}

// What fails here is noted at the next use.
static void note_done(void *context, error result)
{
    (void)result;
    free(context);
}

static void note_use(struct db_pool *pool, str id, int64_t at_us)
{
    struct use *use = calloc(1, sizeof *use);
    ASSERT_MEMORY(use);
    ASSERT(id.size < sizeof use->id);
    memcpy(use->id, id.data, id.size);
    use->at_us = at_us;
    if (error_is(db_write_async(pool, note_change, note_done, use)))
        free(use);
}

struct holder {
    int64_t number, scopes;
    str id, user_id, plan;
    bool is_superuser;
    time_us last_used_at, expires_at, asked_at;
};
static const struct field holder_fields[] = {
    FIELD(struct holder, number),
    FIELD(struct holder, scopes),
    FIELD(struct holder, id),
    FIELD(struct holder, user_id),
    FIELD(struct holder, plan),
    FIELD(struct holder, is_superuser),
    FIELD(struct holder, last_used_at),
    FIELD(struct holder, expires_at),
    FIELD(struct holder, asked_at),
};
static const struct shape holder_shape = SHAPE("ApiKeyHolder", struct holder, holder_fields);

DB_STATEMENT(by_hash,
    "SELECT k.id, k.user_id, k.scopes, k.last_used_at, k.expires_at, u.number, u.plan, u.is_superuser,"
    " now_us() AS asked_at FROM api_key k JOIN users u ON u.id = k.user_id WHERE k.hash = $1 AND u.is_active"
    " AND (u.plan = 'business' OR u.is_superuser) AND (k.expires_at IS NULL OR k.expires_at > now_us())");

error api_key_actor(
    struct scope *scope, struct db_pool *pool, str key, struct actor *ret_actor, int64_t *ret_expires_us)
{
    unsigned char hash[32];
    struct holder row;
    bool found;
    crypt_sha256(key.data, key.size, hash);
    TRY(db_one(scope->db, scope->arena, &by_hash, DB_ARGS(db_bytes(hash, sizeof hash)), &holder_shape, &row, &found));
    if (!found)
        return error_of(ERROR_NOT_AUTHENTICATED);
    if (row.asked_at.us - row.last_used_at.us > NOTE_EVERY_US)
        note_use(pool, row.id, row.asked_at.us);
    *ret_actor = (struct actor) { .user_id = row.user_id,
        .number = row.number,
        .session_id = row.id,
        .is_superuser = row.is_superuser && (row.scopes & ACTOR_ADMIN),
        .plan = row.plan,
        .key_scopes = row.scopes };
    *ret_expires_us = row.expires_at.us ? clock_now_us() + row.expires_at.us - row.asked_at.us : NEVER_US;
    return OK;
}
