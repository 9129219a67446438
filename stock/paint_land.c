// SPDX-License-Identifier: GPL-3.0-or-later
// Landscapes in layers: what is far takes the colour of the air.
#include <math.h>

#include "painters.h"

static double turn_of(const struct paint *p)
{
    return 2 * M_PI * p->t;
}

// Sky from colours 4 (horizon) up to `top`; sun or moon at (n[0], n[1]) of the picture, size n[2]; at night when n[3].
static struct rgb sky(const struct paint *p, double x, double y)
{
    bool night = p->n[3] > 0.5;
    double dx = x - p->n[0] * 1.78, dy = y - p->n[1], r = sqrt(dx * dx + dy * dy), size = p->n[2];
    struct rgb top = night ? p->colours[0] : p->colours[2], low = night ? p->colours[2] : p->colours[4];
    struct rgb colour = rgb_mix(top, night ? p->colours[1] : p->colours[3], smooth(0, 0.45, y));
    colour = rgb_mix(colour, low, smooth(0.25, 0.85, y));
    double cloud = noise3(p->seed + 20, x * 1.3, y * 5, p->t * 2, 2)
                   + 0.5 * noise3(p->seed + 21, x * 3, y * 11, p->t * 2, 2);
    colour = rgb_mix(
        colour, night ? p->colours[2] : p->colours[4], 0.5 * smooth(0.1, 0.6, cloud) * smooth(0.75, 0.3, y));
    struct rgb light = night ? (struct rgb) { 0.95, 0.96, 0.92 }
                             : rgb_mix(p->colours[4], (struct rgb) { 1, 0.98, 0.9 }, 0.7);
    colour = rgb_mix(colour, light, (night ? 0.3 : 0.55) * exp(-r / (size * 3.2)));
    if (night && chance_at(p->seed, (int)(x * 480), (int)(y * 480)) > 0.9982)
        colour = rgb_mix(colour, light, (0.5 + 0.5 * sin(turn_of(p) + x * 900)) * smooth(0.7, 0.1, y));
    return rgb_mix(colour, light, smooth(size + 0.0025, size - 0.0025, r));
}

static double ridge(uint32_t seed, double x, double rough)
{
    double h = 0, weight = 1, f = 1.3;
    for (int i = 0; i < 6; i++, weight *= rough, f *= 2.1)
        h += weight * (0.5 - fabs(noise2(seed + (uint32_t)i, x * f + i * 7.3, i * 3.1)));
    return h;
}

static void layer(
    struct paint *p, struct rgb near, struct rgb foot, double base, double height, int number, double rough)
{
    cairo_t *cairo = paint_begin(p);
    cairo_move_to(cairo, -10, 1100);
    for (int x = -10; x <= 1930; x += 2)
        cairo_line_to(cairo, x,
            1080 * (base - height * ridge(p->seed + 31 * (uint32_t)number, x / 1080.0 * (1 + 0.12 * number), rough)));
    cairo_line_to(cairo, 1930, 1100);
    cairo_close_path(cairo);
    cairo_pattern_t *fading = cairo_pattern_create_linear(0, 1080 * (base - height * 0.8), 0, 1080 * (base + 0.16));
    cairo_pattern_add_color_stop_rgb(fading, 0, near.r, near.g, near.b);
    cairo_pattern_add_color_stop_rgb(fading, 1, foot.r, foot.g, foot.b);
    cairo_set_source(cairo, fading);
    cairo_pattern_destroy(fading);
    cairo_fill(cairo);
    paint_end(p, cairo, 1);
}

static struct rgb air(const struct paint *p)
{
    return p->n[3] > 0.5 ? p->colours[2] : p->colours[4];
}

static void tree(cairo_t *cairo, double x, double y, double height, struct rgb colour, double lean)
{
    paint_source(cairo, colour, 1);
    cairo_rectangle(cairo, x - height * 0.022, y - height * 0.2, height * 0.044, height * 0.24);
    cairo_fill(cairo);
    for (int i = 0; i < 5; i++) {
        double top = y - height * (1 - 0.17 * i) + height * 0.02, width = height * (0.09 + 0.052 * i),
               low = top + height * 0.3;
        cairo_move_to(cairo, x + lean, top);
        cairo_curve_to(cairo, x + width * 0.25, low - height * 0.08, x + width * 0.7, low, x + width, low);
        cairo_line_to(cairo, x - width, low);
        cairo_curve_to(cairo, x - width * 0.7, low, x - width * 0.25, low - height * 0.08, x + lean, top);
        cairo_fill(cairo);
    }
}

