// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { BLOCK_MIN = 8192, BLOCK_MAX = 1 << 20 };

struct block {
    struct block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

struct deferred {
    struct deferred *next;
    void (*cleanup)(void *);
    void *pointer;
};

struct arena {
    struct block *blocks; // newest first
    struct deferred *deferred;
    size_t cap, used;
};

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    ASSERT_MEMORY(block);
    block->next = NULL;
    block->size = size;
    block->used = 0;
    return block;
}

struct arena *arena_new(size_t cap_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    ASSERT_MEMORY(arena);
    arena->cap = cap_bytes;
    return arena;
}

static void run_deferred(struct arena *arena)
{
    struct deferred *deferred = arena->deferred;
    arena->deferred = NULL;
    for (; deferred; deferred = deferred->next)
        deferred->cleanup(deferred->pointer);
}

void arena_reset(struct arena *arena)
{
    run_deferred(arena);
    struct block *keep = NULL;
    while (arena->blocks) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        if (!keep && block->size <= BLOCK_MIN)
            keep = block;
        else
            free(block);
    }
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    arena->blocks = keep;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    arena_reset(arena);
    free(arena->blocks);
    free(arena);
}

void arena_cleanup(struct arena **arena)
{
    arena_free(*arena);
    *arena = NULL;
}

static size_t round_up(size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        fputs("kinora: absurd allocation\n", stderr);
        abort();
    }
    return size ? (size + align - 1) / align * align : align;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    size = round_up(size);
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < size) {
        size_t want = block ? block->size * 2 : BLOCK_MIN;
        if (want > BLOCK_MAX)
            want = BLOCK_MAX;
        struct block *fresh = block_new(size > want ? size : want);
        fresh->next = block;
        arena->blocks = block = fresh;
    }
    void *result = block->data + block->used;
    block->used += size;
    arena->used += size;
    return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc_raw(arena, size), 0, size);
}

void *arena_grow(struct arena *arena, void *block_data, size_t old_size, size_t new_size)
{
    struct block *block = arena->blocks;
    size_t old_rounded = round_up(old_size), new_rounded = round_up(new_size);
    if (block_data && block && (unsigned char *)block_data + old_rounded == block->data + block->used
        && block->used - old_rounded + new_rounded <= block->size && new_rounded >= old_rounded) {
        block->used += new_rounded - old_rounded;
        arena->used += new_rounded - old_rounded;
        return block_data;
    }
    void *fresh = arena_alloc_raw(arena, new_size);
    if (block_data)
        memcpy(fresh, block_data, old_size < new_size ? old_size : new_size);
    return fresh;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc_raw(arena, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

bool arena_over(const struct arena *arena)
{
    return arena->used > arena->cap;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

void arena_defer(struct arena *arena, void (*cleanup)(void *), void *pointer)
{
    struct deferred *deferred = arena_alloc_raw(arena, sizeof *deferred);
    *deferred = (struct deferred) { arena->deferred, cleanup, pointer };
    arena->deferred = deferred;
}
