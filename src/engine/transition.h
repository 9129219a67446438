// SPDX-License-Identifier: GPL-3.0-or-later
// How one scene leads into the next.
#pragma once

#include "av/frame.h"
#include "base/str.h"

struct transition; // one entry of the list in transition.c

// NULL for "cut" and for unknown names.
const struct transition *transition_find(str name);
// Blends from the last frame of the scene before to the scene's own: share 0 shows the first, 1 the second.
void transition_draw(const struct transition *transition, const struct frame *before, const struct frame *after,
    double share, struct frame *ret_frame);
