// SPDX-License-Identifier: GPL-3.0-or-later
// Scenes of a video, in order; their times on the video's clock follow from order and durations.
#pragma once

#include "domain/layer.h"
#include "domain/video.h"

struct scene {
    str id, video_id;
    int64_t scene_number;
    str text;
    double duration, start_time, end_time; // seconds
    bool is_expanded;
    struct raw_json properties; // duration_mode, background, transition
    int64_t revision;
    time_us created_at, updated_at;
    struct list layers; // struct layer, front-most first; where asked for
};
extern const struct shape scene_row_shape;

struct scene_change {
    str text;
    struct opt_number duration;
    struct opt_bool is_expanded;
    struct merging merging;
    const json_t *options; // the whole body, of which the property table's members are taken; may be NULL
};

// Where a layer would stand: what is set counts instead of the layer's own property of that name.
struct scene_placing {
    struct opt_number x, y; // percent of the picture, its centre
    struct opt_number scale, rotation, width, height, max_width;
};

// A frame that somebody wants to see.
struct scene_picture {
    str video_id, scene_id;
    double seconds; // since the scene's start
    int64_t width;  // pixels
    bool png;       // instead of JPEG
    str layer_id;   // absent: the scene as it is
    struct scene_placing placing;
};

// What a text takes up in the picture, in percent of its sides.
struct scene_text_box {
    str layer_id;
    double width, height;
};

MUST_USE error scene_get(struct scope *scope, str id, enum video_right right, struct scene *ret_scene);
// All of a video with their layers, in two queries.
MUST_USE error scene_list(struct scope *scope, str video_id, struct list *ret_scenes);
// In a change; at the end of the video. Without a duration it is guessed from the text.
MUST_USE error scene_add(struct scope *scope, str video_id, const struct scene_change *change,
    struct problems *problems, struct scene *ret_scene);
MUST_USE error scene_update(struct scope *scope, str video_id, str id, const struct scene_change *change,
    struct problems *problems, struct scene *ret_scene);
MUST_USE error scene_delete(struct scope *scope, str video_id, str id);
// In a change: the same scene with copies of its layers, right behind the first.
MUST_USE error scene_duplicate(struct scope *scope, str video_id, str id, struct scene *ret_scene);
struct scene_order {
    str scene_id;
    int64_t scene_number;
};
extern const struct shape scene_order_shape;
// As events have it, with its layers or (NULL) without; and {"scene_orders": [...]}.
json_t *scene_json(struct arena *arena, const struct scene *scene, const struct list *layers);
json_t *scene_orders_json(struct arena *arena, const struct list *scenes);
// In a change; all or nothing: VALIDATION_ERROR for unknown scenes, doubled or missing numbers.
MUST_USE error scene_reorder(struct scope *scope, str video_id, const struct list *orders);