// Numbers: place of the sun, its height, its size, night, ridges, trees in front.
void paint_mountains(struct paint *p)
{
    paint_shade(p, sky);
    int count = (int)p->n[4];
    struct rgb front = p->colours[0];
    for (int i = 0; i < count; i++) {
        double s = (i + 1.0) / count;
        struct rgb near = rgb_mix(rgb_mix(air(p), p->colours[p->n[3] > 0.5 ? 1 : 2], 0.55), front, pow(s, 1.2));
        layer(p, near, rgb_mix(near, air(p), 0.6 * (1 - s) + 0.1), 0.5 + 0.36 * s * s + 0.06 * i / count,
            0.3 - 0.17 * s, i, 0.46);
    }
    if (p->n[5] <= 0)
        return;
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[5]; i++) {
        double x = chance_between(&p->chance, -40, 1960), edge = fabs(x - 960) / 960;
        tree(cairo, x, 1100, chance_between(&p->chance, 130, 260) * (0.55 + 0.75 * edge * edge), rgb_scale(front, 0.7),
            3 * sin(turn_of(p) + i));
    }
    paint_end(p, cairo, 1);
}

static struct rgb water(const struct paint *p, double x, double y)
{
    double horizon = p->n[4];
    if (y < horizon)
        return sky(p, x, y);
    double depth = (y - horizon) / (1 - horizon), near = 0.02 + depth, z = p->t * 2;
    double ripple = noise3(p->seed + 5, x * 3.2 / near, 1.4 / near * 6, z, 2)
                    + 0.6 * noise3(p->seed + 6, x * 8 / near, 1.4 / near * 14, z, 2);
    struct rgb mirrored = sky(
        p, x + 0.02 * ripple * near, fmax(0, horizon - (y - horizon) * 0.8 + 0.05 * ripple * near));
    struct rgb deep = p->n[3] > 0.5 ? p->colours[0] : p->colours[1];
    struct rgb colour = rgb_mix(mirrored, deep, 0.25 + 0.5 * depth + 0.2 * ripple);
    double dx = fabs(x - p->n[0] * 1.78), path = exp(-dx * dx / (0.004 + 0.05 * depth * depth));
    colour = rgb_mix(colour, p->n[3] > 0.5 ? (struct rgb) { 0.9, 0.93, 0.95 } : (struct rgb) { 1, 0.95, 0.82 },
        0.85 * path * smooth(0.05, 0.5, ripple + 0.25));
    return rgb_mix(colour, air(p), 0.5 * exp(-depth * 40));
}

static void boat(cairo_t *cairo, double x, double y, double size, struct rgb colour)
{
    paint_source(cairo, colour, 1);
    cairo_move_to(cairo, x - size, y);
    cairo_curve_to(cairo, x - size * 0.7, y + size * 0.4, x + size * 0.7, y + size * 0.4, x + size, y);
    cairo_close_path(cairo);
    cairo_fill(cairo);
    cairo_move_to(cairo, x - size * 0.05, y - size * 0.1);
    cairo_line_to(cairo, x - size * 0.05, y - size * 1.9);
    cairo_line_to(cairo, x + size * 0.85, y - size * 0.25);
    cairo_close_path(cairo);
    cairo_move_to(cairo, x - size * 0.15, y - size * 0.1);
    cairo_line_to(cairo, x - size * 0.15, y - size * 1.5);
    cairo_line_to(cairo, x - size * 0.75, y - size * 0.25);
    cairo_close_path(cairo);
    cairo_fill(cairo);
}

// Numbers: place of the sun, its height, its size, night, horizon, what stands in it (1 islands, 2 boat, 3 both).
void paint_sea(struct paint *p)
{
    paint_shade(p, water);
    int what = (int)p->n[5];
    double horizon = p->n[4] * 1080;
    cairo_t *cairo = paint_begin(p);
    if (what & 1)
        for (int i = 0; i < 3; i++) {
            double x = i == 0 ? 240 : i == 1 ? 1640 : 1360, width = 420 - 90 * i, height = 150 - 38 * i;
            cairo_move_to(cairo, x - width, horizon + 1);
            for (int k = 0; k <= 100; k++) {
                double u = k / 100.0;
                cairo_line_to(cairo, x + width * (2 * u - 1),
                    horizon
                        - height * sin(M_PI * u)
                              * (0.45 + 0.9 * fmax(0, ridge(p->seed + (uint32_t)i, u * 2, 0.5) + 0.2)));
            }
            cairo_line_to(cairo, x + width, horizon + 1);
            cairo_close_path(cairo);
            paint_source(cairo, rgb_mix(p->colours[p->n[3] > 0.5 ? 0 : 1], air(p), 0.15 + 0.2 * i), 1);
            cairo_fill(cairo);
        }
    if (what & 2)
        boat(cairo, 700 + 10 * sin(turn_of(p)), horizon + 150 + 4 * sin(2 * turn_of(p)), 56,
            rgb_scale(p->colours[0], 0.85));
    paint_end(p, cairo, 1);
}

