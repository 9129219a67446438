// SPDX-License-Identifier: GPL-3.0-or-later
// Scenes of a video (document 001).
#include "api/scene_shapes.h"
#include "domain/scene.h"

struct path {
    str videoId, sceneId;
};
static const struct field video_path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape video_path_shape = SHAPE("SceneListPath", struct path, video_path_fields);
static const struct field path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
    FIELD(struct path, sceneId, .required = true, .format = FORMAT_UUID, .doc = "Scene"),
};
static const struct shape path_shape = SHAPE("ScenePath", struct path, path_fields);

struct preview_in {
    double t;
    struct opt_int w;
    str layer_id;
    struct scene_placing placing;
};
static const struct field preview_fields[] = {
    FIELD(struct preview_in, t, .max = 36000, .doc = "Seconds since the scene's start [0]"),
    FIELD(struct preview_in, w, .min = 16, .max = 3840, .doc = "Width in pixels [960]"),
    FIELD(struct preview_in, layer_id, .format = FORMAT_UUID,
        .doc = "Layer that is shown as if it were already where the rest says; nothing is changed"),
    FIELD_AS(struct preview_in, placing.x, "x", .min = -1000, .max = 1000, .doc = "Its centre, in percent"),
    FIELD_AS(struct preview_in, placing.y, "y", .min = -1000, .max = 1000, .doc = "Its centre, in percent"),
    FIELD_AS(struct preview_in, placing.scale, "scale", .max = 50, .doc = "Its scale"),
    FIELD_AS(struct preview_in, placing.rotation, "rotation", .min = -3600, .max = 3600, .doc = "Its turn, in degrees"),
    FIELD_AS(struct preview_in, placing.width, "width", .max = 1000, .doc = "Its width, in percent"),
    FIELD_AS(struct preview_in, placing.height, "height", .max = 1000, .doc = "Its height, in percent"),
    FIELD_AS(struct preview_in, placing.max_width, "max_width", .min = 1, .max = 100, .doc = "A text's, in percent"),
};
static const struct shape preview_shape = SHAPE("PreviewQuery", struct preview_in, preview_fields);

static const struct field box_fields[] = {
    FIELD(struct scene_text_box, layer_id, .required = true, .doc = "Layer"),
    FIELD(struct scene_text_box, width, .required = true, .doc = "Percent of the picture's width"),
    FIELD(struct scene_text_box, height, .required = true, .doc = "Percent of the picture's height"),
};
static const struct shape box_shape = SHAPE("TextBox", struct scene_text_box, box_fields);
struct boxes {
    struct list boxes;
};
static const struct field boxes_fields[] = { FIELD(struct boxes, boxes, .required = true, .shape = &box_shape) };
static const struct shape boxes_shape = SHAPE("TextBoxes", struct boxes, boxes_fields);
static const struct field boxes_in_fields[] = {
    FIELD(struct preview_in, w, .min = 16, .max = 3840, .doc = "Width of the frames that are looked at [960]"),
};
static const struct shape boxes_in_shape = SHAPE("TextBoxQuery", struct preview_in, boxes_in_fields);

struct scene_in {
    str text, duration_mode;
    struct opt_number duration;
    struct opt_bool is_expanded;
    json_t *background, *transition;
    struct opt_int base_revision;
    bool strict;
};
#define CONTENT_FIELDS                                                                                                 \
    FIELD(struct scene_in, text, .max = 100000, .doc = "Narration"),                                                   \
        FIELD(                                                                                                         \
            struct scene_in, duration, .min = 0.04, .max = 36000, .doc = "Seconds; left out: guessed from the text"),  \
        FIELD(struct scene_in, duration_mode, .max = 16, .doc = "fixed, or voice: as long as the voiceover"),          \
        FIELD(struct scene_in, is_expanded, .doc = "Whether an editor shows its layers"),                              \
        FIELD(struct scene_in, background, .doc = "See the property reference"),                                       \
        FIELD(struct scene_in, transition, .doc = "See the property reference")
