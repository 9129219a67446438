// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/change.h"

#include <string.h>

#include "domain/event.h"
#include "domain/revision.h"
#include "domain/scene.h"
#include "domain/search.h"

static error send(struct scope *scope, const struct change_note *note)
{
    struct video video;
    if (note->scene_id.data)
        TRY(search_update(scope, SEARCH_SCENE, note->scene_id));
    TRY(video_get(scope, note->video_id, VIDEO_READ, &video));
    json_t *payload = json_keep(scope->arena, json_object());
    json_object_set_new(payload, "video_id", json_str(note->video_id));
    json_object_set_new(payload, "scene_id", json_str(note->scene_id));
    if (note->layer_id.data)
        json_object_set_new(payload, "layer_id", json_str(note->layer_id));
    if (note->object || json_object_get(note->change, "delete"))
        json_object_set(payload, "changes", note->change);
    else // a new order says itself what it is
        json_object_update(payload, note->change);
    if (note->object)
        json_object_set(payload, note->layer_id.data ? "layer" : "scene", note->object);
    json_object_set_new(payload, "revision", json_integer(note->revision));
    json_object_set_new(payload, "user_id", json_str(scope->actor.user_id));
    return event_add(
        scope, &(struct event_new) {
                   .kind = note->event, .user_id = video.user_id, .video_id = note->video_id, .payload = payload });
}

error change_record(struct scope *scope, const struct change_note *note)
{
    str target = note->layer_id.data ? note->layer_id : note->scene_id.data ? note->scene_id : note->video_id;
    TRY(revision_add(scope, &(struct revision_new) { .kind = note->kind,
                                .video_id = note->video_id,
                                .target_id = target,
                                .scene_id = note->scene_id,
                                .subject = note->subject,
                                .patch = note->patch }));
    return send(scope, note);
}

// Events of a patch --------------------------------------------------------------------------------

struct tell {
    struct scope *scope;
    str video_id;
    const struct patch *patch;
};

static bool goes(const struct tell *tell, const char *table, str id)
{
    return json_is_null(patch_of_row(tell->patch->forward, table, id));
}

static bool comes(const struct tell *tell, const char *table, str id)
{
    return json_is_null(patch_of_row(tell->patch->back, table, id));
}

// What differs but the place in a list, which has an event of its own, and the revision.
static json_t *content_of(const struct tell *tell, const char *table, const json_t *row)
{
    json_t *content = json_keep(tell->scope->arena, json_copy((json_t *)row));
    json_object_del(content, "revision");
    json_object_del(content, patch_order_key(table));
    return content;
}

static json_t *deletion(struct arena *arena)
{
    return json_keep(arena, json_pack("{s:b}", "delete", 1));
}

static error tell_layer(const struct tell *tell, str id, const json_t *row)
{
    struct scope *scope = tell->scope;
    struct layer layer;
    struct change_note note = { .video_id = tell->video_id, .layer_id = id, .patch = tell->patch };
    if (goes(tell, "layers", id)) {
        const json_t *old = patch_of_row(tell->patch->back, "layers", id);
        note.event = "layer:deleted";
        note.scene_id = json_get_str(old, "scene_id");
        note.change = deletion(scope->arena);
        note.revision = json_get_int(old, "revision", 0) + 1;
        return goes(tell, "scenes", note.scene_id) ? OK : send(scope, &note);
    }
    TRY(layer_get(scope, id, &layer));
    if (comes(tell, "scenes", layer.scene_id))
        return OK; // told with its scene
    note.scene_id = layer.scene_id;
    note.revision = layer.revision;
    note.object = shape_json(scope->arena, &layer_shape, &layer);
    note.event = comes(tell, "layers", id) ? "layer:added" : "layer:updated";
    note.change = comes(tell, "layers", id) ? note.object : content_of(tell, "layers", row);
    return json_object_size(note.change) ? send(scope, &note) : OK;
}

static error tell_scene(const struct tell *tell, str id, const json_t *row)
{
    struct scope *scope = tell->scope;
    struct scene scene;
    struct change_note note = { .video_id = tell->video_id, .scene_id = id, .patch = tell->patch };
    if (goes(tell, "scenes", id)) {
        note.event = "scene:deleted";
        note.change = deletion(scope->arena);
        note.revision = json_get_int(patch_of_row(tell->patch->back, "scenes", id), "revision", 0) + 1;
        return send(scope, &note);
    }
    bool fresh = comes(tell, "scenes", id);
    TRY(scene_get(scope, id, VIDEO_READ, &scene));
    TRY(layer_list(scope, scene.id, &scene.layers));
    note.revision = scene.revision;
    note.object = scene_json(scope->arena, &scene, fresh ? &scene.layers : NULL);
    note.event = fresh ? "scene:added" : "scene:updated";
    note.change = fresh ? note.object : content_of(tell, "scenes", row);
    return json_object_size(note.change) ? send(scope, &note) : OK;
}

// Whether something moved in a list that was and is there, of scenes or of a scene's layers.
static bool is_moved(const struct tell *tell, const char *table, const struct list *layers)
{
    const char *id;
    json_t *row;
    json_object_foreach (json_object_get(tell->patch->forward, table), id, row) {
        bool listed = !layers;
        for (size_t i = 0; layers && i < layers->count; i++)
            listed = listed || str_equal_c(((struct layer *)layers->items)[i].id, id);
        if (listed && !comes(tell, table, str_of(id)) && json_object_get(row, patch_order_key(table)))
            return true;
    }
    return false;
}

static error tell_orders(const struct tell *tell)
{
    struct scope *scope = tell->scope;
    struct list scenes;
    struct video video;
    TRY(video_get(scope, tell->video_id, VIDEO_READ, &video));
    TRY(scene_list(scope, video.id, &scenes));
    struct change_note note = { .event = "scenes:reordered", .video_id = video.id, .revision = video.revision };
    note.change = scene_orders_json(scope->arena, &scenes);
    if (is_moved(tell, "scenes", NULL))
        TRY(send(scope, &note));
    for (size_t i = 0; i < scenes.count; i++) {
        const struct scene *scene = &((struct scene *)scenes.items)[i];
        note = (struct change_note) { .event = "layers:reordered", .video_id = video.id, .scene_id = scene->id };
        note.change = layer_orders_json(scope->arena, &scene->layers);
        if (is_moved(tell, "layers", &scene->layers))
            TRY(send(scope, &note));
    }
    return OK;
}

error change_tell(struct scope *scope, str video_id, const struct patch *patch)
{
    struct tell tell = { scope, video_id, patch };
    const char *id;
    json_t *row;
    struct video video;
    TRY(video_get(scope, video_id, VIDEO_READ, &video));
    json_object_foreach (json_object_get(patch->forward, "videos"), id, row) {
        if (json_object_size(content_of(&tell, "videos", row)))
            TRY(video_tell(scope, &video));
    }
    json_object_foreach (json_object_get(patch->forward, "scenes"), id, row)
        TRY(tell_scene(&tell, str_of(id), row));
    json_object_foreach (json_object_get(patch->forward, "layers"), id, row)
        TRY(tell_layer(&tell, str_of(id), row));
    return tell_orders(&tell);
}
