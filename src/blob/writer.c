// SPDX-License-Identifier: GPL-3.0-or-later
// Each piece is hashed, compressed, sealed and stored at once, a few side by side where the caller gives that many, so
// that a writer holds no more than one, which it gathers from less. What is known only at the end of a chunk is put
// right there (record.h). A piece is kept until the next byte comes: a file that fits into one is sealed once.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/span.h"
#include "blob/record.h"

struct blob_writer {
    struct blob_store *store;
    struct store_put *put; // NULL once it has failed
    enum error_code failed;
    struct chunk_place place;
    struct hasher *hasher;
    struct record record;  // of the chunk under way, from its second piece on
    struct buffer plain;   // the piece under way; grows with what arrives
    struct buffer offsets; // of the chunks begun, 8 bytes each
    bool packs;            // the chunk of before was worth compressing
    int64_t size, stored_size;
};

enum { PIECES_AT_ONCE = 4 }; // compressed side by side: as much as a connection hands over at once

static void writer_free(struct blob_writer *writer)
{
    if (writer->put)
        writer->store->methods->put_abort(writer->put);
    record_drop(&writer->record);
    hasher_free(writer->hasher);
    buffer_done(&writer->plain);
    buffer_done(&writer->offsets);
    explicit_bzero(&writer->place, sizeof writer->place);
    free(writer);
}

// Gives the disk space back at once, since the caller may be slow to abort, and remembers why.
static error give_up(struct blob_writer *writer, error e)
{
    if (writer->put)
        writer->store->methods->put_abort(TAKE(writer->put));
    writer->failed = e.code;
    return e;
}

static error append(struct blob_writer *writer, const void *bytes, size_t size)
{
    TRY(writer->store->methods->put_append(writer->put, bytes, size));
    writer->stored_size += (int64_t)size;
    return OK;
}

error blob_writer_open(struct blob_store *store, const char *id, struct blob_writer **ret_writer)
{
    char name[37];
    struct chunk_place place = { 0 };
    if (!id)
        id_write(name);
    if (!chunk_id_parse(str_of(id ? id : name), place.id))
        return error_of(ERROR_INVALID_ID);
    chunk_id_write(place.id, name);
    struct blob_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return error_system("store", "file", ENOMEM);
    id_random(place.key, sizeof place.key);
    *writer = (struct blob_writer) { .store = store, .place = place, .hasher = hasher_new() };
    explicit_bzero(&place, sizeof place);
    unsigned char header[CHUNK_FILE_HEADER_SIZE];
    chunk_file_header(writer->place.id, header);
    error e = store->methods->put_begin(store->place, name, &writer->put);
    if (!error_is(e))
        e = append(writer, header, sizeof header);
    if (error_is(e)) {
        writer_free(writer);
        return e;
    }
    *ret_writer = writer;
    return OK;
}

static error begin_chunk(struct blob_writer *writer)
{
    unsigned char offset[8];
    if (writer->place.number + 1 >= CHUNK_COUNT_MAX)
        return error_make(ERROR_BODY_TOO_LARGE, NULL, "A stored file can have at most 128 TB");
    chunk_put_u64(offset, (uint64_t)writer->stored_size);
    buffer_append(&writer->offsets, offset, sizeof offset);
    return writer->offsets.failed ? error_system("store", "file", ENOMEM) : OK;
}

struct piece {
    str plain;
    struct sealer *sealer; // NULL: the one of the first piece will do
    struct beside_task packing;
};

static error seal_piece(struct blob_writer *writer, struct sealer *sealer, const struct piece *piece, bool last)
{
    struct record *record = &writer->record;
    const unsigned char *plain = (const unsigned char *)piece->plain.data;
    if (record->sealing) {
        TRY(record_add(record, sealer, plain, piece->plain.size));
    } else {
        TRY(begin_chunk(writer));
        TRY(record_begin(
            record, writer->store, writer->put, &writer->place, writer->stored_size, sealer, plain, piece->plain.size));
        writer->packs = record->flags & CHUNK_ZSTD;
    }
    if (!last && record->plain_size < BLOB_CHUNK_SIZE)
        return OK;
    size_t stored_size;
    TRY(record_end(record, sealer, last, &stored_size));
    writer->stored_size += (int64_t)stored_size;
    writer->place.number++;
    return OK;
}

static void pack_piece(void *context)
{
    struct piece *piece = context;
    // The record tries again and tells why.
    (void)!error_is(sealer_pack(piece->sealer, piece->plain.data, piece->plain.size));
}

static error seal_pieces(struct blob_writer *writer, struct piece *pieces, size_t count, bool last)
{
    struct beside *beside = &writer->store->beside;
    bool share = writer->packs && count > 1;
    error e = OK;
    for (size_t i = 0; share && i < count; i++)
        if (pieces[i].sealer)
            beside_start(beside, &pieces[i].packing);
    for (size_t i = 0; share && i < count; i++)
        if (pieces[i].sealer)
            beside_help(beside, &pieces[i].packing);
    for (size_t i = 0; i < count; i++) {
        struct sealer *sealer = pieces[i].sealer;
        if (share && sealer)
            beside_wait(beside, &pieces[i].packing);
        if (!error_is(e))
            e = seal_piece(writer, sealer ? sealer : pieces[0].sealer, &pieces[i], last && i + 1 == count);
    }
    return e;
}

struct hashing {
    struct hasher *hasher;
    const struct piece *pieces;
    size_t count;
};

static void hash_plain(void *context)
{
    struct hashing *hashing = context;
    for (size_t i = 0; i < hashing->count; i++)
        hasher_add(hashing->hasher, hashing->pieces[i].plain.data, hashing->pieces[i].plain.size);
}

