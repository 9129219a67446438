// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "painters.h"

static struct rgb upright(const struct paint *p, double x, double y)
{
    (void)x;
    return rgb_mix(p->colours[1], p->colours[0], y);
}

static struct rgb pale(const struct paint *p, double x, double y)
{
    return rgb_mix(p->colours[4], p->colours[3], 0.45 * y + 0.1 * x);
}

static double turn_of(const struct paint *p)
{
    return 2 * M_PI * p->t;
}

// A wavy edge: whole waves in the loop, so that it comes back.
static double edge(const struct paint *p, int layer, double x, double amplitude)
{
    double a = turn_of(p), phase = layer * 1.9 + (p->seed % 97);
    return amplitude
           * (sin(x * (2.2 + 0.4 * layer) + phase + a) + 0.5 * sin(x * 4.7 - phase * 1.3 - a)
               + 0.25 * sin(x * 9.1 + phase + 2 * a));
}

// Sheets of paper, one above the other. Numbers: sheets, height of the waves, steepness, from the side.
void paint_papercut(struct paint *p)
{
    int count = (int)p->n[0];
    paint_shade(p, pale);
    for (int i = 0; i < count; i++) {
        struct rgb colour = rgb_ramp(p, 0.86 - 0.86 * (i + 0.5) / count);
        cairo_t *cairo = paint_begin(p);
        if (p->n[3] > 0.5) {
            cairo_translate(cairo, 1920, 0);
            cairo_rotate(cairo, M_PI / 2);
            cairo_scale(cairo, 1080.0 / 1920, 1920.0 / 1080);
        }
        for (int shadow = 14; shadow >= 0; shadow -= 2) {
            double base = 1080 * (0.16 + 0.8 * (i + 0.3) / count);
            cairo_move_to(cairo, -40, 1200);
            for (int x = -40; x <= 1960; x += 8)
                cairo_line_to(cairo, x,
                    base + edge(p, i, x / 1080.0, 1080 * p->n[1]) + p->n[2] * (x - 960) * (i % 2 ? 0.1 : -0.1)
                        - shadow * 1.4);
            cairo_line_to(cairo, 1960, 1200);
            cairo_close_path(cairo);
            if (shadow)
                cairo_set_source_rgba(cairo, 0, 0, 0, 0.035);
            else
                paint_source(cairo, colour, 1);
            cairo_fill(cairo);
        }
        paint_end(p, cairo, 1);
    }
}

struct corner {
    double x, y;
};

static struct corner corner_of(const struct paint *p, int i, int j, double size)
{
    double a = turn_of(p) + 6.28 * chance_at(p->seed, i * 3, j * 5), away = 0.42 * size;
    double dx = chance_at(p->seed, i, j) - 0.5, dy = chance_at(p->seed + 1, i, j) - 0.5;
    return (struct corner) { (i - 1 + (j % 2 ? 0.5 : 0)) * size + away * (1.6 * dx + 0.28 * sin(a)),
        (j - 1) * size * 0.86 + away * (1.6 * dy + 0.28 * cos(a)) };
}

