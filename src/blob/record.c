// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/record.h"

#include "base/id.h"

static error append(struct record *record, const unsigned char *body, size_t size)
{
    TRY(record->store->methods->put_append(record->put, body, size));
    record->body_size += size;
    return OK;
}

static error patch_header(struct record *record)
{
    unsigned char header[CHUNK_HEADER_SIZE];
    chunk_header(
        (uint32_t)record->plain_size, record->body_size + CHUNK_TAG_SIZE, record->flags, record->nonce, header);
    return record->store->methods->put_patch(record->put, record->at, header, sizeof header);
}

error record_begin(struct record *record, struct blob_store *store, struct store_put *put,
    const struct chunk_place *place, int64_t at, struct sealer *sealer, const unsigned char *plain, size_t size)
{
    unsigned char bound[CHUNK_BOUND_SIZE], header[CHUNK_HEADER_SIZE];
    TRY(sealer_pack(sealer, plain, size));
    size_t packed_size = sealer->packed_size;
    bool packed = chunk_is_worth(packed_size, size);
    *record = (struct record) {
        .store = store, .put = put, .place = place, .at = at, .flags = packed ? CHUNK_ZSTD : 0, .plain_size = size
    };
    id_random(record->nonce, sizeof record->nonce);
    // The size in a compressed record's header is put right at its end.
    chunk_header(BLOB_CHUNK_SIZE, BLOB_CHUNK_SIZE + CHUNK_TAG_SIZE, record->flags, record->nonce, header);
    TRY(store->methods->put_append(put, header, sizeof header));
    chunk_bound(place, BLOB_CHUNK_SIZE, record->flags, bound);
    record->sealing = aead_seal_begin(place->key, record->nonce, bound, sizeof bound);
    aead_add(record->sealing, packed ? sealer->room : plain, packed ? packed_size : size, sealer->room);
    sealer->packed_size = 0;
    return append(record, sealer->room, packed ? packed_size : size);
}

error record_add(struct record *record, struct sealer *sealer, const unsigned char *plain, size_t size)
{
    bool packed = record->flags & CHUNK_ZSTD;
    if (packed)
        TRY(sealer_pack(sealer, plain, size));
    size_t packed_size = packed ? sealer->packed_size : size;
    record->plain_size += size;
    ASSERT(record->plain_size <= BLOB_CHUNK_SIZE);
    aead_add(record->sealing, packed ? sealer->room : plain, packed_size, sealer->room);
    sealer->packed_size = 0;
    return append(record, sealer->room, packed_size);
}

// Reads back what is sealed under `opening`, piece by piece, and puts it back sealed under `sealing`.
static error seal_body_again(struct record *record, struct sealer *sealer, struct aead *opening, struct aead *sealing)
{
    for (size_t done = 0, piece; done < record->body_size; done += piece) {
        piece = record->body_size - done < SEALER_PIECE ? record->body_size - done : SEALER_PIECE;
        int64_t at = record->at + CHUNK_HEADER_SIZE + (int64_t)done;
        TRY(record->store->methods->put_read(record->put, at, sealer->room, piece));
        aead_add(opening, sealer->room, piece, sealer->room);
        aead_add(sealing, sealer->room, piece, sealer->room);
        TRY(record->store->methods->put_patch(record->put, at, sealer->room, piece));
    }
    return OK;
}

// With the size and the flags it turned out to have. The tag of the first sealing tells whether the store gave back
// what it was given; it is not stored, and that nonce is not used again.
static error seal_again(struct record *record, struct sealer *sealer, unsigned flags,
    const unsigned char first_tag[static 16], unsigned char ret_tag[static 16])
{
    unsigned char bound[CHUNK_BOUND_SIZE];
    chunk_bound(record->place, BLOB_CHUNK_SIZE, record->flags, bound);
    struct aead *opening = aead_open_begin(record->place->key, record->nonce, bound, sizeof bound);
    record->flags = flags;
    id_random(record->nonce, sizeof record->nonce);
    chunk_bound(record->place, (uint32_t)record->plain_size, flags, bound);
    struct aead *sealing = aead_seal_begin(record->place->key, record->nonce, bound, sizeof bound);
    error e = seal_body_again(record, sealer, opening, sealing);
    bool same = aead_open_end(opening, first_tag);
    aead_seal_end(sealing, ret_tag);
    TRY(e);
    return same ? OK : error_make(ERROR_DATA_CORRUPT, NULL, "What was just stored reads back differently");
}

error record_end(struct record *record, struct sealer *sealer, bool last, size_t *ret_stored_size)
{
    unsigned char tag[CHUNK_TAG_SIZE];
    unsigned flags = record->flags | (last ? CHUNK_LAST : 0);
    ASSERT(last || record->plain_size == BLOB_CHUNK_SIZE);
    aead_seal_end(TAKE(record->sealing), tag);
    if (last)
        TRY(seal_again(record, sealer, flags, tag, tag));
    if (flags)
        TRY(patch_header(record));
    TRY(record->store->methods->put_append(record->put, tag, sizeof tag));
    *ret_stored_size = record->body_size + CHUNK_OVERHEAD;
    return OK;
}

void record_drop(struct record *record)
{
    aead_free(TAKE(record->sealing));
}
