// SPDX-License-Identifier: GPL-3.0-or-later
// Light, sky, clouds, and the noise that all of nature is made of here (value noise with cubic steps).
#include <math.h>
#include <string.h>

#include "engine/paint.h"

// Chance

double paint_random(struct paint *paint)
{
    paint->random += 0x9E3779B97F4A7C15u; // splitmix64 (Steele, Lea, Flood)
    uint64_t z = paint->random;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

double paint_between(struct paint *paint, double least, double most)
{
    return least + (most - least) * paint_random(paint);
}

static double lattice(uint64_t seed, int64_t x, int64_t y)
{
    uint64_t z = seed + (uint64_t)x * 0x9E3779B97F4A7C15u + (uint64_t)y * 0xC2B2AE3D27D4EB4Fu;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) / 4503599627370496.0 - 1;
}

static double smooth(double t)
{
    return t * t * (3 - 2 * t);
}

double paint_noise(uint64_t seed, double x)
{
    double whole = floor(x), t = smooth(x - whole);
    return lattice(seed, (int64_t)whole, 0) * (1 - t) + lattice(seed, (int64_t)whole + 1, 0) * t;
}

static double noise_2d(uint64_t seed, double x, double y)
{
    double wx = floor(x), wy = floor(y), tx = smooth(x - wx), ty = smooth(y - wy);
    int64_t ix = (int64_t)wx, iy = (int64_t)wy;
    double upper = lattice(seed, ix, iy) * (1 - tx) + lattice(seed, ix + 1, iy) * tx;
    double lower = lattice(seed, ix, iy + 1) * (1 - tx) + lattice(seed, ix + 1, iy + 1) * tx;
    return upper * (1 - ty) + lower * ty;
}

double paint_clouds_noise(uint64_t seed, double x, double y, int octaves)
{
    double sum = 0, size = 0.5;
    for (int i = 0; i < octaves; i++, size /= 2, x *= 2.03, y *= 2.03)
        sum += size * noise_2d(seed + (uint64_t)i, x, y);
    return sum;
}

// Colours

struct paint_colour paint_mix(struct paint_colour a, struct paint_colour b, double part)
{
    part = fmax(0, fmin(1, part));
    return (struct paint_colour) { a.r + (b.r - a.r) * part, a.g + (b.g - a.g) * part, a.b + (b.b - a.b) * part };
}

struct paint_colour paint_lit(const struct paint *paint, struct paint_colour own, double distance)
{
    struct paint_colour lit = { own.r * paint->ambient.r, own.g * paint->ambient.g, own.b * paint->ambient.b };
    return paint_mix(lit, paint->haze, distance);
}

void paint_set(struct paint *paint, struct paint_colour colour, double alpha)
{
    cairo_set_source_rgba(paint->cairo, colour.r, colour.g, colour.b, alpha);
}

void paint_stop(cairo_pattern_t *pattern, double at, struct paint_colour colour, double alpha)
{
    cairo_pattern_add_color_stop_rgba(pattern, at, colour.r, colour.g, colour.b, alpha);
}

void paint_glow(struct paint *paint, double x, double y, double radius, struct paint_colour colour, double alpha)
{
    cairo_pattern_t *glow = cairo_pattern_create_radial(x, y, 0, x, y, radius);
    for (int i = 0; i <= 8; i++)
        paint_stop(glow, i / 8.0, colour, alpha * pow(1 - i / 8.0, 2.2));
    cairo_set_source(paint->cairo, glow);
    cairo_arc(paint->cairo, x, y, radius, 0, 2 * M_PI);
    cairo_fill(paint->cairo);
    cairo_pattern_destroy(glow);
}

// Light

static const struct {
    struct paint_colour top, middle, bottom, sun, haze, ambient;
    double sun_height; // of the sky, from the horizon up
} lights[] = {
    [PAINT_DAY] = { { .13, .38, .76 }, { .42, .68, .93 }, { .86, .94, .98 }, { 1, .97, .86 }, { .76, .87, .95 },
        { 1, 1, 1 }, .74 },
    [PAINT_DAWN] = { { .33, .44, .72 }, { .84, .66, .76 }, { 1, .87, .70 }, { 1, .93, .78 }, { .94, .80, .79 },
        { .86, .78, .84 }, .17 },
    [PAINT_SUNSET] = { { .15, .14, .36 }, { .74, .32, .42 }, { 1, .70, .34 }, { 1, .84, .52 }, { .95, .57, .42 },
        { .72, .50, .56 }, .11 },
    [PAINT_NIGHT] = { { .012, .02, .075 }, { .045, .085, .22 }, { .15, .22, .42 }, { .95, .96, 1 }, { .12, .17, .33 },
        { .22, .28, .44 }, .70 },
};

