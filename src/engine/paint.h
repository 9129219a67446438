// SPDX-License-Identifier: GPL-3.0-or-later
// Painting of layered scenes from words: what the files paint_*.c share. A picture follows from words, seed and size
// alone. Lengths are pixels, colours 0..1.
#pragma once

#include <cairo.h>

#include "base/json.h"

struct paint_colour {
    double r, g, b;
};

enum paint_subject {
    PAINT_MOUNTAINS = 1 << 0,
    PAINT_FOREST = 1 << 1,
    PAINT_SEA = 1 << 2,
    PAINT_LAKE = 1 << 3,
    PAINT_DESERT = 1 << 4,
    PAINT_CITY = 1 << 5,
    PAINT_FIELD = 1 << 6,
    PAINT_SPACE = 1 << 7,
    PAINT_ABSTRACT = 1 << 8,
};
enum paint_time { PAINT_DAY, PAINT_DAWN, PAINT_SUNSET, PAINT_NIGHT };
enum paint_weather { PAINT_CLEAR, PAINT_CLOUDY, PAINT_RAIN, PAINT_SNOW, PAINT_FOG, PAINT_STORM };
enum paint_season { PAINT_NO_SEASON, PAINT_SPRING, PAINT_AUTUMN, PAINT_WINTER };
enum paint_mood { PAINT_PLAIN, PAINT_CALM, PAINT_DRAMATIC, PAINT_HAPPY, PAINT_DARK, PAINT_DREAMY };
enum paint_style {
    PAINT_NATURAL,
    PAINT_CINEMATIC,
    PAINT_WATERCOLOUR,
    PAINT_MINIMAL,
    PAINT_NEON,
    PAINT_MONOCHROME,
    PAINT_RETRO
};

struct paint_words {
    unsigned subjects; // of enum paint_subject
    enum paint_time time;
    enum paint_weather weather;
    enum paint_season season;
    enum paint_mood mood;
    enum paint_style style;
    bool is_futuristic, has_hue, has_aurora;
    struct paint_colour hue; // a colour that the words name
    json_t *understood;      // list of the words that count, borrowed
};
// Reads prompt and style. Where no subject is named, one is chosen by the seed.
void paint_words_read(struct arena *arena, str prompt, str style, uint64_t seed, struct paint_words *ret_words);

struct paint {
    struct arena *arena;
    cairo_t *cairo;
    uint8_t *pixels; // premultiplied ARGB, native order
    int width, height, stride;
    double horizon, unit; // y of the horizon; the shorter side
    double sun_x, sun_y;
    uint64_t random;
    const struct paint_words *words;
    // The light that time, weather, mood and style make.
    struct paint_colour top, middle, bottom, sun, haze, ambient;
};

double paint_random(struct paint *paint); // 0..1
double paint_between(struct paint *paint, double least, double most);
struct paint_colour paint_mix(struct paint_colour a, struct paint_colour b, double part_of_b);
// A thing's own colour in the scene's light, at a distance of 0 (near) to 1 (all haze).
struct paint_colour paint_lit(const struct paint *paint, struct paint_colour own, double distance);
void paint_set(struct paint *paint, struct paint_colour colour, double alpha);
void paint_stop(cairo_pattern_t *pattern, double at, struct paint_colour colour, double alpha);
// Smooth noise, -1..1, in one and two dimensions; `octaves` of it, each half as large.
double paint_noise(uint64_t seed, double x);
double paint_clouds_noise(uint64_t seed, double x, double y, int octaves);
// A soft round light.
void paint_glow(struct paint *paint, double x, double y, double radius, struct paint_colour colour, double alpha);

void paint_light(struct paint *paint);
void paint_sky(struct paint *paint);
void paint_mountains(struct paint *paint);
void paint_forest(struct paint *paint);
void paint_desert(struct paint *paint);
void paint_field(struct paint *paint);
void paint_city(struct paint *paint);
// Mirrors what stands above the horizon; waves break it.
void paint_water(struct paint *paint, double waves);
void paint_space(struct paint *paint);
void paint_abstract(struct paint *paint);
void paint_weather(struct paint *paint);
// Moods and styles over the finished picture, pixel by pixel.
void paint_finish(struct paint *paint);
