// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/layer.h"

#include <math.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/asset.h"
#include "domain/avatar.h"
#include "domain/change.h"
#include "domain/merging.h"
#include "domain/scene.h"
#include "domain/scene_properties.h"
#include "domain/video_state.h"
#include "domain/voice.h"

enum { LAYERS_MAX = 1000 }; // of a scene: as many as the compositor draws

static const struct field fields[] = {
    FIELD(struct layer, id, .doc = "UUID"),
    FIELD(struct layer, scene_id, .doc = "Scene it belongs to"),
    FIELD(struct layer, type, .doc = "audio, voiceover, text, media, shape, avatar or effect"),
    FIELD(struct layer, name),
    FIELD(struct layer, enabled, .doc = "Drawn and heard"),
    FIELD(struct layer, duration, .doc = "Seconds"),
    FIELD(struct layer, start_time, .doc = "Seconds from the scene's start"),
    FIELD(struct layer, end_time, .doc = "Seconds from the scene's start"),
    FIELD(struct layer, order_index, .doc = "1 is front-most"),
    FIELD(struct layer, properties, .doc = "See the property reference"),
    FIELD(struct layer, revision, .doc = "Raised by every change"),
    FIELD(struct layer, video_id, .hidden = true),
};
const struct shape layer_shape = SHAPE("Layer", struct layer, fields);

static const struct field order_fields[] = {
    FIELD(struct layer_order, layer_id, .required = true, .format = FORMAT_UUID, .doc = "Layer"),
    FIELD(struct layer_order, order_index, .required = true, .min = 1, .max = 100000, .doc = "1 is front-most"),
};
const struct shape layer_order_shape = SHAPE("LayerOrder", struct layer_order, order_fields);

#define SELECT                                                                                                         \
    "SELECT l.id, l.scene_id, l.type, l.name, l.enabled, l.duration, l.start_time, l.end_time, l.order_index,"         \
    " l.properties, l.revision, s.video_id FROM scenes_layers l JOIN scenes s ON s.id = l.scene_id "

DB_STATEMENT(by_id, SELECT "WHERE l.id = $1");

error layer_get(struct scope *scope, str id, struct layer *ret_layer)
{
    struct layer layer;
    struct video video;
    bool found;
    if (!id_is_valid(id))
        return error_make(ERROR_INVALID_ID, "layer_id", "A layer id is a UUID");
    TRY(db_one(
        scope->db, scope->arena, &by_id, DB_ARGS(db_text(str_lower(scope->arena, id))), &layer_shape, &layer, &found));
    error access = found ? video_get(scope, layer.video_id, VIDEO_READ, &video) : error_of(ERROR_VIDEO_NOT_FOUND);
    if (access.code == ERROR_VIDEO_NOT_FOUND)
        return error_make(ERROR_LAYER_NOT_FOUND, "layer_id", "Layer with ID '%.*s' not found", STR_ARGS(id));
    TRY(access);
    *ret_layer = layer;
    return OK;
}

DB_STATEMENT(of_scene, SELECT "WHERE l.scene_id = $1 ORDER BY l.order_index, l.id");

error layer_list(struct scope *scope, str scene_id, struct list *ret_layers)
{
    return db_all(scope->db, scope->arena, &of_scene, DB_ARGS(db_text(scene_id)), &layer_shape, 0, ret_layers);
}

static void complain(struct problems *problems, const char *field, str reason, const char *type)
{
    problem_add(problems,
        (struct problem) { .place = STR("body"), .field = str_of(field), .reason = reason, .type = str_of(type) });
}

// On a change of the start the duration stays; a changed duration or end moves the other; together they must agree.
static void settle_times(const struct layer_change *change, bool fresh, struct problems *problems, struct layer *layer)
{
    if (change->start_time.set)
        layer->start_time = change->start_time.value;
    if (change->duration.set)
        layer->duration = change->duration.value;
    else if (change->end_time.set)
        layer->duration = change->end_time.value - layer->start_time;
    else if (fresh)
        complain(problems, "duration", STR("a layer needs a duration or an end_time"), "value_error.missing");
    layer->end_time = layer->start_time + layer->duration;
    if (change->duration.set && change->end_time.set && fabs(layer->end_time - change->end_time.value) > 0.001)
        complain(problems, "end_time", STR("must be start_time plus duration"), "value_error");
    if (layer->duration < 0)
        complain(problems, "end_time", STR("must not lie before start_time"), "value_error");
}

