// SPDX-License-Identifier: GPL-3.0-or-later
// Materials, lit from the upper left.
#include <math.h>

#include "painters.h"

static double speck(const struct paint *p, double x, double y, double fine)
{
    return chance_at(p->seed + 3, (int)(x * fine), (int)(y * fine)) - 0.5;
}

static struct rgb paper(const struct paint *p, double x, double y)
{
    double bump = noise_sum(p->seed, x * 90, y * 90, 3) - noise_sum(p->seed, x * 90 + 0.4, y * 90 + 0.4, 3);
    double fibre = noise2(p->seed + 1, x * 26 + 3 * noise2(p->seed, x * 7, y * 7), y * 160),
           age = noise_sum(p->seed + 2, x * 1.5, y * 1.5, 4);
    double crease = p->n[1] * fabs(noise2(p->seed + 5, x * 2.4, y * 2.4 + x));
    return rgb_scale(rgb_mix(p->colours[4], p->colours[3], p->n[0] * (0.5 + age)),
        0.97 + 0.16 * bump + 0.02 * fibre - (crease < 0.02 * p->n[1] ? 0.05 : 0) + 0.02 * speck(p, x, y, 900));
}

// Numbers: age, creases.
void paint_paper(struct paint *p)
{
    paint_shade(p, paper);
    paint_vignette(p, 0.12);
}

static struct rgb marble(const struct paint *p, double x, double y)
{
    double f = p->n[0], wx = noise_sum(p->seed, x * f, y * f, 5), wy = noise_sum(p->seed + 7, x * f, y * f, 5);
    double vein = fabs(noise_sum(p->seed + 1, x * f * 0.8 + 1.7 * wx, y * f * 0.8 + 1.7 * wy, 4)),
           fine = fabs(noise_sum(p->seed + 2, x * f * 2.4 + wx, y * f * 2.4 + wy, 4));
    double cloud = 0.5 + noise_sum(p->seed + 3, x * 1.2 + wx, y * 1.2 + wy, 4);
    bool dark = p->n[1] > 0.5;
    struct rgb stone = dark ? rgb_mix(p->colours[0], p->colours[1], cloud)
                            : rgb_mix(p->colours[4], p->colours[3], 0.5 * cloud);
    struct rgb line = dark ? p->colours[4] : p->colours[1];
    stone = rgb_mix(stone, line, 0.6 * smooth(0.07, 0, vein) + 0.25 * smooth(0.05, 0, fine));
    return p->n[2] > 0.5 ? rgb_mix(stone, (struct rgb) { 0.86, 0.68, 0.32 }, smooth(0.018, 0.004, vein)) : stone;
}

// Numbers: size, dark, gold in the veins.
void paint_marble(struct paint *p)
{
    paint_shade(p, marble);
}

static struct rgb wood(const struct paint *p, double x, double y)
{
    double row = y * p->n[0], plank = floor(row), in = row - plank, shift = 3.7 * chance_at(p->seed, (int)plank, 2),
           u = x + shift;
    double board = floor(u / 1.3), off = board * 5 + plank * 11, joint = fabs(u / 1.3 - round(u / 1.3)) * 1.3;
    double bend = noise2(p->seed, u * 0.9 + off, in * 0.8 + off) * 0.9,
           ring = sin((in * 3.2 + bend * 2.4 + off) * 9 + 2.2 * noise2(p->seed + 1, u * 2 + off, in * 7));
    double fibre = noise_sum(p->seed + 2, u * 7 + off, y * 210, 3),
           tone = chance_at(p->seed + 4, (int)plank, (int)board);
    int dark = p->n[1] > 0.5;
    struct rgb colour = rgb_mix(
        p->colours[2 - dark], p->colours[3 - dark], 0.2 + 0.5 * tone + 0.16 * ring + 0.3 * fibre);
    double gap = fmin(fmin(in, 1 - in) / p->n[0], joint);
    return rgb_scale(rgb_mix(colour, p->colours[1 - dark], smooth(0.25, 0.75, 0.45 * fibre + 0.2 * ring)),
        0.45 + 0.55 * smooth(0.0003, 0.0032, gap));
}

