// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/derivative.h"

#include "base/clock.h"
#include "domain/blob_use.h"
#include "domain/event.h"
#include "domain/job_row.h"
#include "domain/media.h"

// What takes a second goes before transcriptions (0) and their parts (1); what takes minutes behind everything.
enum { PRIORITY_QUICK = 2, PRIORITY_PROXY = -10 };

const char *const derivative_names[DERIVATIVE_KINDS] = {
    [DERIVATIVE_THUMBNAIL] = "thumbnail",
    [DERIVATIVE_POSTER] = "poster",
    [DERIVATIVE_WAVEFORM] = "waveform",
    [DERIVATIVE_PROXY] = "proxy",
    [DERIVATIVE_EDIT] = "edit",
};

bool derivative_by_name(str name, enum derivative_kind *ret_kind)
{
    for (size_t i = 0; i < DERIVATIVE_KINDS; i++)
        if (str_equal_c(name, derivative_names[i])) {
            *ret_kind = (enum derivative_kind)i;
            return true;
        }
    return false;
}

static error queue(struct scope *scope, str media_id, const char *kind, int64_t priority)
{
    struct job job;
    return job_add(scope,
        &(struct job_new) { .kind = kind,
            .media_id = media_id,
            .params = json_keep(scope->arena, json_object()),
            .unique_key = job_unique_key(scope->arena, str_of(kind), media_id),
            .priority = priority },
        &job);
}

error derivative_queue(struct scope *scope, str media_id)
{
    return queue(scope, media_id, "derive", PRIORITY_QUICK);
}

DB_STATEMENT(under_way, "SELECT count(*) FROM job WHERE unique_key = $1");

// A conflict would end the whole change on PostgreSQL, so it is looked for first.
error derivative_queue_proxy(struct scope *scope, str media_id)
{
    int64_t count;
    str key = job_unique_key(scope->arena, STR("proxy"), media_id);
    TRY(db_integer(scope->db, &under_way, DB_ARGS(db_text(key)), &count, NULL));
    return count ? OK : queue(scope, media_id, "proxy", PRIORITY_PROXY);
}

static const struct field fields[] = {
    FIELD(struct derivative, kind),
    FIELD(struct derivative, blob_id),
    FIELD(struct derivative, mime_type),
    FIELD(struct derivative, width),
    FIELD(struct derivative, height),
    FIELD(struct derivative, created_at),
};
static const struct shape row_shape = SHAPE("DerivativeRow", struct derivative, fields);

DB_STATEMENT(one, "SELECT kind, blob_id, mime_type, width, height, created_at FROM derivative"
                  " WHERE media_id = $1 AND kind = $2");

error derivative_get(
    struct scope *scope, str media_id, enum derivative_kind kind, struct derivative *ret_derivative, bool *ret_found)
{
    return db_one(scope->db, scope->arena, &one, DB_ARGS(db_text(media_id), db_text(str_of(derivative_names[kind]))),
        &row_shape, ret_derivative, ret_found);
}

struct blob_name {
    str blob_id;
};
static const struct field blob_name_fields[] = { FIELD(struct blob_name, blob_id) };
static const struct shape blob_name_shape = SHAPE("DerivativeBlob", struct blob_name, blob_name_fields);

static error release(struct scope *scope, const struct list *rows)
{
    bool freed;
    for (size_t i = 0; i < rows->count; i++) {
        TRY(blob_use_release(scope, ((const struct blob_name *)rows->items)[i].blob_id, &freed));
    }
    return OK;
}

static struct db_value int_or_null(int64_t value)
{
    return value ? db_int(value) : db_null();
}

DB_STATEMENT(owner, "SELECT count(*) FROM media WHERE id = $1");
DB_STATEMENT(drop_one, "DELETE FROM derivative WHERE media_id = $1 AND kind = $2 RETURNING blob_id");
DB_STATEMENT(insert, "INSERT INTO derivative (media_id, kind, blob_id, mime_type, width, height, created_at)"
                     " VALUES ($1, $2, $3, $4, $5, $6, $7)");

error derivative_put(struct scope *scope, str media_id, const struct derivative_made *made)
{
    struct list old;
    int64_t there;
    struct db_value media = db_text(media_id), kind = db_text(str_of(derivative_names[made->kind]));
    TRY(db_integer(scope->db, &owner, DB_ARGS(media), &there, NULL));
    if (!there)
        return error_of(ERROR_MEDIA_NOT_FOUND);
    TRY(db_all(scope->db, scope->arena, &drop_one, DB_ARGS(media, kind), &blob_name_shape, 0, &old));
    TRY(media_blob_add(scope, &made->blob));
    TRY(db_run(scope->db, &insert,
        DB_ARGS(media, kind, db_text(str_of(made->blob.id)), db_text(made->mime_type), int_or_null(made->width),
            int_or_null(made->height), db_int(clock_now_us())),
        NULL));
    TRY(release(scope, &old)); // its bytes stay for those who read them just now: the sweeper removes them
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "media_id", json_str(media_id));
    json_object_set_new(payload, "kind", json_string(derivative_names[made->kind]));
    return event_add(
        scope, &(struct event_new) { .kind = "media:derivative", .media_id = media_id, .payload = payload });
}

DB_STATEMENT(drop_all, "DELETE FROM derivative WHERE media_id = $1 RETURNING blob_id");

error derivative_forget(struct scope *scope, str media_id)
{
    struct list old;
    TRY(db_all(scope->db, scope->arena, &drop_all, DB_ARGS(db_text(media_id)), &blob_name_shape, 0, &old));
    return release(scope, &old);
}
