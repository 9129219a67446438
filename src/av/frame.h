// SPDX-License-Identifier: GPL-3.0-or-later
// A picture as the encoder wants it: planar YUV 4:2:0, 8 bits, BT.709, limited range, chroma sited left.
#pragma once

#include <stdint.h>

#include "base/arena.h"

struct frame {
    int width, height; // pixels, both even
    uint8_t *planes[3];
    int strides[3]; // bytes
};

enum { FRAME_SIDE_MAX = 4096 };

// A part of a picture in pixels.
struct frame_box {
    int x, y, width, height;
};

// Its pixels live in the arena and are not set. Sides are even and between 2 and FRAME_SIDE_MAX.
struct frame *frame_new(struct arena *arena, int width, int height);
void frame_copy(struct frame *to, const struct frame *from); // of one size
// The planes from pixel (x, y) on, both even; borrowed.
struct frame frame_part(const struct frame *frame, struct frame_box box);