// Numbers: planks, dark.
void paint_wood(struct paint *p)
{
    paint_shade(p, wood);
    paint_vignette(p, 0.18);
}

static struct rgb concrete(const struct paint *p, double x, double y)
{
    double stain = noise_sum(p->seed, x * 2, y * 2, 6), grit = noise_sum(p->seed + 1, x * 60, y * 60, 2);
    struct cell pore = noise_cell(p->seed + 2, x * 22, y * 22);
    double hole = pore.number > 0.72 ? smooth(0.16 * pore.number, 0.03, pore.first) : 0,
           streak = noise2(p->seed + 3, x * 30, y * 1.2);
    double panel = p->n[0] > 0 ? fmin(fabs(x / p->n[0] - round(x / p->n[0])) * p->n[0],
                       fabs(y / p->n[0] - round(y / p->n[0])) * p->n[0])
                               : 1;
    struct rgb colour = rgb_ramp(p, 0.55 + 0.34 * stain + 0.08 * grit + 0.04 * streak);
    return rgb_scale(colour, (1 - 0.35 * hole) * (0.72 + 0.28 * smooth(0.001, 0.004, panel)));
}

// Number: size of the panels (0: none).
void paint_concrete(struct paint *p)
{
    paint_shade(p, concrete);
    paint_vignette(p, 0.25);
}

static struct rgb metal(const struct paint *p, double x, double y)
{
    double dx = x - 0.89, dy = y - 0.5, r = hypot(dx, dy), turn = atan2(dy, dx);
    bool round_one = p->n[0] > 0.5;
    double brush = round_one ? noise2(p->seed, r * 300, turn * 3) + 0.6 * noise2(p->seed + 1, r * 700, turn * 5)
                             : noise2(p->seed, x * 3, y * 330) + 0.6 * noise2(p->seed + 1, x * 6, y * 800);
    double shine = round_one ? 0.5 + 0.5 * cos(turn * 4 + 0.9)
                             : 0.5 + 0.5 * sin(x * 3.1 + 0.35 * noise2(p->seed, x, y) + 0.7);
    return rgb_ramp(p, 0.34 + 0.42 * shine + 0.1 * brush - 0.1 * (y - 0.5));
}

// Number: brushed around the middle.
void paint_metal(struct paint *p)
{
    paint_shade(p, metal);
    paint_vignette(p, 0.3);
}

static struct rgb linen(const struct paint *p, double x, double y)
{
    double f = p->n[0], wx = x + 0.0016 * noise2(p->seed, x * 9, y * 40),
           wy = y + 0.0016 * noise2(p->seed + 1, x * 40, y * 9);
    double u = wx * f, v = wy * f, a = u - floor(u), b = v - floor(v);
    bool over = ((int)floor(u) + (int)floor(v)) % 2 == 0;
    double thick = 0.5 + 0.5 * (over ? chance_at(p->seed, (int)floor(u), 3) : chance_at(p->seed, 4, (int)floor(v)));
    double thread = over ? sin(M_PI * a) * (0.75 + 0.25 * sin(M_PI * b))
                         : sin(M_PI * b) * (0.75 + 0.25 * sin(M_PI * a));
    double slub = 0.5 + 0.5 * noise2(p->seed + 6, over ? u * 0.06 : u * 0.9, over ? v * 0.9 : v * 0.06);
    return rgb_scale(
        rgb_mix(p->colours[p->n[1] > 0.5 ? 1 : 3], p->colours[p->n[1] > 0.5 ? 2 : 4], 0.25 + 0.75 * slub * thick),
        0.62 + 0.38 * pow(thread, 0.6));
}

// Numbers: threads over the height, dark.
void paint_linen(struct paint *p)
{
    paint_shade(p, linen);
}

