// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/sealer.h"

#include <stdlib.h>
#include <string.h>

static void sealer_free(struct sealer *sealer)
{
    ZSTD_freeCCtx(sealer->compressor);
    free(sealer);
}

void sealer_pool_init(struct sealer_pool *pool)
{
    *pool = (struct sealer_pool) { 0 };
    pthread_mutex_init(&pool->lock, NULL);
}

void sealer_pool_done(struct sealer_pool *pool)
{
    while (pool->count)
        sealer_free(pool->idle[--pool->count]);
    pthread_mutex_destroy(&pool->lock);
}

struct sealer *sealer_take(struct sealer_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct sealer *sealer = pool->count ? pool->idle[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    if (sealer) {
        sealer->packed_size = 0;
        return sealer;
    }
    sealer = malloc(sizeof *sealer);
    if (!sealer)
        return NULL;
    sealer->packed_size = 0;
    sealer->compressor = ZSTD_createCCtx();
    if (!sealer->compressor) {
        free(sealer);
        return NULL;
    }
    return sealer;
}

// The bound of zstd is the room, so nothing but a lack of memory can go wrong.
error sealer_pack(struct sealer *sealer, const void *plain, size_t size)
{
    if (sealer->packed_size)
        return OK;
    size_t got = ZSTD_compressCCtx(
        sealer->compressor, sealer->room, sizeof sealer->room, plain, size, CHUNK_ZSTD_LEVEL);
    if (ZSTD_isError(got))
        return error_make(ERROR_UNAVAILABLE, NULL, "A file could not be compressed: %s", ZSTD_getErrorName(got));
    sealer->packed_size = got;
    return OK;
}

void sealer_give(struct sealer_pool *pool, struct sealer *sealer)
{
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->count < SEALERS_KEPT;
    if (keep)
        pool->idle[pool->count++] = sealer;
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        sealer_free(sealer);
}
