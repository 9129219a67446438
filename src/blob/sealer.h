// SPDX-License-Identifier: GPL-3.0-or-later
// Room for sealing one piece: a compressor and a buffer. They are of use only while a piece is sealed, so writers
// share a few of them in place of holding one each, however many uploads wait for their peers.
#pragma once

#include <pthread.h>
#include <zstd.h>

#include "blob/chunk.h"

enum {
    SEALER_PIECE = 256 << 10, // plain bytes compressed and sealed at once: fits a core's cache, divides a chunk
    SEALERS_KEPT = 8,         // idle ones; a busy server makes and frees a few more
};

_Static_assert(BLOB_CHUNK_SIZE % SEALER_PIECE == 0, "a chunk ends with a piece");

struct sealer {
    ZSTD_CCtx *compressor;
    size_t packed_size; // of the piece's frame in `room`; 0: not compressed yet
    unsigned char room[CHUNK_PACKED_MAX(SEALER_PIECE) + CHUNK_TAG_SIZE];
};

struct sealer_pool {
    pthread_mutex_t lock;
    int count;
    struct sealer *idle[SEALERS_KEPT];
};

void sealer_pool_init(struct sealer_pool *pool);
void sealer_pool_done(struct sealer_pool *pool);
struct sealer *sealer_take(struct sealer_pool *pool); // NULL without memory
// Makes the frame of one piece, unless it is there.
MUST_USE error sealer_pack(struct sealer *sealer, const void *plain, size_t size);
void sealer_give(struct sealer_pool *pool, struct sealer *sealer);