// Whole pieces but for the last. SHA-256 takes as long as the other steps together, and compressing longer, so they run
// beside each other where a thread is idle.
static error seal(struct blob_writer *writer, struct piece *pieces, size_t count, bool last)
{
    struct beside *beside = &writer->store->beside;
    struct hashing hashing = { writer->hasher, pieces, count };
    struct beside_task hash = { .run = hash_plain, .context = &hashing };
    for (size_t i = 0; i < count; i++) {
        pieces[i].packing = (struct beside_task) { .run = pack_piece, .context = &pieces[i] };
        pieces[i].sealer = i == 0 || writer->packs ? sealer_take(&writer->store->sealers) : NULL;
        if (!pieces[0].sealer)
            return error_system("store", "file", ENOMEM);
    }
    beside_start(beside, &hash);
    error e = seal_pieces(writer, pieces, count, last);
    beside_wait(beside, &hash);
    for (size_t i = 0; i < count; i++)
        if (pieces[i].sealer)
            sealer_give(&writer->store->sealers, pieces[i].sealer);
    return e;
}

static str take(str *bytes, size_t size)
{
    str part = str_sub(*bytes, 0, size);
    *bytes = str_sub(*bytes, part.size, SIZE_MAX);
    return part;
}

// One piece stays behind until the next byte comes: a file that fits into one is sealed once.
static error add(struct blob_writer *writer, str bytes)
{
    writer->size += (int64_t)bytes.size;
    while (bytes.size) {
        struct piece pieces[PIECES_AT_ONCE];
        size_t count = 0;
        if (writer->plain.size || bytes.size <= SEALER_PIECE)
            buffer_append_str(&writer->plain, take(&bytes, SEALER_PIECE - writer->plain.size));
        if (writer->plain.failed)
            return error_system("store", "file", ENOMEM);
        if (!bytes.size)
            break;
        if (writer->plain.size)
            pieces[count++].plain = buffer_str(&writer->plain);
        while (count < PIECES_AT_ONCE && bytes.size > SEALER_PIECE)
            pieces[count++].plain = take(&bytes, SEALER_PIECE);
        TRY(seal(writer, pieces, count, false));
        buffer_clear(&writer->plain);
    }
    return OK;
}

error blob_write(struct blob_writer *writer, const void *bytes, size_t size)
{
    if (writer->failed)
        return error_of(writer->failed);
    error e = add(writer, (str) { bytes, size });
    return error_is(e) ? give_up(writer, e) : OK;
}

static error seal_whole(struct blob_writer *writer, unsigned flags, const unsigned char *plain, size_t size)
{
    unsigned char *sealed = malloc(size + CHUNK_OVERHEAD);
    if (!sealed)
        return error_system("store", "file", ENOMEM);
    size_t sealed_size = chunk_seal(&writer->place, flags, plain, size, sealed);
    error e = append(writer, sealed, sealed_size);
    free(sealed);
    return e;
}

// What is left is at most a piece; alone in its chunk, it is sealed as what it is.
static error write_last_chunk(struct blob_writer *writer)
{
    if (writer->record.sealing)
        return seal(writer, &(struct piece) { .plain = buffer_str(&writer->plain) }, 1, true);
    TRY(begin_chunk(writer));
    hasher_add(writer->hasher, writer->plain.data, writer->plain.size);
    return seal_whole(writer, CHUNK_LAST, (const unsigned char *)writer->plain.data, writer->plain.size);
}

static error write_index(struct blob_writer *writer, const unsigned char sha256[static 32])
{
    size_t size = CHUNK_INDEX_FIXED_SIZE + writer->offsets.size;
    unsigned char *index = malloc(size), trailer[CHUNK_TRAILER_SIZE];
    if (!index)
        return error_system("store", "file", ENOMEM);
    chunk_put_u64(index, (uint64_t)writer->size);
    memcpy(index + 8, sha256, 32);
    memcpy(index + CHUNK_INDEX_FIXED_SIZE, writer->offsets.data, writer->offsets.size);
    writer->place.number = CHUNK_INDEX_NUMBER;
    error e = seal_whole(writer, CHUNK_INDEX, index, size);
    free(index);
    TRY(e);
    chunk_trailer(size + CHUNK_OVERHEAD, trailer);
    return append(writer, trailer, sizeof trailer);
}

static error finish(struct blob_writer *writer, struct blob_info *ret_info)
{
    if (writer->failed)
        return error_of(writer->failed);
    struct blob_info info = { 0 };
    TRY(write_last_chunk(writer));
    hasher_finish(TAKE(writer->hasher), info.sha256);
    TRY(write_index(writer, info.sha256));
    chunk_id_write(writer->place.id, info.id);
    info.place = writer->store->place_of_new;
    info.size = writer->size;
    info.stored_size = writer->stored_size;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str sealed = keyring_seal(arena, writer->store->keyring, "blob key", str_of(info.id),
        (str) { (const char *)writer->place.key, CRYPT_KEY_SIZE });
    memcpy(info.sealed_key, sealed.data, sizeof info.sealed_key);
    TRY(writer->store->methods->put_commit(TAKE(writer->put)));
    *ret_info = info;
    return OK;
}

error blob_writer_commit(struct blob_writer *writer, struct blob_info *ret_info)
{
    SPAN_AUTO struct span span;
    span_begin(&span, SPAN_CLIENT, "blob commit", STR_NONE);
    error e = finish(writer, ret_info);
    span_result(&span, e);
    writer_free(writer);
    return e;
}

void blob_writer_abort(struct blob_writer *writer)
{
    if (writer)
        writer_free(writer);
}

int64_t blob_writer_size(const struct blob_writer *writer)
{
    return writer->size;
}
