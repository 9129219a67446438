// SPDX-License-Identifier: GPL-3.0-or-later
#include "paint.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t colours[PAINT_COLOURS];
} palettes[] = {
    { "sunset", { 0x2D1B4E, 0x7B2D6B, 0xD9485F, 0xF58A56, 0xFFD29D } },
    { "ocean", { 0x0B1F3A, 0x12476B, 0x1F7A8C, 0x7FC8C2, 0xE8F6EF } },
    { "forest", { 0x10231C, 0x1F4435, 0x3F7A55, 0x94B872, 0xEEF0CF } },
    { "desert", { 0x3B1C1A, 0x8A3B2A, 0xD0763F, 0xEDB46B, 0xFBE8C6 } },
    { "dusk", { 0x14142B, 0x2E2A5A, 0x6A4C93, 0xC77DBA, 0xF9C6D0 } },
    { "arctic", { 0x102A43, 0x336B87, 0x7FB5C8, 0xC9E4EA, 0xF7FBFC } },
    { "candy", { 0x5B2A86, 0xC2409A, 0xFF6F91, 0xFFB17A, 0xFFF1C1 } },
    { "mint", { 0x0E3B43, 0x1F6F6B, 0x4FB7A0, 0xA8E0C4, 0xF3FBF0 } },
    { "coffee", { 0x2A1B15, 0x5A3A28, 0x9A6B46, 0xD3AE83, 0xF4E8D7 } },
    { "slate", { 0x12161D, 0x2A323F, 0x566173, 0xA3ADBB, 0xEDF0F4 } },
    { "neon", { 0x0B0620, 0x2B0F5C, 0x7A1FD1, 0xF72585, 0x4CC9F0 } },
    { "rose", { 0x3A1730, 0x7A2E4E, 0xC25B75, 0xEDA6A6, 0xFBE9E2 } },
    { "lemon", { 0x27361F, 0x5C7A29, 0xB5B83A, 0xF2D649, 0xFFF8D0 } },
    { "autumn", { 0x2B1710, 0x6B2C1A, 0xB5542A, 0xE39A3B, 0xF7DDA0 } },
    { "lavender", { 0x221B3A, 0x4A3C7A, 0x8672B8, 0xC3B1E1, 0xF4EEFB } },
    { "sky", { 0x123A6B, 0x2C6FB5, 0x63A9E4, 0xB5DBF5, 0xF6FBFF } },
    { "night", { 0x050914, 0x0D1B36, 0x1C3B63, 0x4B7AA8, 0xD5E7F3 } },
    { "tropic", { 0x06373A, 0x0A7E75, 0x2AC59B, 0xFFD166, 0xFF6B6B } },
    { "clay", { 0x33211D, 0x75443A, 0xB9785F, 0xE0B39A, 0xF8EADF } },
    { "royal", { 0x0D0A2C, 0x23196B, 0x4B3BC4, 0x8F8BF2, 0xE6E4FF } },
    { "copper", { 0x1B1512, 0x4A2C1F, 0x9C5A35, 0xD99B66, 0xF6DFC4 } },
    { "spring", { 0x21403A, 0x4C8C6A, 0xA7D08C, 0xF7D6E0, 0xFFF6F0 } },
    { "cherry", { 0x2A0A14, 0x6E1423, 0xC1121F, 0xF28482, 0xFBE3DC } },
    { "graphite", { 0x0A0A0C, 0x1B1C20, 0x34363D, 0x6B6F7A, 0xC9CCD3 } },
    { "retro", { 0x264653, 0x2A9D8F, 0xE9C46A, 0xF4A261, 0xE76F51 } },
    { "pop", { 0x1D3557, 0x457B9D, 0xE63946, 0xA8DADC, 0xF1FAEE } },
    { "aurora", { 0x04101F, 0x0A2A43, 0x11795F, 0x4EE6A1, 0xB28DFF } },
    { "sand", { 0x4A3B2C, 0x8C7355, 0xC4A77D, 0xE6D3B1, 0xFAF3E4 } },
    { "berry", { 0x1F0F2E, 0x4B1D5B, 0x8E2F74, 0xD45D8C, 0xF8C3CF } },
    { "chalk", { 0x16302B, 0x1E3F38, 0x2B564C, 0x8FB8A8, 0xEAF4EC } },
    { "stone", { 0x3C3B39, 0x6B6963, 0x9A978F, 0xC4C1B8, 0xE9E7E1 } },
    { "plaster", { 0xB8B4AC, 0xD5D1C8, 0xEDEAE3, 0xC9C4BA, 0xFFFFFF } },
    { "oak", { 0x4A2F1B, 0x7A5230, 0xB5824F, 0xDDB27E, 0xF6E7CF } },
    { "denim", { 0x101D33, 0x1E3557, 0x3B5B8C, 0x7D9CC5, 0xDCE6F3 } },
};

