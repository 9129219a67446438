// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "blob/chunk.h"
#include "blob/store.h"

// Holds the index of any blob of up to 63 GB, so that one read opens it.
enum { TAIL_SIZE = 64 << 10 };

// One zstd frame of a compressed chunk: where it lies in the record's body, and what of the chunk it holds.
struct frame {
    size_t at, size, plain_from, plain_size;
};

struct blob_reader {
    struct blob_store *store;            // NULL for a file outside of any
    const struct store_methods *methods; // of the place where it was found
    struct store_get *get;
    bool is_stored;           // what is read is the stored bytes
    struct chunk_place place; // number is that of the chunk in `stored`
    int64_t size;
    uint64_t count;                   // of chunks
    uint64_t *offsets;                // count + 1: the last is where the index begins
    unsigned char *stored, *unpacked; // rooms for a record and for a frame
    size_t stored_room, unpacked_room;
    const unsigned char *body; // of the record in `stored`, opened; NULL: none is
    size_t body_size;
    bool packed;
    struct frame frame;     // of a compressed chunk: the one last read from
    bool frame_is_unpacked; // and it is in `unpacked`
};

static error damaged(const struct blob_reader *reader, const char *what)
{
    char id[37];
    chunk_id_write(reader->place.id, id);
    return error_make(ERROR_DATA_CORRUPT, id, "The stored file %s is damaged: %s", id, what);
}

static size_t plain_size_of(const struct blob_reader *reader, uint64_t number)
{
    return number + 1 < reader->count ? BLOB_CHUNK_SIZE : (size_t)(reader->size - (int64_t)(number * BLOB_CHUNK_SIZE));
}

// The authenticated index can still only say what a writer writes.
static error take_index(struct blob_reader *reader, const unsigned char *index, size_t size, uint64_t index_offset)
{
    uint64_t plain_size = chunk_get_u64(index);
    reader->count = (size - CHUNK_INDEX_FIXED_SIZE) / 8;
    if (reader->count == 0 || plain_size > reader->count * BLOB_CHUNK_SIZE
        || (reader->count > 1 && plain_size <= (reader->count - 1) * BLOB_CHUNK_SIZE))
        return damaged(reader, "its index does not fit its size");
    reader->size = (int64_t)plain_size;
    reader->offsets = malloc((reader->count + 1) * sizeof *reader->offsets);
    if (!reader->offsets)
        return error_system("read", "stored file", ENOMEM);
    for (uint64_t i = 0; i < reader->count; i++)
        reader->offsets[i] = chunk_get_u64(index + CHUNK_INDEX_FIXED_SIZE + i * 8);
    reader->offsets[reader->count] = index_offset;
    bool in_order = reader->offsets[0] == CHUNK_FILE_HEADER_SIZE;
    for (uint64_t i = 0; i < reader->count && in_order; i++) {
        uint64_t from = reader->offsets[i], to = reader->offsets[i + 1];
        in_order = to > from && to - from >= CHUNK_OVERHEAD
                   && to - from <= CHUNK_PACKED_MAX(plain_size_of(reader, i)) + CHUNK_OVERHEAD;
    }
    return in_order ? OK : damaged(reader, "its index is out of order");
}

static error open_index(struct blob_reader *reader, unsigned char *record, size_t record_size, uint64_t index_offset)
{
    size_t size = record_size - CHUNK_OVERHEAD;
    unsigned char *index = malloc(size);
    if (!index)
        return error_system("read", "stored file", ENOMEM);
    reader->place.number = CHUNK_INDEX_NUMBER;
    error e = chunk_open(&reader->place, CHUNK_INDEX, record, record_size, index, size)
                  ? take_index(reader, index, size, index_offset)
                  : damaged(reader, "its index does not open");
    free(index);
    return e;
}

