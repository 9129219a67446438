// SPDX-License-Identifier: GPL-3.0-or-later
// Scenes of one thing each, flat, on a disc. All are drawn around the middle, 600 units high.
#include <math.h>
#include <stdlib.h>

#include "painters.h"

struct ink {
    struct rgb dark, mid, warm, light, white;
};

static void box(cairo_t *c, struct rgb colour, double x, double y, double w, double h, double r)
{
    cairo_new_sub_path(c);
    cairo_arc(c, x + w - r, y + r, r, -M_PI / 2, 0);
    cairo_arc(c, x + w - r, y + h - r, r, 0, M_PI / 2);
    cairo_arc(c, x + r, y + h - r, r, M_PI / 2, M_PI);
    cairo_arc(c, x + r, y + r, r, M_PI, 1.5 * M_PI);
    cairo_close_path(c);
    paint_source(c, colour, 1);
    cairo_fill(c);
}

static void disc(cairo_t *c, struct rgb colour, double x, double y, double r)
{
    cairo_new_path(c);
    cairo_arc(c, x, y, r, 0, 2 * M_PI);
    paint_source(c, colour, 1);
    cairo_fill(c);
}

static void ring(cairo_t *c, struct rgb colour, double x, double y, double r, double width, double from, double to)
{
    cairo_new_path(c);
    cairo_arc(c, x, y, r, from, to);
    paint_source(c, colour, 1);
    cairo_set_line_width(c, width);
    cairo_stroke(c);
}

static void path(cairo_t *c, struct rgb colour, int count, const double *points)
{
    cairo_new_path(c);
    for (int i = 0; i < count; i++)
        cairo_line_to(c, points[2 * i], points[2 * i + 1]);
    cairo_close_path(c);
    paint_source(c, colour, 1);
    cairo_fill_preserve(c);
    cairo_set_line_width(c, 8);
    cairo_stroke(c);
}
#define PATH(c, colour, ...)                                                                                           \
    path(c, colour, sizeof((double[]) { __VA_ARGS__ }) / sizeof(double) / 2, (double[]) { __VA_ARGS__ })

static void stroke(cairo_t *c, struct rgb colour, double width, double x1, double y1, double x2, double y2)
{
    cairo_new_path(c);
    cairo_move_to(c, x1, y1);
    cairo_line_to(c, x2, y2);
    paint_source(c, colour, 1);
    cairo_set_line_width(c, width);
    cairo_stroke(c);
}

static void laptop(cairo_t *c, const struct ink *k)
{
    box(c, k->dark, -270, -210, 540, 350, 26);
    box(c, k->white, -246, -186, 492, 302, 10);
    box(c, k->warm, -216, -156, 150, 96, 10);
    box(c, k->mid, -216, -40, 150, 126, 10);
    for (int i = 0; i < 4; i++)
        box(c, k->light, -40, -156 + 40 * i, 246 - 50 * (i % 3), 18, 9);
    double bars[] = { 40, 70, 54, 96 };
    for (int i = 0; i < 4; i++)
        box(c, i == 3 ? k->warm : k->mid, -30 + 62 * i, 96 - bars[i], 42, bars[i], 6);
    box(c, k->light, -350, 140, 700, 34, 17);
    box(c, k->mid, -70, 140, 140, 14, 7);
}

static void rocket(cairo_t *c, const struct ink *k)
{
    cairo_save(c);
    cairo_rotate(c, 0.6);
    PATH(c, k->warm, -46, 190, 0, 330, 46, 190);
    PATH(c, k->light, -24, 190, 0, 262, 24, 190);
    PATH(c, k->mid, -90, 60, -170, 200, -70, 180);
    PATH(c, k->mid, 90, 60, 170, 200, 70, 180);
    cairo_move_to(c, 0, -310);
    cairo_curve_to(c, 130, -180, 120, 60, 76, 190);
    cairo_line_to(c, -76, 190);
    cairo_curve_to(c, -120, 60, -130, -180, 0, -310);
    paint_source(c, k->white, 1);
    cairo_fill(c);
    cairo_move_to(c, 0, -310);
    cairo_curve_to(c, 64, -246, 94, -190, 101, -130);
    cairo_line_to(c, -101, -130);
    cairo_curve_to(c, -94, -190, -64, -246, 0, -310);
    paint_source(c, k->warm, 1);
    cairo_fill(c);
    disc(c, k->dark, 0, -40, 58);
    disc(c, k->light, 0, -40, 40);
    cairo_restore(c);
}

