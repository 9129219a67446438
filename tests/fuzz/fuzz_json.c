// SPDX-License-Identifier: GPL-3.0-or-later
// What is read as JSON is written as text that is read as the same; a struct filled from it holds what its shape says,
// and is written as JSON again.
#include "base/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct inner {
    str name;
    double at;
};
static const struct field inner_fields[] = {
    FIELD(struct inner, name, .required = true, .min = 1, .max = 8, .doc = "x"),
    FIELD(struct inner, at, .max = 10, .doc = "x"),
};
static const struct shape inner_shape = SHAPE("Inner", struct inner, inner_fields);

static const char *const choices[] = { "a", "b", NULL };
struct outer {
    str text, choice, id, mail, uri;
    int64_t whole;
    struct opt_int maybe_whole;
    struct opt_number maybe_number;
    bool flag;
    struct opt_bool maybe_flag;
    time_us at;
    struct raw_json raw;
    struct list items;
    struct list names;
    struct inner *one;
};
static const struct field outer_fields[] = {
    FIELD(struct outer, text, .max = 16, .doc = "x"),
    FIELD(struct outer, choice, .allowed = choices, .doc = "x"),
    FIELD(struct outer, id, .format = FORMAT_UUID, .doc = "x"),
    FIELD(struct outer, mail, .format = FORMAT_EMAIL, .doc = "x"),
    FIELD(struct outer, uri, .format = FORMAT_URI, .doc = "x"),
    FIELD(struct outer, whole, .min = -5, .max = 5, .doc = "x"),
    FIELD(struct outer, maybe_whole, .doc = "x"),
    FIELD(struct outer, maybe_number, .doc = "x"),
    FIELD(struct outer, flag, .doc = "x"),
    FIELD(struct outer, maybe_flag, .doc = "x"),
    FIELD(struct outer, at, .doc = "x"),
    FIELD(struct outer, raw, .doc = "x"),
    FIELD(struct outer, items, .shape = &inner_shape, .max = 4, .doc = "x"),
    FIELD(struct outer, names, .max = 4, .doc = "x"),
    FIELD(struct outer, one, .shape = &inner_shape, .doc = "x"),
};
static const struct shape outer_shape = SHAPE("Outer", struct outer, outer_fields);

static void check_struct(struct arena *arena, const json_t *value)
{
    struct outer outer = { 0 };
    struct problems problems = { 0 };
    shape_read(arena, &outer_shape, value, "body", &outer, &problems);
    if (error_is(problems_error(&problems)))
        return;
    ASSERT(str_length_utf8(outer.text) <= 16 && outer.whole >= -5 && outer.whole <= 5);
    ASSERT(outer.items.count <= 4 && outer.names.count <= 4);
    for (size_t i = 0; i < outer.items.count; i++)
        ASSERT(((struct inner *)outer.items.items)[i].name.size);
    BUFFER_AUTO struct buffer text = { 0 };
    struct json_out out = { .buffer = &text };
    json_t *again;
    shape_write(&out, &outer_shape, &outer);
    ASSERT(!error_is(json_read(arena, buffer_str(&text), &again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    // A copy of its own size, so that reading past the end is noticed.
    str text = { arena_copy(arena, data, size), size };
    json_t *value, *again;
    if (error_is(json_read(arena, text, &value)))
        return 0;
    str written = json_text(arena, value);
    ASSERT(str_is_utf8(written) && !error_is(json_read(arena, written, &again)));
    ASSERT(str_equal(written, json_text(arena, again)));
    (void)json_merge(arena, value, again);
    if (json_is_object(value))
        check_struct(arena, value);
    return 0;
}
