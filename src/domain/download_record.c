// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/download_record.h"

#include "base/clock.h"

const char *const download_statuses[] = { "success", "partial", "failure", "cancelled", NULL };

static const struct field fields[] = {
    FIELD(struct download_record, number),
    FIELD(struct download_record, link_number),
    FIELD(struct download_record, link_name),
    FIELD(struct download_record, status),
    FIELD(struct download_record, message),
    FIELD(struct download_record, failure),
    FIELD(struct download_record, advice),
    FIELD(struct download_record, files),
    FIELD(struct download_record, media_numbers),
    FIELD(struct download_record, media_uuids),
    FIELD(struct download_record, created_at),
};
static const struct shape row_shape = SHAPE("DownloadRecordRow", struct download_record, fields);

#define COLUMNS                                                                                                        \
    "number, link_number, link_name, status, message, failure, advice, files, media_numbers, media_uuids, created_at"

DB_STATEMENT(insert,
    "INSERT INTO download_record (user_id, link_number, link_name, status, message, failure, advice, files,"
    " media_numbers, media_uuids, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");

static struct db_value list_text(struct arena *arena, const json_t *list)
{
    return db_text(list ? json_text(arena, list) : STR("[]"));
}

error download_record_add(struct scope *scope, const struct link *link, const struct download_end *end)
{
    struct arena *arena = scope->arena;
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(link->user_id), db_int(link->number), db_text(link->name), db_text(str_of(end->status)),
            db_text(end->message), db_text(str_of(link_failure_name(end->failure))),
            db_text(str_of(link_failure_advice(end->failure))), list_text(arena, end->files),
            list_text(arena, end->media_numbers), list_text(arena, end->media_uuids), db_int(clock_now_us())),
        NULL);
}

DB_STATEMENT(by_number, "SELECT " COLUMNS " FROM download_record WHERE number = $1 AND (user_id = $2 OR $3)");

error download_record_get(struct scope *scope, int64_t number, struct download_record *ret_record)
{
    bool found;
    TRY(db_one(scope->db, scope->arena, &by_number,
        DB_ARGS(db_int(number), db_text(scope->actor.user_id), db_bool(scope->actor.is_superuser)), &row_shape,
        ret_record, &found));
    return found ? OK : error_of(ERROR_NOT_FOUND);
}

DB_STATEMENT(list_some,
    "SELECT " COLUMNS " FROM download_record WHERE user_id = $1"
    " AND (CAST($2 AS BIGINT) IS NULL OR link_number = $2) AND (CAST($3 AS TEXT) IS NULL OR status = $3)"
    " ORDER BY number DESC LIMIT $4 OFFSET $5");

error download_record_list(struct scope *scope, const struct download_filter *filter, struct list *ret_records)
{
    return db_all(scope->db, scope->arena, &list_some,
        DB_ARGS(db_text(scope->actor.user_id), filter->link_number.set ? db_int(filter->link_number.value) : db_null(),
            db_text(filter->status), db_int(filter->limit), db_int(filter->skip)),
        &row_shape, 0, ret_records);
}
