// SPDX-License-Identifier: GPL-3.0-or-later
// How layers come, go and move: the animations and easings of the scene document.
#pragma once

#include "engine/composition.h"

struct animation; // one entry of the list in animation.c

enum animation_easing { EASE_LINEAR, EASE_IN, EASE_OUT, EASE_IN_OUT };

struct animation_plan {
    const struct animation *in, *out; // NULL: none
    double in_duration, out_duration; // seconds
    enum animation_easing easing;
    bool types, pans; // typewriter, kenBurns
};

// Where a layer is at one moment, compared with its rest; compared byte by byte, so all of it is numbers.
struct motion {
    double x, y;    // pixels
    double scale;   // 1 at rest
    double opacity; // 1 at rest
    double typed;   // how much of a text is there, 0..1
    double pan;     // kenBurns: how far it has come, 0..1; 0 without
};

// Reads animation, animation_out, animation_duration and easing from the layer's properties. Unknown names do nothing.
MUST_USE error animation_read(const struct composition_layer *layer, struct animation_plan *ret_plan);
// `time` on the scene's clock, within the layer's time.
struct motion animation_at(const struct animation_plan *plan, const struct composition_layer *layer,
    const struct composition *composition, double time);
double animation_ease(enum animation_easing easing, double share); // 0..1 to 0..1