static error read_index(struct blob_reader *reader, int64_t stored_size, unsigned char *tail, size_t tail_size)
{
    size_t record_size;
    TRY(reader->methods->get_range(reader->get, stored_size - (int64_t)tail_size, tail, tail_size));
    if (!chunk_trailer_read(tail + tail_size - CHUNK_TRAILER_SIZE, &record_size))
        return damaged(reader, "its end is missing");
    int64_t offset = stored_size - CHUNK_TRAILER_SIZE - (int64_t)record_size;
    size_t least = CHUNK_OVERHEAD + CHUNK_INDEX_FIXED_SIZE;
    if (offset < CHUNK_FILE_HEADER_SIZE || record_size < least || (record_size - least) % 8 != 0
        || record_size > least + (size_t)8 * CHUNK_COUNT_MAX)
        return damaged(reader, "its end is not as it was written");
    if (record_size + CHUNK_TRAILER_SIZE <= tail_size)
        return open_index(reader, tail + tail_size - CHUNK_TRAILER_SIZE - record_size, record_size, (uint64_t)offset);
    unsigned char *record = malloc(record_size);
    if (!record)
        return error_system("read", "stored file", ENOMEM);
    error e = reader->methods->get_range(reader->get, offset, record, record_size);
    if (!error_is(e))
        e = open_index(reader, record, record_size, (uint64_t)offset);
    free(record);
    return e;
}

static error read_frame(struct blob_reader *reader, int64_t stored_size)
{
    if (stored_size < CHUNK_FILE_HEADER_SIZE + CHUNK_OVERHEAD + CHUNK_TRAILER_SIZE)
        return damaged(reader, "it is too short");
    unsigned char header[CHUNK_FILE_HEADER_SIZE], expected[CHUNK_FILE_HEADER_SIZE];
    TRY(reader->methods->get_range(reader->get, 0, header, sizeof header));
    chunk_file_header(reader->place.id, expected);
    if (memcmp(header, expected, sizeof header) != 0)
        return damaged(reader, "its beginning is not that of this file in a known version");
    size_t tail_size = stored_size < TAIL_SIZE ? (size_t)stored_size : TAIL_SIZE;
    unsigned char *tail = malloc(tail_size);
    if (!tail)
        return error_system("read", "stored file", ENOMEM);
    error e = read_index(reader, stored_size, tail, tail_size);
    free(tail);
    return e;
}

static error make_room(unsigned char **room, size_t *room_size, size_t size)
{
    if (*room && size <= *room_size)
        return OK;
    free(*room);
    *room = malloc(size);
    *room_size = *room ? size : 0;
    return *room ? OK : error_system("read", "stored file", ENOMEM);
}

// What is not compressed stays where it was read.
static error open_chunk(struct blob_reader *reader, size_t stored_size, size_t plain_size)
{
    unsigned flags = reader->place.number + 1 == reader->count ? CHUNK_LAST : 0;
    if (!chunk_unseal(
            &reader->place, flags, reader->stored, stored_size, plain_size, &reader->body, &reader->body_size))
        return damaged(reader, "a chunk does not open");
    reader->packed = chunk_is_packed(reader->stored);
    reader->frame = (struct frame) { 0 };
    return OK;
}

// A move may take an object away while it is read: then it is found again where it went.
static error fetch(struct blob_reader *reader, int64_t offset, void *ret_bytes, size_t size)
{
    char id[37];
    int64_t stored_size;
    const struct store_methods *methods;
    struct store_get *get;
    error e = reader->methods->get_range(reader->get, offset, ret_bytes, size);
    if (!reader->store || (e.code != ERROR_NOT_FOUND && e.code != ERROR_UNAVAILABLE))
        return e;
    chunk_id_write(reader->place.id, id);
    if (error_is(store_find(reader->store, id, &methods, &get, &stored_size)))
        return e;
    reader->methods->get_close(reader->get);
    reader->methods = methods;
    reader->get = get;
    return reader->methods->get_range(reader->get, offset, ret_bytes, size);
}

