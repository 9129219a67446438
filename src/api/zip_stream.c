// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/zip_stream.h"

#include <string.h>
#include <zlib.h>

#include "api/download.h"

enum {
    LOCAL_SIZE = 30,
    LOCAL_EXTRA = 20, // of a large entry
    DESCRIPTOR_SIZE = 16,
    DESCRIPTOR_SIZE_LARGE = 24,
    CENTRAL_SIZE = 46,
    CENTRAL_EXTRA = 28, // of all, so that any offset fits
    END_SIZE = 22,
    END_SIZE_LARGE = 56 + 20, // the Zip64 record and what finds it
    VERSION = 45,             // Zip64
    FLAGS = 1 << 3 | 1 << 11, // sizes and checksum behind the content; names in UTF-8
    DATE = 33,                // 1 January 1980, the first there is: the same project, the same bytes
};
static const int64_t SMALL_MAX = 0xFFFFFFFE;

// Of the directory: some 400,000 files.
static const size_t DIRECTORY_MAX = 64 << 20;
// Of one entry: a transcript of many hours as text.
static const size_t ENTRY_MEMORY_MAX = 256 << 20;

enum phase { PHASE_HEAD, PHASE_CONTENT, PHASE_DESCRIPTOR, PHASE_DIRECTORY };

struct zipping {
    struct blob_store *blobs;
    struct zip_source source;
    struct arena *arena; // of the entry
    struct zip_entry entry;
    enum phase phase;
    struct blob_reader *reader; // of the entry, while its content is sent
    int64_t at, sent, start;    // of the entry's content, of the file; where the entry began
    uint32_t crc;               // of the entry's content
    struct buffer directory;    // of the entries that were sent
    size_t count, directory_at;
    struct trace trace;
};

static int64_t size_of(const struct zip_entry *entry)
{
    return entry->blob ? entry->blob->size_bytes : (int64_t)entry->text.size;
}

static bool is_large(const struct zip_entry *entry)
{
    return size_of(entry) > SMALL_MAX;
}

static void put(struct buffer *out, uint64_t value, int bytes)
{
    for (; bytes--; value >>= 8)
        buffer_append_byte(out, (char)(value & 255));
}

static void put_head(struct buffer *out, const struct zip_entry *entry)
{
    bool large = is_large(entry);
    put(out, 0x04034b50, 4);
    put(out, VERSION, 2);
    put(out, FLAGS, 2);
    put(out, 0, 2 + 2); // stored; no time
    put(out, DATE, 2);
    put(out, 0, 4);
    put(out, large ? 0xFFFFFFFF : 0, 4);
    put(out, large ? 0xFFFFFFFF : 0, 4);
    put(out, entry->name.size, 2);
    put(out, large ? LOCAL_EXTRA : 0, 2);
    buffer_append_str(out, entry->name);
    if (large) {
        put(out, 1, 2);
        put(out, LOCAL_EXTRA - 4, 2);
        put(out, 0, 8);
        put(out, 0, 8);
    }
}

static void put_descriptor(struct buffer *out, const struct zip_entry *entry, uint32_t crc)
{
    int width = is_large(entry) ? 8 : 4;
    put(out, 0x08074b50, 4);
    put(out, crc, 4);
    put(out, (uint64_t)size_of(entry), width);
    put(out, (uint64_t)size_of(entry), width);
}

static void put_central(struct buffer *out, const struct zip_entry *entry, int64_t offset, uint32_t crc)
{
    put(out, 0x02014b50, 4);
    put(out, 3 << 8 | VERSION, 2); // as made on Unix
    put(out, VERSION, 2);
    put(out, FLAGS, 2);
    put(out, 0, 2 + 2);
    put(out, DATE, 2);
    put(out, crc, 4);
    put(out, 0xFFFFFFFF, 4);
    put(out, 0xFFFFFFFF, 4);
    put(out, entry->name.size, 2);
    put(out, CENTRAL_EXTRA, 2);
    put(out, 0, 2 + 2 + 2);      // comment, disk, kind
    put(out, 0100644u << 16, 4); // a plain file that its owner may write
    put(out, 0xFFFFFFFF, 4);
    buffer_append_str(out, entry->name);
    put(out, 1, 2);
    put(out, CENTRAL_EXTRA - 4, 2);
    put(out, (uint64_t)size_of(entry), 8);
    put(out, (uint64_t)size_of(entry), 8);
    put(out, (uint64_t)offset, 8);
}

