// SPDX-License-Identifier: GPL-3.0-or-later
// Patterns that repeat.
#include <math.h>

#include "painters.h"

static double fraction(double v)
{
    return v - floor(v);
}

static double line(double distance, double width, double soft)
{
    return smooth(width + soft, width - soft, distance);
}

// The nearer of two shifted grids; gives how far from the middle, 0.5 at the border.
static double hexagon_of(double u, double v, double *ret_x, double *ret_y)
{
    double best = 9, w = sqrt(3);
    *ret_x = *ret_y = 0;
    for (int k = 0; k < 2; k++) {
        double ox = k * 0.5, oy = k * w / 2, gx = round(u - ox) + ox, gy = round((v - oy) / w) * w + oy;
        double dx = fabs(u - gx), dy = fabs(v - gy), far = fmax(dx, dx * 0.5 + dy * w / 2);
        if (far < best) {
            best = far;
            *ret_x = gx;
            *ret_y = gy;
        }
    }
    return best;
}

static struct rgb hexagons(const struct paint *p, double x, double y)
{
    double cx, cy, best = hexagon_of(x * p->n[0], y * p->n[0], &cx, &cy);
    double tone = chance_at(p->seed, (int)lround(cx * 2), (int)lround(cy * 2)),
           pulse = 0.5 + 0.5 * sin(2 * M_PI * (p->t + tone));
    double s = p->n[1] > 0.5 ? 0.1 + 0.5 * tone + 0.25 * pulse
                             : 0.25 + 0.7 * (0.5 + 0.5 * noise2(p->seed, cx * 0.22, cy * 0.22));
    struct rgb colour = rgb_scale(rgb_ramp(p, s), 1.05 - 0.35 * (0.5 - best) * (p->n[2] > 0.5 ? -1 : 1));
    return rgb_mix(colour, p->colours[0], line(0.5 - best, 0.02, 0.012) * 0.8);
}

// Numbers: cells over the height, by chance (they pulse), raised.
void paint_hexagons(struct paint *p)
{
    paint_shade(p, hexagons);
}

static struct rgb scales(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = x * f, v = y * f * 2;
    int row = (int)floor(v);
    for (int k = 1; k >= -1; k--) { // the lowest row lies on top
        int r = row + k;
        double shift = (r & 1) ? 0.5 : 0, cx = floor(u - shift) + 0.5 + shift, dx = u - cx, dy = (v - r - 1) / 2,
               far = sqrt(dx * dx + dy * dy);
        if (dy > 0.02 || far > 0.5)
            continue;
        double ring = far * p->n[1], tone = chance_at(p->seed, (int)floor(cx * 2), r);
        struct rgb colour = p->n[2] > 0.5 ? rgb_ramp(p, 0.12 + 0.8 * tone)
                                          : ((int)ring % 2 ? p->colours[1] : p->colours[3]);
        if (p->n[2] > 0.5)
            return rgb_mix(rgb_scale(colour, 0.78 + 0.44 * (0.5 - far)), p->colours[4], line(0.5 - far, 0.012, 0.008));
        return rgb_mix(colour, p->colours[4], line(0.5 - far, 0.02, 0.01));
    }
    return p->colours[0];
}

// Waves of the sea, as on Japanese cloth. Numbers: scales over the height, rings, filled.
void paint_scales(struct paint *p)
{
    paint_shade(p, scales);
}

static struct rgb herringbone(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = (x + y) * f * 0.7071, v = (y - x) * f * 0.7071 + 40;
    int i = (int)floor(u), j = (int)floor(v), k = ((i - j) % 4 + 4) % 4;
    bool flat = k < 2; // two to one tiles, in turn
    double a, b;
    int ti, tj;
    if (flat) {
        ti = i - k;
        tj = j;
        a = (u - ti) / 2;
        b = v - tj;
    } else {
        ti = i;
        tj = j - (3 - k);
        a = u - ti;
        b = (v - tj) / 2;
    }
    double gap = fmin(fmin(a, 1 - a) * (flat ? 2 : 1), fmin(b, 1 - b) * (flat ? 1 : 2)),
           tone = chance_at(p->seed, ti, tj);
    double fibre = noise2(p->seed + 1, flat ? u * 1.5 : u * 26, flat ? v * 26 : v * 1.5);
    struct rgb colour = rgb_mix(p->colours[2], p->colours[3], 0.15 + 0.7 * tone + 0.22 * fibre);
    return rgb_scale(rgb_mix(colour, p->colours[1], p->n[1] * (flat ? 0.32 : 0)), 0.5 + 0.5 * smooth(0.01, 0.06, gap));
}

