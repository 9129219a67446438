// SPDX-License-Identifier: GPL-3.0-or-later
// A skyline in layers, with windows that are lit when it is dark.
#include <math.h>

#include "engine/paint.h"

static bool is_dark(const struct paint *paint)
{
    return paint->words->time == PAINT_NIGHT || paint->words->time == PAINT_SUNSET || paint->words->style == PAINT_NEON
           || paint->words->weather == PAINT_STORM;
}

static struct paint_colour neon(struct paint *paint)
{
    static const struct paint_colour tubes[] = { { .10, .95, 1 }, { 1, .20, .70 }, { .65, .30, 1 }, { .20, 1, .65 } };
    return paint->words->has_hue && paint_random(paint) < 0.5 ? paint->words->hue
                                                              : tubes[(int)(paint_random(paint) * 4) & 3];
}

static void paint_windows(struct paint *paint, double x, double top, double width, double foot, double distance)
{
    double cell = fmax(3.5, paint->unit * (0.016 - 0.009 * distance)), lit = is_dark(paint) ? 0.52 : 0.10;
    struct paint_colour warm = { 1, .84, .52 }, cold = { .78, .90, 1 };
    struct paint_colour glass = paint_mix(
        paint_lit(paint, (struct paint_colour) { .30, .42, .55 }, distance), paint->bottom, 0.25);
    for (double y = top + cell; y < foot - cell; y += cell * 1.25)
        for (double at = x + cell * 0.6; at < x + width - cell; at += cell * 1.15) {
            bool on = paint_random(paint) < lit;
            struct paint_colour colour = on ? paint_random(paint) < 0.78 ? warm : cold : glass;
            double alpha = on ? (is_dark(paint) ? 0.92 : 0.65) * (1 - distance * 0.55) : 0.42;
            paint_set(paint, colour, alpha);
            cairo_rectangle(paint->cairo, at, y, cell * 0.6, cell * 0.72);
            cairo_fill(paint->cairo);
        }
}

static void body(struct paint *paint, double x, double top, double width, double foot, int shape)
{
    cairo_t *cairo = paint->cairo;
    double cut = width * 0.28;
    cairo_move_to(cairo, x, foot);
    if (shape == 1) { // steps
        cairo_line_to(cairo, x, top + cut * 2);
        cairo_line_to(cairo, x + width * .18, top + cut * 2);
        cairo_line_to(cairo, x + width * .18, top + cut * .8);
        cairo_line_to(cairo, x + width * .36, top + cut * .8);
        cairo_line_to(cairo, x + width * .36, top);
        cairo_line_to(cairo, x + width * .64, top);
        cairo_line_to(cairo, x + width * .64, top + cut * .8);
        cairo_line_to(cairo, x + width * .82, top + cut * .8);
        cairo_line_to(cairo, x + width * .82, top + cut * 2);
        cairo_line_to(cairo, x + width, top + cut * 2);
    } else if (shape == 2) { // a slanted roof
        cairo_line_to(cairo, x, top + cut);
        cairo_line_to(cairo, x + width, top);
    } else if (shape == 3) { // a tower that narrows
        cairo_curve_to(
            cairo, x + width * .1, foot - (foot - top) * .4, x + width * .3, top + cut, x + width * .48, top);
        cairo_line_to(cairo, x + width * .52, top);
        cairo_curve_to(cairo, x + width * .7, top + cut, x + width * .9, foot - (foot - top) * .4, x + width, foot);
    } else if (shape == 4) { // a round head
        cairo_line_to(cairo, x, top + width / 2);
        cairo_arc(cairo, x + width / 2, top + width / 2, width / 2, M_PI, 2 * M_PI);
    } else {
        cairo_line_to(cairo, x, top);
        cairo_line_to(cairo, x + width, top);
    }
    cairo_line_to(cairo, x + width, foot);
    cairo_close_path(cairo);
}

static void paint_edges(struct paint *paint, double x, double top, double width, double foot, double distance)
{
    struct paint_colour tube = neon(paint);
    cairo_set_line_width(paint->cairo, paint->unit * 0.0022);
    for (int i = 0; i < 2; i++) {
        double at = x + width * (i ? 0.92 : 0.08);
        paint_set(paint, tube, 0.85 * (1 - distance));
        cairo_move_to(paint->cairo, at, top + width * 0.5);
        cairo_line_to(paint->cairo, at, foot);
        cairo_stroke(paint->cairo);
    }
    paint_glow(paint, x + width / 2, top + width * 0.4, width * 1.2, tube, 0.28 * (1 - distance));
}

