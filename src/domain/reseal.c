// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/reseal.h"

#include "crypt/crypt.h"

struct row {
    str id, part, sealed;
};
static const struct field fields[] = {
    FIELD(struct row, id),
    FIELD(struct row, part),
    FIELD(struct row, sealed),
};
static const struct shape row_shape = SHAPE("SealedRow", struct row, fields);

// Rows behind $1 (and $2, where two columns are the key), the last parameter being how many.
DB_STATEMENT(blobs, "SELECT id, sealed_key AS sealed FROM blob WHERE id > $1 ORDER BY id LIMIT $2");
DB_STATEMENT(set_blob, "UPDATE blob SET sealed_key = $2 WHERE id = $1");
DB_STATEMENT(secrets, "SELECT name AS id, sealed FROM secret WHERE name > $1 ORDER BY name LIMIT $2");
DB_STATEMENT(set_secret, "UPDATE secret SET sealed = $2 WHERE name = $1");
DB_STATEMENT(user_keys, "SELECT user_id AS id, sealed_private_key AS sealed FROM user_key WHERE user_id > $1"
                        " AND sealed_private_key IS NOT NULL ORDER BY user_id LIMIT $2");
DB_STATEMENT(set_user_key, "UPDATE user_key SET sealed_private_key = $2 WHERE user_id = $1");
DB_STATEMENT(answers, "SELECT user_id AS id, key AS part, answer AS sealed FROM kept_answer"
                      " WHERE (user_id, key) > ($1, $2) ORDER BY user_id, key LIMIT $3");
DB_STATEMENT(settings_rows, "SELECT name AS id, sealed FROM setting WHERE name > $1 AND sealed IS NOT NULL"
                            " ORDER BY name LIMIT $2");
DB_STATEMENT(set_setting, "UPDATE setting SET sealed = $2 WHERE name = $1");
DB_STATEMENT(cookies, "SELECT id, sealed_cookies AS sealed FROM link WHERE id > $1 AND sealed_cookies IS NOT NULL"
                      " ORDER BY id LIMIT $2");
DB_STATEMENT(set_cookies, "UPDATE link SET sealed_cookies = $2 WHERE id = $1");
DB_STATEMENT(set_answer, "UPDATE kept_answer SET answer = $3 WHERE user_id = $1 AND key = $2");

#define BEFORE_UUIDS "00000000-0000-0000-0000-000000000000"

// What is sealed is bound to the last column of the key.
static const struct sealed_list {
    const struct db_statement *rows, *set;
    const char *purpose, *before;
    bool has_part;
} lists[] = {
    { &blobs, &set_blob, RESEAL_BLOB_KEY, BEFORE_UUIDS, false },
    { &secrets, &set_secret, RESEAL_SECRET, "", false },
    { &user_keys, &set_user_key, RESEAL_USER_KEY, BEFORE_UUIDS, false },
    { &answers, &set_answer, RESEAL_KEPT_ANSWER, BEFORE_UUIDS, true },
    { &settings_rows, &set_setting, RESEAL_SETTING, "", false },
    { &cookies, &set_cookies, RESEAL_COOKIES, BEFORE_UUIDS, false },
};
enum { LIST_COUNT = sizeof lists / sizeof *lists };

static error reseal_row(struct scope *scope, const struct keyring *keyring, const struct sealed_list *list,
    const struct row *row, bool *ret_did)
{
    str fresh, bound = list->has_part ? row->part : row->id;
    error opened = keyring_reseal(scope->arena, keyring, list->purpose, bound, row->sealed, &fresh);
    if (error_is(opened))
        return error_make(opened.code, list->purpose,
            "The %s of %.*s opens with neither key, so the old key was kept. Is it the master key of this database?",
            list->purpose, STR_ARGS(row->id));
    *ret_did = fresh.data;
    if (!fresh.data)
        return OK;
    struct db_value id = db_text(row->id), sealed = db_bytes(fresh.data, fresh.size);
    return db_run(
        scope->db, list->set, list->has_part ? DB_ARGS(id, db_text(row->part), sealed) : DB_ARGS(id, sealed), NULL);
}

error reseal_step(
    struct scope *scope, const struct keyring *keyring, struct arena *arena, int64_t limit, struct reseal *reseal)
{
    const struct sealed_list *list = &lists[reseal->list];
    struct list rows;
    struct db_value after = db_text(reseal->after.data ? reseal->after : str_of(list->before));
    struct db_value after_2 = db_text(reseal->after_2.data ? reseal->after_2 : STR(""));
    TRY(db_all(scope->db, scope->arena, list->rows,
        list->has_part ? DB_ARGS(after, after_2, db_int(limit)) : DB_ARGS(after, db_int(limit)), &row_shape, 0, &rows));
    const struct row *row = NULL;
    int64_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        bool did = false;
        row = &((struct row *)rows.items)[i];
        TRY(reseal_row(scope, keyring, list, row, &did));
        count += did;
    }
    // Only now, since a step that fails is done again.
    reseal->seen += (int64_t)rows.count;
    reseal->resealed += count;
    bool more = row && (int64_t)rows.count == limit;
    reseal->after = more ? str_copy(arena, row->id) : STR_NONE;
    reseal->after_2 = more && list->has_part ? str_copy(arena, row->part) : STR_NONE;
    reseal->list += !more;
    reseal->done = reseal->list == LIST_COUNT;
    return OK;
}
