// SPDX-License-Identifier: GPL-3.0-or-later
// All arithmetic is on integers, so that the same document gives the same bytes everywhere.
#include "engine/overlay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// BT.709, limited range, in 16 binary places: Y = 16 + 219 (.2126 R + .7152 G + .0722 B) / 255 and so on. Each chroma
// row sums to zero, so that grey has no colour.
enum {
    SHIFT = 16,
    HALF = 1 << (SHIFT - 1),
    Y_RED = 11966,
    Y_GREEN = 40254,
    Y_BLUE = 4064,
    U_RED = -6596,
    U_GREEN = -22188,
    U_BLUE = 28784,
    V_RED = 28784,
    V_GREEN = -26145,
    V_BLUE = -2639,
};

static inline uint8_t clamp_byte(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline unsigned divide_255(unsigned value)
{
    return (value + 128 + ((value + 128) >> 8)) >> 8;
}

static error overlay_reserve(struct overlay *overlay, struct frame_box box)
{
    int stride = (box.width + 31) / 32 * 32;
    size_t full = (size_t)stride * (size_t)box.height, quarter = (size_t)stride / 2 * ((size_t)box.height / 2);
    size_t need = 2 * full + 3 * quarter;
    if (need > overlay->room) {
        overlay_done(overlay);
        overlay->planes[0] = malloc(need);
        if (!overlay->planes[0])
            return error_make(ERROR_LIMIT_EXCEEDED, NULL, "No memory for a layer's picture");
        overlay->room = need;
    }
    overlay->box = box;
    overlay->planes[3] = overlay->planes[0] + full;
    overlay->planes[1] = overlay->planes[3] + full;
    overlay->planes[2] = overlay->planes[1] + quarter;
    overlay->planes[4] = overlay->planes[2] + quarter;
    overlay->strides[0] = overlay->strides[3] = stride;
    overlay->strides[1] = overlay->strides[2] = overlay->strides[4] = stride / 2;
    return OK;
}

void overlay_done(struct overlay *overlay)
{
    free(overlay->planes[0]);
    *overlay = (struct overlay) { 0 };
}

static inline uint32_t pixel_at(const uint8_t *row, int x)
{
    uint32_t pixel;
    memcpy(&pixel, row + (ptrdiff_t)x * 4, 4);
    return pixel;
}

// Luma and alpha of a row; returns the AND of all alphas.
static unsigned convert_luma(const uint8_t *row, int width, uint8_t *luma, uint8_t *alpha)
{
    unsigned all = 255;
    for (int x = 0; x < width; x++) {
        uint32_t pixel = pixel_at(row, x);
        int a = (int)(pixel >> 24), red = (int)(pixel >> 16 & 255), green = (int)(pixel >> 8 & 255),
            blue = (int)(pixel & 255);
        int offset = (int)divide_255((unsigned)a * 16);
        luma[x] = (uint8_t)(offset + ((Y_RED * red + Y_GREEN * green + Y_BLUE * blue + HALF) >> SHIFT));
        alpha[x] = (uint8_t)a;
        all &= (unsigned)a;
    }
    return all;
}

struct sums {
    int alpha, red, green, blue; // of eight pixels' weight
};

static inline void sums_add(struct sums *sums, uint32_t pixel, int weight)
{
    sums->alpha += (int)(pixel >> 24) * weight;
    sums->red += (int)(pixel >> 16 & 255) * weight;
    sums->green += (int)(pixel >> 8 & 255) * weight;
    sums->blue += (int)(pixel & 255) * weight;
}

// A chroma sample lies on the even luma column, halfway between two rows: weights 1 2 1 across, 1 1 down.
static void convert_chroma(
    const uint8_t *upper, const uint8_t *lower, int width, uint8_t *u, uint8_t *v, uint8_t *alpha)
{
    for (int x = 0; x < width; x += 2) {
        struct sums sums = { 0 };
        int left = x > 0 ? x - 1 : 0;
        sums_add(&sums, pixel_at(upper, left), 1);
        sums_add(&sums, pixel_at(lower, left), 1);
        sums_add(&sums, pixel_at(upper, x), 2);
        sums_add(&sums, pixel_at(lower, x), 2);
        sums_add(&sums, pixel_at(upper, x + 1), 1);
        sums_add(&sums, pixel_at(lower, x + 1), 1);
        int a = (sums.alpha + 4) >> 3;
        int offset = (int)divide_255((unsigned)a * 128);
        enum { LONG = SHIFT + 3, LONG_HALF = 1 << (LONG - 1) };
        u[x / 2] = clamp_byte(
            offset + ((U_RED * sums.red + U_GREEN * sums.green + U_BLUE * sums.blue + LONG_HALF) >> LONG));
        v[x / 2] = clamp_byte(
            offset + ((V_RED * sums.red + V_GREEN * sums.green + V_BLUE * sums.blue + LONG_HALF) >> LONG));
        alpha[x / 2] = (uint8_t)a;
    }
}

error overlay_from_argb(struct overlay *overlay, struct frame_box box, const uint8_t *pixels, int stride)
{
    TRY(overlay_reserve(overlay, box));
    unsigned all = 255;
    for (int y = 0; y < box.height; y++)
        all &= convert_luma(pixels + (ptrdiff_t)y * stride, box.width,
            overlay->planes[0] + (ptrdiff_t)y * overlay->strides[0],
            overlay->planes[3] + (ptrdiff_t)y * overlay->strides[3]);
    for (int y = 0; y < box.height; y += 2) {
        const uint8_t *upper = pixels + (ptrdiff_t)y * stride;
        ptrdiff_t at = (ptrdiff_t)(y / 2) * overlay->strides[1];
        convert_chroma(upper, upper + stride, box.width, overlay->planes[1] + at, overlay->planes[2] + at,
            overlay->planes[4] + at);
    }
    overlay->opaque = all == 255;
    return OK;
}

static void blend_row(
    uint8_t *restrict to, const uint8_t *restrict from, const uint8_t *restrict alpha, int width, unsigned opacity)
{
    if (opacity == 255) {
        for (int x = 0; x < width; x++)
            to[x] = clamp_byte((int)(from[x] + divide_255((unsigned)to[x] * (255u - alpha[x]))));
        return;
    }
    for (int x = 0; x < width; x++) {
        unsigned keep = 255u * 255u - alpha[x] * opacity; // 16 bits
        unsigned sum = from[x] * opacity * 255u + to[x] * keep;
        to[x] = clamp_byte((int)((sum + 32512u) / 65025u));
    }
}

void overlay_blend(const struct overlay *overlay, double opacity, struct frame *frame)
{
    unsigned amount = (unsigned)lround(opacity * 255);
    if (amount == 0 || overlay->box.width <= 0 || overlay->box.height <= 0)
        return;
    struct frame part = frame_part(frame, overlay->box);
    for (int i = 0; i < 3; i++) {
        int width = i == 0 ? part.width : part.width / 2, height = i == 0 ? part.height : part.height / 2;
        int alpha = i == 0 ? 3 : 4;
        for (int y = 0; y < height; y++) {
            uint8_t *to = part.planes[i] + (ptrdiff_t)y * part.strides[i];
            const uint8_t *from = overlay->planes[i] + (ptrdiff_t)y * overlay->strides[i];
            if (overlay->opaque && amount == 255)
                memcpy(to, from, (size_t)width);
            else
                blend_row(to, from, overlay->planes[alpha] + (ptrdiff_t)y * overlay->strides[alpha], width, amount);
        }
    }
}

struct overlay_colour overlay_colour(double red, double green, double blue)
{
    int r = (int)lround(red * 255), g = (int)lround(green * 255), b = (int)lround(blue * 255);
    return (struct overlay_colour) {
        .y = clamp_byte(16 + ((Y_RED * r + Y_GREEN * g + Y_BLUE * b + HALF) >> SHIFT)),
        .u = clamp_byte(128 + ((U_RED * r + U_GREEN * g + U_BLUE * b + HALF) >> SHIFT)),
        .v = clamp_byte(128 + ((V_RED * r + V_GREEN * g + V_BLUE * b + HALF) >> SHIFT)),
    };
}

void overlay_fill(struct frame *frame, struct overlay_colour colour)
{
    const uint8_t values[3] = { colour.y, colour.u, colour.v };
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < (i == 0 ? frame->height : frame->height / 2); y++)
            memset(frame->planes[i] + (ptrdiff_t)y * frame->strides[i], values[i],
                (size_t)(i == 0 ? frame->width : frame->width / 2));
}

