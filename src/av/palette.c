// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/palette.h"

#include <string.h>

enum { BITS = 5, SIDE = 1 << BITS, CELLS = SIDE * SIDE * SIDE, LOW_BITS = 8 - BITS, PATTERN = 8 };

struct palette {
    uint32_t *counts; // of each cell of the colour cube
    uint8_t *nearest; // colour of each cell
    uint32_t colours[PALETTE_SIZE];
};

// Cells from `low` to `high` in red, green, blue.
struct box {
    int low[3], high[3];
    uint64_t count;
};

struct palette *palette_new(struct arena *arena)
{
    struct palette *palette = ARENA_NEW(arena, struct palette);
    palette->counts = ARENA_ARRAY(arena, uint32_t, CELLS);
    palette->nearest = ARENA_ARRAY(arena, uint8_t, CELLS);
    return palette;
}

static int cell_of(int red, int green, int blue)
{
    return (red << BITS | green) << BITS | blue;
}

void palette_count(struct palette *palette, const uint8_t *pixels, int width, int height, int stride)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t pixel;
            memcpy(&pixel, pixels + (ptrdiff_t)y * stride + (ptrdiff_t)x * 4, 4);
            uint32_t *count = &palette->counts[cell_of((int)(pixel >> 16 & 255) >> LOW_BITS,
                (int)(pixel >> 8 & 255) >> LOW_BITS, (int)(pixel & 255) >> LOW_BITS)];
            *count += *count < UINT32_MAX;
        }
}

static uint64_t count_in(const struct palette *palette, const int low[3], const int high[3])
{
    uint64_t sum = 0;
    for (int red = low[0]; red <= high[0]; red++)
        for (int green = low[1]; green <= high[1]; green++)
            for (int blue = low[2]; blue <= high[2]; blue++)
                sum += palette->counts[cell_of(red, green, blue)];
    return sum;
}

// Draws the box in to the cells that are used.
static void shrink(const struct palette *palette, struct box *box)
{
    box->count = count_in(palette, box->low, box->high);
    for (int axis = 0; axis < 3 && box->count; axis++) {
        struct box slice = *box;
        slice.high[axis] = slice.low[axis];
        while (!count_in(palette, slice.low, slice.high))
            slice.low[axis] = ++slice.high[axis];
        box->low[axis] = slice.low[axis];
        slice = *box;
        slice.low[axis] = slice.high[axis];
        while (!count_in(palette, slice.low, slice.high))
            slice.high[axis] = --slice.low[axis];
        box->high[axis] = slice.high[axis];
    }
}

static int longest(const struct box *box)
{
    int axis = 0;
    for (int i = 1; i < 3; i++)
        if (box->high[i] - box->low[i] > box->high[axis] - box->low[axis])
            axis = i;
    return axis;
}

// Cuts at the median of the longest side: half of the pixels on each side, and no half is empty.
static void cut(const struct palette *palette, struct box *box, struct box *ret_rest)
{
    int axis = longest(box), at = box->low[axis];
    uint64_t sum = 0;
    for (; at < box->high[axis]; at++) {
        struct box slice = *box;
        slice.low[axis] = slice.high[axis] = at;
        sum += count_in(palette, slice.low, slice.high);
        if (sum * 2 >= box->count)
            break;
    }
    if (at == box->high[axis])
        at--;
    *ret_rest = *box;
    box->high[axis] = at;
    ret_rest->low[axis] = at + 1;
    shrink(palette, box);
    shrink(palette, ret_rest);
}

// The mean colour of a box.
static uint32_t mean_of(const struct palette *palette, const struct box *box)
{
    uint64_t sums[3] = { 0 };
    for (int red = box->low[0]; red <= box->high[0]; red++)
        for (int green = box->low[1]; green <= box->high[1]; green++)
            for (int blue = box->low[2]; blue <= box->high[2]; blue++) {
                uint64_t count = palette->counts[cell_of(red, green, blue)];
                sums[0] += count * (uint64_t)red;
                sums[1] += count * (uint64_t)green;
                sums[2] += count * (uint64_t)blue;
            }
    uint32_t colour = 0xff;
    for (int i = 0; i < 3; i++)
        colour = colour << 8 | (uint32_t)(box->count ? sums[i] * 255 / (box->count * (SIDE - 1)) : 0);
    return colour;
}

// Weights as the eye has them, roughly.
static int distance(uint32_t colour, int red, int green, int blue)
{
    int r = (int)(colour >> 16 & 255) - red, g = (int)(colour >> 8 & 255) - green, b = (int)(colour & 255) - blue;
    return 3 * r * r + 6 * g * g + b * b;
}

static uint8_t nearest_to(const struct palette *palette, int count, int red, int green, int blue)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (distance(palette->colours[i], red, green, blue) < distance(palette->colours[best], red, green, blue))
            best = i;
    return (uint8_t)best;
}

void palette_settle(struct palette *palette)
{
    struct box boxes[PALETTE_SIZE] = { { .high = { SIDE - 1, SIDE - 1, SIDE - 1 } } };
    int count = 1;
    shrink(palette, &boxes[0]);
    while (count < PALETTE_SIZE) {
        int best = -1;
        double worst = 0;
        for (int i = 0; i < count; i++) {
            int axis = longest(&boxes[i]), length = boxes[i].high[axis] - boxes[i].low[axis];
            double weight = (double)boxes[i].count * length;
            if (weight > worst)
                worst = weight, best = i;
        }
        if (best < 0)
            break; // as many colours as there are
        cut(palette, &boxes[best], &boxes[count++]);
    }
    for (int i = 0; i < PALETTE_SIZE; i++)
        palette->colours[i] = i < count ? mean_of(palette, &boxes[i]) : 0xff000000u;
    for (int red = 0; red < SIDE; red++)
        for (int green = 0; green < SIDE; green++)
            for (int blue = 0; blue < SIDE; blue++)
                palette->nearest[cell_of(red, green, blue)] = nearest_to(
                    palette, count, red * 255 / (SIDE - 1), green * 255 / (SIDE - 1), blue * 255 / (SIDE - 1));
}

const uint32_t *palette_colours(const struct palette *palette)
{
    return palette->colours;
}

// A value of Bayer's matrix, 0 to 63, by interleaving the bits of place.
static int threshold(int x, int y)
{
    int mixed = x ^ y, value = 0;
    for (int bit = 0; bit < 3; bit++)
        value |= (mixed >> bit & 1) << (5 - 2 * bit) | (y >> bit & 1) << (4 - 2 * bit);
    return value;
}

static int shifted(uint32_t value, int shift)
{
    int moved = (int)(value & 255) + shift;
    return (moved < 0 ? 0 : moved > 255 ? 255 : moved) >> LOW_BITS;
}

void palette_map(const struct palette *palette, const uint8_t *pixels, int width, int height, int stride,
    uint8_t *ret_indices, int index_stride)
{
    int shifts[PATTERN][PATTERN];
    for (int y = 0; y < PATTERN; y++)
        for (int x = 0; x < PATTERN; x++)
            shifts[y][x] = (threshold(x, y) - 32) / 4; // as far as two cells, about what lies between two colours
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            uint32_t pixel;
            memcpy(&pixel, pixels + (ptrdiff_t)y * stride + (ptrdiff_t)x * 4, 4);
            int shift = shifts[y % PATTERN][x % PATTERN];
            ret_indices[(ptrdiff_t)y * index_stride + x] = palette->nearest[cell_of(
                shifted(pixel >> 16, shift), shifted(pixel >> 8, shift), shifted(pixel, shift))];
        }
}
