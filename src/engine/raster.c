// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/raster.h"

#include <math.h>
#include <string.h>

void raster_init(struct raster *raster, struct arena *arena, int width, int height)
{
    *raster = (struct raster) { .width = width, .height = height };
    raster->stride = cairo_format_stride_for_width(CAIRO_FORMAT_ARGB32, width);
    raster->pixels = arena_alloc_raw(arena, (size_t)raster->stride * (size_t)height);
}

static int even(double value, int limit)
{
    double cut = fmin(fmax(value, 0), limit);
    return (int)cut / 2 * 2;
}

struct frame_box raster_box(const struct raster *raster, double left, double top, double right, double bottom)
{
    int x = even(floor(left) - 1, raster->width), y = even(floor(top) - 1, raster->height);
    int end_x = even(ceil(right) + 2, raster->width), end_y = even(ceil(bottom) + 2, raster->height);
    struct frame_box box = { x, y, end_x - x, end_y - y };
    return box.width > 0 && box.height > 0 ? box : (struct frame_box) { 0 };
}

cairo_t *raster_begin(struct raster *raster, struct frame_box box)
{
    ASSERT(!raster->cairo && box.width > 0 && box.height > 0);
    ASSERT(box.width <= raster->width && box.height <= raster->height);
    raster->box = box;
    for (int y = 0; y < box.height; y++)
        memset(raster->pixels + (ptrdiff_t)y * raster->stride, 0, (size_t)box.width * 4);
    raster->surface = cairo_image_surface_create_for_data(
        raster->pixels, CAIRO_FORMAT_ARGB32, box.width, box.height, raster->stride);
    raster->cairo = cairo_create(raster->surface);
    cairo_translate(raster->cairo, -box.x, -box.y);
    return raster->cairo;
}

error raster_end(struct raster *raster, struct overlay *overlay)
{
    cairo_status_t status = cairo_status(raster->cairo);
    cairo_destroy(TAKE(raster->cairo));
    cairo_surface_flush(raster->surface);
    cairo_surface_destroy(TAKE(raster->surface));
    if (status != CAIRO_STATUS_SUCCESS)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Drawing failed: %s", cairo_status_to_string(status));
    return overlay_from_argb(overlay, raster->box, raster->pixels, raster->stride);
}
