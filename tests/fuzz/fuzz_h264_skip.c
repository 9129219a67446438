// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as parameter sets and as a picture of their stream.
#include <stdlib.h>
#include <string.h>

#include "av/h264_skip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h264_sets sets;
    struct h264_picture picture;
    BUFFER_AUTO struct buffer shifted = { 0 }, skips = { 0 };
    if (error_is(h264_skip_sets(data, size, &sets)))
        return 0;
    ASSERT(sets.macroblocks > 0 && sets.frame_num_bits <= 16 && sets.poc_bits <= 16);
    struct h264_shift shift = { .pictures = data[size - 1] * 257u, .idr_id = data[size - 1] };
    error failed = h264_skip_shift(&sets, data, size, &shift, &shifted, &picture);
    if (error_is(failed)) {
        ASSERT(failed.code == ERROR_ENGINE_FAILED);
        return 0;
    }
    ASSERT(shifted.size > 5 && picture.frame_num >> sets.frame_num_bits == 0);
    picture.is_reference = true;
    h264_skip_append(&sets, &picture, &skips);
    // What is written is itself a picture of the stream.
    struct h264_shift none = { 0 };
    struct h264_picture again;
    buffer_clear(&shifted);
    ASSERT(!error_is(h264_skip_shift(&sets, (uint8_t *)skips.data, skips.size, &none, &shifted, &again)));
    ASSERT(again.frame_num == picture.frame_num && again.poc_lsb == picture.poc_lsb);
    ASSERT(shifted.size == skips.size && memcmp(shifted.data, skips.data, skips.size) == 0);
    return 0;
}