static void towards(struct paint *paint, struct paint_colour colour, double part)
{
    paint->top = paint_mix(paint->top, colour, part);
    paint->middle = paint_mix(paint->middle, colour, part);
    paint->bottom = paint_mix(paint->bottom, colour, part * 0.8);
    paint->haze = paint_mix(paint->haze, colour, part * 0.8);
}

static struct paint_colour scaled(struct paint_colour colour, double factor)
{
    return (struct paint_colour) { colour.r * factor, colour.g * factor, colour.b * factor };
}

void paint_light(struct paint *paint)
{
    const struct paint_words *words = paint->words;
    enum paint_time time = words->time;
    paint->top = lights[time].top;
    paint->middle = lights[time].middle;
    paint->bottom = lights[time].bottom;
    paint->sun = lights[time].sun;
    paint->haze = lights[time].haze;
    paint->ambient = lights[time].ambient;
    double brightness = time == PAINT_NIGHT ? 0.22 : time == PAINT_DAY ? 0.9 : 0.62;
    struct paint_colour grey = scaled((struct paint_colour) { .70, .75, .82 }, brightness);
    if (words->weather == PAINT_RAIN)
        towards(paint, scaled(grey, 0.72), 0.72);
    if (words->weather == PAINT_STORM)
        towards(paint, scaled(grey, 0.45), 0.8);
    if (words->weather == PAINT_SNOW || words->weather == PAINT_FOG)
        towards(paint, scaled(grey, 1.15), 0.6);
    if (words->weather == PAINT_CLOUDY)
        towards(paint, grey, 0.35);
    if (words->weather == PAINT_STORM || words->weather == PAINT_RAIN)
        paint->ambient = scaled(paint->ambient, 0.72);
    if (words->style == PAINT_NEON) {
        towards(paint, (struct paint_colour) { .16, .03, .30 }, 0.45);
        paint->bottom = paint_mix(paint->bottom, (struct paint_colour) { .98, .22, .62 }, 0.6);
        paint->haze = paint_mix(paint->haze, (struct paint_colour) { .45, .12, .55 }, 0.6);
    }
    if (words->has_hue) {
        paint->middle = paint_mix(paint->middle, words->hue, 0.45);
        paint->haze = paint_mix(paint->haze, words->hue, 0.3);
    }
    paint->sun_x = paint->width * paint_between(paint, 0.18, 0.82);
    paint->sun_y = paint->horizon * (1 - lights[time].sun_height) + paint->unit * paint_between(paint, -0.03, 0.03);
}

// Sky

static void paint_stars(struct paint *paint)
{
    int count = (int)(paint->width * paint->horizon / 1500);
    for (int i = 0; i < count; i++) {
        double y = paint->horizon * pow(paint_random(paint), 1.3),
               size = paint->unit * (0.0006 + 0.0016 * pow(paint_random(paint), 6));
        paint_set(paint, (struct paint_colour) { 1, 1, paint_between(paint, .85, 1) },
            paint_between(paint, .25, .95) * (1 - y / paint->horizon * 0.8));
        cairo_arc(paint->cairo, paint->width * paint_random(paint), y, size, 0, 2 * M_PI);
        cairo_fill(paint->cairo);
    }
}

static void paint_sun(struct paint *paint)
{
    bool moon = paint->words->time == PAINT_NIGHT;
    double radius = paint->unit * (moon ? 0.045 : paint->words->time == PAINT_DAY ? 0.045 : 0.062);
    paint_glow(paint, paint->sun_x, paint->sun_y, radius * (moon ? 7 : 11), paint->sun, moon ? 0.30 : 0.60);
    paint_glow(paint, paint->sun_x, paint->sun_y, radius * 3, paint->sun, 0.55);
    paint_set(paint, paint->sun, 1);
    cairo_arc(paint->cairo, paint->sun_x, paint->sun_y, radius, 0, 2 * M_PI);
    cairo_fill(paint->cairo);
    for (int i = 0; moon && i < 7; i++) {
        double angle = paint_between(paint, 0, 2 * M_PI), far = radius * paint_between(paint, 0, .75);
        paint_set(paint, (struct paint_colour) { .72, .75, .84 }, 0.35);
        cairo_arc(paint->cairo, paint->sun_x + far * cos(angle), paint->sun_y + far * sin(angle),
            radius * paint_between(paint, .06, .2), 0, 2 * M_PI);
        cairo_fill(paint->cairo);
    }
}

