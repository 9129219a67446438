// SPDX-License-Identifier: GPL-3.0-or-later
// Layers of a scene (document 001).
#include "api/scene_shapes.h"
#include "domain/layer.h"
#include "domain/scene.h"

struct path {
    str sceneId, layerId;
};
static const struct field scene_path_fields[] = {
    FIELD(struct path, sceneId, .required = true, .format = FORMAT_UUID, .doc = "Scene"),
};
static const struct shape scene_path_shape = SHAPE("LayerListPath", struct path, scene_path_fields);
static const struct field path_fields[] = {
    FIELD(struct path, layerId, .required = true, .format = FORMAT_UUID, .doc = "Layer"),
};
static const struct shape path_shape = SHAPE("LayerPath", struct path, path_fields);

struct layer_in {
    str type, name;
    struct opt_bool enabled;
    struct opt_number duration, start_time, end_time;
    struct opt_int order_index, base_revision;
    bool strict;
    json_t *properties;
};
static const char *const types[] = { "audio", "voiceover", "text", "media", "shape", "avatar", "effect", NULL };
#define COMMON_FIELDS                                                                                                  \
    FIELD(struct layer_in, enabled, .doc = "Drawn and heard [true]"),                                                  \
        FIELD(struct layer_in, duration, .max = 36000, .doc = "Seconds"),                                              \
        FIELD(struct layer_in, start_time, .max = 36000, .doc = "Seconds from the scene's start [0]"),                 \
        FIELD(struct layer_in, end_time, .max = 36000, .doc = "Seconds from the scene's start"),                       \
        FIELD(struct layer_in, order_index, .min = 1, .max = 100000, .doc = "1 is front-most; left out: in front"),    \
        FIELD(struct layer_in, properties, .doc = "See the property reference; merged key by key")
static const struct field create_fields[] = {
    FIELD(struct layer_in, type, .required = true, .allowed = types, .doc = "Kind of layer"),
    FIELD(struct layer_in, name, .required = true, .min = 1, .max = 255, .doc = "Name in lists"),
    COMMON_FIELDS,
};
static const struct shape create_shape = SHAPE("LayerCreate", struct layer_in, create_fields);
static const struct field update_fields[] = {
    FIELD(struct layer_in, name, .min = 1, .max = 255, .doc = "Name in lists"),
    COMMON_FIELDS,
    MERGING_FIELDS(struct layer_in),
};
static const struct shape update_shape = SHAPE("LayerUpdate", struct layer_in, update_fields);

struct toggle_in {
    bool enabled;
};
static const struct field toggle_fields[] = {
    FIELD(struct toggle_in, enabled, .required = true, .doc = "Drawn and heard"),
};
static const struct shape toggle_shape = SHAPE("LayerVisibility", struct toggle_in, toggle_fields);

struct orders_in {
    str scene_id;
    struct list layer_orders;
};
static const struct field orders_fields[] = {
    FIELD(struct orders_in, scene_id, .required = true, .format = FORMAT_UUID, .doc = "Scene of the layers"),
    FIELD(struct orders_in, layer_orders, .required = true, .shape = &layer_order_shape, .doc = "New indexes"),
};
static const struct shape orders_shape = SHAPE("LayerOrders", struct orders_in, orders_fields);

struct one {
    struct layer *layer;
};
static const struct field one_fields[] = { FIELD(struct one, layer, .required = true, .shape = &layer_shape) };
static const struct shape one_shape = SHAPE("LayerData", struct one, one_fields);
struct many {
    struct list layers;
};
static const struct field many_fields[] = { FIELD(struct many, layers, .shape = &layer_shape) };
static const struct shape many_shape = SHAPE("LayerList", struct many, many_fields);

static struct layer *fresh(struct api_call *call)
{
    struct one *out = call->output;
    out->layer = ARENA_NEW(call->scope.arena, struct layer);
    return out->layer;
}

static struct layer_change change_of(const struct api_call *call)
{
    const struct layer_in *in = call->body;
    return (struct layer_change) { in->type, in->name, in->enabled, in->duration, in->start_time, in->end_time,
        in->order_index, { in->base_revision, in->strict }, in->properties };
}

static error list_layers(struct api_call *call)
{
    struct scene scene;
    TRY(scene_get(&call->scope, ((struct path *)call->path)->sceneId, VIDEO_READ, &scene));
    return layer_list(&call->scope, scene.id, &((struct many *)call->output)->layers);
}

