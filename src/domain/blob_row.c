// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/blob_row.h"

static const struct field fields[] = {
    FIELD(struct blob_row, id),
    FIELD(struct blob_row, place),
    FIELD(struct blob_row, sha256),
    FIELD(struct blob_row, sealed_key),
    FIELD(struct blob_row, size_bytes),
    FIELD(struct blob_row, stored_bytes),
};
static const struct shape row_shape = SHAPE("BlobPlaceRow", struct blob_row, fields);

DB_STATEMENT(place_of, "SELECT place FROM blob WHERE id = $1");

error blob_row_place(struct scope *scope, str id, str *ret_place)
{
    return db_string(scope->db, scope->arena, &place_of, DB_ARGS(db_text(id)), ret_place);
}

#define COLUMNS "id, place, sha256, sealed_key, size_bytes, stored_bytes"
DB_STATEMENT(page_all, "SELECT " COLUMNS " FROM blob WHERE id > $1 ORDER BY id LIMIT $2");
DB_STATEMENT(page_at, "SELECT " COLUMNS " FROM blob WHERE id > $1 AND place = $3 ORDER BY id LIMIT $2");

error blob_row_page(struct scope *scope, str place, str after, int64_t limit, struct list *ret_rows)
{
    if (!after.data)
        after = STR("00000000-0000-0000-0000-000000000000"); // below every id that is made
    struct db_args args = place.data ? DB_ARGS(db_text(after), db_int(limit), db_text(place))
                                     : DB_ARGS(db_text(after), db_int(limit));
    return db_all(scope->db, scope->arena, place.data ? &page_at : &page_all, args, &row_shape, 0, ret_rows);
}

DB_STATEMENT(count_all, "SELECT count(*) FROM blob WHERE place = $1 OR $1 = ''");
DB_STATEMENT(bytes_all, "SELECT CAST(coalesce(sum(stored_bytes), 0) AS BIGINT) FROM blob WHERE place = $1 OR $1 = ''");

error blob_row_count(struct scope *scope, str place, int64_t *ret_count, int64_t *ret_stored_bytes)
{
    struct db_args args = DB_ARGS(db_text(place.data ? place : STR("")));
    TRY(db_integer(scope->db, &count_all, args, ret_count, NULL));
    return db_integer(scope->db, &bytes_all, args, ret_stored_bytes, NULL);
}

DB_STATEMENT(move, "UPDATE blob SET place = $3 WHERE id = $1 AND place = $2");

error blob_row_move(struct scope *scope, str id, str from, str to, bool *ret_moved)
{
    int64_t changed;
    TRY(db_run(scope->db, &move, DB_ARGS(db_text(id), db_text(from), db_text(to)), &changed));
    *ret_moved = changed > 0;
    return OK;
}