static void coffee(cairo_t *c, const struct ink *k)
{
    ring(c, k->white, 180, 20, 78, 36, 0, 6.2832);
    cairo_move_to(c, -200, -90);
    cairo_curve_to(c, -200, 180, -120, 230, 0, 230);
    cairo_curve_to(c, 120, 230, 200, 180, 200, -90);
    cairo_close_path(c);
    paint_source(c, k->white, 1);
    cairo_fill(c);
    box(c, k->dark, -176, -90, 352, 36, 4);
    box(c, k->mid, -290, 236, 580, 36, 18);
    for (int i = -1; i <= 1; i++) {
        cairo_move_to(c, i * 90, -140);
        cairo_curve_to(c, i * 90 - 50, -190, i * 90 + 50, -230, i * 90, -290);
        paint_source(c, k->light, 0.9);
        cairo_set_line_width(c, 20);
        cairo_stroke(c);
    }
    disc(c, k->warm, 0, 70, 62);
    disc(c, k->white, 0, 52, 40);
}

static void microphone(cairo_t *c, const struct ink *k)
{
    ring(c, k->light, 0, -60, 190, 30, 0.1, M_PI - 0.1);
    stroke(c, k->light, 30, 0, 130, 0, 250);
    box(c, k->light, -130, 236, 260, 40, 20);
    box(c, k->dark, -110, -300, 220, 390, 110);
    for (int i = 0; i < 4; i++)
        box(c, k->mid, -60, -210 + 52 * i, 120, 18, 9);
    box(c, k->warm, -110, -8, 220, 28, 2);
    for (int side = -1; side <= 1; side += 2)
        for (int i = 0; i < 3; i++)
            ring(c, k->warm, side * 230, -110, 50 + 46 * i, 16, side > 0 ? -0.7 : M_PI - 0.7,
                side > 0 ? 0.7 : M_PI + 0.7);
}

static void camera(cairo_t *c, const struct ink *k)
{
    PATH(c, k->dark, -110, -150, -70, -230, 70, -230, 110, -150);
    box(c, k->dark, -310, -160, 620, 390, 48);
    box(c, k->mid, -310, -70, 620, 70, 0);
    disc(c, k->white, 0, 40, 160);
    disc(c, k->dark, 0, 40, 130);
    disc(c, k->mid, 0, 40, 92);
    disc(c, k->light, -32, 8, 30);
    disc(c, k->warm, 230, -112, 26);
    box(c, k->light, -270, -124, 90, 30, 15);
}

static void chart(cairo_t *c, const struct ink *k)
{
    box(c, k->white, -320, -240, 640, 480, 30);
    for (int i = 0; i < 4; i++)
        stroke(c, k->light, 6, -270, -140 + 90 * i, 270, -140 + 90 * i);
    double bars[] = { 110, 170, 140, 230, 300 };
    for (int i = 0; i < 5; i++)
        box(c, i == 4 ? k->warm : k->mid, -250 + 108 * i, 190 - bars[i], 64, bars[i], 10);
    double tops[] = { 30, -40, -10, -110, -190 };
    for (int i = 0; i < 5; i++) {
        if (i)
            stroke(c, k->dark, 12, -218 + 108 * (i - 1), tops[i - 1], -218 + 108 * i, tops[i]);
    }
    for (int i = 0; i < 5; i++)
        disc(c, k->dark, -218 + 108 * i, tops[i], 18);
}

