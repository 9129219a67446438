// SPDX-License-Identifier: GPL-3.0-or-later
// One scene's own frames: its background and its layers, without captions and what leads into it.
#pragma once

#include "engine/layer.h"
#include "engine/raster.h"

struct scene_view;

// Opens all layers, so that what is wrong with one is found at once. Lives in the arena; everything is borrowed.
MUST_USE error scene_view_new(struct arena *arena, const struct composition *composition,
    const struct composition_scene *scene, const struct source_io *inputs, struct raster *raster,
    struct scene_view **ret_view);
// The scene as it was changed, of a composition with the same canvas and the same inputs: what is equal stays open and
// keeps its drawing. After an error the view is of no use.
MUST_USE error scene_view_change(
    struct scene_view *view, const struct composition *composition, const struct composition_scene *scene);
// How many layers there are, and one of them, back-most first.
size_t scene_view_count(const struct scene_view *view);
const struct layer *scene_view_layer(const struct scene_view *view, size_t index);
// The frame is borrowed until the next call. *ret_changed is false when it is the same as the last one was.
MUST_USE error scene_view_at(struct scene_view *view, double time, const struct frame **ret_frame, bool *ret_changed);
