// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/link_item.h"

#include "base/clock.h"

enum { KEYS_MAX = 100000 };

static const struct field fields[] = {
    FIELD(struct link_item, key),
    FIELD(struct link_item, media_id),
};
static const struct shape row_shape = SHAPE("LinkItemRow", struct link_item, fields);

DB_STATEMENT(all, "SELECT key, media_id FROM link_item WHERE link_id = $1 ORDER BY number DESC LIMIT $2");

error link_item_list(struct scope *scope, str link_id, struct list *ret_items)
{
    return db_all(scope->db, scope->arena, &all, DB_ARGS(db_text(link_id), db_int(KEYS_MAX)), &row_shape, 0, ret_items);
}

DB_STATEMENT(with_key, "SELECT count(*) FROM link_item WHERE link_id = $1 AND key = $2");
DB_STATEMENT(with_content, "SELECT count(*) FROM link_item WHERE link_id = $1 AND sha256 = $2");

static error has(struct scope *scope, const struct db_statement *statement, struct db_args args, bool *ret_has)
{
    int64_t count;
    TRY(db_integer(scope->db, statement, args, &count, NULL));
    *ret_has = count > 0;
    return OK;
}

error link_item_has(struct scope *scope, str link_id, str key, bool *ret_has)
{
    return has(scope, &with_key, DB_ARGS(db_text(link_id), db_text(key)), ret_has);
}

error link_item_has_content(struct scope *scope, str link_id, const unsigned char sha256[static 32], bool *ret_has)
{
    return has(scope, &with_content, DB_ARGS(db_text(link_id), db_bytes(sha256, 32)), ret_has);
}

DB_STATEMENT(insert, "INSERT INTO link_item (link_id, key, sha256, media_id, created_at)"
                     " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (link_id, key) DO NOTHING");

error link_item_add(struct scope *scope, str link_id, str key, const unsigned char sha256[static 32], str media_id)
{
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(link_id), db_text(key), db_bytes(sha256, 32), db_text(media_id), db_int(clock_now_us())), NULL);
}

DB_STATEMENT(surplus,
    "SELECT key, media_id FROM link_item WHERE link_id = $1 AND media_id IS NOT NULL AND number NOT IN"
    " (SELECT number FROM link_item WHERE link_id = $1 AND media_id IS NOT NULL ORDER BY number DESC LIMIT $2)"
    " ORDER BY number");

error link_item_surplus(struct scope *scope, str link_id, int64_t keep, struct list *ret_items)
{
    return db_all(scope->db, scope->arena, &surplus, DB_ARGS(db_text(link_id), db_int(keep)), &row_shape, 0, ret_items);
}
