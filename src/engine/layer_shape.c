// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "engine/drawing.h"
#include "engine/layer.h"
#include "engine/shape_path.h"

struct shape_state {
    const struct shape_form *form;
    struct colour fill, stroke;
    double width, height, stroke_width, radius;
    int sides;             // of a polygon, points of a star
    const json_t *corners; // of a polygon that names them: [x, y] or {x, y} in percent of the layer
    str path;              // checked
    double path_box[4];    // left, top, width, height of what it draws
};

// Adds the path of a form that fills a box of the state's size around the origin.
struct shape_form {
    const char *name;
    void (*trace)(const struct shape_state *state, cairo_t *cairo);
    bool open; // a line: stroked with the fill colour
};

static void trace_rectangle(const struct shape_state *state, cairo_t *cairo)
{
    drawing_rounded(cairo, -state->width / 2, -state->height / 2, state->width, state->height, state->radius);
}

static void trace_ellipse(const struct shape_state *state, cairo_t *cairo)
{
    cairo_save(cairo);
    cairo_scale(cairo, state->width / 2, state->height / 2);
    cairo_arc(cairo, 0, 0, 1, 0, 2 * M_PI);
    cairo_restore(cairo);
    cairo_close_path(cairo);
}

static void trace_line(const struct shape_state *state, cairo_t *cairo)
{
    cairo_move_to(cairo, -state->width / 2, 0);
    cairo_line_to(cairo, state->width / 2, 0);
}

// Corners given in halves of the box.
static void trace_corners(const struct shape_state *state, cairo_t *cairo, const double (*corners)[2], int count)
{
    for (int i = 0; i < count; i++)
        cairo_line_to(cairo, corners[i][0] * state->width / 2, corners[i][1] * state->height / 2);
    cairo_close_path(cairo);
}

static void trace_triangle(const struct shape_state *state, cairo_t *cairo)
{
    static const double corners[][2] = { { 0, -1 }, { 1, 1 }, { -1, 1 } };
    trace_corners(state, cairo, corners, 3);
}

static void trace_arrow(const struct shape_state *state, cairo_t *cairo)
{
    // The head is as long as it is high, but never more than half of the arrow.
    double head = fmin(2 * state->height / fmax(state->width, 1), 1), neck = 1 - head, half = 0.36;
    const double corners[][2] = { { -1, -half }, { neck, -half }, { neck, -1 }, { 1, 0 }, { neck, 1 }, { neck, half },
        { -1, half } };
    trace_corners(state, cairo, corners, 7);
}

// Corners on an ellipse, every second one drawn in to `inner`.
static void trace_spokes(const struct shape_state *state, cairo_t *cairo, int count, double inner)
{
    for (int i = 0; i < count; i++) {
        double angle = 2 * M_PI * i / count - M_PI_2, reach = i % 2 ? inner : 1;
        cairo_line_to(cairo, cos(angle) * reach * state->width / 2, sin(angle) * reach * state->height / 2);
    }
    cairo_close_path(cairo);
}

static void trace_star(const struct shape_state *state, cairo_t *cairo)
{
    trace_spokes(state, cairo, state->sides * 2, state->sides == 5 ? 0.382 : 0.5);
}

static void trace_polygon(const struct shape_state *state, cairo_t *cairo)
{
    size_t count = json_array_size(state->corners);
    if (count < 3) {
        trace_spokes(state, cairo, state->sides, 1);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *corner = json_array_get(state->corners, i);
        const json_t *across = json_object_get(corner, "x"), *down = json_object_get(corner, "y");
        double x = json_number_value(across ? across : json_array_get(corner, 0));
        double y = json_number_value(down ? down : json_array_get(corner, 1));
        cairo_line_to(cairo, (x / 100 - 0.5) * state->width, (y / 100 - 0.5) * state->height);
    }
    cairo_close_path(cairo);
}

// The path fills the layer, whatever its own coordinates are.
static void trace_path(const struct shape_state *state, cairo_t *cairo)
{
    const double *box = state->path_box;
    cairo_save(cairo);
    cairo_scale(cairo, state->width / box[2], state->height / box[3]);
    cairo_translate(cairo, -box[0] - box[2] / 2, -box[1] - box[3] / 2);
    error checked = shape_path_trace(state->path, cairo);
    (void)checked; // when the layer was opened
    cairo_restore(cairo);
}

