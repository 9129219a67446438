// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/drawing.h"

#include <math.h>

void drawing_colour(cairo_t *cairo, struct colour colour)
{
    cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, colour.alpha);
}

error drawing_check(cairo_t *cairo)
{
    cairo_status_t status = cairo_status(cairo);
    if (status != CAIRO_STATUS_SUCCESS)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Drawing failed: %s", cairo_status_to_string(status));
    return OK;
}

void drawing_rounded(cairo_t *cairo, double x, double y, double width, double height, double radius)
{
    double r = fmax(0, fmin(radius, fmin(width, height) / 2));
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, x + width - r, y + r, r, -M_PI_2, 0);
    cairo_arc(cairo, x + width - r, y + height - r, r, 0, M_PI_2);
    cairo_arc(cairo, x + r, y + height - r, r, M_PI_2, M_PI);
    cairo_arc(cairo, x + r, y + r, r, M_PI, M_PI + M_PI_2);
    cairo_close_path(cairo);
}

void drawing_snap(cairo_t *cairo)
{
    cairo_matrix_t matrix;
    cairo_get_matrix(cairo, &matrix);
    const double near = 1e-6;
    if (fabs(matrix.xx - 1) > near || fabs(matrix.yy - 1) > near || fabs(matrix.xy) > near || fabs(matrix.yx) > near)
        return;
    cairo_matrix_init_translate(&matrix, round(matrix.x0), round(matrix.y0));
    cairo_set_matrix(cairo, &matrix);
}

// One pass of a box blur along a line of `count` bytes, `step` apart.
static void blur_line(uint8_t *line, int count, ptrdiff_t step, int radius, uint8_t *copy)
{
    int sum = 0, span = 2 * radius + 1;
    for (int i = 0; i < count; i++)
        copy[i] = line[i * step];
    for (int i = 0; i < radius && i < count; i++)
        sum += copy[i];
    for (int i = 0; i < count; i++) {
        if (i + radius < count)
            sum += copy[i + radius];
        line[i * step] = (uint8_t)((sum + span / 2) / span);
        if (i - radius >= 0)
            sum -= copy[i - radius];
    }
}

void drawing_blur_mask(struct arena *arena, cairo_surface_t *mask, double sigma)
{
    int radius = (int)lround(sigma);
    if (radius < 1)
        return;
    cairo_surface_flush(mask);
    uint8_t *data = cairo_image_surface_get_data(mask);
    int width = cairo_image_surface_get_width(mask), height = cairo_image_surface_get_height(mask);
    ptrdiff_t stride = cairo_image_surface_get_stride(mask);
    uint8_t *copy = arena_alloc_raw(arena, (size_t)(width > height ? width : height) + 1);
    for (int pass = 0; pass < 3; pass++) { // three boxes come close to a Gaussian
        for (int y = 0; y < height; y++)
            blur_line(data + y * stride, width, 1, radius, copy);
        for (int x = 0; x < width; x++)
            blur_line(data + x, height, stride, radius, copy);
    }
    cairo_surface_mark_dirty(mask);
}
