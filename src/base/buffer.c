// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer) { .limit = buffer->limit };
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->failed || size > SIZE_MAX / 4 || (buffer->limit && size > buffer->limit - buffer->size)) {
        buffer->failed = true;
        return NULL;
    }
    if (buffer->room - buffer->size < size) {
        size_t room = buffer->room ? buffer->room * 2 : 256;
        while (room < buffer->size + size)
            room *= 2;
        char *data = realloc(buffer->data, room);
        if (!data) {
            ASSERT_MEMORY(buffer->limit); // who sets none does not look, and would go on with half of it
            buffer->failed = true;
            return NULL;
        }
        buffer->data = data;
        buffer->room = room;
    }
    return buffer->data + buffer->size;
}

bool buffer_write_at(struct buffer *buffer, uint64_t offset, const void *bytes, size_t size)
{
    if (offset > SIZE_MAX / 4 || size > SIZE_MAX / 4)
        return false;
    size_t end = (size_t)offset + size;
    if (end > buffer->size) {
        char *place = buffer_reserve(buffer, end - buffer->size);
        if (!place)
            return false;
        memset(place, 0, end - buffer->size);
        buffer->size = end;
    }
    if (size)
        memcpy(buffer->data + offset, bytes, size);
    return true;
}

size_t buffer_read_at(const struct buffer *buffer, uint64_t offset, void *ret_bytes, size_t size)
{
    if (offset >= buffer->size)
        return 0;
    size_t rest = buffer->size - (size_t)offset, got = size < rest ? size : rest;
    memcpy(ret_bytes, buffer->data + offset, got);
    return got;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    char *at = buffer_reserve(buffer, size);
    if (!at)
        return;
    memcpy(at, bytes, size);
    buffer->size += size;
}

void buffer_append_str(struct buffer *buffer, str s)
{
    buffer_append(buffer, s.data, s.size);
}

void buffer_append_c(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *at = size >= 0 ? buffer_reserve(buffer, (size_t)size + 1) : NULL;
    if (at) {
        vsnprintf(at, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size) {
        buffer->size = 0;
        return;
    }
    memmove(buffer->data, buffer->data + size, buffer->size - size);
    buffer->size -= size;
}

str buffer_str(const struct buffer *buffer)
{
    return (str) { buffer->data ? buffer->data : "", buffer->size };
}