static const struct shape_form forms[] = {
    { "rectangle", trace_rectangle, false },
    { "rounded", trace_rectangle, false },
    { "ellipse", trace_ellipse, false },
    { "line", trace_line, true },
    { "arrow", trace_arrow, false },
    { "triangle", trace_triangle, false },
    { "star", trace_star, false },
    { "polygon", trace_polygon, false },
    { "path", trace_path, false },
};

static error read_form(struct layer *layer, struct shape_state *state)
{
    str name = json_get_str(layer->spec->properties, "shape");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (str_equal_c(name, forms[i].name))
            state->form = &forms[i];
    if (!state->form)
        return error_make(ERROR_VALIDATION_ERROR, "shape",
            "shape must be rectangle, rounded, ellipse, line, arrow, triangle, star, polygon or path");
    return OK;
}

static error read_stroke(const json_t *properties, double unit, struct shape_state *state)
{
    const json_t *stroke = json_object_get(properties, "stroke");
    if (state->form->open) // its fill is its colour
        state->stroke = state->fill;
    if (!json_is_object(stroke))
        return OK;
    TRY(colour_get(stroke, "color", "#FFFFFF", &state->stroke));
    TRY(composition_number(stroke, "width", 4, 0, 500, &state->stroke_width));
    state->stroke_width *= unit;
    return OK;
}

static error read_path(struct layer *layer, struct shape_state *state)
{
    cairo_surface_t *surface = cairo_recording_surface_create(CAIRO_CONTENT_ALPHA, NULL);
    cairo_t *cairo = cairo_create(surface);
    double right, bottom, *box = state->path_box;
    state->path = json_get_str(layer->spec->properties, "path");
    error failed = shape_path_trace(state->path.data ? state->path : STR(""), cairo);
    cairo_path_extents(cairo, &box[0], &box[1], &right, &bottom);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    box[2] = fmax(right - box[0], 1e-6);
    box[3] = fmax(bottom - box[1], 1e-6);
    return failed;
}

static error shape_open(struct layer *layer)
{
    struct shape_state *state = ARENA_NEW(layer->arena, struct shape_state);
    const json_t *properties = layer->spec->properties;
    const struct composition *canvas = layer->composition;
    double width, height, sides;
    TRY(read_form(layer, state));
    bool rounded = str_equal_c(STR("rounded"), state->form->name);
    TRY(composition_number(properties, "width", 20, 0.01, 1000, &width));
    TRY(composition_number(properties, "height", 20, 0, 1000, &height));
    TRY(colour_get(properties, "fill", "#4C8DFF", &state->fill));
    if (state->form->open)
        state->stroke_width = 6 * canvas->unit;
    TRY(read_stroke(properties, canvas->unit, state));
    TRY(composition_number(properties, "radius", rounded ? 24 : 0, 0, 5000, &state->radius));
    state->radius *= canvas->unit;
    bool star = str_equal_c(STR("star"), state->form->name);
    TRY(composition_number(properties, "sides", star ? 5 : 6, 3, 100, &sides));
    state->sides = (int)sides;
    state->corners = json_object_get(properties, "points");
    if (state->form->trace == trace_path)
        TRY(read_path(layer, state));
    state->width = width / 100 * canvas->width;
    state->height = height / 100 * canvas->height;
    // Pointed corners of an outline reach out by up to the miter limit.
    double over = state->stroke_width * 4 + 2;
    layer->width = state->width + over;
    layer->height = state->height + over;
    layer->state = state;
    return OK;
}

static error shape_version(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version)
{
    (void)layer;
    (void)moment;
    *ret_version = 0;
    return OK;
}

static error shape_paint(struct layer *layer, const struct layer_moment *moment, cairo_t *cairo)
{
    (void)moment;
    const struct shape_state *state = layer->state;
    cairo_new_path(cairo);
    state->form->trace(state, cairo);
    if (!state->form->open) {
        drawing_colour(cairo, state->fill);
        cairo_fill_preserve(cairo);
    }
    if (state->stroke_width > 0) {
        drawing_colour(cairo, state->stroke);
        cairo_set_line_width(cairo, state->stroke_width);
        cairo_set_miter_limit(cairo, 4);
        cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
        cairo_stroke(cairo);
    }
    cairo_new_path(cairo);
    return drawing_check(cairo);
}

const struct layer_kind layer_shape = {
    .name = "shape", .open = shape_open, .version = shape_version, .paint = shape_paint
};
