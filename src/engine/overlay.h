// SPDX-License-Identifier: GPL-3.0-or-later
// A drawn picture with transparency, ready to be laid over a frame many times: premultiplied planar YUV with
// alpha at both resolutions. Conversion costs more than blending, so that what rests is converted once.
#pragma once

#include "av/frame.h"
#include "base/error.h"

struct overlay {
    struct frame_box box; // where it lies in the frame; even; an empty one draws nothing
    bool opaque;          // alpha is full everywhere
    uint8_t *planes[5];   // Y, U, V, alpha, alpha at the chroma's resolution
    int strides[5];
    size_t room; // bytes behind planes[0]
};

// Fills `overlay` (zeroed or used before) from premultiplied native-endian ARGB (cairo's) of the size of `box`.
// LIMIT_EXCEEDED without memory.
MUST_USE error overlay_from_argb(struct overlay *overlay, struct frame_box box, const uint8_t *pixels, int stride);
void overlay_done(struct overlay *overlay); // frees its memory; it draws nothing then
// `opacity` 0..1.
void overlay_blend(const struct overlay *overlay, double opacity, struct frame *frame);

// A colour in the frame's terms.
struct overlay_colour {
    uint8_t y, u, v;
};
struct overlay_colour overlay_colour(double red, double green, double blue); // 0..1
void overlay_fill(struct frame *frame, struct overlay_colour colour);
// Moves all of the frame towards the colour by `amount` 0..1.
void overlay_tint(struct frame *frame, struct overlay_colour colour, double amount);
// to = from * (1 - amount) + to * amount, amount 0..1; of one size.
void overlay_mix(struct frame *to, const struct frame *from, double amount);
// Takes frame pixels as premultiplied native-endian ARGB with full alpha; `pixels` hold width * height * 4 bytes.
void overlay_to_argb(const struct frame *frame, uint8_t *ret_pixels, int stride);
