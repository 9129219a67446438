// SPDX-License-Identifier: GPL-3.0-or-later
// Mountains, forests, deserts, fields, and water that mirrors them: layers that fade into the haze.
#include <math.h>
#include <string.h>

#include "engine/paint.h"

static const struct paint_colour snow = { .94, .96, 1 };

static bool is_winter(const struct paint *paint)
{
    return paint->words->season == PAINT_WINTER || paint->words->weather == PAINT_SNOW;
}

static uint64_t new_seed(struct paint *paint)
{
    return (uint64_t)(paint_random(paint) * 1e15);
}

// Sharp crests, several sizes of them: 0..1.
static double ridge(uint64_t seed, double x, int octaves)
{
    double sum = 0, size = 0.55;
    for (int i = 0; i < octaves; i++, size *= 0.48, x *= 2.1) {
        double crest = 1 - fabs(paint_noise(seed + (uint64_t)i, x));
        sum += size * crest * crest;
    }
    return sum;
}

static void fill_down(struct paint *paint, double from, double to, struct paint_colour upper, struct paint_colour lower)
{
    cairo_pattern_t *fill = cairo_pattern_create_linear(0, from, 0, to);
    paint_stop(fill, 0, upper, 1);
    paint_stop(fill, 1, lower, 1);
    cairo_set_source(paint->cairo, fill);
    cairo_fill(paint->cairo);
    cairo_pattern_destroy(fill);
}

static void close_below(struct paint *paint)
{
    cairo_line_to(paint->cairo, paint->width, paint->height);
    cairo_line_to(paint->cairo, 0, paint->height);
    cairo_close_path(paint->cairo);
}

// Snow lies above a line that follows the crest; light falls from the sun's side.
static void paint_caps(struct paint *paint, uint64_t seed, double base, double height, double scale, double distance)
{
    double line = base - height * (is_winter(paint) ? 0.20 : 0.50);
    struct paint_colour bright = paint_lit(paint, snow, distance * 0.8), shade = paint_mix(bright, paint->top, 0.34);
    for (int x = 0; x < paint->width; x++) {
        double along = x / paint->unit * scale, top = base - height * ridge(seed, along, 6);
        double slope = ridge(seed, along + 0.02, 4) - ridge(seed, along - 0.02, 4);
        double edge = line + paint->unit * 0.05 * paint_noise(seed + 77, along * 9)
                      + paint->unit * 0.03 * paint_noise(seed + 78, along * 31);
        double end = fmin(edge, top + height * 0.33 * (1 + 0.5 * paint_noise(seed + 79, along * 17)));
        double light = 0.5 + (x < paint->sun_x ? 2.6 : -2.6) * slope;
        if (end <= top)
            continue;
        paint_set(paint, paint_mix(shade, bright, light), 0.88);
        cairo_rectangle(paint->cairo, x, top, 1.6, end - top);
        cairo_fill(paint->cairo);
    }
}

static void paint_range(struct paint *paint, double base, double height, double scale, double distance, bool caps)
{
    uint64_t seed = new_seed(paint);
    struct paint_colour rock = paint->words->weather == PAINT_SNOW ? (struct paint_colour) { .50, .54, .62 }
                                                                   : (struct paint_colour) { .27, .30, .38 };
    struct paint_colour colour = paint_lit(paint, rock, distance);
    cairo_move_to(paint->cairo, 0, paint->height);
    for (int x = 0; x <= paint->width; x++)
        cairo_line_to(paint->cairo, x, base - height * ridge(seed, x / paint->unit * scale, 6));
    close_below(paint);
    fill_down(paint, base - height, base + height * 0.1, colour, paint_mix(colour, paint->haze, 0.6));
    if (caps && paint->words->style != PAINT_MINIMAL)
        paint_caps(paint, seed, base, height, scale, distance);
}

static void paint_foothills(struct paint *paint);

