// SPDX-License-Identifier: GPL-3.0-or-later
// A drawn avatar: parts chosen and coloured by its look, put together in a pose. Its drawing is 600 units wide and 800
// high, cut off at the hips.
#pragma once

#include <cairo.h>

#include "base/json.h"
#include "engine/avatar_pose.h"

enum { FIGURE_WIDTH = 600, FIGURE_HEIGHT = 800 };

struct avatar_figure;
// `look` as domain/avatar_look.h has it; what it leaves out has a default. `zoom` is pixels for a unit.
// VALIDATION_ERROR names a part or a colour that there is not.
MUST_USE error avatar_figure_new(
    struct arena *arena, const json_t *look, double zoom, struct avatar_figure **ret_figure);
// In the drawing's coordinates, origin at its upper left corner.
MUST_USE error avatar_figure_paint(struct avatar_figure *figure, const struct avatar_pose *pose, cairo_t *cairo);
void avatar_figure_rest(struct avatar_figure *figure); // gives large memory back
