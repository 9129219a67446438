// SPDX-License-Identifier: GPL-3.0-or-later
// Memory that lives as long as one request, job or command and is given back at once.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

// Makes an arena that is meant to hold at most `cap_bytes`. Allocation goes on past the cap, so that
// code need not check every pointer, but from then on arena_over() is true: the functions that take
// amounts from outside (rows, JSON, encoders) check it and answer LIMIT_EXCEEDED. When the system has
// no memory at all the program ends with a message.
struct arena *arena_new(size_t cap_bytes);
void arena_free(struct arena *arena); // NULL is allowed
// Gives all memory back but one block, for reuse.
void arena_reset(struct arena *arena);

// Zeroed, aligned for any type. Size 0 gives a valid pointer.
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
// Not zeroed.
void *arena_alloc_raw(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
// Grows the block in place when it is the newest one, else copies it.
void *arena_grow(struct arena *arena, void *block, size_t old_size, size_t new_size) __attribute__((returns_nonnull));
void *arena_copy(struct arena *arena, const void *bytes, size_t size) __attribute__((returns_nonnull));
bool arena_over(const struct arena *arena);
size_t arena_used(const struct arena *arena);

// Runs `cleanup(pointer)` when the arena is reset or freed, newest first.
void arena_defer(struct arena *arena, void (*cleanup)(void *), void *pointer);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc((arena), sizeof(type) * (count)))

void arena_cleanup(struct arena **arena);
#define ARENA_AUTO __attribute__((cleanup(arena_cleanup)))