void paint_mountains(struct paint *paint)
{
    double base = paint->horizon, u = paint->unit;
    paint_range(paint, base, u * 0.58, 0.8, 0.74, true);
    paint_range(paint, base + u * 0.03, u * 0.46, 1.15, 0.52, true);
    paint_range(paint, base + u * 0.07, u * 0.24, 1.9, 0.32, false);
    if (!(paint->words->subjects & ~(unsigned)PAINT_MOUNTAINS))
        paint_foothills(paint);
}

// Forest

static struct paint_colour leaf(struct paint *paint)
{
    static const struct paint_colour autumn[] = { { .80, .36, .12 }, { .72, .22, .12 }, { .86, .60, .16 },
        { .52, .38, .14 } };
    static const struct paint_colour spring[] = { { .95, .72, .82 }, { .45, .66, .30 }, { .90, .60, .74 },
        { .55, .74, .38 } };
    int i = (int)(paint_random(paint) * 4) & 3;
    if (is_winter(paint))
        return paint_mix((struct paint_colour) { .16, .28, .26 }, snow, 0.25 + 0.35 * paint_random(paint));
    if (paint->words->season == PAINT_AUTUMN)
        return autumn[i];
    if (paint->words->season == PAINT_SPRING)
        return spring[i];
    return paint_mix(
        (struct paint_colour) { .10, .30, .17 }, (struct paint_colour) { .19, .40, .18 }, paint_random(paint));
}

static void paint_conifer(struct paint *paint, double x, double foot, double height, struct paint_colour colour)
{
    cairo_t *cairo = paint->cairo;
    int tiers = 7;
    for (int i = 0; i < tiers; i++) {
        double top = foot - height + height * 0.86 * i / tiers, low = top + height * 0.27,
               half = height * (0.045 + 0.026 * i);
        cairo_move_to(cairo, x, top);
        cairo_line_to(cairo, x - half, low + height * 0.02 * paint_random(paint));
        cairo_line_to(cairo, x - half * 0.45, low - height * 0.03);
        cairo_line_to(cairo, x + half * 0.4, low - height * 0.02);
        cairo_line_to(cairo, x + half, low + height * 0.02 * paint_random(paint));
        cairo_close_path(cairo);
    }
    cairo_rectangle(cairo, x - height * 0.015, foot - height * 0.1, height * 0.03, height * 0.12);
    paint_set(paint, colour, 1);
    cairo_fill(cairo);
    for (int i = 1; is_winter(paint) && i < tiers; i++) {
        double top = foot - height + height * 0.86 * i / tiers, half = height * (0.03 + 0.02 * i);
        cairo_move_to(cairo, x, top);
        cairo_line_to(cairo, x - half, top + height * 0.17);
        cairo_line_to(cairo, x - half * 0.1, top + height * 0.11);
        cairo_close_path(cairo);
        paint_set(paint, paint_mix(colour, snow, 0.6), 0.8);
        cairo_fill(cairo);
    }
}

static void paint_broadleaf(struct paint *paint, double x, double foot, double height, double distance)
{
    struct paint_colour own = leaf(paint);
    paint_set(paint, paint_lit(paint, (struct paint_colour) { .22, .15, .11 }, distance), 1);
    cairo_rectangle(paint->cairo, x - height * 0.025, foot - height * 0.5, height * 0.05, height * 0.52);
    cairo_fill(paint->cairo);
    for (int i = 0; i < 26; i++) {
        double angle = paint_between(paint, 0, 2 * M_PI), far = height * 0.26 * sqrt(paint_random(paint));
        double cx = x + far * cos(angle), cy = foot - height * 0.66 + far * 0.95 * sin(angle);
        double light = 0.72 + 0.5 * (foot - height * 0.4 - cy) / height + (paint->sun_x > x ? 0.1 : -0.1) * cos(angle);
        struct paint_colour blob = { own.r * light, own.g * light, own.b * light };
        paint_set(paint, paint_lit(paint, blob, distance), 0.9);
        cairo_arc(paint->cairo, cx, cy, height * paint_between(paint, .06, .12), 0, 2 * M_PI);
        cairo_fill(paint->cairo);
    }
}