static void facet(struct paint *p, cairo_t *cairo, struct corner a, struct corner b, struct corner c)
{
    double x = (a.x + b.x + c.x) / 5760, y = (a.y + b.y + c.y) / 3240;
    double light = ((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 40000 + (a.y - b.y) * 0.0011
                   + (c.x - a.x) * 0.0007;
    double s = p->n[1] > 0.5 ? 0.5 + 0.75 * noise2(p->seed + 4, x * 2.2, y * 1.8) : 0.15 * x + 0.85 * y;
    struct rgb colour = rgb_scale(rgb_ramp(p, 0.08 + 0.84 * s), clamp01(0.86 + 0.14 * sin(light * 9)) + 0.06);
    cairo_move_to(cairo, a.x, a.y);
    cairo_line_to(cairo, b.x, b.y);
    cairo_line_to(cairo, c.x, c.y);
    cairo_close_path(cairo);
    paint_source(cairo, colour, 1);
    cairo_fill_preserve(cairo);
    cairo_set_line_width(cairo, 1.2);
    cairo_stroke(cairo);
}

// Facets. Numbers: their size, scattered or downwards.
void paint_lowpoly(struct paint *p)
{
    double size = p->n[0];
    cairo_t *cairo = paint_begin(p);
    for (int j = 0; (j - 2) * size * 0.86 < 1080; j++)
        for (int i = -1; (i - 3) * size < 1920; i++) { // odd rows begin half a facet further in
            int odd = j % 2;
            struct corner a = corner_of(p, i, j, size), b = corner_of(p, i + 1, j, size),
                          c = corner_of(p, i + odd, j + 1, size), d = corner_of(p, i + odd + 1, j + 1, size);
            facet(p, cairo, a, b, c);
            facet(p, cairo, b, d, c);
        }
    paint_end(p, cairo, 1);
}

// Threads that swing together. Numbers: threads, height, width of the line, bundles.
void paint_waves(struct paint *p)
{
    int count = (int)p->n[0];
    paint_shade(p, upright);
    cairo_t *cairo = paint_begin(p);
    cairo_set_operator(cairo, CAIRO_OPERATOR_ADD);
    for (int bundle = 0; bundle < (int)p->n[3]; bundle++)
        for (int i = 0; i < count; i++) {
            double s = (double)i / count, a = turn_of(p), middle = 540 + (bundle - (p->n[3] - 1) / 2) * 240;
            for (int x = -20; x <= 1940; x += 12) {
                double u = x / 1920.0, lift = sin(M_PI * clamp01(u)) * p->n[1];
                double y = middle
                           + lift * (sin(u * 5 + a + s * 2.6 + bundle * 2) * 0.7 + sin(u * 9.5 - a + s * 4.2) * 0.3)
                           + (s - 0.5) * 90 * cos(u * 3 + bundle);
                cairo_line_to(cairo, x, y);
            }
            paint_source(cairo, rgb_mix(p->colours[2 + bundle % 2], p->colours[4], s), 0.12 + 0.4 * s * s);
            cairo_set_line_width(cairo, p->n[2] * (0.6 + s));
            cairo_stroke(cairo);
        }
    paint_end(p, cairo, 1);
    paint_vignette(p, 0.25);
}

// Points that know their neighbours. Numbers: points, reach of the lines, size of the points.
void paint_network(struct paint *p)
{
    enum { MOST = 260 };
    struct corner at[MOST];
    int count = (int)fmin(p->n[0], MOST);
    double a = turn_of(p);
    paint_shade(p, upright);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < count; i++) {
        double phase = chance_unit(&p->chance) * 6.28, away = chance_between(&p->chance, 20, 60);
        at[i] = (struct corner) { chance_between(&p->chance, -60, 1980) + away * sin(a + phase),
            chance_between(&p->chance, -60, 1140) + away * cos(a + phase * 2) };
    }
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) {
            double far = hypot(at[i].x - at[j].x, at[i].y - at[j].y);
            if (far > p->n[1])
                continue;
            paint_source(cairo, p->colours[3], 0.95 * (1 - far / p->n[1]));
            cairo_set_line_width(cairo, 2.6);
            cairo_move_to(cairo, at[i].x, at[i].y);
            cairo_line_to(cairo, at[j].x, at[j].y);
            cairo_stroke(cairo);
        }
    for (int i = 0; i < count; i++) {
        double r = p->n[2] * (0.5 + 0.9 * chance_at(p->seed, i, 1));
        paint_source(cairo, p->colours[4], 0.16);
        cairo_arc(cairo, at[i].x, at[i].y, r * 3, 0, 2 * M_PI);
        cairo_fill(cairo);
        paint_source(cairo, i % 5 ? p->colours[4] : p->colours[2], 0.95);
        cairo_arc(cairo, at[i].x, at[i].y, r, 0, 2 * M_PI);
        cairo_fill(cairo);
    }
    paint_end(p, cairo, 1);
    paint_vignette(p, 0.3);
}

static struct rgb retro_sky(const struct paint *p, double x, double y)
{
    struct rgb sky = rgb_mix(p->colours[0], p->colours[2], smooth(0.05, 0.62, y));
    double dx = x - 0.89, dy = y - 0.38, r = sqrt(dx * dx + dy * dy), disc = smooth(0.232, 0.228, r);
    double slit = y > 0.36 ? sin((y - 0.36) * 105) - 1.25 + 5.2 * (y - 0.36) : -1;
    sky = rgb_mix(sky, p->colours[3], 0.55 * exp(-r * 4.5));
    sky = rgb_mix(sky, rgb_mix((struct rgb) { 1, 0.87, 0.36 }, p->colours[3], smooth(0.16, 0.58, y)),
        disc * smooth(0.1, -0.1, slit));
    if (y < 0.62)
        return chance_at(p->seed, (int)(x * 400), (int)(y * 400)) > 0.998 && r > 0.24 ? rgb_scale(sky, 1.6) : sky;
    double depth = 0.12 / (y - 0.6), across = (x - 0.89) * depth * 5, along = depth * 4 + p->t,
           soft = 0.02 + 0.03 * depth;
    double line = fmax(
        smooth(soft + 0.03, 0.02, fabs(across - round(across))), smooth(soft + 0.05, 0.02, fabs(along - round(along))));
    struct rgb ground = rgb_mix(p->colours[0], p->colours[1], 0.6 * smooth(1, 0.62, y));
    return rgb_mix(rgb_mix(ground, p->colours[4], line * (0.25 + 0.7 * (y - 0.6) / 0.4)), p->colours[3],
        0.75 * exp(-(y - 0.62) * 26));
}

