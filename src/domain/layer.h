// SPDX-License-Identifier: GPL-3.0-or-later
// Layers of a scene: times relative to the scene, order_index 1 front-most, properties by the property table.
#pragma once

#include "domain/video.h"

struct layer {
    str id, scene_id, type, name;
    bool enabled;
    double duration, start_time, end_time; // seconds
    int64_t order_index;
    struct raw_json properties;
    int64_t revision;
    str video_id; // of its scene; not in JSON
};
extern const struct shape layer_shape; // as the API shows it

struct layer_change {
    str type, name; // type only on creation
    struct opt_bool enabled;
    struct opt_number duration, start_time, end_time;
    struct opt_int order_index;
    struct merging merging;
    const json_t *properties; // merged key by key (RFC 7396)
};

MUST_USE error layer_get(struct scope *scope, str id, struct layer *ret_layer); // LAYER_NOT_FOUND
MUST_USE error layer_list(struct scope *scope, str scene_id, struct list *ret_layers);
// In a change. The others move back by one from its index; without an index it comes to the front.
MUST_USE error layer_add(struct scope *scope, str scene_id, const struct layer_change *change,
    struct problems *problems, struct warnings *warnings, struct layer *ret_layer);
MUST_USE error layer_update(struct scope *scope, str id, const struct layer_change *change, struct problems *problems,
    struct warnings *warnings, struct layer *ret_layer);
MUST_USE error layer_delete(struct scope *scope, str id);
// In a change: the same layer again, in front of the first.
MUST_USE error layer_duplicate(struct scope *scope, str id, struct layer *ret_layer);
// In a change: the same layer in another scene of the video, under a new id; what copies the scene makes the event.
MUST_USE error layer_copy(struct scope *scope, const struct layer *layer, str scene_id);
struct layer_order {
    str layer_id;
    int64_t order_index;
};
extern const struct shape layer_order_shape;
// In a change; all or nothing: VALIDATION_ERROR for an empty list, unknown or foreign layers, doubled indexes.
MUST_USE error layer_reorder(struct scope *scope, str scene_id, const struct list *orders);
// {"layer_orders": [...]}, as events have it.
json_t *layer_orders_json(struct arena *arena, const struct list *layers);