static double dune_top(double x, double base, double height, double crest, double phase)
{
    double u = (x - crest) / (x < crest ? 1000 : 620);
    return base - height * (1 - tanh(u * u * 1.3)) - 0.22 * height * sin(x / 330.0 + phase);
}

// A slope in the light, and from its crest down the one in the shade.
static void dune(struct paint *p, int number, double s, struct rgb lit, struct rgb shade)
{
    double base = 1080 * (0.54 + 0.46 * s * s), height = 70 + 170 * s, phase = 6.28 * chance_unit(&p->chance),
           crest = (number % 2 ? 1250 : 500) + chance_between(&p->chance, -260, 260);
    double top = dune_top(crest, base, height, crest, phase);
    for (int side = 0; side < 2; side++) {
        cairo_t *cairo = paint_begin(p);
        cairo_move_to(cairo, side ? crest : -10, side ? top : 1100);
        for (int x = side ? (int)crest : -10; x <= 1930; x += 4)
            cairo_line_to(cairo, x, dune_top(x, base, height, crest, phase));
        cairo_line_to(cairo, 1930, 1100);
        if (side) {
            cairo_line_to(cairo, crest + 120, 1100);
            cairo_curve_to(cairo, crest + 330, top + 320, crest - 190, top + 190, crest, top);
        }
        cairo_close_path(cairo);
        cairo_pattern_t *slope = cairo_pattern_create_linear(0, top, 0, top + 420);
        struct rgb a = side ? shade : lit, b = side ? rgb_mix(shade, lit, 0.35) : rgb_mix(lit, shade, 0.3);
        cairo_pattern_add_color_stop_rgb(slope, 0, a.r, a.g, a.b);
        cairo_pattern_add_color_stop_rgb(slope, 1, b.r, b.g, b.b);
        cairo_set_source(cairo, slope);
        cairo_pattern_destroy(slope);
        cairo_fill(cairo);
        paint_end(p, cairo, 1);
    }
}

// Numbers: place of the sun, its height, its size, night, dunes.
void paint_dunes(struct paint *p)
{
    paint_shade(p, sky);
    bool night = p->n[3] > 0.5;
    for (int i = 0; i < (int)p->n[4]; i++) {
        double s = (i + 1.0) / p->n[4];
        struct rgb lit = rgb_mix(air(p), p->colours[night ? 1 : 3], 0.35 + 0.65 * s);
        struct rgb shade = rgb_mix(lit, p->colours[night ? 0 : 1], 0.25 + 0.45 * s);
        dune(p, i, s, lit, shade);
    }
}

static struct rgb mist(const struct paint *p, double x, double y)
{
    double dx = x - p->n[0] * 1.78, dy = y - p->n[1], light = exp(-(dx * dx + dy * dy) / p->n[2]);
    struct rgb colour = rgb_mix(p->colours[3], p->colours[4], smooth(0, 1, y) * 0.6 + 0.3);
    double haze = noise3(p->seed, x * 1.2, y * 3, p->t * 2, 2);
    return rgb_mix(rgb_mix(colour, p->colours[2], 0.25 + 0.2 * haze),
        rgb_mix(p->colours[4], (struct rgb) { 1, 1, 0.95 }, 0.6), light);
}