static struct rgb unpack(uint32_t colour)
{
    return (struct rgb) { (colour >> 16) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0 };
}

static int find_palette(const char *name)
{
    for (size_t i = 0; i < sizeof palettes / sizeof *palettes; i++)
        if (strcmp(palettes[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool paint_palette_exists(const char *palette)
{
    return find_palette(palette) >= 0;
}

struct paint paint_new(struct arena *arena, const char *name, const char *palette, int width, int height, int coarse)
{
    struct paint paint = { .arena = arena, .width = width, .height = height, .coarse = coarse, .name = name };
    int number = find_palette(palette);
    ASSERT(number >= 0);
    for (int i = 0; i < PAINT_COLOURS; i++)
        paint.colours[i] = unpack(palettes[number].colours[i]);
    paint.pixels = arena_alloc(arena, (size_t)width * (size_t)height * 3 * sizeof(float));
    if (coarse > 1)
        paint.grid = arena_alloc(
            arena, (size_t)(width / coarse + 2) * (size_t)(height / coarse + 2) * 3 * sizeof(float));
    paint.seed = (uint32_t)str_hash(str_of(name));
    paint_restart(&paint, 0);
    return paint;
}

void paint_restart(struct paint *paint, double t)
{
    paint->t = t;
    paint->chance = chance_of(paint->name, "paint");
}

typedef struct rgb (*shader)(const struct paint *paint, double x, double y);

static float *shade_row(const struct paint *paint, shader shade, float *to, int columns, int step, double y)
{
    for (int column = 0; column < columns; column++, to += 3) {
        struct rgb colour = shade(paint, (column * step + 0.5) / paint->height, y);
        to[0] = (float)colour.r;
        to[1] = (float)colour.g;
        to[2] = (float)colour.b;
    }
    return to;
}

static void interpolate_row(const struct paint *paint, const float *above, const float *below, float share, float *to)
{
    for (int column = 0; column < paint->width; column++) {
        int left = column / paint->coarse * 3;
        float part = (float)(column % paint->coarse) / (float)paint->coarse;
        for (int i = left; i < left + 3; i++) {
            float a = above[i] + part * (above[i + 3] - above[i]), b = below[i] + part * (below[i + 3] - below[i]);
            *to++ = a + share * (b - a);
        }
    }
}

void paint_shade(struct paint *paint, shader shade)
{
    int step = paint->coarse, columns = paint->width / step + 2;
    float *to = step > 1 ? paint->grid : paint->pixels;
    for (int row = 0; row < (step > 1 ? paint->height / step + 2 : paint->height); row++)
        to = shade_row(paint, shade, to, step > 1 ? columns : paint->width, step, (row * step + 0.5) / paint->height);
    for (int row = 0; row < paint->height && step > 1; row++) {
        const float *above = paint->grid + (size_t)(row / step) * (size_t)columns * 3;
        interpolate_row(paint, above, above + (size_t)columns * 3, (float)(row % step) / (float)step,
            paint->pixels + (size_t)row * (size_t)paint->width * 3);
    }
}

cairo_t *paint_begin(struct paint *paint)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, paint->width, paint->height);
    cairo_t *cairo = cairo_create(surface);
    cairo_surface_destroy(surface);
    cairo_scale(cairo, (double)paint->width / PAINT_WIDTH, (double)paint->height / PAINT_HEIGHT);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    return cairo;
}

void paint_end(struct paint *paint, cairo_t *cairo, double opacity)
{
    cairo_surface_t *surface = cairo_get_target(cairo);
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    float *pixel = paint->pixels;
    for (int row = 0; row < paint->height; row++) {
        const uint32_t *from = (const uint32_t *)(const void *)(data + (size_t)row * (size_t)stride);
        for (int column = 0; column < paint->width; column++, pixel += 3) {
            uint32_t value = from[column];
            if (!(value >> 24))
                continue;
            float scale = (float)opacity / 255, keep = 1 - (float)(value >> 24) * scale;
            pixel[0] = pixel[0] * keep + (float)(value >> 16 & 255) * scale;
            pixel[1] = pixel[1] * keep + (float)(value >> 8 & 255) * scale;
            pixel[2] = pixel[2] * keep + (float)(value & 255) * scale;
        }
    }
    cairo_destroy(cairo);
}

void paint_vignette(struct paint *paint, double amount)
{
    float *pixel = paint->pixels;
    for (int row = 0; row < paint->height; row++)
        for (int column = 0; column < paint->width; column++, pixel += 3) {
            double x = 2.0 * column / paint->width - 1, y = 2.0 * row / paint->height - 1;
            float keep = (float)(1 - amount * smooth(0.5, 2.1, x * x + y * y));
            for (int i = 0; i < 3; i++)
                pixel[i] *= keep;
        }
}

enum { TILE = 64 };

void paint_finish(const struct paint *paint, double grain, cairo_surface_t *surface)
{
    float scatter[TILE][TILE]; // a tile of it looks no worse and costs nothing
    for (int y = 0; y < TILE; y++)
        for (int x = 0; x < TILE; x++)
            scatter[y][x] = (float)(chance_at(7, x, y) + (chance_at(11, x, y) - 0.5) * grain * 255);
    cairo_surface_flush(surface);
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    const float *pixel = paint->pixels;
    for (int row = 0; row < paint->height; row++) {
        uint32_t *to = (uint32_t *)(void *)(data + (size_t)row * (size_t)stride);
        for (int column = 0; column < paint->width; column++, pixel += 3) {
            float add = scatter[row % TILE][column % TILE];
            int value[3];
            for (int i = 0; i < 3; i++) {
                int whole = (int)(pixel[i] * 255 + add);
                value[i] = whole < 0 ? 0 : whole > 255 ? 255 : whole;
            }
            to[column] = 0xFF000000u | (uint32_t)value[0] << 16 | (uint32_t)value[1] << 8 | (uint32_t)value[2];
        }
    }
    cairo_surface_mark_dirty(surface);
}

struct rgb rgb_mix(struct rgb a, struct rgb b, double share)
{
    double s = clamp01(share), k = 1 - s;
    return (struct rgb) { sqrt(a.r * a.r * k + b.r * b.r * s), sqrt(a.g * a.g * k + b.g * b.g * s),
        sqrt(a.b * a.b * k + b.b * b.b * s) };
}

struct rgb rgb_scale(struct rgb colour, double factor)
{
    if (factor <= 1)
        return (struct rgb) { colour.r * factor, colour.g * factor, colour.b * factor };
    double white = factor - 1;
    return (struct rgb) { colour.r + (1 - colour.r) * white, colour.g + (1 - colour.g) * white,
        colour.b + (1 - colour.b) * white };
}

struct rgb rgb_ramp(const struct paint *paint, double share)
{
    double at = clamp01(share) * (PAINT_COLOURS - 1);
    int below = at >= PAINT_COLOURS - 1 ? PAINT_COLOURS - 2 : (int)at;
    return rgb_mix(paint->colours[below], paint->colours[below + 1], at - below);
}

void paint_source(cairo_t *cairo, struct rgb colour, double alpha)
{
    cairo_set_source_rgba(cairo, colour.r, colour.g, colour.b, alpha);
}

static uint32_t hash3(uint32_t seed, int x, int y, int z)
{
    uint32_t h = seed + (uint32_t)x * 0x85EBCA77u + (uint32_t)y * 0xC2B2AE3Du + (uint32_t)z * 0x27D4EB2Fu;
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    h = (h ^ (h >> 12)) * 0x297A2D39u;
    return h ^ (h >> 15);
}

static double slope(uint32_t hash, double x, double y, double z)
{
    int h = hash & 15;
    double u = h < 8 ? x : y, v = h < 4 ? y : h == 12 || h == 14 ? x : z;
    return (h & 1 ? -u : u) + (h & 2 ? -v : v);
}

static double fade(double t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

double noise2(uint32_t seed, double x, double y)
{
    int x0 = (int)floor(x), y0 = (int)floor(y);
    double fx = x - x0, fy = y - y0, u = fade(fx), v = fade(fy);
    double a = slope(hash3(seed, x0, y0, 0), fx, fy, 0), b = slope(hash3(seed, x0 + 1, y0, 0), fx - 1, fy, 0);
    double c = slope(hash3(seed, x0, y0 + 1, 0), fx, fy - 1, 0),
           d = slope(hash3(seed, x0 + 1, y0 + 1, 0), fx - 1, fy - 1, 0);
    return a + u * (b - a) + v * (c - a) + u * v * (a - b - c + d);
}

double noise3(uint32_t seed, double x, double y, double z, int period)
{
    int z0 = (int)floor(z);
    double fz = z - z0, w = fade(fz), layers[2];
    int x0 = (int)floor(x), y0 = (int)floor(y);
    double fx = x - x0, fy = y - y0, u = fade(fx), v = fade(fy);
    for (int k = 0; k < 2; k++) {
        int plane = ((z0 + k) % period + period) % period;
        double a = slope(hash3(seed, x0, y0, plane), fx, fy, fz - k),
               b = slope(hash3(seed, x0 + 1, y0, plane), fx - 1, fy, fz - k);
        double c = slope(hash3(seed, x0, y0 + 1, plane), fx, fy - 1, fz - k);
        double d = slope(hash3(seed, x0 + 1, y0 + 1, plane), fx - 1, fy - 1, fz - k);
        layers[k] = a + u * (b - a) + v * (c - a) + u * v * (a - b - c + d);
    }
    return layers[0] + w * (layers[1] - layers[0]);
}

double noise_sum(uint32_t seed, double x, double y, int octaves)
{
    double sum = 0, weight = 0.5;
    for (int i = 0; i < octaves; i++, weight /= 2) {
        sum += weight * noise2(seed + (uint32_t)i * 101, x, y);
        x = x * 2.03 + 17.1;
        y = y * 2.03 - 9.3;
    }
    return sum * 1.2;
}

struct cell noise_cell(uint32_t seed, double x, double y)
{
    int x0 = (int)floor(x), y0 = (int)floor(y);
    struct cell cell = { 9, 9, 0 };
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++) {
            uint32_t h = hash3(seed, x0 + i, y0 + j, 5);
            double dx = x0 + i + (h & 1023) / 1023.0 - x, dy = y0 + j + (h >> 10 & 1023) / 1023.0 - y,
                   far = dx * dx + dy * dy;
            if (far < cell.first) {
                cell.second = cell.first;
                cell.first = far;
                cell.number = (h >> 20) / 4095.0;
            } else if (far < cell.second)
                cell.second = far;
        }
    cell.first = sqrt(cell.first);
    cell.second = sqrt(cell.second);
    return cell;
}