// A grid that runs to a setting sun.
void paint_synthgrid(struct paint *p)
{
    paint_shade(p, retro_sky);
}

// Falling scraps. Numbers: how many, size, dark ground.
void paint_confetti(struct paint *p)
{
    paint_shade(p, p->n[2] > 0.5 ? upright : pale);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double size = p->n[1] * chance_between(&p->chance, 0.5, 1.4), x = chance_between(&p->chance, -40, 1960),
               y = chance_between(&p->chance, 0, 1240);
        int falls = 1 + chance_below(&p->chance, 2), spins = 1 + chance_below(&p->chance, 3);
        double phase = chance_unit(&p->chance) * 6.28;
        y = fmod(y + falls * 1240 * p->t, 1240) - 80;
        cairo_save(cairo);
        cairo_translate(cairo, x + 26 * sin(turn_of(p) * falls + phase), y);
        cairo_rotate(cairo, phase + spins * turn_of(p));
        cairo_scale(cairo, 1, 0.25 + 0.75 * fabs(cos(phase * 3 + spins * turn_of(p) / 2 * 2)));
        int c = chance_below(&p->chance, 4);
        paint_source(cairo, p->colours[p->n[2] > 0.5 ? 1 + c : c], 0.95);
        if (chance_below(&p->chance, 3) == 0)
            cairo_arc(cairo, 0, 0, size * 0.42, 0, 2 * M_PI);
        else
            cairo_rectangle(cairo, -size / 2, -size / 4, size, size / 2);
        cairo_fill(cairo);
        cairo_restore(cairo);
    }
    paint_end(p, cairo, 1);
}

static struct rgb deep(const struct paint *p, double x, double y)
{
    double s = 0.5 + 0.6 * noise_sum(p->seed, x * 1.6, y * 1.6, 4);
    return rgb_mix(p->colours[0], p->colours[1], smooth(0.35, 0.9, s) * 0.9);
}

// Stars that come towards us. Numbers: how many, size.
void paint_stars(struct paint *p)
{
    paint_shade(p, deep);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double turn = chance_unit(&p->chance) * 6.2832, far = chance_between(&p->chance, 0.12, 1),
               z = fmod(chance_unit(&p->chance) + 1 - p->t, 1);
        double scale = 1 / (0.08 + z), r = far * 190 * scale, bright = smooth(1, 0.55, z) * smooth(0, 0.06, z);
        double x = 960 + r * cos(turn), y = 540 + r * sin(turn), size = p->n[1] * (0.3 + 0.22 * scale),
               tail = 1 - 0.045 * fmin(scale, 6) / 6 * 1.2;
        paint_source(cairo, rgb_mix(p->colours[4], p->colours[3], chance_unit(&p->chance)), bright);
        cairo_set_line_width(cairo, size);
        cairo_move_to(cairo, 960 + (x - 960) * tail, 540 + (y - 540) * tail);
        cairo_line_to(cairo, x, y);
        cairo_stroke(cairo);
    }
    paint_end(p, cairo, 1);
}

// Flakes, or sparks when they rise. Numbers: how many, size, falls (1) or rises (-1).
void paint_snow(struct paint *p)
{
    paint_shade(p, upright);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double near = pow(chance_unit(&p->chance), 2), r = p->n[1] * (0.4 + 2.2 * near),
               x = chance_between(&p->chance, -60, 1980), phase = chance_unit(&p->chance) * 6.28;
        int falls = 1 + (near > 0.35) + (near > 0.75);
        double y = fmod(chance_unit(&p->chance) * 1200 + p->n[2] * falls * 1200 * p->t + 2400 * 2, 1200) - 60;
        x += (18 + 50 * near) * sin(turn_of(p) * (1 + falls % 2) + phase);
        double alpha = p->n[2] < 0 ? 0.9 * smooth(0, 500, y) * (0.6 + 0.4 * sin(turn_of(p) * 3 + phase))
                                   : 0.85 - 0.5 * near;
        cairo_pattern_t *soft = cairo_pattern_create_radial(x, y, 0, x, y, r);
        struct rgb c = p->n[2] < 0 ? p->colours[3 + (i & 1)] : p->colours[4];
        cairo_pattern_add_color_stop_rgba(soft, 0, c.r, c.g, c.b, alpha);
        cairo_pattern_add_color_stop_rgba(soft, 0.4 + 0.3 * (1 - near), c.r, c.g, c.b, alpha * 0.7);
        cairo_pattern_add_color_stop_rgba(soft, 1, c.r, c.g, c.b, 0);
        cairo_set_source(cairo, soft);
        cairo_pattern_destroy(soft);
        cairo_arc(cairo, x, y, r, 0, 2 * M_PI);
        cairo_fill(cairo);
    }
    paint_end(p, cairo, 1);
}

