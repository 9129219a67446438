// SPDX-License-Identifier: GPL-3.0-or-later
// A body of form data, whole and in pieces of a size that the first byte says: both give the same parts, or both none.
#include "api/multipart.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    struct buffer text;
    bool in_part;
};

static error part(void *context, const struct multipart_part *part)
{
    struct told *told = context;
    ASSERT(!told->in_part);
    ASSERT(part->name.size <= MULTIPART_HEAD_MAX && part->file_name.size <= MULTIPART_HEAD_MAX);
    told->in_part = true;
    buffer_format(
        &told->text, "<%.*s|%.*s|%.*s>", STR_ARGS(part->name), STR_ARGS(part->file_name), STR_ARGS(part->content_type));
    return OK;
}

static error data_of(void *context, const char *bytes, size_t size)
{
    struct told *told = context;
    ASSERT(told->in_part);
    buffer_append_str(&told->text, (str) { bytes, size });
    return OK;
}

static error part_end(void *context)
{
    struct told *told = context;
    ASSERT(told->in_part);
    told->in_part = false;
    buffer_append_c(&told->text, "</>");
    return OK;
}

static bool read_all(str body, size_t piece, struct told *told)
{
    static const struct multipart_ops ops = { part, data_of, part_end };
    struct multipart *multipart;
    ASSERT(!error_is(multipart_new(STR("b0undary"), &ops, told, &multipart)));
    error result = OK;
    for (size_t at = 0; at < body.size && !error_is(result); at += piece) {
        // A copy of its own size, so that reading past the end is noticed.
        ARENA_AUTO struct arena *arena = arena_new(1 << 20);
        size_t size = body.size - at < piece ? body.size - at : piece;
        result = multipart_feed(multipart, arena_copy(arena, body.data + at, size), size);
    }
    if (!error_is(result))
        result = multipart_end(multipart);
    multipart_free(multipart);
    return !error_is(result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    str body = { (const char *)data + 1, size - 1 };
    struct told whole = { 0 }, pieces = { 0 };
    bool good = read_all(body, body.size, &whole);
    ASSERT(good == read_all(body, (size_t)data[0] % 31 + 1, &pieces));
    ASSERT(!good || (!whole.in_part && str_equal(buffer_str(&whole.text), buffer_str(&pieces.text))));
    buffer_done(&whole.text);
    buffer_done(&pieces.text);
    return 0;
}