static void bulb(cairo_t *c, const struct ink *k)
{
    for (int i = 0; i < 9; i++) {
        double a = M_PI + M_PI * i / 8;
        stroke(c, k->warm, 20, 260 * cos(a), -50 + 260 * sin(a), 310 * cos(a), -50 + 310 * sin(a));
    }
    disc(c, k->white, 0, -60, 200);
    PATH(c, k->white, -120, 80, 120, 80, 80, 170, -80, 170);
    cairo_move_to(c, -60, 150);
    cairo_curve_to(c, -120, -120, -20, -120, 0, -20);
    cairo_curve_to(c, 20, -120, 120, -120, 60, 150);
    paint_source(c, k->warm, 1);
    cairo_set_line_width(c, 16);
    cairo_stroke(c);
    for (int i = 0; i < 3; i++)
        box(c, i % 2 ? k->mid : k->dark, -86 + 8 * i, 176 + 38 * i, 172 - 16 * i, 30, 15);
}

static void books(cairo_t *c, const struct ink *k)
{
    struct rgb covers[] = { k->dark, k->warm, k->mid };
    for (int i = 0; i < 3; i++) {
        double y = 150 - 110 * i, x = -270 + 30 * (i % 2), w = 520 - 30 * i;
        box(c, covers[i], x, y, w, 100, 18);
        box(c, k->white, x + 40, y + 16, w - 40, 68, 8);
        stroke(c, k->light, 5, x + 60, y + 40, x + w - 16, y + 40);
        stroke(c, k->light, 5, x + 60, y + 60, x + w - 16, y + 60);
        box(c, covers[i], x, y, 70, 100, 18);
    }
    disc(c, k->warm, 10, -190, 84);
    cairo_move_to(c, 10, -262);
    cairo_curve_to(c, 10, -300, 30, -320, 60, -326);
    paint_source(c, k->dark, 1);
    cairo_set_line_width(c, 16);
    cairo_stroke(c);
    disc(c, k->light, -20, -220, 18);
}

static void globe(cairo_t *c, const struct ink *k)
{
    disc(c, k->mid, 0, -30, 240);
    cairo_save(c);
    cairo_arc(c, 0, -30, 240, 0, 2 * M_PI);
    cairo_clip(c);
    PATH(c, k->light, -230, -150, -120, -230, -20, -170, -60, -90, -110, -40, -70, 40, -130, 110, -190, 20, -250, -20);
    PATH(c, k->light, 40, -120, 140, -190, 250, -110, 220, 10, 130, 30, 150, 110, 80, 150, 40, 40, 80, -30);
    cairo_restore(c);
    ring(c, k->white, 0, -30, 286, 18, -1.2, 1.9);
    stroke(c, k->white, 18, 92, 240, 60, 250);
    box(c, k->dark, -140, 250, 280, 34, 17);
    disc(c, k->warm, 70, -150, 34);
    PATH(c, k->warm, 40, -136, 100, -136, 70, -70);
    disc(c, k->white, 70, -150, 13);
}

static void trophy(cairo_t *c, const struct ink *k)
{
    ring(c, k->warm, -160, -150, 84, 30, M_PI / 2, 1.6 * M_PI);
    ring(c, k->warm, 160, -150, 84, 30, -0.6 * M_PI, M_PI / 2);
    cairo_move_to(c, -170, -270);
    cairo_line_to(c, 170, -270);
    cairo_curve_to(c, 170, -40, 110, 60, 0, 70);
    cairo_curve_to(c, -110, 60, -170, -40, -170, -270);
    paint_source(c, k->warm, 1);
    cairo_fill(c);
    PATH(
        c, k->white, 0, -220, 24, -158, 90, -154, 38, -112, 56, -48, 0, -84, -56, -48, -38, -112, -90, -154, -24, -158);
    box(c, k->warm, -28, 60, 56, 100, 6);
    box(c, k->dark, -150, 160, 300, 100, 14);
    box(c, k->light, -90, 190, 180, 40, 8);
}