// One that stood `before` may stay: members change layers that show each other's avatars.
static error check_avatar(
    struct scope *scope, const json_t *before, const json_t *properties, struct warnings *warnings)
{
    struct avatar avatar;
    str id = json_get_str(properties, "avatar_id");
    if (!id.data || str_equal(json_get_str(before, "avatar_id"), id))
        return OK;
    error unknown = avatar_get(scope, id, &avatar);
    if (unknown.code != ERROR_AVATAR_NOT_FOUND && unknown.code != ERROR_INVALID_ID) {
        TRY(unknown);
        return avatar_may_use(scope, &avatar);
    }
    warning_add(scope->arena, warnings, STR("properties.avatar_id"),
        "there is no avatar with the id '%.*s'; a render would stop", STR_ARGS(str_cut_utf8(id, 80)));
    return OK;
}

static error check_assets(struct scope *scope, const struct layer *layer, const json_t *before,
    const json_t *properties, struct warnings *warnings)
{
    if (str_equal(layer->type, STR("media")))
        return asset_check(scope, before, properties, "media_id", "media_url", warnings);
    if (str_equal(layer->type, STR("audio")))
        return asset_check(scope, before, properties, "audio_id", "audio_url", warnings);
    str voice_id = json_get_str(properties, "voice_id");
    if (str_equal(layer->type, STR("voiceover")) && !str_equal(json_get_str(before, "voice_id"), voice_id))
        TRY(voice_may_use(&scope->actor, voice_id));
    if (str_equal(layer->type, STR("avatar")))
        return check_avatar(scope, before, properties, warnings);
    return OK;
}

// Only when the index is taken do the others move back.
DB_STATEMENT(make_room,
    "UPDATE scenes_layers SET order_index = order_index + 1 WHERE scene_id = $1 AND order_index >= $2"
    " AND EXISTS (SELECT 1 FROM scenes_layers taken WHERE taken.scene_id = $1 AND taken.order_index = $2)");
DB_STATEMENT(
    made_room, "SELECT id, order_index FROM scenes_layers WHERE scene_id = $1 AND order_index > $2 AND id <> $3");
static const struct field place_fields[] = { FIELD(struct layer, id), FIELD(struct layer, order_index) };
static const struct shape place_shape = SHAPE("LayerPlace", struct layer, place_fields);

static json_t *place_json(struct arena *arena, int64_t order_index)
{
    return json_keep(arena, json_pack("{s:I}", "order_index", (json_int_t)order_index));
}

// Moves others back when the layer's index is taken, and notes them.
static error make_way(struct scope *scope, const struct layer *layer, struct patch *patch)
{
    struct db_value scene = db_text(layer->scene_id), index = db_int(layer->order_index);
    struct list moved;
    int64_t count;
    TRY(db_run(scope->db, &make_room, DB_ARGS(scene, index), &count));
    if (count == 0)
        return OK;
    TRY(db_all(
        scope->db, scope->arena, &made_room, DB_ARGS(scene, index, db_text(layer->id)), &place_shape, 0, &moved));
    for (size_t i = 0; i < moved.count; i++) {
        const struct layer *other = &((struct layer *)moved.items)[i];
        patch_row(patch, "layers", other->id, place_json(scope->arena, other->order_index - 1),
            place_json(scope->arena, other->order_index));
    }
    return OK;
}

DB_STATEMENT(insert,
    "INSERT INTO scenes_layers (id, scene_id, type, name, enabled, duration, start_time, end_time, order_index,"
    " properties) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");

static error insert_row(struct scope *scope, const struct layer *layer)
{
    return db_run(scope->db, &insert,
        DB_ARGS(db_text(layer->id), db_text(layer->scene_id), db_text(layer->type), db_text(layer->name),
            db_bool(layer->enabled), db_number(layer->duration), db_number(layer->start_time),
            db_number(layer->end_time), db_int(layer->order_index), db_text(layer->properties.text)),
        NULL);
}

// Stores a new layer at its index, before which the others make room.
static error put_in(struct scope *scope, str video_id, const struct layer *layer, struct layer *ret_layer)
{
    struct patch patch = patch_new(scope->arena);
    json_t *row;
    TRY(make_way(scope, layer, &patch));
    TRY(insert_row(scope, layer));
    TRY(layer_get(scope, layer->id, ret_layer));
    TRY(video_state_layer(scope->arena, ret_layer, &row));
    patch_row(&patch, "layers", ret_layer->id, NULL, row);
    json_t *object = shape_json(scope->arena, &layer_shape, ret_layer);
    return change_record(scope, &(struct change_note) { "layer:added", "layer.add", video_id, layer->scene_id,
                                    layer->id, ret_layer->name, &patch, object, object, ret_layer->revision });
}

DB_STATEMENT(count_of, "SELECT count(*) FROM scenes_layers WHERE scene_id = $1");

static error check_room(struct scope *scope, str scene_id)
{
    int64_t count;
    TRY(db_integer(scope->db, &count_of, DB_ARGS(db_text(scene_id)), &count, NULL));
    if (count >= LAYERS_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "scene_id",
            "A scene has at most %d layers: delete some, or begin another scene", LAYERS_MAX);
    return OK;
}

