// SPDX-License-Identifier: GPL-3.0-or-later
// Small helpers over cairo that layers share.
#pragma once

#include <cairo.h>

#include "engine/colour.h"

void drawing_colour(cairo_t *cairo, struct colour colour);
// ENGINE_FAILED when something drawn before has failed.
MUST_USE error drawing_check(cairo_t *cairo);
// Adds a path; the radius is cut to what fits.
void drawing_rounded(cairo_t *cairo, double x, double y, double width, double height, double radius);
// Moves the origin to the nearest whole pixel when the transformation neither turns nor scales.
void drawing_snap(cairo_t *cairo);
// Blurs an A8 surface in place; `sigma` in pixels.
void drawing_blur_mask(struct arena *arena, cairo_surface_t *mask, double sigma);
