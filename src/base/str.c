// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool str_equal(str a, str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool str_equal_c(str a, const char *b)
{
    return str_equal(a, str_of(b));
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool str_equal_fold(str a, str b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (fold(a.data[i]) != fold(b.data[i]))
            return false;
    return true;
}

bool str_starts(str s, str prefix)
{
    return s.size >= prefix.size && (prefix.size == 0 || memcmp(s.data, prefix.data, prefix.size) == 0);
}

bool str_ends(str s, str suffix)
{
    return s.size >= suffix.size
           && (suffix.size == 0 || memcmp(s.data + s.size - suffix.size, suffix.data, suffix.size) == 0);
}

int str_compare(str a, str b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

uint64_t str_hash(str s)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < s.size; i++)
        hash = (hash ^ (unsigned char)s.data[i]) * 1099511628211u;
    return hash;
}

ptrdiff_t str_index(str s, char c)
{
    const char *at = s.size ? memchr(s.data, c, s.size) : NULL;
    return at ? at - s.data : -1;
}

ptrdiff_t str_find(str s, str needle)
{
    if (needle.size == 0)
        return 0;
    const char *at = s.size ? memmem(s.data, s.size, needle.data, needle.size) : NULL;
    return at ? at - s.data : -1;
}

str str_sub(str s, size_t from, size_t size)
{
    if (from > s.size)
        from = s.size;
    if (size > s.size - from)
        size = s.size - from;
    return (str) { s.data ? s.data + from : NULL, size };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

str str_trim(str s)
{
    while (s.size && is_space(s.data[0])) {
        s.data++;
        s.size--;
    }
    while (s.size && is_space(s.data[s.size - 1]))
        s.size--;
    return s;
}

bool str_split(str *rest, char separator, str *ret_part)
{
    if (!rest->data)
        return false;
    ptrdiff_t at = str_index(*rest, separator);
    if (at < 0) {
        *ret_part = *rest;
        *rest = STR_NONE;
    } else {
        *ret_part = str_sub(*rest, 0, (size_t)at);
        *rest = str_sub(*rest, (size_t)at + 1, SIZE_MAX);
    }
    return true;
}

bool str_to_int(str s, int64_t *ret_value)
{
    char text[24];
    if (s.size == 0 || s.size >= sizeof text || !(isdigit((unsigned char)s.data[0]) || s.data[0] == '-'))
        return false;
    memcpy(text, s.data, s.size);
    text[s.size] = 0;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end != text + s.size || end == text)
        return false;
    *ret_value = value;
    return true;
}

bool str_to_number(str s, double *ret_value)
{
    char text[64];
    if (s.size == 0 || s.size >= sizeof text)
        return false;
    for (size_t i = 0; i < s.size; i++)
        if (!isdigit((unsigned char)s.data[i]) && !memchr("+-.eE", s.data[i], 5))
            return false;
    memcpy(text, s.data, s.size);
    text[s.size] = 0;
    char *end;
    double value = strtod(text, &end);
    if (end != text + s.size || !isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

// Length of the code point at s[i], or 0 when the bytes there are not valid UTF-8.
static size_t utf8_at(str s, size_t i)
{
    const unsigned char *p = (const unsigned char *)s.data + i;
    size_t left = s.size - i;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xC2 && p[0] <= 0xDF)
        return left >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if ((p[0] & 0xF0) == 0xE0) {
        if (left < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
            return 0;
        if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F))
            return 0;
        return 3;
    }
    if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        if (left < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
            return 0;
        if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
            return 0;
        return 4;
    }
    return 0;
}