error layer_add(struct scope *scope, str scene_id, const struct layer_change *change, struct problems *problems,
    struct warnings *warnings, struct layer *ret_layer)
{
    struct scene scene;
    TRY(scene_get(scope, scene_id, VIDEO_WRITE, &scene));
    struct layer layer = { .id = id_new(scope->arena),
        .scene_id = scene.id,
        .type = change->type,
        .enabled = !change->enabled.set || change->enabled.value };
    const json_t *properties = json_merge(scope->arena, NULL, change->properties);
    settle_times(change, true, problems, &layer);
    scene_properties_check(scope->arena, layer.type.data, properties, problems, warnings);
    TRY(problems_error(problems));
    TRY(check_room(scope, scene.id));
    TRY(check_assets(scope, &layer, NULL, properties, warnings));
    layer.order_index = change->order_index.set ? change->order_index.value : 1;
    layer.name = change->name;
    layer.properties.text = json_text(scope->arena, properties);
    return put_in(scope, scene.video_id, &layer, ret_layer);
}

// The patch as it was meant: only what the change names.
static json_t *patch_of(struct arena *arena, const struct layer_change *change)
{
    json_t *patch = json_keep(arena, json_object());
    if (change->name.data)
        json_object_set_new(patch, "name", json_str(change->name));
    if (change->enabled.set)
        json_object_set_new(patch, "enabled", json_boolean(change->enabled.value));
    if (change->start_time.set)
        json_object_set_new(patch, "start_time", json_real(change->start_time.value));
    if (change->duration.set)
        json_object_set_new(patch, "duration", json_real(change->duration.value));
    if (change->end_time.set)
        json_object_set_new(patch, "end_time", json_real(change->end_time.value));
    if (change->order_index.set)
        json_object_set_new(patch, "order_index", json_integer(change->order_index.value));
    if (change->properties)
        json_object_set_new(patch, "properties", json_deep_copy(change->properties));
    return patch;
}

DB_STATEMENT(update,
    "UPDATE scenes_layers SET name = $2, enabled = $3, duration = $4, start_time = $5, end_time = $6,"
    " order_index = $7, properties = $8, revision = revision + 1, updated_at = CURRENT_TIMESTAMP WHERE id = $1");

static error write_update(
    struct scope *scope, const struct layer_change *change, const struct layer *layer, const json_t *properties)
{
    return db_run(scope->db, &update,
        DB_ARGS(db_text(layer->id), db_text(change->name.data ? change->name : layer->name),
            db_bool(change->enabled.set ? change->enabled.value : layer->enabled), db_number(layer->duration),
            db_number(layer->start_time), db_number(layer->end_time), db_int(layer->order_index),
            db_text(json_text(scope->arena, properties))),
        NULL);
}

static error note_update(struct scope *scope, const struct layer_change *change, const struct layer *layer,
    json_t *changed, struct patch *patch)
{
    json_t *row, *object = shape_json(scope->arena, &layer_shape, layer);
    TRY(video_state_layer(scope->arena, layer, &row));
    if (change->start_time.set || change->duration.set || change->end_time.set) {
        json_object_set(changed, "duration", json_object_get(row, "duration"));
        json_object_set(changed, "end_time", json_object_get(row, "end_time"));
    }
    return change_record(scope, &(struct change_note) { "layer:updated", "layer.update", layer->video_id,
                                    layer->scene_id, layer->id, layer->name, patch, changed, object, layer->revision });
}

error layer_update(struct scope *scope, str id, const struct layer_change *change, struct problems *problems,
    struct warnings *warnings, struct layer *ret_layer)
{
    struct layer layer;
    struct video video;
    struct patch patch = patch_new(scope->arena);
    json_t *before, *after, *changed = patch_of(scope->arena, change);
    TRY(layer_get(scope, id, &layer));
    TRY(video_get(scope, layer.video_id, VIDEO_WRITE, &video));
    TRY(video_state_layer(scope->arena, &layer, &before));
    TRY(merging_check(scope, &change->merging,
        &(struct merging_target) { "layers", video.id, layer.id, layer.revision, before, changed }, problems));
    const json_t *old = json_object_get(before, "properties");
    const json_t *merged = change->properties ? json_merge(scope->arena, old, change->properties) : old;
    settle_times(change, false, problems, &layer);
    scene_properties_check(scope->arena, layer.type.data, merged, problems, warnings);
    TRY(problems_error(problems));
    TRY(check_assets(scope, &layer, old, merged, warnings));
    if (change->order_index.set && change->order_index.value != layer.order_index) {
        layer.order_index = change->order_index.value;
        TRY(make_way(scope, &layer, &patch));
    }
    TRY(write_update(scope, change, &layer, merged));
    TRY(layer_get(scope, id, ret_layer));
    TRY(video_state_layer(scope->arena, ret_layer, &after));
    patch_row(&patch, "layers", ret_layer->id, before, after);
    return note_update(scope, change, ret_layer, changed, &patch);
}

