// SPDX-License-Identifier: GPL-3.0-or-later
// A chunk's record that is sealed into the store while its plain bytes still come. What a record is bound to, its plain
// size and whether it is the last, is known only at its end: it is begun as a full chunk with others behind it, and
// sealed again in place, under a new nonce, when that turns out wrong.
#pragma once

#include "blob/chunk.h"
#include "blob/sealer.h"
#include "blob/store.h"

struct record {
    struct blob_store *store;
    struct store_put *put;
    const struct chunk_place *place;
    struct aead *sealing; // NULL: no record is under way
    int64_t at;           // where it begins in the store
    size_t plain_size, body_size;
    unsigned flags;
    unsigned char nonce[12];
};

// Begins a record at byte `at` of the store, the end of what is there. The first piece decides whether the chunk is
// compressed. `sealer` is lent for the call here and below; it may have packed
// the piece already.
MUST_USE error record_begin(struct record *record, struct blob_store *store, struct store_put *put,
    const struct chunk_place *place, int64_t at, struct sealer *sealer, const unsigned char *plain, size_t size);
// Adds a piece: SEALER_PIECE bytes, fewer only at the end of the chunk.
MUST_USE error record_add(struct record *record, struct sealer *sealer, const unsigned char *plain, size_t size);
// *ret_stored_size: of the whole record. A full chunk that is not the last costs nothing more.
MUST_USE error record_end(struct record *record, struct sealer *sealer, bool last, size_t *ret_stored_size);
void record_drop(struct record *record); // what is in the store stays