static struct rgb watercolour(const struct paint *p, double x, double y)
{
    double wx = noise_sum(p->seed, x * 2, y * 2, 5), wy = noise_sum(p->seed + 1, x * 2, y * 2, 5);
    struct rgb colour = rgb_mix((struct rgb) { 1, 0.99, 0.97 }, p->colours[4], 0.4);
    for (int i = 0; i < 4; i++) {
        double s = noise_sum(p->seed + 10 + (uint32_t)i * 7, x * p->n[0] + 1.1 * wx + i, y * p->n[0] + 1.1 * wy, 4)
                   + 0.1;
        double inside = smooth(-0.02, 0.06, s), rim = inside * smooth(0.16, 0.03, s);
        colour = rgb_mix(colour, p->colours[1 + i % 3], inside * (0.26 + 0.25 * s + 0.3 * rim));
    }
    double tooth = noise_sum(p->seed + 3, x * 110, y * 110, 2);
    return rgb_scale(colour, 0.97 + 0.05 * tooth);
}

// Number: size of the spots.
void paint_watercolour(struct paint *p)
{
    paint_shade(p, watercolour);
}

static struct rgb ground(const struct paint *p, double x, double y)
{
    return rgb_scale(p->colours[4], 0.97 + 0.02 * speck(p, x, y, 700));
}

// Chips of stone. Numbers: how many, size.
void paint_terrazzo(struct paint *p)
{
    paint_shade(p, ground);
    cairo_t *cairo = paint_begin(p);
    for (int i = 0; i < (int)p->n[0]; i++) {
        double x = chance_between(&p->chance, -40, 1960), y = chance_between(&p->chance, -40, 1120),
               r = p->n[1] * (0.2 + pow(chance_unit(&p->chance), 2)), turn = chance_unit(&p->chance) * 6.28;
        int corners = 4 + chance_below(&p->chance, 4);
        for (int k = 0; k < corners; k++) {
            double a = turn + 6.2832 * (k + 0.55 * chance_unit(&p->chance)) / corners,
                   far = r * chance_between(&p->chance, 0.6, 1.15);
            cairo_line_to(cairo, x + far * cos(a) * 1.25, y + far * sin(a));
        }
        cairo_close_path(cairo);
        struct rgb c = rgb_scale(p->colours[chance_below(&p->chance, 4)], chance_between(&p->chance, 0.9, 1.12));
        paint_source(cairo, c, 1);
        cairo_fill_preserve(cairo);
        cairo_set_line_width(cairo, 3);
        cairo_stroke(cairo);
    }
    paint_end(p, cairo, 0.96);
}

static struct rgb leather(const struct paint *p, double x, double y)
{
    double wx = x + 0.01 * noise2(p->seed, x * 14, y * 14), wy = y + 0.01 * noise2(p->seed + 1, x * 14, y * 14),
           f = p->n[0];
    struct cell grain = noise_cell(p->seed + 2, wx * f, wy * f),
                next = noise_cell(p->seed + 2, (wx + 0.0016) * f, (wy + 0.0016) * f);
    double height = grain.second - grain.first, light = (next.second - next.first - height) * 1.5,
           wide = noise_sum(p->seed + 3, x * 1.4, y * 1.4, 3);
    struct rgb colour = rgb_mix(p->colours[1], p->colours[2], 0.55 + 0.5 * wide + 0.25 * grain.number);
    return rgb_scale(colour, (0.55 + 0.45 * smooth(0, 0.22, height)) * (1 - light));
}

// Number: grains over the height.
void paint_leather(struct paint *p)
{
    paint_shade(p, leather);
    paint_vignette(p, 0.3);
}

static struct rgb crackle(const struct paint *p, double x, double y)
{
    double wx = x + 0.05 * noise_sum(p->seed, x * 5, y * 5, 3), wy = y + 0.05 * noise_sum(p->seed + 1, x * 5, y * 5, 3);
    struct cell big = noise_cell(p->seed + 2, wx * p->n[0], wy * p->n[0]),
                small = noise_cell(p->seed + 3, wx * p->n[0] * 2.7, wy * p->n[0] * 2.7);
    double edge = big.second - big.first, fine = small.second - small.first,
           cloud = 0.5 + 0.6 * noise_sum(p->seed + 4, x * 2, y * 2, 5);
    if (p->n[1] > 0.5) { // ice: light cracks in a deep sheet
        struct rgb ice = rgb_mix(rgb_ramp(p, 0.3 + 0.4 * cloud), p->colours[3], 0.3 * big.number);
        return rgb_mix(ice, p->colours[4], 0.8 * smooth(0.05, 0, edge) + 0.35 * smooth(0.04, 0, fine) * cloud);
    }
    struct rgb earth = rgb_mix(p->colours[3], p->colours[2], 0.6 * cloud + 0.25 * big.number);
    return rgb_scale(earth, (0.3 + 0.7 * smooth(0.01, 0.07, edge)) * (0.86 + 0.14 * smooth(0, 0.05, fine)));
}