static error load(struct blob_reader *reader, uint64_t number)
{
    size_t stored_size = (size_t)(reader->offsets[number + 1] - reader->offsets[number]);
    reader->body = NULL;
    reader->place.number = number;
    TRY(make_room(&reader->stored, &reader->stored_room, stored_size));
    TRY(fetch(reader, (int64_t)reader->offsets[number], reader->stored, stored_size));
    return open_chunk(reader, stored_size, plain_size_of(reader, number));
}

// Opens the object, its key aside. A name that is no UUID is not found.
static error find(struct blob_store *store, const char *id, struct blob_reader *reader, int64_t *ret_stored_size)
{
    char name[37];
    if (!chunk_id_parse(str_of(id), reader->place.id))
        return error_of(ERROR_NOT_FOUND);
    chunk_id_write(reader->place.id, name);
    reader->store = store;
    return store_find(store, name, &reader->methods, &reader->get, ret_stored_size);
}

static error open_content(struct blob_reader *reader, int64_t stored_size)
{
    TRY(read_frame(reader, stored_size));
    return reader->size == 0 ? load(reader, 0) : OK; // no later read would find an empty one damaged
}

static error new_reader(struct blob_reader **ret_reader)
{
    struct blob_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return error_system("read", "stored file", ENOMEM);
    *ret_reader = reader;
    return OK;
}

// Hands the reader over, or closes it.
static error settle(struct blob_reader *reader, error e, struct blob_reader **ret_reader)
{
    if (error_is(e))
        blob_reader_close(reader);
    else
        *ret_reader = reader;
    return e;
}

error blob_reader_open(struct blob_store *store, const char *id,
    const unsigned char sealed_key[static BLOB_SEALED_KEY_SIZE], struct blob_reader **ret_reader)
{
    char name[37];
    int64_t stored_size;
    struct blob_reader *reader = NULL;
    SPAN_AUTO struct span span;
    span_begin(&span, SPAN_CLIENT, "blob open", STR_NONE);
    TRY(new_reader(&reader));
    error e = find(store, id, reader, &stored_size);
    span_result(&span, e);
    if (!error_is(e)) {
        chunk_id_write(reader->place.id, name);
        e = blob_data_key(store, name, sealed_key, reader->place.key);
    }
    if (!error_is(e))
        e = open_content(reader, stored_size);
    return settle(reader, e, ret_reader);
}

error blob_reader_open_stored(struct blob_store *store, const char *id, struct blob_reader **ret_reader)
{
    struct blob_reader *reader = NULL;
    TRY(new_reader(&reader));
    reader->is_stored = true;
    return settle(reader, find(store, id, reader, &reader->size), ret_reader);
}

// Which blob it is says its header; whether the key is that blob's, its index.
static error open_file(struct blob_reader *reader, const char *path)
{
    unsigned char header[CHUNK_FILE_HEADER_SIZE], expected[CHUNK_FILE_HEADER_SIZE];
    int64_t stored_size;
    TRY(store_local_get_file(path, &reader->get, &stored_size));
    if (stored_size >= CHUNK_FILE_HEADER_SIZE) {
        TRY(reader->methods->get_range(reader->get, 0, header, sizeof header));
        memcpy(reader->place.id, header + sizeof header - sizeof reader->place.id, sizeof reader->place.id);
        chunk_file_header(reader->place.id, expected);
    }
    if (stored_size < CHUNK_FILE_HEADER_SIZE || memcmp(header, expected, sizeof header) != 0)
        return error_make(ERROR_UNSUPPORTED_MEDIA, path, "%s is not a sealed file of Kinora in a known version", path);
    return open_content(reader, stored_size);
}

error blob_reader_open_file(
    const char *path, const unsigned char key[static CRYPT_KEY_SIZE], struct blob_reader **ret_reader)
{
    struct blob_reader *reader = NULL;
    TRY(new_reader(&reader));
    reader->methods = &store_local_methods;
    memcpy(reader->place.key, key, CRYPT_KEY_SIZE);
    return settle(reader, open_file(reader, path), ret_reader);
}

int64_t blob_reader_size(const struct blob_reader *reader)
{
    return reader->size;
}

