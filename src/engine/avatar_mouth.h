// SPDX-License-Identifier: GPL-3.0-or-later
// Draws a mouth: one path whose form follows from six numbers, so that shapes can flow into each other.
#pragma once

#include <cairo.h>

#include "engine/colour.h"
#include "engine/visemes.h"

enum mouth_kind { MOUTH_LIPS, MOUTH_MUZZLE, MOUTH_SCREEN }; // SCREEN: a robot's

struct mouth_look {
    enum mouth_kind kind;
    double x, y, size; // of its middle; 1 is a grown person's
    struct colour lips;
};
void avatar_mouth_paint(const struct mouth_look *look, const struct mouth *mouth, cairo_t *cairo);
