// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/gradient.h"

#include <math.h>

enum { PLACES = 16, SCATTER = 8 }; // binary places of values; side of the pattern

struct plane_run {
    int64_t first, span; // value in the plane with PLACES, and the way to the second colour's
};

// Y, U or V of a colour (BT.709, limited range).
static double value_of(struct colour colour, int plane)
{
    const double red = 0.2126, blue = 0.0722;
    double luma = red * colour.red + (1 - red - blue) * colour.green + blue * colour.blue;
    if (plane == 0)
        return 16 + 219 * luma;
    return 128 + 224 * (plane == 1 ? (colour.blue - luma) / (2 - 2 * blue) : (colour.red - luma) / (2 - 2 * red));
}

// Bayer's pattern: each of 64 thresholds once, far from its neighbours in value.
static int64_t threshold(int x, int y)
{
    int value = 0;
    for (int bit = 0; bit < 3; bit++)
        value = value << 2 | ((x >> bit ^ y >> bit) & 1) << 1 | (y >> bit & 1);
    return ((int64_t)value * 2 + 1) << PLACES >> 7;
}

static void fill_plane(struct frame *frame, int plane, struct plane_run run, double angle)
{
    const int64_t one = INT64_C(1) << PLACES;
    int width = plane ? frame->width / 2 : frame->width, height = plane ? frame->height / 2 : frame->height;
    double x = sin(angle), y = -cos(angle), reach = fabs(x) * width + fabs(y) * height;
    int64_t step_x = llround(x / reach * (double)(one << PLACES)),
            step_y = llround(y / reach * (double)(one << PLACES));
    int64_t start = (one << PLACES) / 2 - step_x * width / 2 - step_y * height / 2 + (step_x + step_y) / 2;
    int64_t scatter[SCATTER][SCATTER];
    for (int i = 0; i < SCATTER * SCATTER; i++)
        scatter[i / SCATTER][i % SCATTER] = threshold(i % SCATTER, i / SCATTER);
    for (int row = 0; row < height; row++) {
        uint8_t *to = frame->planes[plane] + (ptrdiff_t)row * frame->strides[plane];
        for (int column = 0; column < width; column++) {
            int64_t share = (start + step_x * column + step_y * row) >> PLACES;
            share = share < 0 ? 0 : share > one ? one : share;
            int64_t value = run.first + (run.span * share >> PLACES);
            to[column] = (uint8_t)((value + scatter[row % SCATTER][column % SCATTER]) >> PLACES);
        }
    }
}

void gradient_fill(struct frame *frame, struct colour first, struct colour second, double angle)
{
    const double one = 1 << PLACES;
    for (int plane = 0; plane < 3; plane++) {
        struct plane_run run = { .first = llround(value_of(first, plane) * one) };
        run.span = llround(value_of(second, plane) * one) - run.first;
        fill_plane(frame, plane, run, angle * M_PI / 180);
    }
}