// A plane of clouds in perspective, at a third of the size; density -1..1.
static void paint_clouds(struct paint *paint, double density, double alpha)
{
    enum { STEP = 3 };
    int width = paint->width / STEP, height = (int)(paint->horizon / STEP) + 1;
    cairo_surface_t *layer = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    uint8_t *pixels = cairo_image_surface_get_data(layer);
    int stride = cairo_image_surface_get_stride(layer);
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    struct paint_colour bright = paint_mix(paint->sun, paint->bottom, 0.45),
                        dark = paint_mix(paint->middle, paint->top, 0.5);
    for (int y = 0; y < height; y++) {
        double up = 1 - (double)y / height, far = 1 / (0.09 + up), fade = fmin(1, up * 3.5);
        for (int x = 0; x < width; x++) {
            double across = ((double)x / width - 0.5) * paint->width / paint->unit * far * 1.7;
            double thick = paint_clouds_noise(seed, across, far * 1.5, 5) * 2.1 + density;
            double cover = fmax(0, fmin(1, thick * 1.6)) * fade * alpha;
            double lit = fmax(0, fmin(1, 1.15 - thick));
            struct paint_colour colour = paint_mix(dark, bright, lit);
            uint32_t argb = (uint32_t)(cover * 255) << 24 | (uint32_t)(colour.r * cover * 255) << 16
                            | (uint32_t)(colour.g * cover * 255) << 8 | (uint32_t)(colour.b * cover * 255);
            memcpy(pixels + (size_t)y * (size_t)stride + (size_t)x * 4, &argb, 4);
        }
    }
    cairo_surface_mark_dirty(layer);
    cairo_save(paint->cairo);
    cairo_scale(paint->cairo, STEP * (double)paint->width / (width * STEP), STEP);
    cairo_set_source_surface(paint->cairo, layer, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(paint->cairo), CAIRO_FILTER_BILINEAR);
    cairo_paint(paint->cairo);
    cairo_restore(paint->cairo);
    cairo_surface_destroy(layer);
}

static void paint_aurora(struct paint *paint)
{
    uint64_t seed = (uint64_t)(paint_random(paint) * 1e15);
    for (int band = 0; band < 3; band++) {
        struct paint_colour colour = band == 1 ? (struct paint_colour) { .55, .30, .85 }
                                               : (struct paint_colour) { .25, .95, .60 };
        double base = paint->horizon * (0.42 + 0.13 * band);
        for (int x = 0; x < paint->width; x += 2) {
            double along = (double)x / paint->unit, wave = paint_noise(seed + (uint64_t)band, along * 1.7);
            double y = base + wave * paint->unit * 0.13,
                   height = paint->unit * (0.22 + 0.16 * paint_noise(seed + 9, along * 9));
            cairo_pattern_t *ray = cairo_pattern_create_linear(0, y - height, 0, y);
            paint_stop(ray, 0, colour, 0);
            paint_stop(ray, 0.8, colour, 0.20 + 0.10 * paint_noise(seed + 5, along * 14));
            paint_stop(ray, 1, colour, 0);
            cairo_set_source(paint->cairo, ray);
            cairo_rectangle(paint->cairo, x, y - height, 2, height);
            cairo_fill(paint->cairo);
            cairo_pattern_destroy(ray);
        }
    }
}

void paint_sky(struct paint *paint)
{
    const struct paint_words *words = paint->words;
    cairo_pattern_t *sky = cairo_pattern_create_linear(0, 0, 0, paint->horizon);
    paint_stop(sky, 0, paint->top, 1);
    paint_stop(sky, 0.55, paint->middle, 1);
    paint_stop(sky, 1, paint->bottom, 1);
    cairo_set_source(paint->cairo, sky);
    cairo_paint(paint->cairo);
    cairo_pattern_destroy(sky);
    bool hidden = !words->has_aurora
                  && (words->weather == PAINT_RAIN || words->weather == PAINT_STORM || words->weather == PAINT_SNOW);
    if (words->time == PAINT_NIGHT && !hidden && words->weather != PAINT_FOG)
        paint_stars(paint);
    if (words->has_aurora)
        paint_aurora(paint);
    if (!hidden)
        paint_sun(paint);
    static const double densities[] = { [PAINT_CLEAR] = -0.28,
        [PAINT_CLOUDY] = 0.38,
        [PAINT_RAIN] = 0.5,
        [PAINT_SNOW] = 0.35,
        [PAINT_FOG] = -0.1,
        [PAINT_STORM] = 0.55 };
    double thin = words->style == PAINT_MINIMAL || words->time == PAINT_NIGHT ? 0.35 : 0.85;
    if (!words->has_aurora && (words->style != PAINT_MINIMAL || words->weather != PAINT_CLEAR))
        paint_clouds(paint, densities[words->weather], words->weather == PAINT_CLEAR ? thin * 0.8 : 0.95);
}
