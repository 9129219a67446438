// SPDX-License-Identifier: GPL-3.0-or-later
// Copy, read back, compare, list at the new place, remove at the old one. Wherever it is interrupted, the list names a
// whole copy; what is left over is found again by the next run or by a sweep.
#include <stdio.h>
#include <string.h>

#include "cmd/blobs.h"
#include "cmd/progress.h"
#include "cmd/stores.h"

struct moving {
    struct blobs *blobs;
    enum blob_place source, target;
    struct progress progress;
    int64_t total_count, total_bytes; // bytes once sent and once read back
    int64_t done_count, done_bytes;
    const struct blob_row *row;
    bool moved;
};

static error tell(void *context, int64_t bytes)
{
    struct moving *moving = context;
    moving->done_bytes += bytes;
    if (moving->total_bytes && moving->done_bytes < moving->total_bytes)
        progress_tell(&moving->progress, (double)moving->done_bytes / (double)moving->total_bytes);
    return atomic_load(interrupt_flag()) ? error_of(ERROR_CANCELLED) : OK;
}

static error list_change(struct db *db, void *context)
{
    struct moving *moving = context;
    struct scope scope = { .arena = moving->blobs->page, .db = db };
    return blob_row_move(&scope, moving->row->id, str_of(blob_place_name(moving->source)),
        str_of(blob_place_name(moving->target)), &moving->moved);
}

static error move_one(void *context, const struct blob_row *row)
{
    struct moving *moving = context;
    struct blobs *blobs = moving->blobs;
    char id[37];
    snprintf(id, sizeof id, "%.*s", STR_ARGS(row->id));
    moving->row = row;
    error e = blob_copy(blobs->store, id, moving->source, moving->target, tell, moving);
    struct scope scope = { .arena = blobs->page, .db = blobs->db };
    str place = STR_NONE;
    if (e.code == ERROR_NOT_FOUND) { // removed since the page was read, or missing
        TRY(blob_row_place(&scope, row->id, &place));
        return place.data ? error_make(ERROR_DATA_CORRUPT, NULL,
                   "The stored file %s is missing at its place; kinora blobs verify tells which others are", id)
                          : OK;
    }
    TRY(e);
    TRY(db_write(blobs->pool, list_change, moving));
    // What was deleted meanwhile needs neither copy.
    TRY(blob_remove_at(blobs->store, moving->moved ? moving->source : moving->target, id));
    moving->done_count += moving->moved;
    return OK;
}

static error check_server(const struct blobs *blobs)
{
    if (!blobs->is_server_running || str_equal(blobs->server_store, stores_object_store(blobs->call->arena)))
        return OK;
    return error_make(ERROR_UNAVAILABLE, NULL,
        "The server that runs on this data folder does not know this object store and could not read what is moved: "
        "stop it, or start it anew with the same KINORA_S3_ settings");
}

error blobs_move(struct blobs *blobs, enum blob_place target)
{
    struct moving moving = { .blobs = blobs, .source = target == BLOB_S3 ? BLOB_LOCAL : BLOB_S3, .target = target };
    if (!blob_store_has(blobs->store, BLOB_S3))
        return error_make(
            ERROR_USAGE, "s3_endpoint", "There is no object store: say with KINORA_S3_ENDPOINT where it is");
    TRY(check_server(blobs));
    struct scope scope = { .arena = blobs->page, .db = blobs->db };
    str source = str_of(blob_place_name(moving.source));
    TRY(blob_row_count(&scope, source, &moving.total_count, &moving.total_bytes));
    moving.total_bytes *= 2;
    progress_begin(&moving.progress, "Moving");
    error e = blobs_each_row(blobs, source, move_one, &moving);
    progress_end(&moving.progress);
    if (e.code == ERROR_CANCELLED)
        return error_make(ERROR_CANCELLED, NULL,
            "interrupted; %lld of %lld stored files are moved, run it again for the rest", (long long)moving.done_count,
            (long long)moving.total_count);
    TRY(e);
    fprintf(stderr, "Moved %lld stored files, %.1f MB, from %s to %s; every copy was read back.\n",
        (long long)moving.done_count, (double)moving.done_bytes / 2e6, blob_place_name(moving.source),
        blob_place_name(target));
    if ((target == BLOB_LOCAL) == (blob_store_place_of_new(blobs->store) == BLOB_S3))
        fprintf(stderr, "New files still go to %s: KINORA_BLOB_STORE=%s changes that.\n",
            blob_place_name(moving.source), blob_place_name(target));
    return OK;
}
