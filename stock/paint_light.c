// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "painters.h"

enum { PERIOD = 2 }; // planes of noise in a loop

static double angle(const struct paint *p)
{
    return 2 * M_PI * p->t;
}

static struct rgb mesh(const struct paint *p, double x, double y)
{
    double z = p->t * PERIOD, f = p->n[0];
    double wx = noise3(p->seed, x * f, y * f, z, PERIOD), wy = noise3(p->seed + 1, x * f + 5, y * f, z, PERIOD);
    double s = 0.5 + 0.62 * noise3(p->seed + 2, x * f * 0.7 + p->n[1] * wx, y * f * 0.9 + p->n[1] * wy, z, PERIOD)
               + p->n[2] * (y - 0.5);
    double light = noise3(p->seed + 3, x * 0.9 + wy, y * 0.9 - wx, z, PERIOD);
    return rgb_scale(rgb_ramp(p, s), light > 0 ? 1 + 0.12 * light : 1 + 0.25 * light);
}

// Soft fields that run into each other. Numbers: size of the fields, warp, lighter downwards.
void paint_mesh(struct paint *p)
{
    paint_shade(p, mesh);
}

static struct rgb bands(const struct paint *p, double x, double y)
{
    double a = p->n[0] * M_PI / 180, along = (x - 0.89) * cos(a) + (y - 0.5) * sin(a),
           across = (y - 0.5) * cos(a) - (x - 0.89) * sin(a);
    double s = 0.5 + along * p->n[1] + p->n[2] * sin(across * 3 + angle(p)) * 0.3;
    if (p->n[3] > 0) { // in steps with a soft shadow below each
        double step = s * p->n[3], in = step - floor(step);
        return rgb_scale(rgb_ramp(p, (floor(step) + 0.5) / p->n[3]), 0.86 + 0.14 * smooth(0, 0.25, in));
    }
    return rgb_ramp(p, s);
}

// Numbers: direction in degrees, steepness, curve, steps (0: none).
void paint_bands(struct paint *p)
{
    paint_shade(p, bands);
}

static struct rgb aurora(const struct paint *p, double x, double y)
{
    struct rgb colour = rgb_mix(p->colours[0], p->colours[1], y);
    double z = p->t * PERIOD, light[2] = { 0, 0 };
    for (int i = 0; i < 3; i++) {
        double base = 0.62 - 0.13 * i + 0.16 * noise3(p->seed + (uint32_t)i, x * 1.1 + i, 0.3 * i, z, PERIOD) * p->n[0];
        double ray = 0.6 + 0.5 * noise3(p->seed + 9, x * 14 + 4 * noise2(p->seed, x * 2, i), i, z * 1, PERIOD),
               up = base - y;
        double value = up > 0 ? exp(-up * (4.5 + i)) : exp(up * 34);
        light[i % 2] += value * ray * (0.75 - 0.15 * i);
    }
    colour = rgb_mix(colour, p->colours[3], 0.85 * light[0]);
    colour = rgb_mix(colour, p->colours[4], 0.7 * light[1]);
    double star = chance_at(p->seed, (int)(x * 540), (int)(y * 540));
    return star > 0.9988 ? rgb_mix(colour, (struct rgb) { 1, 1, 1 }, 0.7 * (1 - y)) : colour;
}

// Curtains of light in a night sky. Number: how they swing.
void paint_aurora(struct paint *p)
{
    paint_shade(p, aurora);
}

static struct rgb silk(const struct paint *p, double x, double y)
{
    double z = p->t * PERIOD;
    double w = 1.4 * noise3(p->seed, x * p->n[0], y * p->n[0], z, PERIOD)
               + 0.5 * noise3(p->seed + 1, x * 2 * p->n[0], y * 2 * p->n[0], z, PERIOD);
    double fold = sin((x * p->n[2] + y * p->n[3] + w * p->n[1]) * M_PI + angle(p)),
           slope = cos((x * p->n[2] + y * p->n[3] + w * p->n[1]) * M_PI + angle(p));
    double shine = pow(clamp01(0.5 + 0.5 * slope), 6);
    struct rgb colour = rgb_ramp(p, 0.42 + 0.3 * fold + 0.12 * w);
    return rgb_mix(rgb_scale(colour, 0.72 + 0.28 * (0.5 + 0.5 * slope)), p->colours[4], 0.5 * shine);
}

// Folds of cloth. Numbers: size, warp, folds across and down.
void paint_silk(struct paint *p)
{
    paint_shade(p, silk);
}

static struct rgb conic(const struct paint *p, double x, double y)
{
    double dx = x - p->n[0] * 1.78, dy = y - p->n[1], r = sqrt(dx * dx + dy * dy);
    double turn = atan2(dy, dx) / (2 * M_PI) + p->n[2] * r + p->t,
           wave = fabs(2 * (turn * p->n[3] - floor(turn * p->n[3])) - 1);
    return rgb_scale(rgb_ramp(p, wave * wave * (3 - 2 * wave)), 1 - 0.35 * exp(-r * 5));
}

// Around a point. Numbers: the point, twist, repeats.
void paint_conic(struct paint *p)
{
    paint_shade(p, conic);
}

static struct rgb spotlight(const struct paint *p, double x, double y)
{
    double dx = (x - 0.89) / p->n[0], dy = (y - p->n[1]) / (p->n[0] * 0.8), light = exp(-(dx * dx + dy * dy));
    double floor_at = p->n[2], near = smooth(floor_at - 0.05, floor_at + 0.03, y);
    struct rgb wall = rgb_mix(p->colours[1], p->colours[3], 0.95 * light),
               ground = rgb_mix(p->colours[0], p->colours[4], 0.2 + 0.75 * light * exp(-(y - floor_at) * 0.8));
    return rgb_mix(wall, rgb_scale(ground, 0.93), floor_at < 1 ? near : 0);
}