// Numbers: tiles over the height, shaded by direction.
void paint_herringbone(struct paint *p)
{
    paint_shade(p, herringbone);
}

static struct rgb halftone(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = (x + y) * f * 0.7071, v = (y - x) * f * 0.7071, cx = round(u), cy = round(v),
           far = hypot(u - cx, v - cy);
    double px = (cx - cy) / f * 0.7071, py = (cx + cy) / f * 0.7071;
    double s = 0.5 + 0.5 * noise3(p->seed, px * 1.3, py * 1.3, p->t * 2, 2) * 1.5 + 0.45 * (py - 0.5),
           r = 0.12 + 0.5 * clamp01(s);
    struct rgb back = rgb_mix(p->colours[4], p->colours[3], clamp01(p->n[1] * y)),
               dot = rgb_mix(p->colours[2], p->colours[1], clamp01(py));
    return rgb_mix(back, dot, line(far, r, 0.03));
}

// Numbers: dots over the height, how the ground darkens.
void paint_halftone(struct paint *p)
{
    paint_shade(p, halftone);
}

static struct rgb truchet(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = x * f, v = y * f, a = fraction(u), b = fraction(v);
    if (chance_at(p->seed, (int)floor(u), (int)floor(v)) < 0.5)
        a = 1 - a;
    double first = fabs(hypot(a, b) - 0.5), second = fabs(hypot(1 - a, 1 - b) - 0.5), far = fmin(first, second);
    struct rgb back = rgb_mix(p->colours[0], p->colours[1], y);
    back = rgb_mix(back, rgb_mix(p->colours[3], p->colours[2], x / 1.78), line(far, p->n[1], 0.02));
    return rgb_mix(back, p->colours[4], line(fabs(far - p->n[1] * 0.5), 0.018, 0.012) * (p->n[2] > 0.5));
}

// Quarter circles that find each other. Numbers: tiles over the height, width, a second line.
void paint_truchet(struct paint *p)
{
    paint_shade(p, truchet);
}

static struct rgb chevron(const struct paint *p, double x, double y)
{
    double f = p->n[0], zig = fabs(fraction(x * f * p->n[1]) - 0.5), s = y * f + zig * 1.2 + p->t * 5, band = floor(s),
           in = fraction(s);
    int number = (((int)band % 5) + 5) % 5;
    return rgb_scale(p->colours[number], 0.9 + 0.1 * smooth(0, 0.3, in) - (fraction(x * f * p->n[1]) < 0.5 ? 0.05 : 0));
}

// Numbers: stripes over the height, sharpness of the zigzag.
void paint_chevron(struct paint *p)
{
    paint_shade(p, chevron);
}

static struct rgb contours(const struct paint *p, double x, double y)
{
    double f = p->n[0], h = noise3(p->seed, x * f, y * f, p->t * 2, 2)
                            + 0.35 * noise3(p->seed + 1, x * f * 2.1, y * f * 2.1, p->t * 2, 2);
    double e = 0.0015, hx = noise3(p->seed, (x + e) * f, y * f, p->t * 2, 2)
                            + 0.35 * noise3(p->seed + 1, (x + e) * f * 2.1, y * f * 2.1, p->t * 2, 2);
    double hy = noise3(p->seed, x * f, (y + e) * f, p->t * 2, 2)
                + 0.35 * noise3(p->seed + 1, x * f * 2.1, (y + e) * f * 2.1, p->t * 2, 2);
    double steep = hypot(hx - h, hy - h) / e * p->n[1] + 1e-6, level = h * p->n[1],
           far = fabs(level - round(level)) / steep;
    bool main_line = ((int)round(level) % 5 + 5) % 5 == 0;
    struct rgb ground = p->n[2] > 0.5 ? rgb_ramp(p, 0.2 + 0.7 * (floor(level) + p->n[1]) / (2 * p->n[1]))
                                      : rgb_mix(p->colours[0], p->colours[1], 0.5 + 0.5 * h);
    return rgb_mix(ground, p->n[2] > 0.5 ? p->colours[0] : p->colours[3],
        line(far, main_line ? 0.0018 : 0.0008, 0.0008) * (main_line ? 0.9 : 0.6));
}

