// SPDX-License-Identifier: GPL-3.0-or-later
// What falls and what veils; then moods and styles over the whole.
#include <math.h>
#include <string.h>

#include "engine/paint.h"

static const struct paint_colour white = { 1, 1, 1 };

static void paint_veil(struct paint *paint, double from, double to, double alpha)
{
    cairo_pattern_t *veil = cairo_pattern_create_linear(0, from, 0, to);
    paint_stop(veil, 0, paint->haze, 0);
    paint_stop(veil, 0.5, paint->haze, alpha);
    paint_stop(veil, 1, paint->haze, alpha * 0.15);
    cairo_set_source(paint->cairo, veil);
    cairo_rectangle(paint->cairo, 0, from, paint->width, to - from);
    cairo_fill(paint->cairo);
    cairo_pattern_destroy(veil);
}

static void paint_fog(struct paint *paint)
{
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    paint_veil(paint, paint->horizon - paint->unit * 0.42, paint->height * 1.05, 0.66);
    for (int i = 0; i < 26; i++) {
        double y = paint->horizon + paint->unit * paint_between(paint, -.22, .42),
               x = paint->width * paint_random(paint);
        double wide = paint->unit * paint_between(paint, .3, .8);
        cairo_save(paint->cairo);
        cairo_translate(paint->cairo, x, y + paint->unit * 0.02 * paint_noise(seed, i));
        cairo_scale(paint->cairo, 1, 0.13);
        paint_glow(paint, 0, 0, wide, paint_mix(paint->haze, white, 0.25), 0.42);
        cairo_restore(paint->cairo);
    }
}

static void paint_rain(struct paint *paint, double strength)
{
    double lean = paint->unit * paint_between(paint, -.035, -.012);
    struct paint_colour drop = paint_mix(paint->haze, white, 0.55);
    paint_veil(paint, paint->horizon - paint->unit * 0.2, paint->height, 0.30 * strength);
    cairo_set_line_cap(paint->cairo, CAIRO_LINE_CAP_ROUND);
    for (int i = 0; i < (int)(1500 * strength); i++) {
        double near = paint_random(paint), length = paint->unit * (0.02 + 0.075 * near),
               x = paint->width * paint_between(paint, -.05, 1.05);
        double y = paint->height * paint_between(paint, -.05, 1);
        cairo_set_line_width(paint->cairo, paint->unit * (0.0006 + 0.0014 * near));
        paint_set(paint, drop, 0.12 + 0.30 * near * paint_random(paint));
        cairo_move_to(paint->cairo, x, y);
        cairo_line_to(paint->cairo, x + lean * (0.4 + near), y + length);
        cairo_stroke(paint->cairo);
    }
}

static void paint_snowfall(struct paint *paint)
{
    for (int i = 0; i < 1100; i++) {
        double near = pow(paint_random(paint), 3), size = paint->unit * (0.0012 + 0.008 * near);
        double x = paint->width * paint_random(paint), y = paint->height * paint_random(paint);
        if (near > 0.45)
            paint_glow(paint, x, y, size * 1.6, white, 0.55);
        else {
            paint_set(paint, white, 0.45 + 0.45 * paint_random(paint));
            cairo_arc(paint->cairo, x, y, size, 0, 2 * M_PI);
            cairo_fill(paint->cairo);
        }
    }
}

static void paint_bolt(struct paint *paint, double x, double y, double end, double width)
{
    cairo_t *cairo = paint->cairo;
    struct paint_colour light = { .88, .90, 1 };
    double steps = 13, at = x;
    cairo_move_to(cairo, x, y);
    for (int i = 1; i <= steps; i++) {
        at += paint->unit * paint_between(paint, -.032, .032);
        cairo_line_to(cairo, at, y + (end - y) * i / steps);
    }
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (int pass = 0; pass < 3; pass++) {
        cairo_set_line_width(cairo, width * (pass == 0 ? 9 : pass == 1 ? 3.2 : 1));
        paint_set(paint, pass == 2 ? white : light, pass == 0 ? 0.10 : pass == 1 ? 0.30 : 1);
        cairo_stroke_preserve(cairo);
    }
    cairo_new_path(cairo);
    paint_glow(paint, x, y, paint->unit * 0.4, light, 0.45);
}

void paint_weather(struct paint *paint)
{
    switch (paint->words->weather) {
    case PAINT_FOG:
        paint_fog(paint);
        break;
    case PAINT_RAIN:
        paint_rain(paint, 1);
        break;
    case PAINT_STORM:
        for (int i = 0; i < 2; i++)
            paint_bolt(paint, paint->width * paint_between(paint, .12, .88),
                paint->horizon * paint_between(paint, .02, .16), paint->horizon * 0.98,
                paint->unit * (i ? 0.0024 : 0.0038));
        paint_rain(paint, 0.7);
        break;
    case PAINT_SNOW:
        paint_snowfall(paint);
        break;
    case PAINT_CLEAR:
    case PAINT_CLOUDY:
        break;
    }
}

// Moods and styles