static void paint_building(struct paint *paint, double x, double width, double height, double foot, double distance)
{
    bool future = paint->words->is_futuristic;
    double top = foot - height;
    int shape = future                      ? (int)(paint_random(paint) * 5)
                : paint_random(paint) < 0.7 ? 0
                                            : 1 + (int)(paint_random(paint) * 2);
    double shade = paint_between(paint, .85, 1.15);
    struct paint_colour wall = { .24 * shade, .27 * shade, .36 * shade };
    if (!is_dark(paint))
        wall = paint_mix(wall, (struct paint_colour) { .62, .60, .60 }, paint_random(paint) * 0.65);
    struct paint_colour colour = paint_lit(paint, wall, distance);
    cairo_pattern_t *fill = cairo_pattern_create_linear(0, top, 0, foot);
    paint_stop(fill, 0, colour, 1);
    paint_stop(fill, 1, paint_mix(colour, paint->haze, 0.38), 1);
    body(paint, x, top, width, foot, shape);
    cairo_set_source(paint->cairo, fill);
    cairo_fill_preserve(paint->cairo);
    cairo_pattern_destroy(fill);
    cairo_save(paint->cairo);
    cairo_clip(paint->cairo);
    bool sun_right = paint->sun_x > x;
    paint_set(paint, paint->sun, paint->words->time == PAINT_NIGHT ? 0.05 : 0.16 * (1 - distance));
    cairo_rectangle(paint->cairo, sun_right ? x + width * .7 : x, top, width * .3, height);
    cairo_fill(paint->cairo);
    if (distance < 0.66 && paint->words->style != PAINT_MINIMAL)
        paint_windows(paint, x, top, width, foot, distance);
    cairo_restore(paint->cairo);
    if (shape == 0 && paint_random(paint) < 0.22) {
        paint_set(paint, colour, 1);
        cairo_rectangle(paint->cairo, x + width * .48, top - height * .16, fmax(1.2, width * .03), height * .17);
        cairo_fill(paint->cairo);
        if (is_dark(paint))
            paint_glow(paint, x + width * .495, top - height * .16, paint->unit * .012,
                (struct paint_colour) { 1, .2, .2 }, 0.9);
    }
    if (future && distance < 0.5 && is_dark(paint))
        paint_edges(paint, x, top, width, foot, distance);
}

// What lies before it: a street that mirrors the light at its end.
static void paint_street(struct paint *paint, double from)
{
    double middle = paint->width / 2.0, u = paint->unit;
    struct paint_colour asphalt = paint_lit(paint, (struct paint_colour) { .30, .31, .36 }, 0.05);
    cairo_pattern_t *fill = cairo_pattern_create_linear(0, from, 0, paint->height);
    paint_stop(fill, 0, paint_mix(asphalt, paint->haze, 0.55), 1);
    paint_stop(fill, 1, paint_mix(asphalt, (struct paint_colour) { 0, 0, 0.02 }, 0.55), 1);
    cairo_set_source(paint->cairo, fill);
    cairo_rectangle(paint->cairo, 0, from, paint->width, paint->height - from);
    cairo_fill(paint->cairo);
    cairo_pattern_destroy(fill);
    for (int lane = -3; lane <= 3; lane++) {
        paint_set(paint, paint_mix(asphalt, paint->bottom, 0.65), lane ? 0.16 : 0.55);
        cairo_move_to(paint->cairo, middle + lane * u * 0.02, from);
        cairo_line_to(paint->cairo, middle + lane * u * 0.34 - u * 0.010, paint->height);
        cairo_line_to(paint->cairo, middle + lane * u * 0.34 + u * 0.010, paint->height);
        cairo_close_path(paint->cairo);
        cairo_fill(paint->cairo);
    }
    for (int i = 0; is_dark(paint) && i < 40; i++) { // lamps and cars
        double near = pow(paint_random(paint), 2), y = from + (paint->height - from) * near,
               side = paint_random(paint) < 0.5 ? -1 : 1;
        struct paint_colour lamp = side < 0 ? (struct paint_colour) { 1, .93, .78 }
                                            : (struct paint_colour) { 1, .22, .15 };
        paint_glow(paint, middle + side * u * (0.02 + 0.30 * near) * paint_between(paint, .4, 1.6), y,
            u * (0.006 + 0.022 * near), lamp, 0.8);
    }
}

void paint_city(struct paint *paint)
{
    double u = paint->unit;
    bool watery = paint->words->subjects & (PAINT_SEA | PAINT_LAKE);
    static const double distances[] = { 0.74, 0.50, 0.24, 0.06 };
    int layers = watery ? 3 : 4;
    for (int layer = 0; layer < layers; layer++) {
        double near = (double)layer / 3,
               foot = watery ? paint->horizon + 2 : paint->horizon + u * (layer == 3 ? 0.50 : 0.17 + 0.03 * layer);
        double tall = u * (0.26 + 0.12 * near) * (paint->words->is_futuristic ? 1.35 : 1),
               middle = paint->width * paint_between(paint, .35, .65);
        for (double x = -u * 0.05; x < paint->width;) {
            double width = u * (0.035 + 0.055 * near) * paint_between(paint, .7, 1.5);
            double centre = exp(-pow((x - middle) / (paint->width * 0.36), 2));
            double height = tall * (0.28 + 0.72 * centre * paint_between(paint, .45, 1.15)) + (watery ? 0 : u * 0.12);
            double aside = fabs(x + width / 2 - paint->width / 2.0) / paint->width
                           * 2; // the street is open in the middle
            if (layer < 3)
                paint_building(paint, x, width, height, foot, distances[layer]);
            else if (aside > 0.5)
                paint_building(paint, x, width * 1.5, u * (0.30 + 0.62 * (aside - 0.5)) * paint_between(paint, .8, 1.2),
                    foot, distances[layer]);
            x += width * (layer == 3 ? 1.52 : paint_between(paint, .95, 1.12));
        }
        if (!watery && layer == 2)
            paint_street(paint, foot);
        cairo_pattern_t *mist = cairo_pattern_create_linear(0, foot - u * 0.2, 0, foot);
        paint_stop(mist, 0, paint->haze, 0);
        paint_stop(mist, 1, paint->haze, 0.38 * (1 - near * 0.8));
        cairo_set_source(paint->cairo, mist);
        cairo_rectangle(paint->cairo, 0, foot - u * 0.2, paint->width, u * 0.2);
        cairo_fill(paint->cairo);
        cairo_pattern_destroy(mist);
    }
}
