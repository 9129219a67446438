// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/tus_receive.h"

#include <stdlib.h>

#include "api/intake.h"
#include "api/tus_header.h"
#include "base/clock.h"
#include "crypt/checksum.h"

enum {
    PART_BYTES = 4 * BLOB_CHUNK_SIZE, // what a crash may cost a sender; a file of 10 GB has 320 parts
    PART_MEMORY_MAX = 1 << 20,        // of the arena in which one part is recorded
    COPY_BYTES = 1 << 20,
};

struct receiving {
    struct api_call *call;
    struct intake intake;
    struct resumable upload;    // its offset is what counts already
    struct blob_writer *writer; // the part under way, NULL before its first byte
    struct checksum *checksum;
    str digest;
    struct list parts; // of struct media_blob, before this request's last
};

// A change of the database that a stream's thread waits for.
struct step {
    struct receiving *receiving;
    struct api_call *call;
    struct scope scope;
    const struct blob_info *part;
    str id;
};

static int64_t held_bytes(const struct receiving *receiving)
{
    return receiving->writer ? blob_writer_size(receiving->writer) : 0;
}

static void clean(struct receiving *receiving)
{
    blob_writer_abort(TAKE(receiving->writer));
    checksum_free(TAKE(receiving->checksum));
}

static void remove_blob(struct api_call *call, const char *id)
{
    if (error_is(blob_remove(call->app->blobs, id)))
        log_event(LOG_WARN, &call->scope.trace, "upload", "A part that is of no more use could not be removed");
}

void tus_receive_headers(struct api_call *call, const struct resumable *upload)
{
    struct arena *arena = call->scope.arena;
    exchange_header(call->exchange, "Upload-Offset", str_format(arena, "%lld", (long long)upload->offset_bytes));
    if (!upload->finished)
        exchange_header(call->exchange, "Upload-Expires", clock_http_date(arena, upload->expires_at.us));
}

static error append_change(struct db *db, void *context)
{
    struct step *step = context;
    step->scope.db = db;
    return resumable_append(&step->scope, &step->receiving->upload, step->part);
}

// Puts what is held on disk and counts it.
static error record(struct receiving *receiving)
{
    struct api_call *call = receiving->call;
    struct blob_info part;
    ARENA_AUTO struct arena *arena = arena_new(PART_MEMORY_MAX);
    TRY(blob_writer_commit(TAKE(receiving->writer), &part));
    struct step step = { .receiving = receiving, .scope = call->scope, .part = &part };
    step.scope.arena = arena;
    error result = db_write(call->app->db, append_change, &step);
    if (error_is(result)) {
        remove_blob(call, part.id);
        return result;
    }
    receiving->upload.offset_bytes += part.size;
    receiving->upload.expires_at.us = resumable_expiry_us();
    return OK;
}

static error take(struct receiving *receiving, const char *bytes, size_t size)
{
    const struct resumable *upload = &receiving->upload;
    if ((int64_t)size > upload->length_bytes - upload->offset_bytes - held_bytes(receiving))
        return error_make(ERROR_BODY_TOO_LARGE, "Upload-Length", "There are more bytes than the %lld announced",
            (long long)upload->length_bytes);
    if (receiving->checksum)
        checksum_add(receiving->checksum, bytes, size);
    while (size) {
        if (!receiving->writer)
            TRY(blob_writer_open(receiving->call->app->blobs, NULL, &receiving->writer));
        size_t room = receiving->checksum ? size : (size_t)(PART_BYTES - held_bytes(receiving));
        size_t piece = size < room ? size : room;
        TRY(blob_write(receiving->writer, bytes, piece));
        bytes += piece;
        size -= piece;
        bool last = upload->offset_bytes + held_bytes(receiving) == upload->length_bytes;
        if (!receiving->checksum && !last && held_bytes(receiving) == PART_BYTES)
            TRY(record(receiving));
    }
    intake_progress(&receiving->intake, upload->offset_bytes + held_bytes(receiving), false);
    return OK;
}

static bool on_data(void *state, struct exchange *exchange, const char *bytes, size_t size, void *worker)
{
    (void)exchange, (void)worker;
    struct receiving *receiving = state;
    SPAN_WITHIN(receiving->call->span);
    error result = take(receiving, bytes, size);
    if (!error_is(result))
        return true;
    clean(receiving);
    route_finish(receiving->call, result);
    return false;
}

// What came before the break is kept. Not so the last byte of all: it counts together with the file that it completes,
// else a sender who comes back would find an upload that is complete and yet no file.
static void on_lost(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange, (void)worker;
    struct receiving *receiving = state;
    int64_t held = held_bytes(receiving);
    bool keep = held && !receiving->checksum && receiving->upload.offset_bytes + held < receiving->upload.length_bytes;
    error result = keep ? record(receiving) : OK;
    if (error_is(result) && result.code != ERROR_UPLOAD_OFFSET)
        log_event(LOG_WARN, &receiving->call->scope.trace, "upload", "The part of a broken upload was not kept",
            LOG_TEXT("reason", str_of(result.message)));
    clean(receiving);
}

static error copy(
    struct blob_store *blobs, const char *id, const unsigned char *sealed_key, char *room, struct blob_writer *writer)
{
    struct blob_reader *reader;
    TRY(blob_reader_open(blobs, id, sealed_key, &reader));
    error result = OK;
    int64_t size = blob_reader_size(reader);
    for (int64_t at = 0; at < size && !error_is(result);) {
        size_t got = 0;
        result = blob_read(reader, at, room, COPY_BYTES, &got);
        if (!error_is(result) && got == 0)
            result = error_of(ERROR_DATA_CORRUPT);
        if (!error_is(result))
            result = blob_write(writer, room, got);
        at += (int64_t)got;
    }
    blob_reader_close(reader);
    return result;
}