static const struct field in_fields[] = { CONTENT_FIELDS };
static const struct shape in_shape = SHAPE("SceneInput", struct scene_in, in_fields);
static const struct field update_fields[] = { CONTENT_FIELDS, MERGING_FIELDS(struct scene_in) };
static const struct shape update_shape = SHAPE("SceneUpdate", struct scene_in, update_fields);

struct orders_in {
    struct list scene_orders;
};
static const struct field orders_fields[] = {
    FIELD(struct orders_in, scene_orders, .required = true, .shape = &scene_order_shape, .doc = "New numbers"),
};
static const struct shape orders_shape = SHAPE("SceneOrders", struct orders_in, orders_fields);

struct one {
    struct scene_answer *scene;
};
static const struct field one_fields[] = { FIELD(struct one, scene, .required = true, .shape = &scene_answer_shape) };
static const struct shape one_shape = SHAPE("SceneData", struct one, one_fields);
struct many {
    struct list scenes;
};
static const struct field many_fields[] = { FIELD(struct many, scenes, .shape = &scene_answer_shape) };
static const struct shape many_shape = SHAPE("SceneList", struct many, many_fields);

static error give(struct api_call *call, struct scene *scene)
{
    struct one *out = call->output;
    TRY(layer_list(&call->scope, scene->id, &scene->layers));
    out->scene = ARENA_NEW(call->scope.arena, struct scene_answer);
    return scene_answer(call, scene, out->scene);
}

static struct scene_change change_of(const struct api_call *call)
{
    const struct scene_in *in = call->body;
    return (
        struct scene_change) { in->text, in->duration, in->is_expanded, { in->base_revision, in->strict }, call->json };
}

static error list_scenes(struct api_call *call)
{
    struct video video;
    struct list rows;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_READ, &video));
    TRY(scene_list(&call->scope, video.id, &rows));
    struct scene_answer *items = ARENA_ARRAY(call->scope.arena, struct scene_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        TRY(scene_answer(call, &((struct scene *)rows.items)[i], &items[i]));
    ((struct many *)call->output)->scenes = (struct list) { items, rows.count };
    return OK;
}

static error add(struct api_call *call)
{
    struct scene scene;
    struct scene_change change = change_of(call);
    TRY(scene_add(&call->scope, ((struct path *)call->path)->videoId, &change, &call->problems, &scene));
    return give(call, &scene);
}

static error get(struct api_call *call)
{
    struct scene scene;
    struct video video;
    const struct path *path = call->path;
    TRY(video_get(&call->scope, path->videoId, VIDEO_READ, &video));
    TRY(scene_get(&call->scope, path->sceneId, VIDEO_READ, &scene));
    if (!str_equal(scene.video_id, video.id))
        return error_of(ERROR_SCENE_NOT_FOUND);
    return give(call, &scene);
}

// Waits for an engine: not in a lane whose threads others wait for.
static error preview(struct api_call *call)
{
    const struct path *path = call->path;
    const struct preview_in *query = call->query;
    str accepted = http_header(exchange_request(call->exchange), "Accept");
    struct scene_picture wish = { .video_id = path->videoId,
        .scene_id = path->sceneId,
        .seconds = query->t,
        .width = query->w.set ? query->w.value : 960,
        .png = accepted.size && str_find(accepted, STR("image/png")) >= 0 && str_find(accepted, STR("image/jpeg")) < 0,
        .layer_id = query->layer_id,
        .placing = query->placing };
    TRY(call->app->preview(call->app->preview_context, &call->scope, &wish, &call->answer));
    call->answer_type = wish.png ? "image/png" : "image/jpeg";
    route_finish(call, OK);
    return OK;
}

// Waits as preview does.
static error text_boxes(struct api_call *call)
{
    const struct path *path = call->path;
    const struct preview_in *query = call->query;
    struct scene_picture wish = {
        .video_id = path->videoId, .scene_id = path->sceneId, .width = query->w.set ? query->w.value : 960
    };
    TRY(call->app->text_boxes(call->app->preview_context, &call->scope, &wish, &((struct boxes *)call->output)->boxes));
    route_finish(call, OK);
    return OK;
}