// Lines of a map. Numbers: size, lines, filled.
void paint_contours(struct paint *p)
{
    paint_shade(p, contours);
}

static struct rgb cubes(const struct paint *p, double x, double y)
{
    double cx, cy, u = x * p->n[0], v = y * p->n[0];
    hexagon_of(u, v, &cx, &cy);
    double dx = u - cx, dy = v - cy, tone = chance_at(p->seed, (int)lround(cx * 2), (int)lround(cy * 2)),
           wave = 0.5 + 0.5 * sin(2 * M_PI * (p->t + tone));
    struct rgb colour = rgb_ramp(p, p->n[1] > 0.5 ? 0.2 + 0.6 * tone + 0.2 * wave : 0.58);
    return rgb_scale(colour, dy < -fabs(dx) / sqrt(3) ? 1.28 : dx < 0 ? 0.88 : 0.58);
}

// Cubes in a stack. Numbers: cubes over the height, many colours.
void paint_cubes(struct paint *p)
{
    paint_shade(p, cubes);
}

static double strand(const struct paint *p, double v, struct rgb *colour)
{
    double in = fraction(v), sum = 0;
    *colour = p->colours[2];
    if (in < 0.34) {
        sum = 0.75;
        *colour = p->colours[1];
    } else if (fabs(in - 0.45) < 0.025 || fabs(in - 0.89) < 0.025) {
        sum = 0.9;
        *colour = p->colours[4];
    } else if (fabs(in - 0.67) < 0.07) {
        sum = 0.8;
        *colour = p->colours[3];
    }
    return sum;
}

static struct rgb plaid(const struct paint *p, double x, double y)
{
    double f = p->n[0];
    struct rgb across, down, colour = p->colours[2];
    double a = strand(p, x * f, &across), b = strand(p, y * f, &down);
    bool twill = fraction((x + y) * 190) < 0.5;
    colour = rgb_mix(colour, across, a * (twill ? 0.9 : 0.45));
    colour = rgb_mix(colour, down, b * (twill ? 0.4 : 0.85));
    return rgb_scale(colour, 0.93 + 0.07 * sin((x + y) * 190 * 2 * M_PI) + 0.03 * noise2(p->seed, x * 200, y * 200));
}

// Number: squares over the height.
void paint_plaid(struct paint *p)
{
    paint_shade(p, plaid);
}

static struct rgb deco(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = x * f, v = y * f * 2;
    int row = (int)floor(v);
    for (int k = 1; k >= -1; k--) {
        int r = row + k;
        double shift = (r & 1) ? 0.5 : 0, cx = floor(u - shift) + 0.5 + shift, dx = u - cx, dy = (r + 1 - v) / 2,
               far = hypot(dx, dy);
        if (dy < -0.001 || far > 0.5)
            continue;
        double turn = atan2(dy, dx) / M_PI * 12, ray = fabs(turn - round(turn)) * far * M_PI / 12;
        double gold = fmax(line(0.5 - far, 0.012, 0.006),
            fmax(line(fabs(far - 0.42), 0.006, 0.005), far > 0.14 && far < 0.42 ? line(ray, 0.004, 0.004) : 0));
        gold = fmax(gold, line(fabs(far - 0.14), 0.007, 0.005));
        struct rgb ground = rgb_mix(p->colours[0], p->colours[1], 0.3 + 0.7 * (0.5 - far));
        return rgb_mix(far < 0.14 ? p->colours[2] : ground, p->colours[3], gold);
    }
    return p->colours[0];
}

// Fans of the twenties. Number: fans over the height.
void paint_deco(struct paint *p)
{
    paint_shade(p, deco);
}

static struct rgb plain(const struct paint *p, double x, double y)
{
    (void)x;
    (void)y;
    return p->colours[(int)p->n[2]];
}