static error join_into(struct receiving *receiving, const struct blob_info *last, struct blob_writer *writer)
{
    struct blob_store *blobs = receiving->call->app->blobs;
    char *room = malloc(COPY_BYTES);
    error result = room ? OK : error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
    for (size_t i = 0; i < receiving->parts.count && !error_is(result); i++) {
        const struct media_blob *part = &((struct media_blob *)receiving->parts.items)[i];
        result = copy(blobs, part->id.data, (const unsigned char *)part->sealed_key.data, room, writer);
    }
    if (!error_is(result))
        result = copy(blobs, last->id, last->sealed_key, room, writer);
    free(room);
    if (!error_is(result) && blob_writer_size(writer) != receiving->upload.length_bytes)
        return error_of(ERROR_DATA_CORRUPT);
    return result;
}

// All parts as one blob. A file of one part is that part.
static error make_whole(struct receiving *receiving, struct blob_info *ret_blob)
{
    struct api_call *call = receiving->call;
    struct blob_info last;
    struct blob_writer *writer;
    TRY(resumable_parts(&call->scope, receiving->upload.id, &receiving->parts));
    TRY(blob_writer_commit(TAKE(receiving->writer), &last));
    if (receiving->parts.count == 0) {
        *ret_blob = last;
        return OK;
    }
    error result = blob_writer_open(call->app->blobs, NULL, &writer);
    if (!error_is(result)) {
        result = join_into(receiving, &last, writer);
        if (error_is(result))
            blob_writer_abort(writer);
        else
            result = blob_writer_commit(writer, ret_blob);
    }
    remove_blob(call, last.id);
    return result;
}

static error finish_change(struct db *db, void *context)
{
    struct step *step = context;
    struct media media;
    str job_id;
    step->call->scope.db = db;
    TRY(resumable_finish(&step->call->scope, &step->receiving->upload));
    return intake_record(&step->receiving->intake, &media, &job_id);
}

static error remove_change(struct db *db, void *context)
{
    struct step *step = context;
    step->scope.db = db;
    return resumable_remove(&step->scope, step->id);
}

static void remove_parts(struct api_call *call, const struct list *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        remove_blob(call, ((struct media_blob *)parts->items)[i].id.data);
}

error tus_receive_remove(struct api_call *call, str id)
{
    struct list parts;
    struct step step = { .scope = call->scope, .id = id };
    TRY(resumable_parts(&call->scope, id, &parts));
    TRY(db_write(call->app->db, remove_change, &step));
    remove_parts(call, &parts);
    return OK;
}

// The last part and the file come into being in one change, or neither.
static error finish(struct receiving *receiving)
{
    struct api_call *call = receiving->call;
    struct resumable *upload = &receiving->upload;
    intake_progress(&receiving->intake, upload->length_bytes, true);
    TRY(make_whole(receiving, &receiving->intake.blob));
    error result = intake_probe(&receiving->intake);
    if (!error_is(result))
        result = db_write(call->app->db, finish_change, &(struct step) { .receiving = receiving, .call = call });
    call->scope.db = call->worker->db;
    if (!error_is(result)) {
        remove_parts(call, &receiving->parts);
        intake_settle(&receiving->intake);
        upload->offset_bytes = upload->length_bytes;
        upload->finished = true;
        return OK;
    }
    intake_discard(&receiving->intake);
    // What will never be a file is not worth keeping; a passing trouble is worth another try.
    if (result.code == ERROR_UNSUPPORTED_MEDIA || result.code == ERROR_BODY_TOO_LARGE)
        TRY(tus_receive_remove(call, upload->id));
    return result;
}

static error end(struct receiving *receiving)
{
    int64_t held = held_bytes(receiving);
    if (receiving->checksum && !checksum_matches(receiving->checksum, receiving->digest))
        return error_of(ERROR_CHECKSUM_MISMATCH);
    if (held == 0)
        return OK;
    if (receiving->upload.offset_bytes + held == receiving->upload.length_bytes)
        return finish(receiving);
    return record(receiving);
}

static void on_end(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange;
    struct receiving *receiving = state;
    struct api_call *call = receiving->call;
    SPAN_WITHIN(call->span);
    call->worker = worker;
    call->scope.db = call->worker->db;
    error result = end(receiving);
    clean(receiving);
    if (!error_is(result))
        tus_receive_headers(call, &receiving->upload);
    route_finish(call, result);
}

void tus_receive_start(struct api_call *call, const struct tus_receive *what)
{
    static const struct receive_ops receive = { on_data, on_end, on_lost };
    struct tus_metadata metadata = { 0 };
    struct receiving *receiving = ARENA_NEW(call->scope.arena, struct receiving);
    *receiving =
        (struct receiving) { .call = call, .upload = what->upload, .checksum = what->checksum, .digest = what->digest };
    // It was read once before it was stored.
    error known = tus_header_metadata(call->scope.arena, what->upload.metadata, &metadata);
    ASSERT(!error_is(known));
    receiving->intake = (struct intake) { .call = call,
        .id = what->upload.id,
        .file_name = metadata.file_name.data ? metadata.file_name : STR(""),
        .transcribe = metadata.transcribe ? json_keep(call->scope.arena, json_object()) : NULL,
        .total_bytes = what->upload.length_bytes,
        .told_bytes = what->upload.offset_bytes };
    intake_begin(&receiving->intake);
    exchange_receive(call->exchange, &receive, receiving);
}