static void trunk(cairo_t *cairo, struct chance *chance, double x, double width, struct rgb colour)
{
    double lean = chance_between(chance, -30, 30);
    paint_source(cairo, colour, 1);
    cairo_move_to(cairo, x - width * 0.8, 1100);
    cairo_curve_to(cairo, x - width * 0.45, 800, x - width * 0.5 + lean, 400, x - width * 0.4 + lean, -20);
    cairo_line_to(cairo, x + width * 0.4 + lean, -20);
    cairo_curve_to(cairo, x + width * 0.5 + lean, 400, x + width * 0.45, 800, x + width * 0.8, 1100);
    cairo_close_path(cairo);
    cairo_fill(cairo);
    for (int i = 0; i < 4; i++) {
        double y = chance_between(chance, 20, 620), way = chance_below(chance, 2) ? 1 : -1,
               reach = width * chance_between(chance, 2, 5);
        cairo_set_line_width(cairo, width * 0.16);
        cairo_move_to(cairo, x + lean * (1 - y / 1080), y);
        cairo_curve_to(cairo, x + way * reach * 0.4, y - 10, x + way * reach * 0.7, y - reach * 0.3, x + way * reach,
            y - reach * 0.5);
        cairo_stroke(cairo);
    }
}

// A wood in the mist. Numbers: place of the light, its height, its size, firs (1) or trunks (0), layers, density.
void paint_woods(struct paint *p)
{
    paint_shade(p, mist);
    int count = (int)p->n[4];
    for (int i = 0; i < count; i++) {
        double s = (i + 1.0) / count;
        struct rgb colour = rgb_mix(rgb_mix(p->colours[3], p->colours[4], 0.3), p->colours[0], pow(s, 0.9));
        if (p->n[3] > 0.5)
            layer(p, colour, rgb_mix(colour, p->colours[3], 0.5 * (1 - s)), 0.56 + 0.38 * s, 0.1, i, 0.4);
        cairo_t *cairo = paint_begin(p);
        for (int k = 0; k < (int)(p->n[5] * (1.6 - s)); k++) {
            double x = chance_between(&p->chance, -60, 1980);
            if (p->n[3] > 0.5)
                tree(cairo, x,
                    1080 * (0.58 + 0.4 * s - 0.1 * ridge(p->seed + 31 * (uint32_t)i, x / 1080.0 * (1 + 0.12 * i), 0.4)),
                    chance_between(&p->chance, 0.6, 1.2) * (90 + 260 * s * s), colour, 2 * s * sin(turn_of(p) + k));
            else
                trunk(cairo, &p->chance, x, (10 + 44 * s * s) * chance_between(&p->chance, 0.6, 1.2), colour);
        }
        paint_end(p, cairo, 1);
    }
    if (p->n[3] < 0.5)
        layer(p, rgb_scale(p->colours[0], 0.8), p->colours[0], 0.97, 0.12, 9, 0.5);
}

static void windows(struct paint *p, cairo_t *cairo, double x, double top, double width, int building)
{
    struct rgb warm = { 1, 0.84, 0.5 };
    int columns = (int)(width / 17);
    for (int j = 0; top + 18 + j * 22 < 1080; j++)
        for (int i = 0; i < columns; i++) {
            double number = chance_at(p->seed + 40, building * 31 + i, j),
                   shine = number > 0.86 ? 0.5 + 0.5 * sin(turn_of(p) + number * 400) : 1;
            if (number < 0.6)
                continue;
            paint_source(cairo, number > 0.93 ? p->colours[4] : warm, 0.8 * smooth(0.1, 0.4, shine));
            cairo_rectangle(cairo, x + (width - columns * 17) / 2 + i * 17 + 4, top + 14 + j * 22, 8, 11);
            cairo_fill(cairo);
        }
}

// Numbers: place of the sun, its height, its size, night, layers of houses, lit windows.
void paint_city(struct paint *p)
{
    paint_shade(p, sky);
    int count = (int)p->n[4];
    for (int i = 0; i < count; i++) {
        double s = (i + 1.0) / count, x = -30;
        struct rgb colour = rgb_mix(rgb_mix(air(p), p->colours[1], 0.5), p->colours[0], s);
        cairo_t *cairo = paint_begin(p);
        for (int building = 0; x < 1950; building++) {
            double width = chance_between(&p->chance, 60, 150) * (0.7 + 0.5 * s), middle = 1 - fabs(x - 900) / 1500;
            double top = 1080
                         * (0.8 - 0.42 * middle * pow(chance_unit(&p->chance), 1.4) * (1.25 - 0.5 * s) - 0.1 * (1 - s));
            int roof = chance_below(&p->chance, 5);
            paint_source(cairo, colour, 1);
            cairo_rectangle(cairo, x, top, width + 1, 1100 - top);
            cairo_fill(cairo);
            if (roof == 0) {
                cairo_rectangle(cairo, x + width * 0.46, top - 70 * s - 20, width * 0.06, 90);
                cairo_rectangle(cairo, x + width * 0.25, top - 22, width * 0.5, 24);
            } else if (roof == 1) {
                cairo_move_to(cairo, x, top), cairo_line_to(cairo, x + width, top - 44),
                    cairo_line_to(cairo, x + width, top + 2), cairo_line_to(cairo, x, top + 2);
            } else if (roof == 2)
                cairo_rectangle(cairo, x + width * 0.15, top - 26, width * 0.7, 28);
            cairo_fill(cairo);
            if (p->n[5] > 0.5 && i > 0)
                windows(p, cairo, x, top, width, building + 100 * i);
            x += width + (chance_below(&p->chance, 4) == 0 ? 14 : 0);
        }
        paint_end(p, cairo, 1);
    }
}

