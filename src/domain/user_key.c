// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/user_key.h"

#include <string.h>

#include "base/clock.h"
#include "domain/reseal.h"

static const struct field fields[] = {
    FIELD(struct user_key, user_id),
    FIELD(struct user_key, public_key),
    FIELD(struct user_key, sealed_private_key),
    FIELD(struct user_key, created_at),
};
static const struct shape row_shape = SHAPE("UserKeyRow", struct user_key, fields);

#define COLUMNS "user_id, public_key, sealed_private_key, created_at"

DB_STATEMENT(by_user, "SELECT " COLUMNS " FROM user_key WHERE user_id = $1");

static error find(struct scope *scope, str user_id, struct user_key *ret_key, bool *ret_found)
{
    TRY(db_one(scope->db, scope->arena, &by_user, DB_ARGS(db_text(user_id)), &row_shape, ret_key, ret_found));
    if (*ret_found && ret_key->public_key.size != BOX_KEY_SIZE)
        return error_make(ERROR_DATA_CORRUPT, "public_key", "The key of the user %.*s is damaged", STR_ARGS(user_id));
    return OK;
}

error user_key_get(struct scope *scope, str user_id, struct user_key *ret_key)
{
    bool found;
    TRY(find(scope, user_id, ret_key, &found));
    return found ? OK : error_make(ERROR_UNAVAILABLE, NULL, "You have no key yet; log in again, which makes one");
}

// No other server may have made one in the meantime, or what it sealed would be lost: then CONFLICT.
DB_STATEMENT(insert, "INSERT INTO user_key (" COLUMNS ") VALUES ($1, $2, $3, $4) RETURNING " COLUMNS);
DB_STATEMENT(put, "INSERT INTO user_key (" COLUMNS ") VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO UPDATE"
                  " SET public_key = excluded.public_key, sealed_private_key = excluded.sealed_private_key,"
                  " created_at = excluded.created_at RETURNING " COLUMNS);

static error store(struct scope *scope, const struct db_statement *statement, str user_id, str public_key,
    struct db_value sealed, struct user_key *ret_key)
{
    bool found;
    return db_one(scope->db, scope->arena, statement,
        DB_ARGS(db_text(user_id), db_bytes(public_key.data, public_key.size), sealed, db_int(clock_now_us())),
        &row_shape, ret_key, &found);
}

error user_key_need(struct scope *scope, str user_id, struct user_key *ret_key)
{
    bool found;
    unsigned char public_key[BOX_KEY_SIZE], private_key[BOX_KEY_SIZE];
    TRY(find(scope, user_id, ret_key, &found));
    if (found)
        return OK;
    box_pair_new(public_key, private_key);
    str sealed = keyring_seal(scope->arena, blob_store_keyring(scope->blobs), RESEAL_USER_KEY, user_id,
        (str) { (const char *)private_key, sizeof private_key });
    explicit_bzero(private_key, sizeof private_key);
    return store(scope, &insert, user_id, (str) { (const char *)public_key, sizeof public_key },
        db_bytes(sealed.data, sealed.size), ret_key);
}

error user_key_make(struct scope *scope, str user_id)
{
    struct user_key key;
    return scope->blobs ? user_key_need(scope, user_id, &key) : OK;
}

error user_key_bring(struct scope *scope, str public_key, struct user_key *ret_key)
{
    return store(scope, &put, scope->actor.user_id, public_key, db_null(), ret_key);
}

static const struct field id_fields[] = { FIELD(struct user_key, user_id) };
static const struct shape id_shape = SHAPE("UserWithoutKey", struct user_key, id_fields);
DB_STATEMENT(without, "SELECT id AS user_id FROM users WHERE NOT EXISTS"
                      " (SELECT 1 FROM user_key k WHERE k.user_id = users.id) ORDER BY number LIMIT $1");

error user_key_complete(struct scope *scope, int64_t limit, int64_t *ret_made)
{
    struct list users;
    struct user_key key;
    TRY(db_all(scope->db, scope->arena, &without, DB_ARGS(db_int(limit)), &id_shape, 0, &users));
    for (size_t i = 0; i < users.count; i++)
        TRY(user_key_need(scope, ((struct user_key *)users.items)[i].user_id, &key));
    *ret_made = (int64_t)users.count;
    return OK;
}