// Numbers: pieces over the height, ice rather than dry earth.
void paint_crackle(struct paint *p)
{
    paint_shade(p, crackle);
}

static struct rgb granite(const struct paint *p, double x, double y)
{
    struct cell a = noise_cell(p->seed, x * p->n[0], y * p->n[0]),
                b = noise_cell(p->seed + 1, x * p->n[0] * 2.3, y * p->n[0] * 2.3);
    double cloud = noise_sum(p->seed + 2, x * 4, y * 4, 4),
           s = 0.2 + 0.55 * a.number + 0.3 * (b.number - 0.5) + 0.25 * cloud;
    struct rgb colour = rgb_ramp(p, s);
    return b.number > 0.93 ? rgb_mix(colour, p->colours[0], 0.8 * smooth(0.5, 0.2, b.first))
                           : rgb_scale(colour, 0.94 + 0.06 * speck(p, x, y, 1000));
}

// Number: grains over the height.
void paint_granite(struct paint *p)
{
    paint_shade(p, granite);
}

static struct rgb knit(const struct paint *p, double x, double y)
{
    double f = p->n[0], column = x * f * 1.25, c = floor(column), in = column - c - 0.5, slant = fabs(in) * 0.95,
           row = y * f - slant, r = floor(row), v = row - r;
    double loop = sqrt(fmax(0, 1 - pow(2 * v - 1, 2))) * (0.72 + 0.28 * sin(M_PI * fabs(in) * 2)),
           ply = sin((v * 3 + in * 5) * 6.28) * 0.07;
    int band = (int)p->n[1] ? ((int)r / 3 + (((int)c / 2 + (int)r) % 2 && (int)r % 9 < 2 ? 1 : 0)) % 3 : 0;
    struct rgb yarn = p->colours[band == 0 ? 3 : band == 1 ? 2 : 4];
    double fuzz = noise2(p->seed, x * 150, y * 150);
    return rgb_scale(yarn, fmin(1.08, 0.36 + 0.62 * loop * smooth(0, 0.09, 0.5 - fabs(in))
                                          + 0.12 * smooth(0.06, 0.2, fabs(in)) + ply + 0.07 * fuzz));
}

// Numbers: rows over the height, striped.
void paint_knit(struct paint *p)
{
    paint_shade(p, knit);
}

static struct rgb brick(const struct paint *p, double x, double y)
{
    double f = p->n[0], row = y * f, r = floor(row), u = x * f / 2.6 + ((int)r % 2 ? 0.5 : 0), c = floor(u), a = u - c,
           b = row - r;
    double rough = 0.03 * noise_sum(p->seed, x * 40, y * 40, 3),
           gap = fmin(fmin(a, 1 - a) * 2.6, fmin(b, 1 - b)) + rough, tone = chance_at(p->seed, (int)c, (int)r);
    double grit = noise_sum(p->seed + 1, x * 60, y * 60, 3), pit = noise_sum(p->seed + 2, x * 14 + tone * 9, y * 14, 4);
    struct rgb clay = rgb_scale(
                   rgb_mix(p->colours[1], p->colours[2], 0.15 + 0.75 * tone + 0.35 * pit), 0.92 + 0.2 * grit),
               mortar = rgb_scale(p->colours[3], 0.8 + 0.2 * grit);
    double light = smooth(0.05, 0.13, gap);
    return rgb_scale(rgb_mix(mortar, clay, light), 0.78 + 0.22 * smooth(0.02, 0.2, gap) + (b < 0.2 ? 0.06 * light : 0));
}

// Number: rows.
void paint_brick(struct paint *p)
{
    paint_shade(p, brick);
    paint_vignette(p, 0.25);
}