static struct rgb day_sky(const struct paint *p, double x, double y)
{
    static const struct rgb high = { 0.36, 0.63, 0.9 }, low = { 0.86, 0.94, 0.98 };
    struct rgb colour = rgb_mix(
        rgb_mix(high, low, smooth(0, 0.6, y)), rgb_mix(p->colours[2], p->colours[4], smooth(0, 0.6, y)), 0.2);
    double z = p->t * 2, puff = noise3(p->seed + 8, x * 2, y * 4.5, z, 2)
                                + 0.5 * noise3(p->seed + 9, x * 4.2, y * 9, z, 2)
                                + 0.25 * noise3(p->seed + 10, x * 9, y * 18, z, 2);
    return rgb_mix(colour, (struct rgb) { 1, 1, 1 }, 0.9 * smooth(0.12, 0.55, puff) * smooth(0.62, 0.25, y));
}

// Hills with trees and flowers. Numbers: hills, round trees, flowers, and which colours: near, far.
void paint_meadow(struct paint *p)
{
    paint_shade(p, day_sky);
    int count = (int)p->n[0];
    struct rgb near = p->colours[1], far = rgb_mix(p->colours[3], p->colours[2], 0.4);
    for (int i = 0; i < count; i++) {
        double s = (i + 1.0) / count, phase = 6.28 * chance_unit(&p->chance);
        struct rgb colour = rgb_mix(far, near, s), low = rgb_scale(colour, 0.82);
        cairo_t *cairo = paint_begin(p);
        for (int k = 0; k < (int)p->n[1]; k++) {
            double x = chance_between(&p->chance, 0, 1920),
                   y = 1080 * (0.5 + 0.4 * s * s) - 70 * sin(x / 420.0 * (1.3 - 0.4 * s) + phase),
                   r = (14 + 52 * s * s) * chance_between(&p->chance, 0.7, 1.2);
            if (i == count - 1)
                break;
            paint_source(cairo, rgb_scale(p->colours[0], 1.05), 1);
            cairo_rectangle(cairo, x - r * 0.09, y - r * 1.2, r * 0.18, r * 1.4);
            cairo_fill(cairo);
            for (int b = 0; b < 5; b++) {
                paint_source(cairo, rgb_scale(rgb_mix(p->colours[0], colour, 0.35 + 0.12 * b), 1), 1);
                cairo_arc(cairo, x + r * (0.35 * cos(b * 2.4) - 0.05 * b),
                    y - r * (1.6 + 0.3 * sin(b * 2.4) + 0.06 * b), r * (0.72 - 0.08 * b), 0, 2 * M_PI);
                cairo_fill(cairo);
            }
        }
        cairo_move_to(cairo, -10, 1100);
        for (int x = -10; x <= 1930; x += 6)
            cairo_line_to(cairo, x, 1080 * (0.5 + 0.4 * s * s) - 70 * sin(x / 420.0 * (1.3 - 0.4 * s) + phase));
        cairo_line_to(cairo, 1930, 1100);
        cairo_close_path(cairo);
        cairo_pattern_t *slope = cairo_pattern_create_linear(
            0, 1080 * (0.44 + 0.4 * s * s), 0, 1080 * (0.75 + 0.4 * s * s));
        cairo_pattern_add_color_stop_rgb(slope, 0, colour.r, colour.g, colour.b);
        cairo_pattern_add_color_stop_rgb(slope, 1, low.r, low.g, low.b);
        cairo_set_source(cairo, slope);
        cairo_pattern_destroy(slope);
        cairo_fill(cairo);
        paint_end(p, cairo, 1);
    }
    cairo_t *cairo = paint_begin(p);
    for (int k = 0; k < (int)p->n[2]; k++) {
        double y = 1080 - 190 * pow(chance_unit(&p->chance), 1.6),
               x = chance_between(&p->chance, 0, 1920) + 3 * sin(turn_of(p) + k), r = 3 + 9 * smooth(880, 1080, y);
        static const struct rgb petals[] = { { 0.97, 0.95, 0.92 }, { 0.98, 0.8, 0.3 }, { 0.93, 0.4, 0.42 } };
        paint_source(cairo, petals[chance_below(&p->chance, 3)], 0.95);
        for (int leaf = 0; leaf < 5; leaf++) {
            cairo_arc(cairo, x + r * 0.6 * cos(leaf * 1.2566), y + r * 0.6 * sin(leaf * 1.2566), r * 0.5, 0, 2 * M_PI);
            cairo_fill(cairo);
        }
        cairo_set_source_rgb(cairo, 0.8, 0.55, 0.15);
        cairo_arc(cairo, x, y, r * 0.32, 0, 2 * M_PI);
        cairo_fill(cairo);
    }
    paint_end(p, cairo, 1);
}