static void paint_ground(struct paint *paint, double y, struct paint_colour own, double distance, double rough)
{
    uint64_t seed = new_seed(paint);
    cairo_move_to(paint->cairo, 0, paint->height);
    for (int x = 0; x <= paint->width; x += 2)
        cairo_line_to(paint->cairo, x, y + paint->unit * rough * paint_noise(seed, x / paint->unit * 1.6));
    cairo_line_to(paint->cairo, paint->width, y);
    close_below(paint);
    struct paint_colour colour = paint_lit(paint, own, distance);
    fill_down(paint, y, y + paint->unit * 0.3, paint_mix(colour, paint->sun, 0.10),
        (struct paint_colour) { colour.r * .75, colour.g * .75, colour.b * .75 });
}

// Where mountains are all that was asked for: meadows and a few pines before them.
static void paint_foothills(struct paint *paint)
{
    double u = paint->unit;
    struct paint_colour own = is_winter(paint)                       ? (struct paint_colour) { .84, .88, .95 }
                              : paint->words->season == PAINT_AUTUMN ? (struct paint_colour) { .50, .36, .16 }
                                                                     : (struct paint_colour) { .24, .36, .20 };
    for (int i = 0; i < 3; i++) {
        double y = paint->horizon + u * (0.13 + 0.11 * i), distance = 0.34 - 0.15 * i;
        paint_ground(paint, y, own, distance, 0.055);
        int count = paint->words->style == PAINT_MINIMAL ? 0 : (int)(26 * paint->width / u * (1 - 0.25 * i));
        for (int k = 0; k < count; k++) {
            double x = paint->width * paint_random(paint),
                   height = u * (0.035 + 0.045 * i) * paint_between(paint, .6, 1.3);
            if (paint_noise(77 + (uint64_t)i, x / u * 2.2) > -0.1)
                paint_conifer(
                    paint, x, y + u * paint_between(paint, .03, .09), height, paint_lit(paint, leaf(paint), distance));
        }
    }
}

void paint_forest(struct paint *paint)
{
    bool conifers = paint->words->season != PAINT_AUTUMN && paint->words->season != PAINT_SPRING;
    bool watery = paint->words->subjects & (PAINT_LAKE | PAINT_SEA);
    int layers = paint->words->style == PAINT_MINIMAL ? 3 : 5;
    double reach = watery ? 0.015 : 0.38;
    for (int layer = 0; layer < layers; layer++) {
        double near = (double)layer / (layers - 1), distance = 0.72 * (1 - near) + 0.04;
        double foot = paint->horizon + paint->unit * reach * near * near + paint->unit * 0.01;
        double height = paint->unit * (0.085 + (watery ? 0.09 : 0.42) * near * near);
        struct paint_colour ground = is_winter(paint) ? (struct paint_colour) { .82, .87, .94 }
                                                      : (struct paint_colour) { .16, .26, .13 };
        paint_ground(paint, foot - height * 0.06, ground, distance, 0.012);
        double step = height * (conifers ? 0.26 : 0.42);
        for (double x = -step; x < paint->width + step; x += step * paint_between(paint, .55, 1.3)) {
            double tall = height * paint_between(paint, .65, 1.2), at = foot + height * 0.08 * paint_random(paint);
            bool clearing = near > 0.7 && !watery && fabs(x - paint->width * 0.5) < paint->unit * 0.26;
            if (clearing)
                continue;
            if (conifers)
                paint_conifer(paint, x, at, tall, paint_lit(paint, leaf(paint), distance));
            else
                paint_broadleaf(paint, x, at, tall, distance);
        }
    }
}

// Desert