// The Zip64 record, where it is, and the old end that refers to both.
static void put_end(struct buffer *out, int64_t start, int64_t size, size_t count)
{
    put(out, 0x06064b50, 4);
    put(out, 44, 8);
    put(out, 3 << 8 | VERSION, 2);
    put(out, VERSION, 2);
    put(out, 0, 8); // disks
    put(out, count, 8);
    put(out, count, 8);
    put(out, (uint64_t)size, 8);
    put(out, (uint64_t)start, 8);
    put(out, 0x07064b50, 4);
    put(out, 0, 4);
    put(out, (uint64_t)(start + size), 8);
    put(out, 1, 4);
    put(out, 0x06054b50, 4);
    put(out, 0, 4); // disks
    put(out, 0xFFFF, 2);
    put(out, 0xFFFF, 2);
    put(out, 0xFFFFFFFF, 4);
    put(out, 0xFFFFFFFF, 4);
    put(out, 0, 2);
}

static int64_t length_of(const struct zip_entry *entries, size_t count)
{
    int64_t length = END_SIZE + END_SIZE_LARGE;
    for (size_t i = 0; i < count; i++) {
        bool large = is_large(&entries[i]);
        length += LOCAL_SIZE + (large ? LOCAL_EXTRA + DESCRIPTOR_SIZE_LARGE : DESCRIPTOR_SIZE) + CENTRAL_SIZE
                  + CENTRAL_EXTRA + 2 * (int64_t)entries[i].name.size + size_of(&entries[i]);
    }
    return length;
}

static error open_entry(struct zipping *zipping)
{
    const struct media_blob *blob = zipping->entry.blob;
    zipping->at = 0;
    zipping->start = zipping->sent;
    zipping->crc = (uint32_t)crc32(0, NULL, 0);
    return blob ? blob_reader_open(
               zipping->blobs, blob->id.data, (const unsigned char *)blob->sealed_key.data, &zipping->reader)
                : OK;
}

static error put_content(struct zipping *zipping, struct buffer *out, size_t room)
{
    const struct zip_entry *entry = &zipping->entry;
    int64_t left = size_of(entry) - zipping->at;
    size_t want = left < (int64_t)room ? (size_t)left : room, got = want;
    char *place = buffer_reserve(out, want);
    if (!place)
        return error_make(ERROR_UNAVAILABLE, NULL, "Out of memory");
    if (entry->blob)
        TRY(blob_read(zipping->reader, zipping->at, place, want, &got));
    else
        memcpy(place, entry->text.data + zipping->at, want);
    if (got == 0 && want > 0)
        return error_of(ERROR_DATA_CORRUPT);
    zipping->crc = (uint32_t)crc32_z(zipping->crc, (const unsigned char *)place, got);
    out->size += got;
    zipping->at += (int64_t)got;
    return OK;
}

static error begin_next(struct zipping *zipping, struct buffer *out, struct worker *worker)
{
    bool found;
    arena_reset(zipping->arena);
    TRY(zipping->source.next(zipping->source.context, worker, zipping->arena, &zipping->entry, &found));
    if (arena_over(zipping->arena))
        return error_of(ERROR_LIMIT_EXCEEDED);
    if (!found) {
        put_end(&zipping->directory, zipping->sent, (int64_t)zipping->directory.size, zipping->count);
        zipping->phase = PHASE_DIRECTORY;
        return OK;
    }
    TRY(open_entry(zipping));
    put_head(out, &zipping->entry);
    zipping->phase = size_of(&zipping->entry) ? PHASE_CONTENT : PHASE_DESCRIPTOR;
    return OK;
}

