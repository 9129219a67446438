// SPDX-License-Identifier: GPL-3.0-or-later
// SVG path data (SVG 2, 9.3): M L H V C S Q T A Z in both cases.
#pragma once

#include <cairo.h>

#include "base/error.h"
#include "base/str.h"

// Adds the path to `cairo` (may be NULL: it is only checked). VALIDATION_ERROR names what cannot be read; bounded by
// the data's size, since each step takes at least a byte of it.
MUST_USE error shape_path_trace(str data, cairo_t *cairo);