static void headphones(cairo_t *c, const struct ink *k)
{
    ring(c, k->dark, 0, 0, 250, 54, M_PI, 2 * M_PI);
    for (int side = -1; side <= 1; side += 2) {
        box(c, k->mid, side * 250 - 66, -30, 132, 240, 60);
        box(c, k->warm, side * 206 - 34, -6, 68, 192, 34);
    }
    double levels[] = { 60, 130, 90, 170, 110, 60 };
    for (int i = 0; i < 6; i++)
        box(c, i % 2 ? k->light : k->white, -125 + 44 * i, 90 - levels[i] / 2, 26, levels[i], 13);
}

static void chat(cairo_t *c, const struct ink *k)
{
    PATH(c, k->white, -230, 60, -210, 190, -110, 80);
    box(c, k->white, -310, -250, 430, 340, 60);
    PATH(c, k->warm, 230, 190, 250, 290, 130, 200);
    box(c, k->warm, -60, -40, 380, 260, 60);
    for (int i = 0; i < 3; i++)
        disc(c, k->white, 40 + 86 * i, 90, 26);
    for (int i = 0; i < 3; i++)
        box(c, i ? k->light : k->mid, -260, -200 + 62 * i, i == 2 ? 150 : 320 - 60 * i, 26, 13);
}

static void calendar(cairo_t *c, const struct ink *k)
{
    box(c, k->white, -270, -220, 540, 470, 36);
    box(c, k->warm, -270, -220, 540, 120, 36);
    box(c, k->warm, -270, -150, 540, 50, 0);
    for (int side = -1; side <= 1; side += 2)
        box(c, k->dark, side * 140 - 18, -270, 36, 110, 18);
    for (int i = 0; i < 15; i++) {
        double x = -222 + 94 * (i % 5), y = -62 + 100 * (i / 5);
        box(c, i == 8 ? k->dark : i % 4 == 1 ? k->mid : k->light, x, y, 68, 68, 14);
    }
    cairo_new_path(c);
    cairo_move_to(c, 78, 72), cairo_line_to(c, 92, 88), cairo_line_to(c, 118, 56);
    paint_source(c, k->white, 1);
    cairo_set_line_width(c, 12);
    cairo_stroke(c);
}

static void shield(cairo_t *c, const struct ink *k)
{
    for (int i = 0; i < 2; i++) {
        double s = i ? 0.8 : 1;
        cairo_new_path(c);
        cairo_move_to(c, 0, -300 * s);
        cairo_curve_to(c, 80 * s, -230 * s, 180 * s, -220 * s, 240 * s, -210 * s);
        cairo_curve_to(c, 250 * s, 60 * s, 160 * s, 220 * s, 0, 300 * s);
        cairo_curve_to(c, -160 * s, 220 * s, -250 * s, 60 * s, -240 * s, -210 * s);
        cairo_curve_to(c, -180 * s, -220 * s, -80 * s, -230 * s, 0, -300 * s);
        paint_source(c, i ? k->mid : k->white, 1);
        cairo_fill(c);
    }
    ring(c, k->white, 0, -50, 66, 30, M_PI, 2 * M_PI);
    stroke(c, k->white, 30, -66, -50, -66, 0);
    stroke(c, k->white, 30, 66, -50, 66, 0);
    box(c, k->warm, -112, -10, 224, 170, 26);
    disc(c, k->dark, 0, 60, 26);
    box(c, k->dark, -10, 66, 20, 56, 10);
}

static void plant(cairo_t *c, const struct ink *k)
{
    for (int i = -3; i <= 3; i++) {
        cairo_save(c);
        cairo_translate(c, 0, 60);
        cairo_rotate(c, i * 0.36);
        double length = 330 - 26 * abs(i);
        cairo_move_to(c, 0, 0);
        cairo_curve_to(c, 74, -length * 0.4, 60, -length * 0.8, 0, -length);
        cairo_curve_to(c, -60, -length * 0.8, -74, -length * 0.4, 0, 0);
        paint_source(c, i % 2 ? k->light : k->mid, 1);
        cairo_fill(c);
        stroke(c, k->dark, 6, 0, -20, 0, -length * 0.85);
        cairo_restore(c);
    }
    PATH(c, k->warm, -150, 60, 150, 60, 110, 270, -110, 270);
    box(c, k->white, -176, 36, 352, 60, 16);
}