bool str_is_utf8(str s)
{
    for (size_t i = 0; i < s.size;) {
        size_t step = utf8_at(s, i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

size_t str_length_utf8(str s)
{
    size_t length = 0;
    for (size_t i = 0; i < s.size; i++)
        length += ((unsigned char)s.data[i] & 0xC0) != 0x80;
    return length;
}

str str_cut_utf8(str s, size_t limit)
{
    if (s.size <= limit)
        return s;
    while (limit && ((unsigned char)s.data[limit] & 0xC0) == 0x80)
        limit--;
    return str_sub(s, 0, limit);
}

str str_copy(struct arena *arena, str s)
{
    if (!s.data)
        return STR_NONE;
    char *copy = arena_alloc_raw(arena, s.size + 1);
    if (s.size)
        memcpy(copy, s.data, s.size);
    copy[s.size] = 0;
    return (str) { copy, s.size };
}

const char *str_to_c(struct arena *arena, str s)
{
    return s.data ? str_copy(arena, s).data : NULL;
}

str str_format(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char small[256];
    int size = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (size < 0)
        size = 0;
    char *text = arena_alloc_raw(arena, (size_t)size + 1);
    if ((size_t)size < sizeof small) {
        memcpy(text, small, (size_t)size);
        text[size] = 0;
    } else {
        vsnprintf(text, (size_t)size + 1, format, again);
    }
    va_end(again);
    return (str) { text, (size_t)size };
}

str str_join(struct arena *arena, const str *parts, size_t count, str separator)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size + (i ? separator.size : 0);
    char *text = arena_alloc_raw(arena, size + 1), *at = text;
    for (size_t i = 0; i < count; i++) {
        if (i && separator.size)
            at = mempcpy(at, separator.data, separator.size);
        if (parts[i].size)
            at = mempcpy(at, parts[i].data, parts[i].size);
    }
    *at = 0;
    return (str) { text, size };
}

str str_lower(struct arena *arena, str s)
{
    char *copy = arena_alloc_raw(arena, s.size + 1);
    for (size_t i = 0; i < s.size; i++)
        copy[i] = (char)fold(s.data[i]);
    copy[s.size] = 0;
    return (str) { copy, s.size };
}

str str_hex(struct arena *arena, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;
    char *text = arena_alloc_raw(arena, size * 2 + 1);
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[in[i] >> 4];
        text[2 * i + 1] = digits[in[i] & 15];
    }
    text[size * 2] = 0;
    return (str) { text, size * 2 };
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)fold(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_from_hex(str hex, void *ret_bytes, size_t size)
{
    unsigned char *out = ret_bytes;
    if (hex.size != size * 2)
        return false;
    for (size_t i = 0; i < hex.size; i++)
        if (hex_digit(hex.data[i]) < 0)
            return false;
    for (size_t i = 0; i < size; i++)
        out[i] = (unsigned char)(hex_digit(hex.data[2 * i]) * 16 + hex_digit(hex.data[2 * i + 1]));
    return true;
}

static str base64_with(struct arena *arena, const void *bytes, size_t size, const char *alphabet, bool pad)
{
    const unsigned char *in = bytes;
    char *text = arena_alloc_raw(arena, (size + 2) / 3 * 4 + 1), *at = text;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) {
            if (k <= left)
                *at++ = alphabet[group >> (18 - 6 * k) & 63];
            else if (pad)
                *at++ = '=';
        }
    }
    *at = 0;
    return (str) { text, (size_t)(at - text) };
}

str str_base64(struct arena *arena, const void *bytes, size_t size)
{
    return base64_with(arena, bytes, size, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

str str_base64url(struct arena *arena, const void *bytes, size_t size)
{
    return base64_with(arena, bytes, size, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool str_from_base64(struct arena *arena, str text, str *ret_bytes)
{
    while (text.size && text.data[text.size - 1] == '=')
        text.size--;
    if (text.size % 4 == 1)
        return false;
    char *out = arena_alloc_raw(arena, text.size * 3 / 4 + 1), *at = out;
    uint32_t group = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0)
            return false;
        group = group << 6 | (uint32_t)digit;
        if (i % 4 == 1)
            *at++ = (char)(group >> 4 & 255);
        else if (i % 4 == 2)
            *at++ = (char)(group >> 2 & 255);
        else if (i % 4 == 3)
            *at++ = (char)(group & 255);
    }
    *at = 0;
    *ret_bytes = (str) { out, (size_t)(at - out) };
    return true;
}
