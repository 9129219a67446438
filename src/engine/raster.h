// SPDX-License-Identifier: GPL-3.0-or-later
// A sheet to draw on with cairo before the drawing becomes an overlay.
#pragma once

#include <cairo.h>

#include "engine/overlay.h"

struct raster {
    int width, height; // of the canvas
    uint8_t *pixels;   // cleared and reused
    int stride;
    cairo_surface_t *surface; // between begin and end
    cairo_t *cairo;
    struct frame_box box;
};

void raster_init(struct raster *raster, struct arena *arena, int width, int height);
// Even pixels around the area, cut to the canvas; empty when nothing of it lies inside.
struct frame_box raster_box(const struct raster *raster, double left, double top, double right, double bottom);
// The canvas's coordinates, transparent within the box. `box` is not empty. Every begin needs its end.
cairo_t *raster_begin(struct raster *raster, struct frame_box box);
// Turns what was drawn into the overlay.
MUST_USE error raster_end(struct raster *raster, struct overlay *overlay);
