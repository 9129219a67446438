// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/resample.h"

#include <math.h>

enum { PLACES = 16 }; // binary places of positions; 8 of them weigh the neighbours

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static void resample_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int width, int height,
    double zoom, double shift_x, double shift_y)
{
    const int64_t one = INT64_C(1) << PLACES;
    int64_t step = llround((double)one / zoom);
    int64_t start_x = llround(((0.5 - width / 2.0 - shift_x) / zoom + width / 2.0 - 0.5) * (double)one);
    int64_t at_y = llround(((0.5 - height / 2.0 - shift_y) / zoom + height / 2.0 - 0.5) * (double)one);
    for (int y = 0; y < height; y++, at_y += step) {
        int64_t row = clamp(at_y, (height - 1) * one);
        const uint8_t *upper = from + (row >> PLACES) * from_stride;
        const uint8_t *lower = row >> PLACES < height - 1 ? upper + from_stride : upper;
        unsigned down = (unsigned)(row >> 8 & 255);
        int64_t at_x = start_x;
        for (int x = 0; x < width; x++, at_x += step) {
            int64_t column = clamp(at_x, (width - 1) * one);
            int64_t left = column >> PLACES, right = left < width - 1 ? left + 1 : left;
            unsigned across = (unsigned)(column >> 8 & 255);
            unsigned top = upper[left] * (256 - across) + upper[right] * across;
            unsigned bottom = lower[left] * (256 - across) + lower[right] * across;
            to[(ptrdiff_t)y * to_stride + x] = (uint8_t)((top * (256 - down) + bottom * down + 32768) >> 16);
        }
    }
}

void resample_frame(struct frame *to, const struct frame *from, double zoom, double shift_x, double shift_y)
{
    for (int i = 0; i < 3; i++) {
        int part = i > 0 ? 2 : 1;
        resample_plane(to->planes[i], to->strides[i], from->planes[i], from->strides[i], from->width / part,
            from->height / part, zoom, shift_x / part, shift_y / part);
    }
}