static void map(cairo_t *c, const struct ink *k)
{
    PATH(c, k->white, -310, -150, -110, -210, -110, 190, -310, 250);
    PATH(c, k->light, -110, -210, 100, -150, 100, 250, -110, 190);
    PATH(c, k->white, 100, -150, 310, -210, 310, 190, 100, 250);
    double dashes[][4] = { { -260, 150, -210, 90 }, { -180, 70, -130, 60 }, { -90, 80, -40, 120 }, { -10, 120, 40, 70 },
        { 70, 40, 110, 0 } };
    for (int i = 0; i < 5; i++)
        stroke(c, k->mid, 16, dashes[i][0], dashes[i][1], dashes[i][2], dashes[i][3]);
    PATH(c, k->warm, 66, -150, 254, -150, 160, 30);
    disc(c, k->warm, 160, -190, 108);
    disc(c, k->white, 160, -190, 44);
}

static struct rgb ground(const struct paint *p, double x, double y)
{
    double dx = x - 0.89, dy = y - 0.48;
    struct rgb colour = rgb_mix(p->colours[3], p->colours[4], 0.25 + 0.5 * exp(-(dx * dx + dy * dy) * 1.4));
    return rgb_scale(colour, 1 - 0.06 * y);
}

// Number: which thing.
void paint_icon(struct paint *p)
{
    static void (*const things[ICON_COUNT])(cairo_t *, const struct ink *) = { laptop, rocket, coffee, microphone,
        camera, chart, bulb, books, globe, trophy, headphones, chat, calendar, shield, plant, map };
    bool light_disc = p->n[1] > 0.5;
    struct ink ink = { p->colours[0], p->colours[1],
        light_disc ? p->colours[2] : rgb_mix((struct rgb) { 1, 0.72, 0.3 }, p->colours[4], 0.1),
        rgb_mix(p->colours[3], p->colours[4], 0.3), { 0.99, 0.985, 0.97 } };
    paint_shade(p, ground);
    cairo_t *cairo = paint_begin(p);
    cairo_translate(cairo, 960, 540);
    for (int i = 0; i < 26; i++) { // small things around it
        double a = 6.2832 * chance_unit(&p->chance), r = chance_between(&p->chance, 540, 1050), x = r * cos(a) * 1.1,
               y = r * sin(a) * 0.62, size = chance_between(&p->chance, 7, 22);
        struct rgb c = p->colours[1 + chance_below(&p->chance, 3)];
        if (i % 3 == 0)
            ring(cairo, c, x, y, size, 6, 0, 6.2832);
        else if (i % 3 == 1)
            disc(cairo, c, x, y, size * 0.5);
        else {
            stroke(cairo, c, 6, x - size, y, x + size, y);
            stroke(cairo, c, 6, x, y - size, x, y + size);
        }
    }
    disc(cairo, rgb_mix(p->colours[light_disc ? 3 : 2], p->colours[light_disc ? 4 : 1], light_disc ? 0.55 : 0.25), 0, 0,
        450);
    for (int i = 0; i < 12; i++) { // a shadow on the disc
        cairo_save(cairo);
        cairo_scale(cairo, 1, 0.12);
        cairo_new_path(cairo);
        cairo_arc(cairo, 0, 2600, 330 - 14 * i, 0, 2 * M_PI);
        cairo_restore(cairo);
        cairo_set_source_rgba(cairo, 0, 0, 0, 0.016);
        cairo_fill(cairo);
    }
    cairo_new_path(cairo);
    cairo_translate(cairo, 0, 14 * sin(2 * M_PI * p->t));
    things[(int)p->n[0]](cairo, &ink);
    paint_end(p, cairo, 1);
}