static struct rgb space(const struct paint *p, double x, double y)
{
    double wx = noise_sum(p->seed, x * 1.3, y * 1.3, 4), wy = noise_sum(p->seed + 1, x * 1.3, y * 1.3, 4),
           cloud = noise_sum(p->seed + 2, x * 1.5 + wx, y * 1.5 + wy, 5);
    struct rgb colour = rgb_mix(p->colours[0], p->colours[2], 0.75 * smooth(-0.05, 0.75, cloud));
    colour = rgb_mix(colour, p->colours[3], 0.6 * smooth(0.15, 0.8, cloud + 0.5 * wx));
    double star = chance_at(p->seed, (int)(x * 700), (int)(y * 700));
    colour = star > 0.9975 ? rgb_mix(colour, (struct rgb) { 1, 1, 1 }, (star - 0.9975) * 390) : colour;
    double dx = (x - p->n[0] * 1.78) / p->n[2], dy = (y - p->n[1]) / p->n[2], r2 = dx * dx + dy * dy;
    if (p->n[2] <= 0)
        return colour;
    if (r2 >= 1) // the air around it
        return rgb_mix(colour, p->colours[3], 0.5 * exp(-(sqrt(r2) - 1) * 22));
    double dz = sqrt(1 - r2), light = clamp01(0.08 + 1.15 * (-0.62 * dx - 0.48 * dy + 0.5 * dz));
    double turn = p->t * 2,
           land = noise3(p->seed + 5, dx * 2.2 + 3, dy * 2.2, turn, 2) + 0.5 * noise2(p->seed + 6, dx * 5 + dz, dy * 5),
           band = sin(dy * 13 + 1.6 * land);
    struct rgb ground = p->n[3] > 0.5 ? rgb_ramp(p, 0.5 + 0.3 * band)
                                      : rgb_mix(p->colours[1], p->colours[4], smooth(-0.1, 0.3, land));
    return rgb_mix(rgb_scale(p->colours[0], 0.5), rgb_mix(ground, p->colours[3], 0.5 * pow(1 - dz, 3)), light);
}

// Numbers: place of a planet, its height, its size (0: none), a gas giant, ring.
void paint_space(struct paint *p)
{
    paint_shade(p, space);
    if (p->n[4] < 0.5)
        return;
    double x = p->n[0] * 1920, y = p->n[1] * 1080, r = p->n[2] * 1080;
    cairo_t *cairo = paint_begin(p);
    cairo_translate(cairo, x, y);
    cairo_rotate(cairo, -0.35);
    for (int i = 0; i < 26; i++) { // the half behind the planet is left out
        cairo_save(cairo);
        cairo_scale(cairo, 1, 0.26);
        cairo_new_path(cairo);
        cairo_arc(cairo, 0, 0, r * (1.32 + 0.028 * i), -0.16, M_PI + 0.16);
        cairo_restore(cairo);
        paint_source(cairo, rgb_mix(p->colours[4], p->colours[3], chance_at(p->seed, i, 3)),
            0.25 + 0.55 * chance_at(p->seed, i, 7));
        cairo_set_line_width(cairo, r * 0.012);
        cairo_stroke(cairo);
    }
    paint_end(p, cairo, 1);
}
