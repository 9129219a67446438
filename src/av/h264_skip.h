// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of H.264 that repeat the one before: all macroblocks skipped, written by hand in some tens of bytes. What an
// encoder made around them is given the numbers that follow from their being there.
//
// Source: ITU-T H.264. For decoders to reconstruct the same pixels, a skipped picture must be a reference picture, must
// follow, in decoding order, the reference picture that it repeats, and every later picture may refer to the newest
// reference picture only: then that is the repetition, which looks the same. So the encoder has one reference frame
// and no pyramid of B pictures; what it does otherwise is refused rather than guessed.
//
// Bytes are in the format of Annex B (start codes). Nothing here trusts them: anything may be given.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

// What slices depend on, of the sequence and picture parameter sets (7.3.2.1, 7.3.2.2).
struct h264_sets {
    unsigned pps_id, frame_num_bits;
    unsigned poc_bits; // 0: pictures are shown in the order of decoding (type 2)
    unsigned macroblocks;
    unsigned refs_l0, refs_l1; // active by default
    int init_qp;               // of slices, before their own difference
    bool cabac, weighted, deblocking_control, poc_bottom;
    unsigned weighted_bi;
};

// How the numbers of one access unit change.
struct h264_shift {
    unsigned pictures; // reference pictures were put in since the last IDR picture
    unsigned idr_id;   // for an IDR picture: idr_pic_id, 0 to 65535
};

// An access unit as it stands in the stream now.
struct h264_picture {
    bool is_idr, is_reference;
    unsigned frame_num, poc_lsb;
};

// ENGINE_FAILED for sets that are damaged or of streams in which skipped pictures are not written here (interlaced,
// several slice groups, scaling lists, order of the type 1).
MUST_USE error h264_skip_sets(const uint8_t *bytes, size_t size, struct h264_sets *ret_sets);
// Appends the access unit with its numbers shifted. ENGINE_FAILED when it is damaged or picks its references by number.
MUST_USE error h264_skip_shift(const struct h264_sets *sets, const uint8_t *bytes, size_t size,
    const struct h264_shift *shift, struct buffer *ret_bytes, struct h264_picture *ret_picture);
// Appends the access unit that repeats `picture`, a reference picture, and makes it the one to be repeated next.
void h264_skip_append(const struct h264_sets *sets, struct h264_picture *picture, struct buffer *ret_bytes);
