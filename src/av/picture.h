// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures in containers that FFmpeg does not read, for source.c alone. A format is one file with one struct
// picture_format and one line in the list of picture.c.
#pragma once

#include "av/source_av.h"

enum { PICTURE_HEAD_BYTES = 64 }; // of a file, enough to know its format

struct picture_format {
    // Whether a file that begins like this (zeros behind its end) is one.
    bool (*is)(const uint8_t head[static PICTURE_HEAD_BYTES]);
    // Sets kind, format, size, codec, pixel format, length of the info. NOT_MEDIA when it cannot be read.
    error (*open)(const struct source_io *io, struct source_info *info, void **ret_state);
    // The next picture, in a frame with buffers of its own, its time and length in microseconds in `pts` and
    // `pkt_duration`. *ret_end behind the last.
    error (*next)(void *state, AVFrame *frame, bool *ret_end);
    void (*close)(void *state);
};
extern const struct picture_format picture_heif, picture_webp;

// The format of a file; NULL: one for FFmpeg.
const struct picture_format *picture_format_of(const uint8_t head[static PICTURE_HEAD_BYTES]);
// Buffers for a picture of 8 bit RGBA.
MUST_USE error picture_frame(AVFrame *frame, int width, int height);
