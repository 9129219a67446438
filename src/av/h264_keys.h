// SPDX-License-Identifier: GPL-3.0-or-later
// The key frames of H.264 streams that follow each other in one film. Each stream numbers its own; where two of them
// meet, or a stream is one picture long, neighbours would have the same idr_pic_id, which 7.4.3 of ITU-T H.264 forbids:
// a bare stream would not tell one picture from the next. So they are counted through the film.
//
// Bytes are as containers keep them (ISO/IEC 14496-15): a length before each unit instead of a start code.
#pragma once

#include "av/h264_skip.h"

struct h264_keys {
    struct h264_sets sets;
    unsigned idr_id;    // of the last key frame
    struct buffer unit; // the access unit that was made last; released by buffer_done
};

// `bytes`: the parameter sets as containers keep them (AVCDecoderConfigurationRecord), with lengths of four bytes.
// ENGINE_FAILED for others, and for those that h264_skip_sets refuses.
MUST_USE error h264_keys_begin(const uint8_t *bytes, size_t size, struct h264_keys *ret_keys);
// Leaves the access unit of a key frame in keys->unit, with the number that follows. ENGINE_FAILED when it is damaged.
MUST_USE error h264_keys_next(struct h264_keys *keys, const uint8_t *bytes, size_t size);
