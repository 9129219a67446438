// SPDX-License-Identifier: GPL-3.0-or-later
// The job "rekey" of a media file: its content goes from the old blob into a new one, under a new data key, a piece at
// a time; one change puts it in place. Until then, and for whoever reads the old one just now, nothing is different.
#include "domain/rekey.h"

#include "domain/blob_row.h"
#include "work/job_kind.h"

enum { PIECE_BYTES = 1 << 20 };

static error copy(struct run *run, struct blob_reader *reader, struct blob_writer *writer)
{
    int64_t size = blob_reader_size(reader), at = 0;
    char *piece = arena_alloc_raw(run->scope.arena, PIECE_BYTES);
    while (at < size) {
        size_t got;
        TRY(run_check(run));
        TRY(blob_read(reader, at, piece, PIECE_BYTES, &got));
        TRY(blob_write(writer, piece, got));
        at += (int64_t)got;
        run_progress(run, (double)at / (double)size);
    }
    return OK;
}

static error copy_blob(struct run *run, const struct media_blob *old, struct blob_info *ret_blob)
{
    struct blob_reader *reader;
    struct blob_writer *writer = NULL;
    TRY(blob_reader_open(
        run->scope.blobs, str_to_c(run->scope.arena, old->id), (const unsigned char *)old->sealed_key.data, &reader));
    error result = blob_writer_open(run->scope.blobs, NULL, &writer);
    if (!error_is(result))
        result = copy(run, reader, writer);
    blob_reader_close(reader);
    if (error_is(result)) {
        blob_writer_abort(writer);
        return result;
    }
    return blob_writer_commit(writer, ret_blob);
}

struct swap {
    struct media media;
    struct blob_info blob;
};

static error put_in_place(struct scope *scope, const struct run *run, void *context)
{
    (void)run;
    const struct swap *swap = context;
    return rekey_finish(scope, &swap->media, &swap->blob);
}

// The old blob, or the new one when it did not come to be; which of the two it is says the database. What a kill leaves
// here is for the sweeper.
static void remove_unused(struct run *run, const struct swap *swap, bool has_failed, str old_id)
{
    str place = STR_NONE, unused = has_failed ? str_of(swap->blob.id) : old_id;
    error result = blob_row_place(&run->scope, unused, &place);
    if (!error_is(result) && !place.data)
        result = blob_remove(run->scope.blobs, str_to_c(run->scope.arena, unused));
    if (error_is(result))
        log_event(LOG_WARN, NULL, "rekey", "A file that nothing uses could not be removed yet; a sweep will do it");
}

static error start(struct run *run)
{
    struct swap swap = { 0 };
    struct media_blob old;
    TRY(media_get(&run->scope, run->job.media_id, &swap.media));
    TRY(media_blob_get(&run->scope, swap.media.blob_id, &old));
    TRY(copy_blob(run, &old, &swap.blob));
    error result = str_equal(old.sha256, (str) { (const char *)swap.blob.sha256, sizeof swap.blob.sha256 })
                       ? run_complete(run, NULL, put_in_place, &swap)
                       : error_make(ERROR_DATA_CORRUPT, "blob", "The stored file is not what was uploaded");
    remove_unused(run, &swap, error_is(result), old.id);
    return result;
}

const struct job_kind rekey_kind = { .name = "rekey", .start = start };
