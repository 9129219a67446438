// SPDX-License-Identifier: GPL-3.0-or-later
// A composition becomes frames: the one place that decides what a film looks like. It knows nothing of encoding;
// preview frames and rendered segments come from here alike.
#pragma once

#include "av/frame.h"
#include "av/source.h"
#include "engine/composition.h"

struct compositor;

// Everything lives in the arena; `composition` and `inputs` (as many as it was read with) are borrowed as long.
struct compositor *compositor_new(
    struct arena *arena, const struct composition *composition, const struct source_io *inputs);
// Goes on with a composition that was changed, as one that is new would, but for what is equal in both: that stays
// open. *ret_done is false, and nothing has changed, where the canvas, the number of scenes or what lies over them
// differ. The inputs must be the same. After an error the compositor is of no use.
MUST_USE error compositor_change(struct compositor *compositor, const struct composition *composition, bool *ret_done);
// What a text of the scene measures, for its handles: pixels of the canvas, as it rests.
struct compositor_box {
    str layer_id;
    double width, height;
};
MUST_USE error compositor_boxes(struct compositor *compositor, size_t scene, struct arena *arena,
    struct compositor_box **ret_boxes, size_t *ret_count);
// Opens what the scene needs, so that what is wrong is found before the first frame. Errors name the layer.
MUST_USE error compositor_check(struct compositor *compositor, size_t scene);
// The frame of the scene at `time` (seconds, 0 to its duration), borrowed until the next call. *ret_changed is false
// when it is the same as the last one was. Quick when times go forward.
MUST_USE error compositor_at(
    struct compositor *compositor, size_t scene, double time, const struct frame **ret_frame, bool *ret_changed);
