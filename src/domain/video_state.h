// SPDX-License-Identifier: GPL-3.0-or-later
// A video with its scenes and layers as one object of rows, as patches speak of them (patch.h): what undo compares and
// versions keep. Rows carry every column that a person can change, and `revision`.
#pragma once

#include "domain/scene.h"

// One row; properties that cannot be read are DATA_CORRUPT or MALFORMED_JSON. In the arena.
MUST_USE error video_state_video(struct arena *arena, const struct video *video, json_t **ret_row);
MUST_USE error video_state_scene(struct arena *arena, const struct scene *scene, json_t **ret_row);
MUST_USE error video_state_layer(struct arena *arena, const struct layer *layer, json_t **ret_row);
// All of them.
MUST_USE error video_state_read(struct scope *scope, const struct video *video, json_t **ret_state);
// In a change: makes `wanted` (borrowed; its numbers and indexes are settled first) of the rows that are `before`.
// Rows that change or come get a revision above every one that they had. UNDO_CONFLICT when a layer's scene is missing
// or a row is not whole.
MUST_USE error video_state_write(struct scope *scope, const struct video *video, const json_t *before, json_t *wanted);