static void memphis_shape(cairo_t *cairo, int kind, double size)
{
    cairo_set_line_width(cairo, size * 0.16);
    switch (kind) {
    case 0:
        cairo_arc(cairo, 0, 0, size * 0.5, 0, 2 * M_PI), cairo_fill(cairo);
        break;
    case 1:
        cairo_arc(cairo, 0, 0, size * 0.42, 0, 2 * M_PI), cairo_stroke(cairo);
        break;
    case 2:
        for (int i = 0; i < 7; i++)
            cairo_line_to(cairo, (i - 3) * size * 0.26, i % 2 ? size * 0.16 : -size * 0.16);
        cairo_stroke(cairo);
        break;
    case 3:
        cairo_move_to(cairo, 0, -size * 0.5);
        cairo_line_to(cairo, size * 0.5, size * 0.4);
        cairo_line_to(cairo, -size * 0.5, size * 0.4);
        cairo_close_path(cairo);
        cairo_stroke(cairo);
        break;
    case 4:
        cairo_arc(cairo, 0, 0, size * 0.5, 0, M_PI), cairo_close_path(cairo), cairo_fill(cairo);
        break;
    case 5:
        for (int i = 0; i < 9; i++) {
            cairo_arc(cairo, (i % 3 - 1) * size * 0.34, (i / 3 - 1) * size * 0.34, size * 0.075, 0, 2 * M_PI);
            cairo_fill(cairo);
        }
        break;
    default:
        cairo_move_to(cairo, -size * 0.35, 0), cairo_line_to(cairo, size * 0.35, 0);
        cairo_move_to(cairo, 0, -size * 0.35), cairo_line_to(cairo, 0, size * 0.35);
        cairo_stroke(cairo);
    }
}

// Shapes of the eighties. Numbers: size, turned by the loop, ground (which colour).
void paint_memphis(struct paint *p)
{
    paint_shade(p, plain);
    cairo_t *cairo = paint_begin(p);
    double size = p->n[0], step = size * 1.5;
    for (int j = -1; j * step < 1080 + step; j++)
        for (int i = -1; i * step < 1920 + step; i++) {
            double turn = chance_unit(&p->chance) * 6.28, dx = chance_between(&p->chance, -0.22, 0.22),
                   dy = chance_between(&p->chance, -0.22, 0.22);
            int colour = chance_below(&p->chance, PAINT_COLOURS), kind = chance_below(&p->chance, 7),
                spin = chance_below(&p->chance, 2) ? 1 : -1;
            if (colour == (int)p->n[2])
                colour = (colour + 1) % PAINT_COLOURS;
            cairo_save(cairo);
            cairo_translate(cairo, (i + (j % 2 ? 0.5 : 0) + dx) * step, (j + dy) * step);
            cairo_rotate(cairo, turn + p->n[1] * spin * 2 * M_PI * p->t);
            paint_source(cairo, p->colours[colour], 1);
            memphis_shape(cairo, kind, size * chance_between(&p->chance, 0.5, 0.85));
            cairo_restore(cairo);
        }
    paint_end(p, cairo, 1);
}

// Tracks of a circuit board. Numbers: tracks, distance between them.
void paint_circuit(struct paint *p)
{
    p->n[2] = 0;
    paint_shade(p, plain);
    double step = p->n[1];
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double x = step * chance_below(&p->chance, (int)(1920 / step) + 2),
               y = step * chance_below(&p->chance, (int)(1080 / step) + 2);
        int way = chance_below(&p->chance, 4), parts = 3 + chance_below(&p->chance, 5);
        bool bright = chance_below(&p->chance, 6) == 0;
        struct rgb c = bright ? p->colours[3] : p->colours[1 + (i & 1)];
        paint_source(cairo, c, bright ? 0.95 : 0.85);
        cairo_set_line_width(cairo, bright ? 4 : 3);
        double from_x = x, from_y = y;
        cairo_move_to(cairo, x, y);
        for (int k = 0; k < parts; k++) {
            static const int dx[] = { 1, 1, 0, -1, -1, -1, 0, 1 }, dy[] = { 0, 1, 1, 1, 0, -1, -1, -1 };
            int to = (way * 2 + (k % 2 ? (chance_below(&p->chance, 2) ? 1 : 7) : 0)) % 8,
                length = 1 + chance_below(&p->chance, k % 2 ? 2 : 5);
            cairo_line_to(cairo, x += dx[to] * length * step, y += dy[to] * length * step);
        }
        cairo_stroke(cairo);
        for (int end = 0; end < 2; end++) {
            cairo_arc(cairo, end ? x : from_x, end ? y : from_y, step * 0.24, 0, 2 * M_PI);
            paint_source(cairo, p->colours[0], 1);
            cairo_fill_preserve(cairo);
            paint_source(cairo, c, 1);
            cairo_stroke(cairo);
        }
    }
    paint_end(p, cairo, 1);
    paint_vignette(p, 0.4);
}