// Bars of an equalizer. Numbers: bars, mirrored.
void paint_bars(struct paint *p)
{
    int count = (int)p->n[0];
    double step = 1700.0 / count, a = turn_of(p);
    paint_shade(p, upright);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < count; i++) {
        double phase = chance_unit(&p->chance) * 6.28, envelope = sin(M_PI * (i + 0.5) / count);
        double level = (0.16 + 0.84 * envelope)
                       * (0.5 + 0.28 * sin(2 * a + phase) + 0.2 * sin(3 * a + 2.3 * phase) + 0.1 * sin(5 * a + phase));
        double height = fmax(24, 620 * level), x = 110 + i * step + step * 0.15;
        paint_source(cairo, rgb_ramp(p, 0.45 + 0.55 * i / count), 0.95);
        cairo_set_line_width(cairo, step * 0.55);
        cairo_move_to(cairo, x + step * 0.27, p->n[1] > 0.5 ? 540 - height / 2 : 900 - height);
        cairo_line_to(cairo, x + step * 0.27, p->n[1] > 0.5 ? 540 + height / 2 : 900);
        cairo_stroke(cairo);
    }
    paint_end(p, cairo, 1);
}

// Wide stripes that slide. Numbers: stripes, rounded ends, direction (1 or -1).
void paint_diagonal(struct paint *p)
{
    paint_shade(p, upright);
    cairo_t *cairo = paint_begin(p);
    cairo_translate(cairo, 960, 540);
    cairo_rotate(cairo, -0.62 * p->n[2]);
    int count = (int)p->n[0];
    for (int i = 0; i < count; i++) {
        double y = (i - count / 2.0 + 0.5) * 1700 / count, length = chance_between(&p->chance, 300, 1100),
               x = chance_between(&p->chance, -1500, 1500);
        int times = 1 + chance_below(&p->chance, 2);
        x = fmod(x + 1500 + times * 3000 * p->t, 3000) - 1500;
        cairo_set_line_cap(cairo, p->n[1] > 0.5 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
        cairo_set_line_width(cairo, 1700.0 / count * chance_between(&p->chance, 0.35, 0.85));
        struct rgb c = rgb_ramp(p, chance_between(&p->chance, 0.2, 1));
        for (int copy = -1; copy <= 1; copy++) {
            cairo_pattern_t *fading = cairo_pattern_create_linear(
                x + copy * 3000 - length, 0, x + copy * 3000 + length, 0);
            cairo_pattern_add_color_stop_rgba(fading, 0, c.r, c.g, c.b, 0);
            cairo_pattern_add_color_stop_rgba(fading, 1, c.r, c.g, c.b, 0.9);
            cairo_set_source(cairo, fading);
            cairo_pattern_destroy(fading);
            cairo_move_to(cairo, x + copy * 3000 - length, y);
            cairo_line_to(cairo, x + copy * 3000 + length, y);
            cairo_stroke(cairo);
        }
    }
    paint_end(p, cairo, 1);
}

// Balls of glass. Numbers: how many, size.
void paint_orbs(struct paint *p)
{
    paint_shade(p, pale);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double r = p->n[1] * chance_between(&p->chance, 0.35, 1.25), phase = chance_unit(&p->chance) * 6.28;
        double x = chance_between(&p->chance, 60, 1860) + 34 * sin(turn_of(p) + phase),
               y = chance_between(&p->chance, 40, 1040) + 44 * cos(turn_of(p) + phase);
        struct rgb c = rgb_ramp(p, chance_between(&p->chance, 0.25, 0.9)), shade = rgb_scale(c, 0.62);
        for (int soft = 8; soft > 0; soft--) {
            cairo_set_source_rgba(cairo, 0, 0, 0.05, 0.012);
            cairo_arc(cairo, x + r * 0.12, y + r * 0.22, r * (0.82 + 0.04 * soft), 0, 2 * M_PI);
            cairo_fill(cairo);
        }
        cairo_pattern_t *ball = cairo_pattern_create_radial(x - r * 0.35, y - r * 0.4, r * 0.05, x, y, r);
        cairo_pattern_add_color_stop_rgb(ball, 0, 0.6 + 0.4 * c.r, 0.6 + 0.4 * c.g, 0.6 + 0.4 * c.b);
        cairo_pattern_add_color_stop_rgb(ball, 0.45, c.r, c.g, c.b);
        cairo_pattern_add_color_stop_rgb(ball, 1, shade.r, shade.g, shade.b);
        cairo_set_source(cairo, ball);
        cairo_pattern_destroy(ball);
        cairo_arc(cairo, x, y, r, 0, 2 * M_PI);
        cairo_fill(cairo);
    }
    paint_end(p, cairo, 1);
}
