// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/byte_range.h"

static bool read_number(str text, int64_t *ret_number)
{
    for (size_t i = 0; i < text.size; i++) // no sign
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return str_to_int(text, ret_number);
}

// One range, which may lie outside of the content (*ret_inside false); false when it is malformed.
static bool read_one(str text, int64_t size, struct byte_range *ret_range, bool *ret_inside)
{
    ptrdiff_t dash = str_index(text, '-');
    if (dash < 0)
        return false;
    str from = str_sub(text, 0, (size_t)dash), to = str_sub(text, (size_t)dash + 1, text.size);
    int64_t first, last = size - 1;
    if (from.size == 0) { // the last so many bytes
        int64_t count;
        if (!read_number(to, &count))
            return false;
        first = count > size ? 0 : size - count;
        *ret_inside = count > 0;
    } else {
        if (!read_number(from, &first) || (to.size && (!read_number(to, &last) || last < first)))
            return false;
        *ret_inside = first < size;
    }
    *ret_range = (struct byte_range) { first, last < size ? last : size - 1 };
    return true;
}

static void drop(struct byte_ranges *ranges, size_t at)
{
    ranges->count--;
    for (size_t i = at; i < ranges->count; i++)
        ranges->items[i] = ranges->items[i + 1];
}

// Whatever meets the new one is taken into it, and what then meets that.
static bool add(struct byte_ranges *ranges, struct byte_range range)
{
    size_t place = ranges->count;
    for (size_t i = 0; i < ranges->count;) {
        struct byte_range other = ranges->items[i];
        if (range.first > other.last + 1 || other.first > range.last + 1) {
            i++;
            continue;
        }
        range.first = range.first < other.first ? range.first : other.first;
        range.last = range.last > other.last ? range.last : other.last;
        place = place < i ? place : i;
        drop(ranges, i);
        i = 0; // it has grown: look at all of them again
    }
    if (ranges->count == BYTE_RANGES_MAX)
        return false;
    for (size_t i = ranges->count; i > place; i--)
        ranges->items[i] = ranges->items[i - 1];
    ranges->items[place] = range;
    ranges->count++;
    return true;
}

bool byte_ranges_read(str header, int64_t size, struct byte_ranges *ret_ranges)
{
    struct byte_ranges ranges = { 0 };
    ptrdiff_t equals = str_index(header, '=');
    ret_ranges->count = 0;
    if (equals < 0 || !str_equal_fold(str_sub(header, 0, (size_t)equals), STR("bytes")))
        return true;
    str rest = str_sub(header, (size_t)equals + 1, header.size), text;
    size_t asked = 0;
    while (str_split(&rest, ',', &text)) {
        struct byte_range range;
        bool inside;
        text = str_trim(text);
        if (text.size == 0) // an empty element of a list is no element (RFC 9110 5.6.1.2)
            continue;
        if (!read_one(text, size, &range, &inside) || ++asked > BYTE_RANGES_MAX)
            return true;
        if (inside && !add(&ranges, range))
            return true;
    }
    if (asked == 0)
        return true;
    *ret_ranges = ranges;
    return ranges.count > 0;
}