void overlay_tint(struct frame *frame, struct overlay_colour colour, double amount)
{
    const uint8_t values[3] = { colour.y, colour.u, colour.v };
    unsigned share = (unsigned)lround(amount * 256);
    for (int i = 0; i < 3; i++) {
        unsigned add = values[i] * share + 128;
        for (int y = 0; y < (i == 0 ? frame->height : frame->height / 2); y++) {
            uint8_t *row = frame->planes[i] + (ptrdiff_t)y * frame->strides[i];
            for (int x = 0; x < (i == 0 ? frame->width : frame->width / 2); x++)
                row[x] = (uint8_t)((row[x] * (256 - share) + add) >> 8);
        }
    }
}

void overlay_mix(struct frame *to, const struct frame *from, double amount)
{
    unsigned share = (unsigned)lround(amount * 256);
    for (int i = 0; i < 3; i++) {
        for (int y = 0; y < (i == 0 ? to->height : to->height / 2); y++) {
            uint8_t *restrict row = to->planes[i] + (ptrdiff_t)y * to->strides[i];
            const uint8_t *restrict other = from->planes[i] + (ptrdiff_t)y * from->strides[i];
            for (int x = 0; x < (i == 0 ? to->width : to->width / 2); x++)
                row[x] = (uint8_t)((row[x] * share + other[x] * (256 - share) + 128) >> 8);
        }
    }
}

void overlay_to_argb(const struct frame *frame, uint8_t *ret_pixels, int stride)
{
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *luma = frame->planes[0] + (ptrdiff_t)y * frame->strides[0];
        const uint8_t *u = frame->planes[1] + (ptrdiff_t)(y / 2) * frame->strides[1];
        const uint8_t *v = frame->planes[2] + (ptrdiff_t)(y / 2) * frame->strides[2];
        for (int x = 0; x < frame->width; x++) {
            int next = x / 2 + (x % 2 && x + 1 < frame->width);
            int du = u[x / 2] + u[next] - 256, dv = v[x / 2] + v[next] - 256; // doubled
            int grey = (luma[x] - 16) * 76309;
            uint32_t red = clamp_byte((grey + (117489 * dv) / 2 + HALF) >> SHIFT);
            uint32_t green = clamp_byte((grey - (13975 * du + 34925 * dv) / 2 + HALF) >> SHIFT);
            uint32_t blue = clamp_byte((grey + (138438 * du) / 2 + HALF) >> SHIFT);
            uint32_t pixel = 0xff000000u | red << 16 | green << 8 | blue;
            memcpy(ret_pixels + (ptrdiff_t)y * stride + (ptrdiff_t)x * 4, &pixel, 4);
        }
    }
}
