// SPDX-License-Identifier: GPL-3.0-or-later
// A video as one JSON document, out and in.
#include "base/id.h"
#include "domain/scene.h"

static error options_into(struct arena *arena, json_t *object, struct raw_json options)
{
    json_t *value;
    TRY(json_read(arena, options.text, &value));
    json_object_update_missing(object, value);
    return OK;
}

static error layer_json(struct arena *arena, const struct layer *layer, json_t *layers)
{
    json_t *object = shape_json(arena, &layer_shape, layer);
    json_array_append(layers, object);
    return OK;
}

error video_document(struct scope *scope, const struct video *video, json_t **ret_document)
{
    struct arena *arena = scope->arena;
    struct list scenes;
    json_t *document = json_keep(arena, json_object()), *head = json_object(), *list = json_array();
    json_object_set_new(document, "video", head);
    json_object_set_new(document, "scenes", list);
    json_object_set_new(head, "id", json_str(video->id));
    json_object_set_new(head, "title", json_str(video->title));
    TRY(options_into(arena, head, video->properties));
    TRY(scene_list(scope, video->id, &scenes));
    for (size_t i = 0; i < scenes.count; i++) {
        const struct scene *scene = &((struct scene *)scenes.items)[i];
        json_t *object = json_object(), *layers = json_array();
        json_array_append_new(list, object);
        json_object_set_new(object, "id", json_str(scene->id));
        json_object_set_new(object, "text", json_str(scene->text));
        json_object_set_new(object, "duration", json_real(scene->duration));
        json_object_set_new(object, "layers", layers);
        TRY(options_into(arena, object, scene->properties));
        for (size_t k = 0; k < scene->layers.count; k++)
            TRY(layer_json(arena, &((struct layer *)scene->layers.items)[k], layers));
    }
    *ret_document = document;
    return OK;
}

static struct opt_number number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return (struct opt_number) { json_is_number(value), json_number_value(value) };
}

static error import_layer(struct scope *scope, str scene_id, const json_t *object, double scene_duration,
    struct problems *problems, struct warnings *warnings)
{
    struct layer layer;
    struct layer_change change = { .type = json_get_str(object, "type"),
        .name = json_get_str(object, "name"),
        .enabled = { json_object_get(object, "enabled") != NULL, json_get_bool(object, "enabled", true) },
        .duration = number_of(object, "duration"),
        .start_time = number_of(object, "start_time"),
        .end_time = number_of(object, "end_time"),
        .order_index = { json_object_get(object, "order_index") != NULL, json_get_int(object, "order_index", 1) },
        .properties = json_object_get(object, "properties") };
    if (!change.duration.set && !change.end_time.set)
        change.end_time = (struct opt_number) { true, scene_duration };
    return layer_add(scope, scene_id, &change, problems, warnings, &layer);
}

error video_import(struct scope *scope, const json_t *document, struct problems *problems, struct warnings *warnings,
    struct video *ret_video)
{
    return video_import_as(scope, id_new(scope->arena), document, problems, warnings, ret_video);
}

error video_import_as(struct scope *scope, str id, const json_t *document, struct problems *problems,
    struct warnings *warnings, struct video *ret_video)
{
    const json_t *head = json_object_get(document, "video"), *object, *layer;
    size_t i, k;
    str title = json_get_str(head, "title");
    TRY(video_create_as(scope, id, title.data ? title : STR("Untitled"), head, problems, ret_video));
    json_array_foreach (json_object_get(document, "scenes"), i, object) {
        struct scene scene;
        struct scene_change change = {
            .text = json_get_str(object, "text"), .duration = number_of(object, "duration"), .options = object
        };
        TRY(scene_add(scope, ret_video->id, &change, problems, &scene));
        json_array_foreach (json_object_get(object, "layers"), k, layer)
            TRY(import_layer(scope, scene.id, layer, scene.duration, problems, warnings));
    }
    return video_get(scope, ret_video->id, VIDEO_READ, ret_video);
}