// A studio with a light on the wall. Numbers: size of the light, its height, where the floor begins.
void paint_spotlight(struct paint *p)
{
    paint_shade(p, spotlight);
    paint_vignette(p, 0.35);
}

static struct rgb dark(const struct paint *p, double x, double y)
{
    double s = 0.5 + 0.5 * noise2(p->seed, x * 0.9, y * 0.9);
    return rgb_mix(p->colours[0], p->colours[1], 0.7 * s + 0.3 * y);
}

// Lights out of focus. Numbers: how many, their size, brightness.
void paint_bokeh(struct paint *p)
{
    paint_shade(p, dark);
    for (int layer = 0; layer < 2; layer++) {
        cairo_t *cairo = paint_begin(p);
        cairo_set_operator(cairo, CAIRO_OPERATOR_ADD);
        for (int i = 0; i < (int)p->n[0]; i++) {
            double r = p->n[1] * chance_between(&p->chance, 0.35, 1.1) * (layer ? 0.6 : 1.3),
                   phase = chance_unit(&p->chance) * 2 * M_PI;
            double x = chance_between(&p->chance, -60, 1980) + 40 * sin(angle(p) + phase),
                   y = chance_between(&p->chance, -60, 1140) + 46 * cos(angle(p) + phase * 1.7);
            double alpha = p->n[2] * chance_between(&p->chance, 0.12, 0.5) * (0.75 + 0.25 * sin(angle(p) * 2 + phase));
            struct rgb c = p->colours[2 + chance_below(&p->chance, 3)];
            cairo_pattern_t *disc = cairo_pattern_create_radial(x, y, 0, x, y, r);
            cairo_pattern_add_color_stop_rgba(disc, 0, c.r, c.g, c.b, alpha * 0.75);
            cairo_pattern_add_color_stop_rgba(disc, layer ? 0.9 : 0.8, c.r, c.g, c.b, alpha);
            cairo_pattern_add_color_stop_rgba(disc, 1, c.r, c.g, c.b, 0);
            cairo_set_source(cairo, disc);
            cairo_pattern_destroy(disc);
            cairo_arc(cairo, x, y, r, 0, 2 * M_PI);
            cairo_fill(cairo);
        }
        paint_end(p, cairo, 0.9);
    }
    paint_vignette(p, 0.3);
}

static struct rgb rays(const struct paint *p, double x, double y)
{
    double dx = x - p->n[0] * 1.78, dy = y - p->n[1], r = sqrt(dx * dx + dy * dy), turn = atan2(dy, dx) / (2 * M_PI);
    double wave = turn * p->n[2] + p->t, in = wave - floor(wave);
    struct rgb back = rgb_mix(p->colours[2], p->colours[1], smooth(0, 1.2, r));
    if (p->n[3] > 0.5) { // flat, as on a poster
        double edge = 0.5 - fabs(in - 0.5), soft = 0.0012 * p->n[2] / (r + 0.02);
        return rgb_mix(back, rgb_mix(p->colours[4], p->colours[3], r), smooth(0.25 - soft, 0.25 + soft, edge));
    }
    double beam = pow(0.5
                          + 0.5
                                * noise3(p->seed, cos(2 * M_PI * turn) * p->n[2], sin(2 * M_PI * turn) * p->n[2],
                                    p->t * PERIOD, PERIOD),
        1.6);
    return rgb_mix(rgb_mix(back, p->colours[0], smooth(0.2, 1.5, r)), p->colours[4],
        clamp01(beam * exp(-r * 1.1) * 1.1 + exp(-r * 9)));
}

// Light from a point. Numbers: the point, rays, flat or hazy.
void paint_rays(struct paint *p)
{
    paint_shade(p, rays);
}

static struct rgb flow(const struct paint *p, double x, double y)
{
    double z = p->t * PERIOD, f = p->n[0], a = noise3(p->seed, x * f, y * f, z, PERIOD),
           b = noise3(p->seed + 1, x * f + 3, y * f + 1, z, PERIOD);
    double c = noise3(p->seed + 2, x * f + 1.8 * a, y * f + 1.8 * b, z, PERIOD),
           d = noise3(p->seed + 3, x * f * 2 + 2 * c, y * f * 2 + 2 * a, z, PERIOD);
    double s = 0.45 + 0.5 * c + 0.22 * d;
    return rgb_scale(rgb_ramp(p, s * p->n[1]), 0.85 + 0.3 * clamp01(0.5 + b));
}

// Ink and smoke. Numbers: size, how far up the palette it goes.
void paint_flow(struct paint *p)
{
    paint_shade(p, flow);
}

static struct rgb rings(const struct paint *p, double x, double y)
{
    double dx = x - p->n[0] * 1.78, dy = y - p->n[1], r = sqrt(dx * dx + dy * dy);
    double wave = r * p->n[2] - p->t, in = wave - floor(wave), number = floor(wave);
    double share = 0.5 + 0.5 * sin((number + p->t) * 0.9 + 2 * M_PI * 0);
    struct rgb colour = rgb_ramp(p, p->n[3] > 0.5 ? clamp01(r * 0.75) : share);
    return rgb_scale(colour, 0.82 + 0.2 * smooth(0, 0.55, in) + 0.05 * smooth(0.95, 1, in));
}

// Rings around a point, each shading the next. Numbers: the point, how many, along the palette or by turns.
void paint_rings(struct paint *p)
{
    paint_shade(p, rings);
}