struct grade {
    double saturation, contrast, brightness, vignette, grain, paper;
    struct paint_colour shadows, lights; // 0.5 is neutral
    double tint;
};

static struct grade grade_of(const struct paint_words *words)
{
    struct grade grade = { 1.08, 1.04, 0, 0.20, 0.012, 0, { .5, .5, .5 }, { .5, .5, .5 }, 0 };
    static const struct {
        double saturation, contrast, brightness;
    } moods[] = { [PAINT_PLAIN] = { 1, 1, 0 },
        [PAINT_CALM] = { .86, .90, .035 },
        [PAINT_DRAMATIC] = { 1.12, 1.30, -.03 },
        [PAINT_HAPPY] = { 1.32, 1.06, .045 },
        [PAINT_DARK] = { .62, 1.12, -.13 },
        [PAINT_DREAMY] = { .92, .82, .075 } };
    grade.saturation *= moods[words->mood].saturation;
    grade.contrast *= moods[words->mood].contrast;
    grade.brightness += moods[words->mood].brightness;
    if (words->mood == PAINT_DREAMY)
        grade.shadows = (struct paint_colour) { .62, .48, .72 }, grade.lights = (struct paint_colour) { .62, .52, .58 },
        grade.tint = 0.35;
    if (words->style == PAINT_CINEMATIC) {
        grade.contrast *= 1.12;
        grade.vignette = 0.42;
        grade.shadows = (struct paint_colour) { .36, .52, .60 };
        grade.lights = (struct paint_colour) { .62, .53, .40 };
        grade.tint = 0.42;
    }
    if (words->style == PAINT_WATERCOLOUR)
        grade.saturation *= .88, grade.contrast *= .84, grade.brightness += .08, grade.vignette = -0.30,
                                                                                 grade.paper = 0.05;
    if (words->style == PAINT_MONOCHROME)
        grade.saturation = 0, grade.contrast *= 1.22, grade.vignette = 0.40, grade.grain = 0.03;
    if (words->style == PAINT_RETRO) {
        grade.saturation *= .58;
        grade.contrast *= .92;
        grade.vignette = 0.34;
        grade.grain = 0.032;
        grade.shadows = (struct paint_colour) { .58, .46, .42 };
        grade.lights = (struct paint_colour) { .64, .56, .38 };
        grade.tint = 0.75;
    }
    if (words->style == PAINT_NEON)
        grade.saturation *= 1.35, grade.contrast *= 1.16, grade.vignette = 0.34;
    if (words->style == PAINT_MINIMAL)
        grade.grain = 0, grade.vignette = 0.06;
    return grade;
}

static double channel(double value, double grey, double tone, const struct grade *grade, double shade, double noise)
{
    value = grey + (value - grey) * grade->saturation;
    value += (tone - 0.5) * grade->tint * 0.55;
    value = (value - 0.5) * grade->contrast + 0.5 + grade->brightness;
    value = shade >= 0 ? value * (1 - shade) : value + (1 - value) * -shade;
    return fmax(0, fmin(1, value + noise));
}

static void grade_row(struct paint *paint, const struct grade *grade, uint64_t seed, int y)
{
    uint8_t *row = paint->pixels + (size_t)y * (size_t)paint->stride;
    double dy = (y - paint->height / 2.0) / paint->height * 2;
    for (int x = 0; x < paint->width; x++) {
        uint32_t argb;
        memcpy(&argb, row + (size_t)x * 4, 4);
        double r = (argb >> 16 & 255) / 255.0, g = (argb >> 8 & 255) / 255.0, b = (argb & 255) / 255.0;
        double dx = (x - paint->width / 2.0) / paint->width * 2, edge = fmax(0, (dx * dx + dy * dy) - 0.45) * 0.62;
        double grey = 0.299 * r + 0.587 * g + 0.114 * b, noise = (paint_random(paint) - 0.5) * 2 * grade->grain;
        if (grade->paper > 0)
            noise += grade->paper * paint_clouds_noise(seed, x / 9.0, y / 9.0, 3);
        struct paint_colour tone = paint_mix(grade->shadows, grade->lights, grey);
        double shade = grade->vignette * edge;
        argb = 255u << 24 | (uint32_t)(channel(r, grey, tone.r, grade, shade, noise) * 255 + .5) << 16
               | (uint32_t)(channel(g, grey, tone.g, grade, shade, noise) * 255 + .5) << 8
               | (uint32_t)(channel(b, grey, tone.b, grade, shade, noise) * 255 + .5);
        memcpy(row + (size_t)x * 4, &argb, 4);
    }
}

void paint_finish(struct paint *paint)
{
    struct grade grade = grade_of(paint->words);
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    if (paint->words->mood == PAINT_DREAMY)
        paint_glow(paint, paint->sun_x, paint->sun_y, paint->unit * 0.9, paint_mix(paint->sun, white, 0.3), 0.35);
    cairo_surface_flush(cairo_get_target(paint->cairo));
    for (int y = 0; y < paint->height; y++)
        grade_row(paint, &grade, seed, y);
    cairo_surface_mark_dirty(cairo_get_target(paint->cairo));
}
