// SPDX-License-Identifier: GPL-3.0-or-later
// Nebulas and planets; and pictures of nothing but form and colour.
#include <math.h>
#include <string.h>

#include "engine/paint.h"

static struct paint_colour hue_of(double hue, double saturation, double value)
{
    double h = hue - floor(hue), c = value * saturation;
    double r = fmax(0, fmin(1, fabs(h * 6 - 3) - 1)), g = fmax(0, fmin(1, 2 - fabs(h * 6 - 2))),
           b = fmax(0, fmin(1, 2 - fabs(h * 6 - 4)));
    return (struct paint_colour) { value - c + c * r, value - c + c * g, value - c + c * b };
}

static void put(uint8_t *pixels, int stride, int x, int y, struct paint_colour c)
{
    uint32_t argb = 255u << 24 | (uint32_t)(fmax(0, fmin(1, c.r)) * 255) << 16
                    | (uint32_t)(fmax(0, fmin(1, c.g)) * 255) << 8 | (uint32_t)(fmax(0, fmin(1, c.b)) * 255);
    memcpy(pixels + (size_t)y * (size_t)stride + (size_t)x * 4, &argb, 4);
}

enum { STEP = 3 };

// Paints a smooth field at a third of the size.
static void paint_smooth(
    struct paint *paint, struct paint_colour (*colour)(void *context, double x, double y), void *context)
{
    int width = paint->width / STEP + 1, height = paint->height / STEP + 1;
    cairo_surface_t *layer = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    uint8_t *pixels = cairo_image_surface_get_data(layer);
    int stride = cairo_image_surface_get_stride(layer);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            put(pixels, stride, x, y, colour(context, x * STEP / paint->unit, y * STEP / paint->unit));
    cairo_surface_mark_dirty(layer);
    cairo_save(paint->cairo);
    cairo_scale(paint->cairo, STEP, STEP);
    cairo_set_source_surface(paint->cairo, layer, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(paint->cairo), CAIRO_FILTER_BILINEAR);
    cairo_paint(paint->cairo);
    cairo_restore(paint->cairo);
    cairo_surface_destroy(layer);
}

struct field {
    uint64_t seed;
    struct paint_colour deep, one, two, glow;
    double turn;
};

static struct paint_colour nebula(void *context, double x, double y)
{
    const struct field *field = context;
    double warp = paint_clouds_noise(field->seed + 40, x * 1.3, y * 1.3, 3);
    double thick = paint_clouds_noise(field->seed, x * 1.6 + warp * 1.4, y * 1.6 - warp, 6) * 1.9 + 0.12;
    double other = paint_clouds_noise(field->seed + 20, x * 1.1 - warp, y * 1.1 + warp, 5) * 1.8;
    double band = exp(-pow((y - 0.5 + (x - 0.9) * field->turn + warp * 0.35) / 0.36, 2));
    struct paint_colour c = paint_mix(field->deep, field->one, fmax(0, thick) * band * 1.35);
    c = paint_mix(c, field->two, fmax(0, other) * band);
    return paint_mix(c, field->glow, pow(fmax(0, thick), 3) * band * 1.6);
}

static void paint_planet(struct paint *paint, double x, double y, double radius, bool rings)
{
    cairo_t *cairo = paint->cairo;
    double hue = paint_random(paint);
    struct paint_colour light = hue_of(hue, .45, .96), dark = hue_of(hue + .08, .75, .18);
    if (paint->words->has_hue)
        light = paint_mix(light, paint->words->hue, 0.7);
    paint_glow(paint, x, y, radius * 1.35, light, 0.35);
    cairo_save(cairo);
    cairo_arc(cairo, x, y, radius, 0, 2 * M_PI);
    cairo_clip(cairo);
    paint_set(paint, dark, 1);
    cairo_paint(cairo);
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    for (double row = -radius; row < radius; row += fmax(1, radius / 70)) {
        double stripe = paint_noise(seed, row / radius * 5) + 0.4 * paint_noise(seed + 1, row / radius * 17);
        paint_set(paint, paint_mix(light, hue_of(hue + .06 * stripe, .6, .62), 0.5 + 0.5 * stripe), 0.95);
        cairo_rectangle(cairo, x - radius, y + row, radius * 2, radius / 60 + 1.5);
        cairo_fill(cairo);
    }
    cairo_pattern_t *shade = cairo_pattern_create_radial(
        x - radius * .45, y - radius * .45, radius * .15, x - radius * .25, y - radius * .25, radius * 1.45);
    paint_stop(shade, 0, (struct paint_colour) { 0, 0, 0 }, 0);
    paint_stop(shade, 0.5, (struct paint_colour) { 0, 0, .02 }, 0.25);
    paint_stop(shade, 1, (struct paint_colour) { 0, 0, .04 }, 0.97);
    cairo_set_source(cairo, shade);
    cairo_paint(cairo);
    cairo_pattern_destroy(shade);
    cairo_restore(cairo);
    for (int i = 0; rings && i < 26; i++) {
        double far = radius * (1.35 + 0.034 * i);
        cairo_save(cairo);
        cairo_translate(cairo, x, y);
        cairo_rotate(cairo, -0.32);
        cairo_scale(cairo, 1, 0.24);
        cairo_set_line_width(cairo, radius * 0.03);
        paint_set(paint, paint_mix(light, (struct paint_colour) { 1, .95, .85 }, 0.5),
            0.20 + 0.5 * fabs(paint_noise(seed + 7, i * 0.45)));
        cairo_arc(cairo, 0, 0, far, -0.12, M_PI + 0.12);
        cairo_stroke(cairo);
        cairo_restore(cairo);
    }
}

