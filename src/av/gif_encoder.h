// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of one palette into an animated GIF that is repeated for ever.
#pragma once

#include "av/palette.h"
#include "av/sink.h"

struct gif_encoder;

// The last picture is shown for `last_cs` hundredths of a second.
MUST_USE error gif_encoder_open(const struct sink_io *io, int width, int height, const struct palette *palette,
    int64_t last_cs, struct gif_encoder **ret_encoder);
// A picture of native-endian 0xAARRGGBB, shown from `time_cs` (hundredths of a second, always more than the last).
MUST_USE error gif_encoder_add(struct gif_encoder *encoder, const uint8_t *pixels, int stride, int64_t time_cs);
MUST_USE error gif_encoder_finish(struct gif_encoder *encoder, uint64_t *ret_size_bytes);
void gif_encoder_close(struct gif_encoder *encoder); // NULL is allowed
void gif_encoder_cleanup(struct gif_encoder **encoder);
#define GIF_ENCODER_AUTO __attribute__((cleanup(gif_encoder_cleanup)))
