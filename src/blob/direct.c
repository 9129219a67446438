// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void direct_pool_init(struct direct_pool *pool)
{
    *pool = (struct direct_pool) { 0 };
    pthread_mutex_init(&pool->lock, NULL);
}

void direct_pool_done(struct direct_pool *pool)
{
    while (pool->count)
        free(pool->idle[--pool->count]);
    pthread_mutex_destroy(&pool->lock);
}

static unsigned char *take_step(struct direct_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned char *step = pool->count ? pool->idle[--pool->count] : NULL;
    pthread_mutex_unlock(&pool->lock);
    return step ? step : aligned_alloc(DIRECT_BLOCK, DIRECT_STEP);
}

static void give_step(struct direct_pool *pool, unsigned char *step)
{
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->count < DIRECT_STEPS_KEPT;
    if (keep)
        pool->idle[pool->count++] = step;
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        free(step);
}

static error write_all(int fd, const unsigned char *bytes, size_t size, int64_t at)
{
    while (size) {
        ssize_t done = pwrite(fd, bytes, size, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return error_system("write", "stored file", done < 0 ? errno : ENOSPC);
        bytes += done;
        at += done;
        size -= (size_t)done;
    }
    return OK;
}

static error read_tail(struct direct *direct)
{
    for (size_t got = 0; got < direct->size;) {
        ssize_t part = pread(direct->cached_fd, direct->tail + got, direct->size - got, direct->at + (int64_t)got);
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return error_system("read", "stored file", part < 0 ? errno : EIO);
        got += (size_t)part;
    }
    return OK;
}

struct direct *direct_open(struct direct_pool *pool, int folder, const char *name, int cached_fd, int64_t at)
{
    struct direct *direct = calloc(1, sizeof *direct);
    if (!direct)
        return NULL;
    size_t size = (size_t)(at % DIRECT_BLOCK);
    *direct =
        (struct direct) { .pool = pool, .fd = -1, .cached_fd = cached_fd, .at = at - (int64_t)size, .size = size };
    direct->fd = openat(folder, name, O_WRONLY | O_DIRECT | O_CLOEXEC | O_NOFOLLOW);
    if (direct->fd < 0 || error_is(read_tail(direct))) {
        direct_close(direct);
        return NULL;
    }
    return direct;
}

void direct_close(struct direct *direct)
{
    if (!direct)
        return;
    if (direct->step)
        give_step(direct->pool, direct->step);
    if (direct->fd >= 0)
        close(direct->fd);
    free(direct);
}

// Whole blocks from the front of the buffer; what is left moves there. Some file systems say only now that they do not
// offer this, or not for this size: the other way writes the same bytes.
static error write_blocks(struct direct *direct)
{
    size_t whole = direct->size - direct->size % DIRECT_BLOCK;
    if (whole == 0)
        return OK;
    ssize_t done = pwrite(direct->fd, direct->step, whole, direct->at);
    size_t begun = done > 0 ? (size_t)done : 0;
    if (begun < whole)
        TRY(write_all(direct->cached_fd, direct->step + begun, whole - begun, direct->at + (int64_t)begun));
    direct->size -= whole;
    direct->at += (int64_t)whole;
    memcpy(direct->step, direct->step + whole, direct->size);
    return OK;
}

error direct_append(struct direct *direct, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;
    if (!direct->step) {
        direct->step = take_step(direct->pool);
        if (!direct->step)
            return error_system("store", "file", ENOMEM);
        memcpy(direct->step, direct->tail, direct->size);
    }
    while (size) {
        size_t room = DIRECT_STEP - direct->size, part = size < room ? size : room;
        memcpy(direct->step + direct->size, from, part);
        direct->size += part;
        from += part;
        size -= part;
        if (direct->size == DIRECT_STEP)
            TRY(write_blocks(direct));
    }
    return OK;
}

error direct_pause(struct direct *direct)
{
    if (!direct->step)
        return OK;
    TRY(write_blocks(direct));
    memcpy(direct->tail, direct->step, direct->size);
    give_step(direct->pool, direct->step);
    direct->step = NULL;
    return OK;
}

error direct_end(struct direct *direct)
{
    TRY(direct_pause(direct));
    return write_all(direct->cached_fd, direct->tail, direct->size, direct->at);
}

unsigned char *direct_tail(struct direct *direct)
{
    ASSERT(!direct->step);
    return direct->tail;
}
