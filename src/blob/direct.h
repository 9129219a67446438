// SPDX-License-Identifier: GPL-3.0-or-later
// Appending to a file past the page cache: a large file is neither copied through it nor pushes everything else out.
// What does not fill a block of the disk yet stays in memory.
#pragma once

#include <pthread.h>

#include "base/error.h"

enum {
    DIRECT_BLOCK = 4096,   // bytes: no disk asks for a stricter alignment
    DIRECT_STEP = 1 << 20, // bytes of one write: a disk far away takes its time for each
    DIRECT_STEPS_KEPT = 4, // idle buffers; a busy server makes and frees a few more
};

// Buffers of DIRECT_STEP bytes, of use only while a writer writes.
struct direct_pool {
    pthread_mutex_t lock;
    int count;
    unsigned char *idle[DIRECT_STEPS_KEPT];
};

struct direct {
    struct direct_pool *pool;
    int fd, cached_fd;   // of the same file; the second goes through the page cache and is borrowed
    int64_t at;          // where the bytes held are to stand, a multiple of DIRECT_BLOCK
    size_t size;         // of them
    unsigned char *step; // holds them; NULL: `tail` does
    unsigned char tail[DIRECT_BLOCK];
};

void direct_pool_init(struct direct_pool *pool);
void direct_pool_done(struct direct_pool *pool);

// Goes on at byte `at`, the end of the file `name` in `folder`, which is open as `cached_fd`. NULL when the file system
// does not offer it, or without memory: not an error.
struct direct *direct_open(struct direct_pool *pool, int folder, const char *name, int cached_fd, int64_t at);
void direct_close(struct direct *direct); // what is held is dropped; NULL is allowed
MUST_USE error direct_append(struct direct *direct, const void *bytes, size_t size);
// Writes all but the last incomplete block and gives the buffer back: more bytes may be long in coming.
MUST_USE error direct_pause(struct direct *direct);
// Writes the last block too; nothing may be appended any more.
MUST_USE error direct_end(struct direct *direct);
// The bytes from `at` on, after direct_pause: they are not in the file.
unsigned char *direct_tail(struct direct *direct);
