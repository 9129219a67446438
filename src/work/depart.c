// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/depart.h"

#include "domain/backup_row.h"
#include "domain/departure.h"
#include "domain/job.h"

enum { BLOBS_AT_ONCE = 100 };
static const size_t MEMORY_MAX = 1 << 20;

struct departing {
    struct db_pool *pool;
    struct scope scope;
    bool (*is_stopping)(void *context);
    void *context;
    struct list blobs; // of str
    bool is_free[BLOBS_AT_ONCE];
    bool held; // by a backup under way, which may still want to copy them
    str user_id;
    int64_t after;
};

static struct scope within(const struct departing *departing, struct db *db)
{
    struct scope scope = departing->scope;
    scope.db = db;
    return scope;
}

static error release(struct db *db, void *context)
{
    struct departing *departing = context;
    struct scope scope = within(departing, db);
    for (size_t i = 0; i < departing->blobs.count; i++)
        TRY(departure_blob_release(&scope, ((const str *)departing->blobs.items)[i], &departing->is_free[i]));
    return backup_row_is_held(&scope, &departing->held); // who lets go of a row sees a hold that was there before
}

static error blobs_done(struct db *db, void *context)
{
    struct departing *departing = context;
    struct scope scope = within(departing, db);
    for (size_t i = 0; i < departing->blobs.count; i++)
        TRY(departure_blob_done(&scope, ((const str *)departing->blobs.items)[i]));
    return OK;
}

// Off the list first, then the bytes, then the note of it: whatever is cut off between is done again.
static error remove_blobs(struct departing *departing, int64_t *ret_removed)
{
    for (;;) {
        arena_reset(departing->scope.arena);
        TRY(departure_blobs(&departing->scope, BLOBS_AT_ONCE, &departing->blobs));
        if (!departing->blobs.count)
            return OK;
        TRY(db_write(departing->pool, release, departing));
        if (departing->held)
            return OK; // the next time
        for (size_t i = 0; i < departing->blobs.count; i++) {
            if (departing->is_stopping(departing->context))
                return error_of(ERROR_CANCELLED);
            if (!departing->is_free[i])
                continue;
            str id = ((const str *)departing->blobs.items)[i];
            TRY(blob_remove(departing->scope.blobs, str_to_c(departing->scope.arena, id)));
            ++*ret_removed;
        }
        TRY(db_write(departing->pool, blobs_done, departing));
    }
}

static error events(struct db *db, void *context)
{
    struct departing *departing = context;
    struct scope scope = within(departing, db);
    return departure_events(&scope, departing->user_id, departing->after, &departing->after);
}

static error done(struct db *db, void *context)
{
    struct departing *departing = context;
    struct scope scope = within(departing, db);
    return departure_done(&scope, departing->user_id);
}

static error forget(struct departing *departing)
{
    departing->after = 0;
    do {
        if (departing->is_stopping(departing->context))
            return error_of(ERROR_CANCELLED);
        TRY(db_write(departing->pool, events, departing));
    } while (departing->after);
    return db_write(departing->pool, done, departing);
}

error depart(struct db_pool *pool, struct db *db, struct blob_store *blobs, int64_t grace_us,
    bool (*is_stopping)(void *context), void *context, int64_t *ret_blobs_removed)
{
    ARENA_AUTO struct arena *arena = arena_new(MEMORY_MAX);
    struct departing departing = { .pool = pool,
        .scope = { .arena = arena, .db = db, .blobs = blobs },
        .is_stopping = is_stopping,
        .context = context };
    int64_t now_us;
    *ret_blobs_removed = 0;
    TRY(remove_blobs(&departing, ret_blobs_removed));
    for (;;) {
        arena_reset(arena);
        TRY(job_clock(&departing.scope, &now_us));
        TRY(departure_next(&departing.scope, now_us - grace_us, &departing.user_id));
        if (!departing.user_id.data)
            return OK;
        TRY(forget(&departing));
    }
}