static error update(struct api_call *call)
{
    struct scene scene;
    const struct path *path = call->path;
    struct scene_change change = change_of(call);
    TRY(scene_update(&call->scope, path->videoId, path->sceneId, &change, &call->problems, &scene));
    return give(call, &scene);
}

static error delete_scene(struct api_call *call)
{
    const struct path *path = call->path;
    return scene_delete(&call->scope, path->videoId, path->sceneId);
}

static error duplicate(struct api_call *call)
{
    struct scene scene;
    const struct path *path = call->path;
    TRY(scene_duplicate(&call->scope, path->videoId, path->sceneId, &scene));
    return give(call, &scene);
}

static error reorder(struct api_call *call)
{
    const struct orders_in *in = call->body;
    return scene_reorder(&call->scope, ((struct path *)call->path)->videoId, &in->scene_orders);
}

#define WRITE_ERRORS ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY)
#define SCENE_WRITE_ERRORS ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND, ERROR_READ_ONLY)

static const struct route routes[] = {
    { "GET", "/api/v1/videos/{videoId}/scenes", "Scenes", "List a video's scenes with their layers", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .path_in = &video_path_shape, .output = &many_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = list_scenes },
    { "POST", "/api/v1/videos/{videoId}/scenes", "Scenes", "Add a scene at the end", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &video_path_shape, .body_in = &in_shape, .output = &one_shape, .status = 201,
        .message = "Scene added successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_MEDIA_NOT_FOUND, ERROR_PLAN_REQUIRED),
        .handle = add },
    { "PUT", "/api/v1/videos/{videoId}/scenes/reorder", "Scenes", "Reorder the scenes", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &video_path_shape, .body_in = &orders_shape,
        .message = "Scenes reordered successfully", .errors = WRITE_ERRORS, .handle = reorder },
    { "GET", "/api/v1/videos/{videoId}/scenes/{sceneId}", "Scenes", "Show a scene", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .output = &one_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND), .handle = get },
    { "GET", "/api/v1/videos/{videoId}/scenes/{sceneId}/preview", "Scenes",
        "Draw a frame as the render will; PNG where Accept asks for it and not for JPEG", FACE_ENVELOPE, ACCESS_USER,
        LANE_STREAM, .path_in = &path_shape, .query_in = &preview_shape, .answer_type = "image/jpeg",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND), .handle = preview },
    { "GET", "/api/v1/videos/{videoId}/scenes/{sceneId}/text-boxes", "Scenes",
        "Tell what each text takes up in the picture, for its handles", FACE_ENVELOPE, ACCESS_USER, LANE_STREAM,
        .path_in = &path_shape, .query_in = &boxes_in_shape, .output = &boxes_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND), .handle = text_boxes },
    { "PUT", "/api/v1/videos/{videoId}/scenes/{sceneId}", "Scenes", "Change a scene", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .path_in = &path_shape, .body_in = &update_shape, .output = &one_shape,
        .message = "Scene updated successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_SCENE_NOT_FOUND, ERROR_READ_ONLY, ERROR_CONFLICT,
            ERROR_MEDIA_NOT_FOUND, ERROR_PLAN_REQUIRED),
        .handle = update },
    { "DELETE", "/api/v1/videos/{videoId}/scenes/{sceneId}", "Scenes", "Delete a scene", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .message = "Scene deleted successfully", .errors = SCENE_WRITE_ERRORS,
        .handle = delete_scene },
    { "POST", "/api/v1/videos/{videoId}/scenes/{sceneId}/duplicate", "Scenes", "Copy a scene, right behind it",
        FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &one_shape, .status = 201,
        .message = "Scene duplicated successfully", .errors = SCENE_WRITE_ERRORS, .handle = duplicate },
};
const struct route_group route_group_scenes = ROUTE_GROUP(routes);
