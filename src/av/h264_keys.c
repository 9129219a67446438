// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/h264_keys.h"

#include <string.h>

static const uint8_t start_code[] = { 0, 0, 0, 1 };
enum { LENGTH = sizeof start_code }; // so that one takes the place of the other

static error refused(const char *what)
{
    return error_make(ERROR_ENGINE_FAILED, NULL, "A film's %s are damaged", what);
}

static size_t number_at(const uint8_t *bytes, size_t count)
{
    size_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

// Appends units with start codes: `count` of them, or as many as there are when it is negative, each after its length
// of `width` bytes. False when they are cut off; *at is behind the last.
static bool append_units(const uint8_t *bytes, size_t size, size_t width, int count, size_t *at, struct buffer *stream)
{
    for (int i = 0; count < 0 ? *at < size : i < count; i++) {
        if (size - *at < width)
            return false;
        size_t length = number_at(bytes + *at, width);
        *at += width;
        if (!length || size - *at < length)
            return false;
        buffer_append(stream, start_code, LENGTH);
        buffer_append(stream, bytes + *at, length);
        *at += length;
    }
    return true;
}

error h264_keys_begin(const uint8_t *bytes, size_t size, struct h264_keys *ret_keys)
{
    // Version, profile, level and the length of lengths stand before the sets, a count before each kind of set.
    enum { BEFORE = 5, SET_WIDTH = 2, SEQUENCE_COUNT_MASK = 31, LENGTH_MASK = 3 };
    BUFFER_AUTO struct buffer stream = { 0 };
    size_t at = BEFORE + 1;
    if (size <= at || bytes[0] != 1 || (bytes[BEFORE - 1] & LENGTH_MASK) != LENGTH - 1)
        return refused("parameter sets");
    if (!append_units(bytes, size, SET_WIDTH, bytes[BEFORE] & SEQUENCE_COUNT_MASK, &at, &stream) || at == size)
        return refused("parameter sets");
    int count = bytes[at++];
    if (!append_units(bytes, size, SET_WIDTH, count, &at, &stream))
        return refused("parameter sets");
    if (stream.failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    struct h264_keys keys = { 0 };
    TRY(h264_skip_sets((const uint8_t *)stream.data, stream.size, &keys.sets));
    *ret_keys = keys;
    return OK;
}

// Lengths where the start codes stand: h264_skip_shift writes them of four bytes, and no unit has one inside of it.
static void write_lengths(struct buffer *unit)
{
    uint8_t *bytes = (uint8_t *)unit->data;
    for (size_t end = unit->size; end > 0;) {
        size_t at = end - LENGTH;
        while (memcmp(bytes + at, start_code, LENGTH) != 0)
            at--;
        size_t length = end - at - LENGTH;
        for (size_t i = 0; i < LENGTH; i++)
            bytes[at + i] = (uint8_t)(length >> 8 * (LENGTH - 1 - i));
        end = at;
    }
}

error h264_keys_next(struct h264_keys *keys, const uint8_t *bytes, size_t size)
{
    BUFFER_AUTO struct buffer stream = { 0 };
    struct h264_picture picture;
    size_t at = 0;
    if (!append_units(bytes, size, LENGTH, -1, &at, &stream))
        return refused("key frames");
    if (stream.failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    keys->idr_id ^= 1;
    buffer_clear(&keys->unit);
    struct h264_shift shift = { .idr_id = keys->idr_id };
    TRY(h264_skip_shift(&keys->sets, (const uint8_t *)stream.data, stream.size, &shift, &keys->unit, &picture));
    if (!picture.is_idr)
        return refused("key frames");
    write_lengths(&keys->unit);
    return OK;
}