DB_STATEMENT(delete_one, "DELETE FROM scenes_layers WHERE id = $1");

error layer_delete(struct scope *scope, str id)
{
    struct layer layer;
    struct video video;
    TRY(layer_get(scope, id, &layer));
    TRY(video_get(scope, layer.video_id, VIDEO_WRITE, &video));
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_text(layer.id)), NULL));
    json_t *change = json_keep(scope->arena, json_pack("{s:b}", "delete", 1)), *row;
    struct patch patch = patch_new(scope->arena);
    TRY(video_state_layer(scope->arena, &layer, &row));
    patch_row(&patch, "layers", layer.id, row, NULL);
    return change_record(scope, &(struct change_note) { "layer:deleted", "layer.delete", layer.video_id, layer.scene_id,
                                    layer.id, layer.name, &patch, change, NULL, layer.revision + 1 });
}

error layer_duplicate(struct scope *scope, str id, struct layer *ret_layer)
{
    struct layer layer;
    struct video video;
    TRY(layer_get(scope, id, &layer));
    TRY(video_get(scope, layer.video_id, VIDEO_WRITE, &video));
    layer.id = id_new(scope->arena);
    return put_in(scope, layer.video_id, &layer, ret_layer);
}

error layer_copy(struct scope *scope, const struct layer *layer, str scene_id)
{
    struct layer copy = *layer;
    copy.id = id_new(scope->arena);
    copy.scene_id = scene_id;
    return insert_row(scope, &copy);
}

static error order_problem(const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "layer_orders", "%s", what);
}

// The order that would result, checked before anything is written.
static error check_order(struct list *layers, const struct list *orders)
{
    struct layer *all = layers->items;
    const struct layer_order *wanted = orders->items;
    if (orders->count == 0)
        return order_problem("The list of layers is empty");
    for (size_t i = 0; i < orders->count; i++) {
        struct layer *layer = NULL;
        for (size_t k = 0; k < layers->count && !layer; k++)
            if (str_equal_fold(all[k].id, wanted[i].layer_id))
                layer = &all[k];
        if (!layer)
            return order_problem("A layer of the list is not in this scene");
        layer->order_index = wanted[i].order_index;
        for (size_t k = 0; k < i; k++)
            if (str_equal_fold(wanted[k].layer_id, wanted[i].layer_id))
                return order_problem("A layer stands twice in the list");
    }
    for (size_t i = 0; i < layers->count; i++)
        for (size_t k = 0; k < i; k++)
            if (all[i].order_index == all[k].order_index)
                return order_problem("Two layers would have the same order_index");
    return OK;
}

json_t *layer_orders_json(struct arena *arena, const struct list *layers)
{
    json_t *list = json_array();
    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *layer = &((struct layer *)layers->items)[i];
        json_array_append_new(list, json_pack("{s:s#, s:I}", "layer_id", layer->id.data, (int)layer->id.size,
                                        "order_index", (json_int_t)layer->order_index));
    }
    json_t *object = json_keep(arena, json_object());
    json_object_set_new(object, "layer_orders", list);
    return object;
}

DB_STATEMENT(set_order, "UPDATE scenes_layers SET order_index = $2, revision = revision + 1 WHERE id = $1");

error layer_reorder(struct scope *scope, str scene_id, const struct list *orders)
{
    struct scene scene;
    struct list before, layers;
    struct patch patch = patch_new(scope->arena);
    TRY(scene_get(scope, scene_id, VIDEO_WRITE, &scene));
    TRY(layer_list(scope, scene.id, &before));
    TRY(layer_list(scope, scene.id, &layers));
    TRY(check_order(&layers, orders));
    const struct layer_order *wanted = orders->items;
    for (size_t i = 0; i < orders->count; i++)
        TRY(db_run(scope->db, &set_order,
            DB_ARGS(db_text(str_lower(scope->arena, wanted[i].layer_id)), db_int(wanted[i].order_index)), NULL));
    for (size_t i = 0; i < layers.count; i++) {
        const struct layer *old = &((struct layer *)before.items)[i], *new = &((struct layer *)layers.items)[i];
        patch_row(&patch, "layers", new->id, place_json(scope->arena, old->order_index),
            place_json(scope->arena, new->order_index));
    }
    return change_record(scope, &(struct change_note) { .event = "layers:reordered",
                                    .kind = "layers.reorder",
                                    .video_id = scene.video_id,
                                    .scene_id = scene.id,
                                    .subject = str_format(scope->arena, "%lld", (long long)scene.scene_number),
                                    .patch = &patch,
                                    .change = layer_orders_json(scope->arena, &layers) });
}