static void paint_dune(struct paint *paint, double base, double height, double distance)
{
    uint64_t seed = new_seed(paint);
    double scale = 0.9 + 0.8 * paint_random(paint);
    struct paint_colour sand = { .93, .68, .40 }, dark = { .62, .38, .25 };
    if (is_winter(paint))
        sand = (struct paint_colour) { .90, .92, .96 }, dark = (struct paint_colour) { .58, .64, .76 };
    struct paint_colour bright = paint_lit(paint, sand, distance), shade = paint_lit(paint, dark, distance);
    for (int side = 0; side < 2; side++) {
        cairo_move_to(paint->cairo, 0, paint->height);
        for (int x = 0; x <= paint->width; x += 2) {
            double along = x / paint->unit * scale, wave = paint_noise(seed, along);
            double fall = side
                              ? height * (0.10 + 0.85 * fabs(paint_noise(seed + 3, along * 0.7))) * fmax(0, 0.35 + wave)
                              : 0;
            cairo_line_to(paint->cairo, x, base - height * wave + fall);
        }
        close_below(paint);
        fill_down(paint, base - height, base + height * 1.6, side ? shade : bright,
            paint_mix(side ? shade : bright, paint_lit(paint, dark, 0), 0.30));
    }
}

static void paint_cactus(struct paint *paint, double x, double foot, double height)
{
    cairo_t *cairo = paint->cairo;
    paint_set(paint, paint_lit(paint, (struct paint_colour) { .16, .28, .17 }, 0.05), 1);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_width(cairo, height * 0.13);
    cairo_move_to(cairo, x, foot);
    cairo_line_to(cairo, x, foot - height);
    cairo_stroke(cairo);
    cairo_set_line_width(cairo, height * 0.09);
    for (int side = -1; side <= 1; side += 2) {
        double y = foot - height * (side < 0 ? 0.45 : 0.58);
        cairo_move_to(cairo, x, y);
        cairo_curve_to(cairo, x + side * height * 0.3, y, x + side * height * 0.26, y - height * 0.05,
            x + side * height * 0.26, y - height * 0.28);
        cairo_stroke(cairo);
    }
}

void paint_desert(struct paint *paint)
{
    double u = paint->unit, base = paint->horizon;
    for (int i = 0; i < 5; i++)
        paint_dune(paint, base + u * (0.02 + 0.095 * i), u * (0.05 + 0.016 * i), 0.62 - 0.15 * i);
    for (int i = 0; paint->words->style != PAINT_MINIMAL && i < 3; i++)
        paint_cactus(paint, paint->width * paint_between(paint, .06, .94), base + u * paint_between(paint, .20, .42),
            u * paint_between(paint, .07, .15));
}

// Field

static void paint_flowers(struct paint *paint, double from)
{
    static const struct paint_colour petals[] = { { .95, .85, .30 }, { .92, .35, .40 }, { .98, .97, .95 },
        { .70, .45, .85 } };
    if (is_winter(paint))
        return;
    int count = paint->words->season == PAINT_AUTUMN ? 250 : 1100;
    for (int i = 0; i < count; i++) {
        double near = pow(paint_random(paint), 1.6), y = from + (paint->height - from) * (1 - near),
               depth = (y - from) / (paint->height - from);
        double x = paint->width * paint_random(paint), size = paint->unit * (0.0015 + 0.007 * depth);
        struct paint_colour own = paint->words->has_hue ? paint->words->hue
                                                        : petals[(int)(paint_random(paint) * 4) & 3];
        paint_set(paint, paint_lit(paint, (struct paint_colour) { .20, .42, .16 }, 0.1), 0.8);
        cairo_rectangle(paint->cairo, x - size * 0.12, y, size * 0.25, size * 3);
        cairo_fill(paint->cairo);
        paint_set(paint, paint_lit(paint, own, 0.25 * (1 - depth)), 0.95);
        cairo_arc(paint->cairo, x, y, size, 0, 2 * M_PI);
        cairo_fill(paint->cairo);
    }
}