static error end_entry(struct zipping *zipping, struct buffer *out)
{
    put_descriptor(out, &zipping->entry, zipping->crc);
    blob_reader_close(TAKE(zipping->reader));
    put_central(&zipping->directory, &zipping->entry, zipping->start, zipping->crc);
    zipping->count++;
    zipping->phase = PHASE_HEAD;
    if (zipping->directory.failed || zipping->directory.size > DIRECTORY_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "These are more files than one zip file may have");
    return OK;
}

// One step: a head, a part of the content, a descriptor, a part of the directory.
static error step(struct zipping *zipping, struct buffer *out, size_t room, struct worker *worker)
{
    switch (zipping->phase) {
    case PHASE_HEAD:
        return begin_next(zipping, out, worker);
    case PHASE_CONTENT:
        TRY(put_content(zipping, out, room));
        if (zipping->at == size_of(&zipping->entry))
            zipping->phase = PHASE_DESCRIPTOR;
        return OK;
    case PHASE_DESCRIPTOR:
        return end_entry(zipping, out);
    case PHASE_DIRECTORY: {
        str rest = str_sub(buffer_str(&zipping->directory), zipping->directory_at, zipping->directory.size);
        buffer_append_str(out, str_sub(rest, 0, rest.size < room ? rest.size : room));
        zipping->directory_at += rest.size < room ? rest.size : room;
        return OK;
    }
    }
    return OK;
}

static error fill(void *state, struct buffer *out, size_t room, void *worker)
{
    struct zipping *zipping = state;
    size_t before = out->size;
    error result = OK;
    // Nothing at all would be the end.
    while (!error_is(result) && out->size == before
           && (zipping->phase != PHASE_DIRECTORY || zipping->directory_at < zipping->directory.size))
        result = step(zipping, out, room, worker);
    zipping->sent += (int64_t)(out->size - before);
    if (error_is(result))
        log_event(LOG_ERROR, &zipping->trace, "download", "A zip file was broken off",
            LOG_TEXT("reason", str_of(result.message)));
    return result;
}

static void closed(void *state, void *worker)
{
    (void)worker;
    struct zipping *zipping = state;
    blob_reader_close(zipping->reader);
    buffer_done(&zipping->directory);
    arena_free(zipping->arena);
}

static void begin(struct api_call *call, const struct zip_source *source, int64_t length, str file_name)
{
    static const struct send_ops ops = { fill, closed };
    struct arena *arena = call->scope.arena;
    struct zipping *zipping = ARENA_NEW(arena, struct zipping);
    *zipping = (struct zipping) {
        .blobs = call->app->blobs, .source = *source, .arena = arena_new(ENTRY_MEMORY_MAX), .trace = call->scope.trace
    };
    exchange_header(call->exchange, "Content-Type", STR("application/zip"));
    exchange_header(call->exchange, "Content-Disposition", download_disposition(arena, file_name, true));
    exchange_header(call->exchange, "Cache-Control", STR("no-store"));
    exchange_send(call->exchange, 200, length, &ops, zipping);
}

void zip_stream_pull(struct api_call *call, const struct zip_source *source, str file_name)
{
    begin(call, source, -1, file_name);
}

struct known {
    const struct zip_entry *entries;
    size_t count, at;
};

static error next_known(
    void *context, struct worker *worker, struct arena *arena, struct zip_entry *ret_entry, bool *ret_found)
{
    struct known *known = context;
    (void)worker, (void)arena;
    *ret_found = known->at < known->count;
    if (*ret_found)
        *ret_entry = known->entries[known->at++];
    return OK;
}

void zip_stream_start(struct api_call *call, const struct zip_entry *entries, size_t count, str file_name)
{
    struct known *known = ARENA_NEW(call->scope.arena, struct known);
    *known = (struct known) { entries, count, 0 };
    begin(call, &(struct zip_source) { known, next_known }, length_of(entries, count), file_name);
}
