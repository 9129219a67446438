// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/avatar_mouth.h"

#include <math.h>

#include "engine/drawing.h"

struct form {
    double half, top, bottom, corner, round; // units; top and bottom of the opening from the middle
};

static struct form form_of(const struct mouth *mouth)
{
    double height = 48 * mouth->open;
    return (struct form) { .half = 42 * mouth->width,
        .top = 2.5 * mouth->smile - 0.38 * height,
        .bottom = 2.5 * mouth->smile + 0.62 * height,
        .corner = -7 * mouth->smile,
        .round = mouth->round };
}

// Pointed corners of a flat mouth become the sides of an ellipse in a round one.
static void trace(const struct form *form, cairo_t *cairo)
{
    double side = 0.62 * (1 - form->round), pull = 0.30 + 0.26 * form->round;
    double up = form->corner + (form->top - form->corner) * (0.85 - 0.30 * form->round);
    double down = form->corner + (form->bottom - form->corner) * (0.80 - 0.25 * form->round);
    cairo_new_path(cairo);
    cairo_move_to(cairo, -form->half, form->corner);
    cairo_curve_to(cairo, -form->half * (1 - side * 0.6), up, -form->half * pull, form->top, 0, form->top);
    cairo_curve_to(cairo, form->half * pull, form->top, form->half * (1 - side * 0.6), up, form->half, form->corner);
    cairo_curve_to(
        cairo, form->half * (1 - side * 0.4), down, form->half * (pull + 0.1), form->bottom, 0, form->bottom);
    cairo_curve_to(cairo, -form->half * (pull + 0.1), form->bottom, -form->half * (1 - side * 0.4), down, -form->half,
        form->corner);
    cairo_close_path(cairo);
}

static void ellipse(cairo_t *cairo, double x, double y, double width, double height)
{
    cairo_save(cairo);
    cairo_translate(cairo, x, y);
    cairo_scale(cairo, fmax(width, 0.1), fmax(height, 0.1));
    cairo_new_path(cairo);
    cairo_arc(cairo, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cairo);
}

static void inside(const struct form *form, const struct mouth *mouth, cairo_t *cairo)
{
    double height = form->bottom - form->top;
    cairo_save(cairo);
    cairo_clip_preserve(cairo);
    drawing_colour(cairo, (struct colour) { 0.33, 0.07, 0.11, 1 });
    cairo_paint(cairo);
    cairo_new_path(cairo);
    drawing_colour(cairo, (struct colour) { 0.88, 0.42, 0.45, 1 });
    ellipse(cairo, 0, form->bottom + 3 - height * 0.05, form->half * 0.62, height * 0.52 * mouth->tongue);
    cairo_fill(cairo);
    drawing_colour(cairo, (struct colour) { 1, 1, 1, 1 });
    drawing_rounded(cairo, -form->half * 0.86, form->corner - 40, form->half * 1.72,
        40 + (form->top - form->corner) + 3 + 9 * mouth->teeth, 5);
    if (mouth->teeth > 0.12)
        cairo_fill(cairo);
    cairo_new_path(cairo);
    cairo_restore(cairo);
}

static void screen(const struct mouth_look *look, const struct mouth *mouth, cairo_t *cairo)
{
    double width = 26 + 62 * mouth->width, height = 7 + 40 * mouth->open;
    drawing_colour(cairo, look->lips);
    cairo_new_path(cairo);
    drawing_rounded(cairo, -width / 2, -height / 2, width, height, fmin(height / 2, 6 + 14 * mouth->round));
    cairo_fill(cairo);
    if (height <= 16)
        return;
    drawing_colour(cairo, (struct colour) { 0.08, 0.11, 0.18, 1 });
    drawing_rounded(cairo, -width / 2 + 6, -height / 2 + 6, width - 12, height - 12, fmin(height / 2, 10));
    cairo_fill(cairo);
}

void avatar_mouth_paint(const struct mouth_look *look, const struct mouth *mouth, cairo_t *cairo)
{
    cairo_save(cairo);
    cairo_translate(cairo, look->x, look->y);
    cairo_scale(cairo, look->size, look->size);
    if (look->kind == MOUTH_SCREEN) {
        screen(look, mouth, cairo);
        cairo_restore(cairo);
        return;
    }
    struct form form = form_of(mouth);
    trace(&form, cairo);
    if (form.bottom - form.top > 3)
        inside(&form, mouth, cairo);
    trace(&form, cairo);
    cairo_set_line_width(cairo, look->kind == MOUTH_LIPS ? 6.5 : 5);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    drawing_colour(cairo, look->lips);
    cairo_stroke(cairo);
    if (look->kind == MOUTH_LIPS) { // the shadow of the lower lip
        cairo_set_line_width(cairo, 3);
        struct colour faint = look->lips;
        faint.alpha = 0.35;
        drawing_colour(cairo, faint);
        cairo_arc(cairo, 0, form.bottom - 4, 15, M_PI * 0.3, M_PI * 0.7);
        cairo_stroke(cairo);
    }
    cairo_restore(cairo);
}
