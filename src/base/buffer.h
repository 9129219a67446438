// SPDX-License-Identifier: GPL-3.0-or-later
// A growing byte buffer. Past its limit (or without memory up to there) bytes are dropped and `failed` stays set, so
// writers must check once, at the end. For one without a limit there is memory, or the program ends.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buffer {
    char *data;
    size_t size, room; // bytes used, bytes allocated
    size_t limit;      // 0 means none
    bool failed;
};

void buffer_done(struct buffer *buffer);  // frees; the struct is reusable
void buffer_clear(struct buffer *buffer); // keeps the memory
// Room for `size` more bytes at data + size, or NULL when that fails; the caller then adds to .size.
char *buffer_reserve(struct buffer *buffer, size_t size);
void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
// As a file would take them: what lies between the end and `offset` becomes zero. False past the limit or out of
// memory.
bool buffer_write_at(struct buffer *buffer, uint64_t offset, const void *bytes, size_t size);
size_t buffer_read_at(const struct buffer *buffer, uint64_t offset, void *ret_bytes, size_t size); // bytes got
void buffer_append_str(struct buffer *buffer, str s);
void buffer_append_c(struct buffer *buffer, const char *text);
static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
    char *at = buffer->size < buffer->room && !buffer->limit ? buffer->data + buffer->size : buffer_reserve(buffer, 1);
    if (!at)
        return;
    *at = byte;
    buffer->size++;
}
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Drops `size` bytes from the front.
void buffer_consume(struct buffer *buffer, size_t size);
str buffer_str(const struct buffer *buffer); // borrowed
#define BUFFER_AUTO __attribute__((cleanup(buffer_done)))
