// SPDX-License-Identifier: GPL-3.0-or-later
// A picture under way, in floating point so that soft gradients show no bands; painted point by point or with cairo.
// Pictures that move are painted again for each moment of their loop.
#pragma once

#include <cairo.h>

#include "base/error.h"
#include "random.h"

enum { PAINT_COLOURS = 5, PAINT_NUMBERS = 6 };
// Cairo's coordinates, whatever the size in pixels.
enum { PAINT_WIDTH = 1920, PAINT_HEIGHT = 1080 };

struct rgb {
    double r, g, b; // 0..1
};

struct paint {
    struct arena *arena;
    int width, height;
    float *pixels; // three a pixel
    int coarse;    // paint_shade asks for every so many pixels, and what lies between is interpolated; 1: for all
    float *grid;   // room for that
    const char *name;
    struct rgb colours[PAINT_COLOURS]; // from dark to light, mostly
    uint32_t seed;
    double n[PAINT_NUMBERS]; // what they mean stands with the family
    double t;                // place in the loop, 0..1; stills are at 0
    struct chance chance;    // fresh for every moment
};
typedef void (*painter)(struct paint *paint);

// Black. The name is the seed. The palette must exist.
struct paint paint_new(struct arena *arena, const char *name, const char *palette, int width, int height, int coarse);
bool paint_palette_exists(const char *palette);
// Clears it for another moment.
void paint_restart(struct paint *paint, double t);
// `x` and `y` in units of the height: y 0..1, x 0..1.78.
void paint_shade(struct paint *paint, struct rgb (*shade)(const struct paint *paint, double x, double y));
cairo_t *paint_begin(struct paint *paint);
void paint_end(struct paint *paint, cairo_t *cairo, double opacity);
// Darkens towards the corners, 0..1.
void paint_vignette(struct paint *paint, double amount);
// Fills a CAIRO_FORMAT_RGB24 surface of its size, scattering what lies between two values; `grain` adds to that.
void paint_finish(const struct paint *paint, double grain, cairo_surface_t *surface);

struct rgb rgb_mix(struct rgb a, struct rgb b, double share); // in squares, which is close to light
struct rgb rgb_scale(struct rgb colour, double factor);       // towards black, or towards white above 1
struct rgb rgb_ramp(const struct paint *paint, double share); // along the palette
void paint_source(cairo_t *cairo, struct rgb colour, double alpha);
static inline double clamp01(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}
static inline double smooth(double from, double to, double v)
{
    double s = clamp01((v - from) / (to - from));
    return s * s * (3 - 2 * s);
}

// Gradient noise (Perlin 2002), about -1..1; the third goes round after `period`.
double noise2(uint32_t seed, double x, double y);
double noise3(uint32_t seed, double x, double y, double z, int period);
double noise_sum(uint32_t seed, double x, double y, int octaves);
// Distances to the nearest and second point of a scattered grid (Worley 1996), and the nearest one's number 0..1.
struct cell {
    double first, second, number;
};
struct cell noise_cell(uint32_t seed, double x, double y);