void paint_field(struct paint *paint)
{
    static const struct paint_colour greens[] = { { .38, .58, .28 }, { .46, .66, .27 }, { .33, .56, .24 },
        { .40, .62, .22 } };
    double u = paint->unit;
    for (int i = 0; i < 4; i++) {
        struct paint_colour own = is_winter(paint) ? (struct paint_colour) { .88, .91, .96 }
                                  : paint->words->season == PAINT_AUTUMN
                                      ? paint_mix(greens[i], (struct paint_colour) { .80, .55, .22 }, 0.65)
                                      : greens[i];
        double y = paint->horizon + u * (0.01 + 0.10 * i), distance = 0.55 - 0.17 * i;
        paint_ground(paint, y, own, distance, 0.045);
        for (int k = 0; i < 3 && k < 9 - 2 * i; k++) {
            double height = u * (0.035 + 0.035 * i) * paint_between(paint, .7, 1.3);
            paint_broadleaf(paint, paint->width * paint_random(paint), y + u * 0.035, height, distance);
        }
    }
    if (paint->words->style != PAINT_MINIMAL)
        paint_flowers(paint, paint->horizon + u * 0.33);
}

// Water

static struct paint_colour pixel(const struct paint *paint, int x, int y)
{
    uint32_t argb;
    memcpy(&argb, paint->pixels + (size_t)y * (size_t)paint->stride + (size_t)x * 4, 4);
    return (struct paint_colour) { (argb >> 16 & 255) / 255.0, (argb >> 8 & 255) / 255.0, (argb & 255) / 255.0 };
}

static void put_pixel(struct paint *paint, int x, int y, struct paint_colour c)
{
    uint32_t argb = 255u << 24 | (uint32_t)(fmin(1, c.r) * 255) << 16 | (uint32_t)(fmin(1, c.g) * 255) << 8
                    | (uint32_t)(fmin(1, c.b) * 255);
    memcpy(paint->pixels + (size_t)y * (size_t)paint->stride + (size_t)x * 4, &argb, 4);
}

void paint_water(struct paint *paint, double waves)
{
    uint64_t seed = new_seed(paint);
    int from = (int)paint->horizon;
    struct paint_colour own = paint_lit(paint, (struct paint_colour) { .08, .30, .42 }, 0.12);
    cairo_surface_flush(cairo_get_target(paint->cairo));
    for (int y = from; y < paint->height; y++) {
        double depth = (double)(y - from + 1) / (paint->height - from), fine = 1 / (0.09 + depth);
        double dark = 0.30 + (0.25 + 0.35 * waves) * depth;
        for (int x = 0; x < paint->width; x++) {
            double along = x / paint->unit;
            double swell = paint_clouds_noise(
                seed, (along - paint->width / paint->unit / 2) * fine * 4.2, fine * 34, 3);
            int sx = x + (int)(swell * paint->unit * (0.012 + 0.05 * waves) * (0.3 + depth));
            int sy = from - 1 - (int)((y - from) * (0.82 + 0.25 * waves * swell))
                     + (int)(swell * paint->unit * 0.02 * waves);
            sx = sx < 0 ? 0 : sx >= paint->width ? paint->width - 1 : sx;
            sy = sy < 0 ? 0 : sy >= from ? from - 1 : sy;
            struct paint_colour mirrored = paint_mix(pixel(paint, sx, sy), own, dark);
            double glint = fmax(0, swell - 0.16) * (0.5 + waves)
                           * exp(-pow((x - paint->sun_x) / (paint->unit * (0.06 + 0.22 * depth)), 2));
            mirrored = paint_mix(mirrored, paint->sun, fmin(0.9, glint * 4.5));
            double foam = waves > 0.5 ? fmax(0, swell - 0.30) * depth * 2.2 : 0;
            put_pixel(paint, x, y, paint_mix(mirrored, paint_lit(paint, snow, 0), fmin(.75, foam)));
        }
    }
    cairo_surface_mark_dirty(cairo_get_target(paint->cairo));
}
