// SPDX-License-Identifier: GPL-3.0-or-later
// The list against the places, and the places against the list.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/blobs.h"
#include "cmd/progress.h"

// With a server at work, a file this young may be stored and not yet listed.
static const int64_t UNDER_WAY_US = 3600 * SECOND_US;

struct tally {
    int64_t listed, stored_bytes, missing, damaged, orphaned;
};

struct verifying {
    struct blobs *blobs;
    bool deep;
    struct progress progress;
    int64_t total_bytes, done_bytes;
    struct tally tallies[BLOB_PLACE_COUNT];
    enum blob_place place; // of the walk
};

static void finding(struct verifying *verifying, const char *what, enum blob_place place, const char *id)
{
    bool shown = verifying->progress.shown;
    progress_end(&verifying->progress);
    verifying->progress.shown = shown; // the next step draws it anew
    printf("%-8s  %-5s  %s\n", what, blob_place_name(place), id);
}

static error read_all(struct verifying *verifying, const struct blob_row *row, const char *id)
{
    if (row->sealed_key.size != BLOB_SEALED_KEY_SIZE || row->sha256.size != 32)
        return error_of(ERROR_DATA_CORRUPT);
    return blob_check(verifying->blobs->store, id, (const unsigned char *)row->sealed_key.data, row->size_bytes,
        (const unsigned char *)row->sha256.data);
}

static error check_row(void *context, const struct blob_row *row)
{
    struct verifying *verifying = context;
    struct blob_store *store = verifying->blobs->store;
    enum blob_place place;
    int64_t size;
    char id[37];
    snprintf(id, sizeof id, "%.*s", STR_ARGS(row->id));
    if (!blob_place_parse(row->place, &place) || !blob_store_has(store, place))
        return error_make(ERROR_USAGE, "s3_endpoint",
            "Stored files are in an object store that is not set up: say with KINORA_S3_ENDPOINT where it is");
    struct tally *tally = &verifying->tallies[place];
    error e = blob_stored_size(store, place, id, &size);
    if (!error_is(e) && size != row->stored_bytes)
        e = error_of(ERROR_DATA_CORRUPT);
    if (!error_is(e) && verifying->deep)
        e = read_all(verifying, row, id);
    bool missing = e.code == ERROR_NOT_FOUND, damaged = e.code == ERROR_DATA_CORRUPT;
    if (error_is(e) && !missing && !damaged)
        return e;
    tally->listed++;
    tally->stored_bytes += row->stored_bytes;
    tally->missing += missing;
    tally->damaged += damaged;
    if (missing || damaged)
        finding(verifying, missing ? "missing" : "damaged", place, id);
    verifying->done_bytes += row->stored_bytes;
    if (verifying->total_bytes)
        progress_tell(&verifying->progress, (double)verifying->done_bytes / (double)verifying->total_bytes);
    return OK;
}

static error check_stored(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    struct verifying *verifying = context;
    struct blobs *blobs = verifying->blobs;
    str place;
    if (atomic_load(interrupt_flag()))
        return error_of(ERROR_CANCELLED);
    if (blobs->is_server_running && changed_us > clock_now_us() - UNDER_WAY_US)
        return OK;
    arena_reset(blobs->page);
    struct scope scope = { .arena = blobs->page, .db = blobs->db };
    TRY(blob_row_place(&scope, str_of(id), &place));
    if (str_equal_c(place, blob_place_name(verifying->place)))
        return OK;
    error there = blob_stored_size(blobs->store, verifying->place, id, &stored_size);
    if (there.code == ERROR_NOT_FOUND) // removed just now: the lists of some object stores lag behind
        return OK;
    TRY(there);
    verifying->tallies[verifying->place].orphaned++;
    finding(verifying, "orphaned", verifying->place, id);
    return OK;
}

static error verify(struct verifying *verifying)
{
    struct blobs *blobs = verifying->blobs;
    struct scope scope = { .arena = blobs->page, .db = blobs->db };
    int64_t count;
    TRY(blob_row_count(&scope, STR_NONE, &count, &verifying->total_bytes));
    progress_begin(&verifying->progress, "Verifying");
    TRY(blobs_each_row(blobs, STR_NONE, check_row, verifying));
    for (verifying->place = 0; verifying->place < BLOB_PLACE_COUNT; verifying->place++)
        TRY(blob_each(blobs->store, verifying->place, &(struct blob_visitor) { check_stored, verifying }));
    return OK;
}

static error report(const struct verifying *verifying)
{
    int64_t bad = 0, orphaned = 0;
    printf("%-6s %10s %12s %8s %8s %9s\n", "place", "files", "MB", "missing", "damaged", "orphaned");
    for (enum blob_place place = 0; place < BLOB_PLACE_COUNT; place++) {
        const struct tally *tally = &verifying->tallies[place];
        if (!blob_store_has(verifying->blobs->store, place))
            continue;
        printf("%-6s %10lld %12.1f %8lld %8lld %9lld\n", blob_place_name(place), (long long)tally->listed,
            (double)tally->stored_bytes / 1e6, (long long)tally->missing, (long long)tally->damaged,
            (long long)tally->orphaned);
        bad += tally->missing + tally->damaged;
        orphaned += tally->orphaned;
    }
    fflush(stdout);
    if (bad)
        return error_make(ERROR_DATA_CORRUPT, NULL,
            "%lld stored files are missing or damaged: bring them back from a backup", (long long)bad);
    if (orphaned)
        return error_make(ERROR_CONFLICT, NULL,
            "%lld stored files are used by nothing: kinora blobs sweep removes them", (long long)orphaned);
    fprintf(stderr, "All stored files are there%s.\n",
        verifying->deep ? " and whole" : " and have their size; --deep reads them too");
    return OK;
}

error blobs_verify(struct blobs *blobs, bool deep)
{
    struct verifying verifying = { .blobs = blobs, .deep = deep };
    error e = verify(&verifying);
    progress_end(&verifying.progress);
    if (e.code == ERROR_CANCELLED)
        return error_make(ERROR_CANCELLED, NULL, "interrupted; not everything was looked at");
    return error_is(e) ? e : report(&verifying);
}
