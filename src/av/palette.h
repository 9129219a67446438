// SPDX-License-Identifier: GPL-3.0-or-later
// 256 colours for a film (median cut, Heckbert 1982), and pictures reduced to them by an ordered pattern (Bayer 1973):
// what stands still stays still, and the same pictures give the same bytes.
#pragma once

#include <stdint.h>

#include "base/arena.h"

enum { PALETTE_SIZE = 256 };

struct palette;

struct palette *palette_new(struct arena *arena);
// Counts the colours of a picture of native-endian 0xAARRGGBB; `stride` in bytes.
void palette_count(struct palette *palette, const uint8_t *pixels, int width, int height, int stride);
// Settles the colours. Nothing is counted afterwards.
void palette_settle(struct palette *palette);
const uint32_t *palette_colours(const struct palette *palette); // PALETTE_SIZE of them, opaque
// Writes a byte a pixel.
void palette_map(const struct palette *palette, const uint8_t *pixels, int width, int height, int stride,
    uint8_t *ret_indices, int index_stride);
