// SPDX-License-Identifier: GPL-3.0-or-later
// JSON in (jansson, strictly) and out (a writer without a tree).
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

enum { JSON_DEPTH_MAX = 64 };

// Parses one JSON value (RFC 8259). Refused with MALFORMED_JSON: trailing text, duplicate keys, invalid
// UTF-8, NUL characters, numbers outside of int64 or double, more than JSON_DEPTH_MAX levels. The value
// is freed with the arena.
MUST_USE error json_read(struct arena *arena, str text, json_t **ret_value);
// Compact text with sorted keys (so that equal values give equal text), in the arena.
str json_text(struct arena *arena, const json_t *value);
// Registers a new reference to be dropped with the arena; returns its argument.
json_t *json_keep(struct arena *arena, json_t *value);
// RFC 7396: merges `patch` into a deep copy of `target` (NULL counts as {}); freed with the arena.
json_t *json_merge(struct arena *arena, const json_t *target, const json_t *patch);

// Members of an object, with the kind checked; absent or other kinds give the fallback.
str json_get_str(const json_t *object, const char *key); // borrowed; STR_NONE when absent
double json_get_number(const json_t *object, const char *key, double fallback);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);
json_t *json_str(str s); // new reference

// The writer. Commas are its business; keys and values alternate as the caller writes them.
struct json_out {
    struct buffer *buffer;
    bool comma;
};
void json_object_begin(struct json_out *out);
void json_object_end(struct json_out *out);
void json_array_begin(struct json_out *out);
void json_array_end(struct json_out *out);
void json_key(struct json_out *out, const char *key);
void json_key_str(struct json_out *out, str key);
void json_put_str(struct json_out *out, str value); // STR_NONE gives null
void json_put_int(struct json_out *out, int64_t value);
// At most 15 significant digits; not finite gives null.
void json_put_number(struct json_out *out, double value);
void json_put_bool(struct json_out *out, bool value);
void json_put_null(struct json_out *out);
void json_put_raw(struct json_out *out, str json); // must be valid JSON
void json_put_value(struct json_out *out, const json_t *value);