static error read_stored(struct blob_reader *reader, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    int64_t left = offset < reader->size ? reader->size - offset : 0;
    size_t part = left < (int64_t)size ? (size_t)left : size;
    if (part)
        TRY(fetch(reader, offset, ret_bytes, part));
    *ret_got = part;
    return OK;
}

// Goes to the frame that holds byte `from` of the chunk; no frame before it is unpacked.
static error find_frame(struct blob_reader *reader, size_t from, size_t plain_size)
{
    struct frame *frame = &reader->frame;
    if (from < frame->plain_from)
        *frame = (struct frame) { 0 };
    else if (from < frame->plain_from + frame->plain_size)
        return OK;
    reader->frame_is_unpacked = false;
    do {
        frame->at += frame->size;
        frame->plain_from += frame->plain_size;
        if (!chunk_frame(reader->body + frame->at, reader->body_size - frame->at, plain_size - frame->plain_from,
                &frame->size, &frame->plain_size)) {
            *frame = (struct frame) { 0 };
            return damaged(reader, "a chunk does not decompress");
        }
    } while (from >= frame->plain_from + frame->plain_size);
    return OK;
}

static error unpack_frame(struct blob_reader *reader, unsigned char *ret_plain)
{
    const struct frame *frame = &reader->frame;
    return chunk_unpack(reader->body + frame->at, frame->size, ret_plain, frame->plain_size)
               ? OK
               : damaged(reader, "a chunk does not decompress");
}

// Gives what one frame holds from byte `from` of the chunk on, at most `size` bytes; one that is wanted whole is
// unpacked to where it is wanted.
static error read_packed(struct blob_reader *reader, size_t from, char *ret_bytes, size_t size, size_t *ret_part)
{
    struct frame *frame = &reader->frame;
    TRY(find_frame(reader, from, plain_size_of(reader, reader->place.number)));
    size_t skipped = from - frame->plain_from, left = frame->plain_size - skipped;
    *ret_part = size < left ? size : left;
    if (*ret_part == frame->plain_size && !reader->frame_is_unpacked)
        return unpack_frame(reader, (unsigned char *)ret_bytes);
    if (!reader->frame_is_unpacked) {
        TRY(make_room(&reader->unpacked, &reader->unpacked_room, frame->plain_size));
        TRY(unpack_frame(reader, reader->unpacked));
        reader->frame_is_unpacked = true;
    }
    memcpy(ret_bytes, reader->unpacked + skipped, *ret_part);
    return OK;
}

// Of the chunk in `stored`.
static error read_chunk(struct blob_reader *reader, size_t from, char *ret_bytes, size_t size, size_t *ret_part)
{
    if (reader->packed)
        return read_packed(reader, from, ret_bytes, size, ret_part);
    size_t left = reader->body_size - from;
    *ret_part = size < left ? size : left;
    memcpy(ret_bytes, reader->body + from, *ret_part);
    return OK;
}

error blob_read(struct blob_reader *reader, int64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    ASSERT(offset >= 0);
    if (reader->is_stored)
        return read_stored(reader, offset, ret_bytes, size, ret_got);
    char *at = ret_bytes;
    size_t got = 0, part;
    while (got < size && offset < reader->size) {
        uint64_t number = (uint64_t)offset / BLOB_CHUNK_SIZE;
        if (!reader->body || reader->place.number != number)
            TRY(load(reader, number));
        TRY(read_chunk(reader, (size_t)offset % BLOB_CHUNK_SIZE, at + got, size - got, &part));
        got += part;
        offset += (int64_t)part;
    }
    *ret_got = got;
    return OK;
}

void blob_reader_close(struct blob_reader *reader)
{
    if (!reader)
        return;
    if (reader->get)
        reader->methods->get_close(reader->get);
    explicit_bzero(&reader->place, sizeof reader->place);
    free(reader->offsets);
    free(reader->stored);
    free(reader->unpacked);
    free(reader);
}
