// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_SIZE = 8192, TEXT_MAX = 255 };

static _Thread_local char ring[RING_SIZE];
static _Thread_local size_t ring_at;

#define ERROR_CODE(name, status, sentence) [ERROR_##name] = { #name, status, sentence },
static const struct error_info infos[ERROR_CODE_COUNT] = {
#include "base/error_codes.h"
};
#undef ERROR_CODE

const struct error_info *error_info(enum error_code code)
{
    ASSERT(code > ERROR_NONE && code < ERROR_CODE_COUNT);
    return &infos[code];
}

static char *ring_take(size_t size)
{
    if (ring_at + size > RING_SIZE)
        ring_at = 0;
    char *place = ring + ring_at;
    ring_at += size;
    return place;
}

static const char *ring_copy(const char *text)
{
    size_t size = strnlen(text, TEXT_MAX);
    char *copy = ring_take(size + 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

error error_of(enum error_code code)
{
    return (error) { .code = code, .message = error_info(code)->sentence };
}

error error_make(enum error_code code, const char *field, const char *format, ...)
{
    char text[TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return (error) { .code = code, .field = field ? ring_copy(field) : NULL, .message = ring_copy(text) };
}

error error_system(const char *what, const char *thing, int error_number)
{
    bool full = error_number == ENOSPC || error_number == EDQUOT, faulty = error_number == EROFS || error_number == EIO;
    enum error_code code = full ? ERROR_STORAGE_FULL : faulty ? ERROR_UNAVAILABLE : ERROR_INTERNAL_ERROR;
    return error_make(code, thing, "Cannot %s %s: %s", what, thing ? thing : "", strerror(error_number));
}

_Noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "kinora: bug at %s:%d: %s\n", file, line, what);
    abort();
}

_Noreturn void out_of_memory(void)
{
    fputs("kinora: out of memory\n", stderr);
    abort();
}