void paint_space(struct paint *paint)
{
    double hue = paint_random(paint), u = paint->unit;
    struct field field = { .seed = (uint64_t)(paint_random(paint) * 1e15),
        .deep = { .012, .012, .045 },
        .one = hue_of(hue, .75, .62),
        .two = hue_of(hue + .28, .70, .55),
        .glow = hue_of(hue + .08, .25, 1),
        .turn = paint_between(paint, -.6, .6) };
    if (paint->words->has_hue)
        field.one = paint->words->hue;
    paint_smooth(paint, nebula, &field);
    for (int i = 0; i < paint->width * paint->height / 900; i++) {
        double size = u * (0.0005 + 0.0022 * pow(paint_random(paint), 9)), x = paint->width * paint_random(paint),
               y = paint->height * paint_random(paint);
        struct paint_colour colour = paint_mix(
            (struct paint_colour) { .75, .85, 1 }, (struct paint_colour) { 1, .88, .72 }, paint_random(paint));
        paint_set(paint, colour, paint_between(paint, .3, 1));
        cairo_arc(paint->cairo, x, y, size, 0, 2 * M_PI);
        cairo_fill(paint->cairo);
        if (size > u * 0.0021)
            paint_glow(paint, x, y, size * 11, colour, 0.55);
    }
    bool left = paint_random(paint) < 0.5;
    paint_planet(paint, paint->width * (left ? .27 : .72), paint->height * paint_between(paint, .42, .66),
        u * paint_between(paint, .17, .27), paint_random(paint) < 0.6);
    paint_planet(paint, paint->width * (left ? .80 : .20), paint->height * paint_between(paint, .16, .34),
        u * paint_between(paint, .03, .07), false);
    if (paint->words->subjects & (PAINT_MOUNTAINS | PAINT_DESERT)) { // a ground to stand on
        paint->haze = paint_mix(field.deep, field.one, 0.5);
        paint->ambient = (struct paint_colour) { .25, .24, .34 };
    }
}

static struct paint_colour flow(void *context, double x, double y)
{
    const struct field *field = context;
    double warp = paint_clouds_noise(field->seed, x * 0.8, y * 0.8, 2) * 1.6;
    double fold = paint_clouds_noise(field->seed + 9, x * 0.7 + warp, y * 0.7 - warp * 0.7, 2) * 1.8;
    double wave = 0.5 + 0.5 * sin((x * field->turn + y) * 2.2 + fold * 4.2);
    struct paint_colour c = paint_mix(field->deep, field->one, wave);
    c = paint_mix(c, field->two, fmax(0, fold) * 0.9);
    return paint_mix(c, field->glow, pow(wave, 9) * 0.5);
}

static void paint_ribbons(struct paint *paint, const struct field *field)
{
    cairo_t *cairo = paint->cairo;
    double u = paint->unit, base = paint->height * paint_between(paint, .35, .65);
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    for (int i = 0; i < 46; i++) {
        struct paint_colour colour = paint_mix(
            paint_mix(field->one, field->glow, i / 46.0), field->two, 0.5 + 0.5 * sin(i * 0.3));
        cairo_set_line_width(cairo, u * 0.0022);
        paint_set(paint, colour, 0.16 + 0.5 * pow(sin(M_PI * i / 46), 2));
        for (int x = 0; x <= paint->width; x += 6) {
            double along = x / u, y = base
                                      + u
                                            * (0.30 * paint_noise(seed, along * 0.8 + i * 0.018)
                                                + 0.16 * paint_noise(seed + 3, along * 1.7 + i * 0.03) + 0.006 * i);
            if (x == 0)
                cairo_move_to(cairo, x, y);
            else
                cairo_line_to(cairo, x, y);
        }
        cairo_stroke(cairo);
    }
}

void paint_abstract(struct paint *paint)
{
    static const double values[] = { [PAINT_DAY] = .92, [PAINT_DAWN] = .96, [PAINT_SUNSET] = .80, [PAINT_NIGHT] = .38 };
    const struct paint_words *words = paint->words;
    double hue = words->time == PAINT_SUNSET ? .97 : words->time == PAINT_NIGHT ? .62 : paint_random(paint);
    double value = values[words->time] * (words->mood == PAINT_DARK ? .6 : 1),
           full = words->mood == PAINT_CALM || words->mood == PAINT_DREAMY ? .38 : .72;
    struct field field = { .seed = (uint64_t)(paint_random(paint) * 1e15),
        .deep = hue_of(hue, full, value * .55),
        .one = hue_of(hue + .11, full, value),
        .two = hue_of(hue + .55, full * .85, value * .9),
        .glow = hue_of(hue + .16, .22, fmin(1, value * 1.12)),
        .turn = paint_between(paint, -1, 1) };
    if (words->has_hue) {
        field.one = words->hue;
        field.deep = paint_mix(words->hue, (struct paint_colour) { .02, .02, .06 }, 0.6);
        field.glow = paint_mix(words->hue, (struct paint_colour) { 1, 1, 1 }, 0.65);
    }
    paint_smooth(paint, flow, &field);
    if (words->style != PAINT_MINIMAL)
        paint_ribbons(paint, &field);
    for (int i = 0; i < 9; i++) {
        double radius = paint->unit * paint_between(paint, .03, .24), x = paint->width * paint_random(paint),
               y = paint->height * paint_random(paint);
        paint_glow(paint, x, y, radius * 1.5, field.glow, 0.16);
        paint_set(paint, paint_mix(field.one, field.glow, 0.6), 0.10);
        cairo_arc(paint->cairo, x, y, radius, 0, 2 * M_PI);
        cairo_fill(paint->cairo);
    }
}
