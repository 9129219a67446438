// SPDX-License-Identifier: GPL-3.0-or-later
// Borrowed byte strings: a pointer and a size, never owning, not necessarily NUL-terminated.
// Every str that an arena function returns is NUL-terminated behind its last byte, so that
// .data of such a str can be handed to C interfaces.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

typedef struct str {
    const char *data; // NULL means absent, which differs from empty
    size_t size;      // bytes
} str;

#define STR(literal) ((str) { "" literal, sizeof(literal) - 1 })
#define STR_NONE ((str) { NULL, 0 })
// For printf: printf("%.*s", STR_ARGS(s))
#define STR_ARGS(s) (int)(s).size, (s).data ? (s).data : ""

// Wraps a C string without copying it; NULL gives STR_NONE. Of a literal, the compiler knows the size.
static inline str str_of(const char *text)
{
    return text ? (str) { text, strlen(text) } : STR_NONE;
}

bool str_equal(str a, str b);
bool str_equal_c(str a, const char *b);
// Compares ASCII letters without regard to case.
bool str_equal_fold(str a, str b);
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
// Byte order, shorter first on a tie: <0, 0 or >0.
int str_compare(str a, str b);
uint64_t str_hash(str s); // FNV-1a (Fowler, Noll, Vo); for tables in memory, not against malice

// Index of the first such byte or substring, or -1.
ptrdiff_t str_index(str s, char c);
ptrdiff_t str_find(str s, str needle);

// Part from `from` (clamped) with at most `size` bytes.
str str_sub(str s, size_t from, size_t size);
// Without white space (space, tab, CR, LF) at both ends.
str str_trim(str s);
// Takes the part before `separator` off the front of *rest; the whole rest when it has none.
// Returns false when *rest is already used up (data == NULL).
bool str_split(str *rest, char separator, str *ret_part);

// Whole string as a decimal integer; false on anything else, overflow included.
bool str_to_int(str s, int64_t *ret_value);
// Whole string as a finite decimal number in the C locale.
bool str_to_number(str s, double *ret_value);

// Valid UTF-8 without surrogates or overlong forms (RFC 3629).
bool str_is_utf8(str s);
// Number of Unicode code points of a valid UTF-8 string.
size_t str_length_utf8(str s);
// Longest prefix of at most `limit` bytes that does not cut a code point.
str str_cut_utf8(str s, size_t limit);

// Copies into the arena.
str str_copy(struct arena *arena, str s);
const char *str_to_c(struct arena *arena, str s);
str str_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
str str_join(struct arena *arena, const str *parts, size_t count, str separator);
str str_lower(struct arena *arena, str s); // ASCII only
// Lower-case hexadecimal.
str str_hex(struct arena *arena, const void *bytes, size_t size);
bool str_from_hex(str hex, void *ret_bytes, size_t size);
// RFC 4648 base64 with padding, and base64url without.
str str_base64(struct arena *arena, const void *bytes, size_t size);
str str_base64url(struct arena *arena, const void *bytes, size_t size);
// Decodes either alphabet, padding optional; false on other characters.
bool str_from_base64(struct arena *arena, str text, str *ret_bytes);