static error add(struct api_call *call)
{
    struct layer_change change = change_of(call);
    return layer_add(
        &call->scope, ((struct path *)call->path)->sceneId, &change, &call->problems, &call->warnings, fresh(call));
}

static error get(struct api_call *call)
{
    return layer_get(&call->scope, ((struct path *)call->path)->layerId, fresh(call));
}

static error update(struct api_call *call)
{
    struct layer_change change = change_of(call);
    return layer_update(
        &call->scope, ((struct path *)call->path)->layerId, &change, &call->problems, &call->warnings, fresh(call));
}

static error toggle(struct api_call *call)
{
    struct layer_change change = { .enabled = { true, ((struct toggle_in *)call->body)->enabled } };
    return layer_update(
        &call->scope, ((struct path *)call->path)->layerId, &change, &call->problems, &call->warnings, fresh(call));
}

static error delete_layer(struct api_call *call)
{
    return layer_delete(&call->scope, ((struct path *)call->path)->layerId);
}

static error duplicate(struct api_call *call)
{
    return layer_duplicate(&call->scope, ((struct path *)call->path)->layerId, fresh(call));
}

static error reorder(struct api_call *call)
{
    const struct orders_in *in = call->body;
    return layer_reorder(&call->scope, in->scene_id, &in->layer_orders);
}

#define SCENE_ERRORS ERRORS(ERROR_SCENE_NOT_FOUND, ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY, ERROR_PLAN_REQUIRED)
#define UPDATE_ERRORS                                                                                                  \
    ERRORS(ERROR_LAYER_NOT_FOUND, ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY, ERROR_PLAN_REQUIRED, ERROR_CONFLICT)
#define LAYER_ERRORS ERRORS(ERROR_LAYER_NOT_FOUND, ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY, ERROR_PLAN_REQUIRED)

static const struct route routes[] = {
    { "GET", "/api/v1/scenes/{sceneId}/layers", "Layers", "List a scene's layers", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &scene_path_shape, .output = &many_shape, .errors = ERRORS(ERROR_SCENE_NOT_FOUND),
        .handle = list_layers },
    { "POST", "/api/v1/scenes/{sceneId}/layers", "Layers", "Add a layer", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &scene_path_shape, .body_in = &create_shape, .output = &one_shape, .status = 201,
        .message = "Layer added successfully", .errors = SCENE_ERRORS, .handle = add },
    { "PUT", "/api/v1/layers/reorder", "Layers", "Reorder a scene's layers", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .body_in = &orders_shape, .message = "Layers reordered successfully",
        .errors = ERRORS(ERROR_SCENE_NOT_FOUND, ERROR_READ_ONLY), .handle = reorder },
    { "GET", "/api/v1/layers/{layerId}", "Layers", "Show a layer", FACE_ENVELOPE, ACCESS_USER, LANE_READ,
        .path_in = &path_shape, .output = &one_shape, .errors = ERRORS(ERROR_LAYER_NOT_FOUND), .handle = get },
    { "PUT", "/api/v1/layers/{layerId}", "Layers", "Change a layer", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, BODY_JSON,
        .path_in = &path_shape, .body_in = &update_shape, .output = &one_shape, .message = "Layer updated successfully",
        .errors = UPDATE_ERRORS, .handle = update },
    { "DELETE", "/api/v1/layers/{layerId}", "Layers", "Delete a layer", FACE_ENVELOPE, ACCESS_USER, LANE_WRITE,
        .path_in = &path_shape, .message = "Layer deleted successfully",
        .errors = ERRORS(ERROR_LAYER_NOT_FOUND, ERROR_READ_ONLY), .handle = delete_layer },
    { "POST", "/api/v1/layers/{layerId}/duplicate", "Layers", "Copy a layer, in front of it", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &one_shape, .status = 201,
        .message = "Layer duplicated successfully", .errors = ERRORS(ERROR_LAYER_NOT_FOUND, ERROR_READ_ONLY),
        .handle = duplicate },
    { "PUT", "/api/v1/layers/{layerId}/toggle-visibility", "Layers", "Show or hide a layer", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &path_shape, .body_in = &toggle_shape, .output = &one_shape,
        .resource = "/api/v1/layers/{layerId}", .message = "Layer visibility updated", .errors = LAYER_ERRORS,
        .handle = toggle },
};
const struct route_group route_group_layers = ROUTE_GROUP(routes);
