// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

// jansson leaves out of a tree what it finds no memory for, and what reads the tree cannot tell: nobody gets such a
// one.
__attribute__((constructor)) static void allocate_whole_trees(void)
{
    json_set_alloc_funcs(memory_take, free);
}

// Every decimal number of up to 15 digits survives the way through a double, and sums of seconds look like seconds.
enum { NUMBER_DIGITS = 15 };

static void drop(void *value)
{
    json_decref(value);
}

json_t *json_keep(struct arena *arena, json_t *value)
{
    arena_defer(arena, drop, value);
    return value;
}

// Jansson recurses, so the depth is checked before it sees the text.
static bool too_deep(str text)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

error json_read(struct arena *arena, str text, json_t **ret_value)
{
    if (too_deep(text))
        return error_make(ERROR_MALFORMED_JSON, "body", "The JSON is nested more than %d levels deep", JSON_DEPTH_MAX);
    json_error_t problem;
    json_t *value = json_loadb(
        text.data ? text.data : "", text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!value)
        return error_make(ERROR_MALFORMED_JSON, "body", "The JSON is not valid at line %d, column %d: %s", problem.line,
            problem.column, problem.text);
    *ret_value = json_keep(arena, value);
    return OK;
}

static int append(const char *bytes, size_t size, void *buffer)
{
    buffer_append(buffer, bytes, size);
    return 0;
}

str json_text(struct arena *arena, const json_t *value)
{
    BUFFER_AUTO struct buffer buffer = { 0 };
    json_dump_callback(
        value, append, &buffer, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(NUMBER_DIGITS));
    return str_copy(arena, buffer_str(&buffer));
}

static void merge_into(json_t *target, const json_t *patch)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)patch, key, value) {
        if (json_is_null(value)) {
            json_object_del(target, key);
        } else if (json_is_object(value)) {
            json_t *inner = json_object_get(target, key);
            if (!json_is_object(inner)) {
                json_object_set_new(target, key, json_object());
                inner = json_object_get(target, key);
            }
            merge_into(inner, value);
        } else {
            json_object_set_new(target, key, json_deep_copy(value));
        }
    }
}

json_t *json_merge(struct arena *arena, const json_t *target, const json_t *patch)
{
    json_t *copy = json_is_object(target) ? json_deep_copy(target) : json_object();
    merge_into(copy, patch);
    return json_keep(arena, copy);
}

str json_get_str(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? (str) { json_string_value(value), json_string_length(value) } : STR_NONE;
}

double json_get_number(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *json_str(str s)
{
    return s.data ? json_stringn(s.data, s.size) : json_null();
}

static void separate(struct json_out *out)
{
    if (out->comma)
        buffer_append_byte(out->buffer, ',');
    out->comma = true;
}

static void open_with(struct json_out *out, char bracket)
{
    separate(out);
    buffer_append_byte(out->buffer, bracket);
    out->comma = false;
}

static void close_with(struct json_out *out, char bracket)
{
    buffer_append_byte(out->buffer, bracket);
    out->comma = true;
}

void json_object_begin(struct json_out *out)
{
    open_with(out, '{');
}

void json_object_end(struct json_out *out)
{
    close_with(out, '}');
}

void json_array_begin(struct json_out *out)
{
    open_with(out, '[');
}

void json_array_end(struct json_out *out)
{
    close_with(out, ']');
}

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))
// Not 0 when one of eight bytes is 0 (S. E. Anderson, Bit Twiddling Hacks, "Determine if a word has a zero byte").
#define ZERO_IN(eight) (((eight)-EIGHT(1)) & ~(eight)&EIGHT(0x80))

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static bool eight_are_plain(const char *bytes)
{
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    uint64_t below = (eight - EIGHT(0x20)) & ~eight & EIGHT(0x80);
    return !(below | ZERO_IN(eight ^ EIGHT((unsigned char)'"')) | ZERO_IN(eight ^ EIGHT((unsigned char)'\\')));
}

// How many bytes from the start need no escape, eight at a time; the last eight may have been looked at in part.
static size_t plain_bytes(str s)
{
    size_t i = 0;
    while (i + 8 <= s.size && eight_are_plain(s.data + i))
        i += 8;
    if (i && i < s.size && i + 8 > s.size && eight_are_plain(s.data + s.size - 8))
        return s.size;
    while (i < s.size && is_plain((unsigned char)s.data[i]))
        i++;
    return i;
}

// A comma where one belongs, and the text in quotes.
static void quoted(struct json_out *out, str s)
{
    struct buffer *buffer = out->buffer;
    size_t i = plain_bytes(s);
    char *begin = buffer_reserve(buffer, i + 4), *at = begin;
    if (!begin)
        return;
    if (out->comma)
        *at++ = ',';
    *at++ = '"';
    if (i)
        at = mempcpy(at, s.data, i);
    buffer->size += (size_t)(at - begin);
    out->comma = true;
    for (; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        static const char short_form[] = "\bb\tt\nn\ff\rr\"\"\\\\";
        const char *found = c ? memchr(short_form, c, sizeof short_form - 1) : NULL;
        if (found && (found - short_form) % 2 == 0)
            buffer_append(buffer, (char[]) { '\\', found[1] }, 2);
        else if (c < 0x20)
            buffer_format(buffer, "\\u%04x", c);
        else
            buffer_append_byte(buffer, (char)c);
    }
    buffer_append_byte(buffer, '"');
}

void json_key(struct json_out *out, const char *key)
{
    json_key_str(out, str_of(key));
}

void json_key_str(struct json_out *out, str key)
{
    quoted(out, key);
    buffer_append_byte(out->buffer, ':');
    out->comma = false;
}

void json_put_str(struct json_out *out, str value)
{
    if (!value.data) {
        json_put_null(out);
        return;
    }
    quoted(out, value);
}

void json_put_int(struct json_out *out, int64_t value)
{
    char text[24];
    char *at = text + sizeof text;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--at = '-';
    separate(out);
    buffer_append(out->buffer, at, (size_t)(text + sizeof text - at));
}

void json_put_number(struct json_out *out, double value)
{
    if (!isfinite(value)) {
        json_put_null(out);
        return;
    }
    if (fabs(value) < 1e9 && value == (double)(int32_t)value) { // most times and positions are whole
        json_put_int(out, (int32_t)value);
        buffer_append(out->buffer, ".0", 2);
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%.*g", NUMBER_DIGITS, value);
    separate(out);
    buffer_append_c(out->buffer, text);
    if (!strpbrk(text, ".eE"))
        buffer_append_c(out->buffer, ".0");
}

void json_put_bool(struct json_out *out, bool value)
{
    json_put_raw(out, value ? STR("true") : STR("false"));
}

void json_put_null(struct json_out *out)
{
    json_put_raw(out, STR("null"));
}

void json_put_raw(struct json_out *out, str json)
{
    separate(out);
    buffer_append_str(out->buffer, json);
}

void json_put_value(struct json_out *out, const json_t *value)
{
    if (!value) {
        json_put_null(out);
        return;
    }
    separate(out);
    json_dump_callback(value, append, out->buffer, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(NUMBER_DIGITS));
}