static void leaf(cairo_t *cairo, double length, double width, struct rgb colour, struct rgb rib)
{
    cairo_move_to(cairo, 0, 0);
    cairo_curve_to(cairo, width, -length * 0.25, width * 0.8, -length * 0.75, 0, -length);
    cairo_curve_to(cairo, -width * 0.8, -length * 0.75, -width, -length * 0.25, 0, 0);
    paint_source(cairo, colour, 1);
    cairo_fill(cairo);
    paint_source(cairo, rib, 0.8);
    cairo_set_line_width(cairo, 2.4);
    cairo_move_to(cairo, 0, length * 0.1);
    cairo_line_to(cairo, 0, -length * 0.92);
    for (int i = 1; i < 6; i++)
        for (int side = -1; side <= 1; side += 2) {
            cairo_move_to(cairo, 0, -length * i * 0.14);
            cairo_line_to(cairo, side * width * 0.55 * (1 - fabs(i - 2.5) * 0.16), -length * (i * 0.14 + 0.13));
        }
    cairo_stroke(cairo);
}

// Leaves strewn about. Numbers: size, slim, ground (which colour).
void paint_leaves(struct paint *p)
{
    paint_shade(p, plain);
    cairo_t *cairo = paint_begin(p);
    double size = p->n[0], step = size * 0.62;
    for (int j = -1; j * step < 1080 + 2 * step; j++)
        for (int i = -1; i * step < 1920 + 2 * step; i++) {
            cairo_save(cairo);
            cairo_translate(cairo, (i + (j % 2 ? 0.5 : 0) + chance_between(&p->chance, -0.25, 0.25)) * step,
                (j + chance_between(&p->chance, -0.25, 0.25)) * step);
            cairo_rotate(cairo, chance_unit(&p->chance) * 6.28 + 0.06 * sin(2 * M_PI * p->t + i + j));
            int colour = chance_below(&p->chance, PAINT_COLOURS);
            if (colour == (int)p->n[2])
                colour = (colour + 2) % PAINT_COLOURS;
            leaf(cairo, size * chance_between(&p->chance, 0.7, 1.05), size * p->n[1], p->colours[colour],
                rgb_scale(p->colours[colour], colour < 2 ? 1.18 : 0.85));
            cairo_restore(cairo);
        }
    paint_end(p, cairo, 1);
}

static struct rgb quatrefoil(const struct paint *p, double x, double y)
{
    double f = p->n[0], u = fabs(fraction(x * f) - 0.5), v = fabs(fraction(y * f) - 0.5);
    double foil = fmin(hypot(u - 0.25, v), hypot(u, v - 0.25)) - 0.235, star = fmax(u + v, fmax(u, v) * 1.3) - 0.12,
           corner = hypot(0.5 - u, 0.5 - v) - 0.1;
    struct rgb colour = rgb_mix(p->colours[3], p->colours[1], line(foil, 0, 0.008));
    colour = rgb_mix(colour, p->colours[4], line(fabs(foil), 0.014, 0.008));
    colour = rgb_mix(colour, p->colours[2], line(star, 0, 0.008));
    colour = rgb_mix(colour, p->colours[4], line(fabs(star), 0.01, 0.006));
    return rgb_mix(colour, p->colours[0], line(corner, 0, 0.008));
}

// Tiles of the south. Number: tiles over the height.
void paint_quatrefoil(struct paint *p)
{
    paint_shade(p, quatrefoil);
}
