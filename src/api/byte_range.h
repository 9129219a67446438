// SPDX-License-Identifier: GPL-3.0-or-later
// The Range header (RFC 9110 14.1.2, 14.2): which bytes of a content of known size are wanted.
#pragma once

#include "base/str.h"

// More than these are answered with the whole: a player asks for one, a download manager for a handful.
enum { BYTE_RANGES_MAX = 16 };

struct byte_range {
    int64_t first, last; // inclusive, within the content
};
struct byte_ranges {
    struct byte_range items[BYTE_RANGES_MAX];
    size_t count; // 0: the whole
};
// In the order they were asked for; those that overlap or touch are one, at the place of the first. What is malformed,
// of another unit or too much asks for the whole, as if the header were not there. False when every range lies outside
// of the content (416). `size` is at least 1.
bool byte_ranges_read(str header, int64_t size, struct byte_ranges *ret_ranges);
