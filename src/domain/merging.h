// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a strict change of a video, scene or layer meets what somebody else did to the same property meanwhile.
#pragma once

#include "domain/video.h"

struct merging_target {
    const char *table; // of patch.h
    str video_id, id;
    int64_t revision;     // as it is now
    const json_t *row;    // as it is now (video_state.h)
    const json_t *wanted; // what the change names, as a patch of the row
};
// CONFLICT, with each property and its current value among the problems, when the change is strict and one of its
// properties has changed since its base revision, as far as the log reaches back.
MUST_USE error merging_check(
    struct scope *scope, const struct merging *merging, const struct merging_target *target, struct problems *problems);
