// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/scene.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "domain/asset.h"
#include "domain/change.h"
#include "domain/merging.h"
#include "domain/scene_properties.h"
#include "domain/video_state.h"

static const struct field fields[] = {
    FIELD(struct scene, id),
    FIELD(struct scene, video_id),
    FIELD(struct scene, scene_number),
    FIELD(struct scene, text),
    FIELD(struct scene, duration),
    FIELD(struct scene, start_time),
    FIELD(struct scene, end_time),
    FIELD(struct scene, is_expanded),
    FIELD(struct scene, properties),
    FIELD(struct scene, revision),
    FIELD(struct scene, created_at),
    FIELD(struct scene, updated_at),
};
const struct shape scene_row_shape = SHAPE("SceneRow", struct scene, fields);

static const struct field order_fields[] = {
    FIELD(struct scene_order, scene_id, .required = true, .format = FORMAT_UUID, .doc = "Scene"),
    FIELD(struct scene_order, scene_number, .required = true, .min = 1, .max = 100000, .doc = "1 is the first"),
};
const struct shape scene_order_shape = SHAPE("SceneOrder", struct scene_order, order_fields);

#define SELECT                                                                                                         \
    "SELECT s.id, s.video_id, s.scene_number, s.text, s.duration, s.is_expanded, s.properties, s.revision,"            \
    " s.created_at, s.updated_at, (SELECT coalesce(sum(b.duration), 0) FROM scenes b"                                  \
    " WHERE b.video_id = s.video_id AND b.scene_number < s.scene_number) AS start_time FROM scenes s "

DB_STATEMENT(by_id, SELECT "WHERE s.id = $1");

error scene_get(struct scope *scope, str id, enum video_right right, struct scene *ret_scene)
{
    struct scene scene;
    struct video video;
    bool found;
    if (!id_is_valid(id))
        return error_make(ERROR_INVALID_ID, "scene_id", "A scene id is a UUID");
    TRY(db_one(scope->db, scope->arena, &by_id, DB_ARGS(db_text(str_lower(scope->arena, id))), &scene_row_shape, &scene,
        &found));
    error access = found ? video_get(scope, scene.video_id, right, &video) : error_of(ERROR_VIDEO_NOT_FOUND);
    if (access.code == ERROR_VIDEO_NOT_FOUND)
        return error_make(ERROR_SCENE_NOT_FOUND, "scene_id", "Scene with ID '%.*s' not found", STR_ARGS(id));
    TRY(access);
    scene.end_time = scene.start_time + scene.duration;
    *ret_scene = scene;
    return OK;
}

DB_STATEMENT(of_video, SELECT "WHERE s.video_id = $1 ORDER BY s.scene_number");
DB_STATEMENT(layers_of_video,
    "SELECT l.id, l.scene_id, l.type, l.name, l.enabled, l.duration, l.start_time, l.end_time, l.order_index,"
    " l.properties, l.revision, s.video_id FROM scenes_layers l JOIN scenes s ON s.id = l.scene_id"
    " WHERE s.video_id = $1 ORDER BY s.scene_number, l.order_index, l.id");

error scene_list(struct scope *scope, str video_id, struct list *ret_scenes)
{
    struct list scenes, layers;
    TRY(db_all(scope->db, scope->arena, &of_video, DB_ARGS(db_text(video_id)), &scene_row_shape, 0, &scenes));
    TRY(db_all(scope->db, scope->arena, &layers_of_video, DB_ARGS(db_text(video_id)), &layer_shape, 0, &layers));
    struct layer *layer = layers.items;
    size_t left = layers.count;
    double at = 0;
    for (size_t i = 0; i < scenes.count; i++) {
        struct scene *scene = &((struct scene *)scenes.items)[i];
        scene->start_time = at;
        scene->end_time = at += scene->duration;
        scene->layers.items = layer;
        for (; left && str_equal(layer->scene_id, scene->id); left--) {
            layer++;
            scene->layers.count++;
        }
    }
    *ret_scenes = scenes;
    return OK;
}

// The members of the body that the property table knows for scenes and that are no columns.
static json_t *options_of(struct arena *arena, const json_t *body)
{
    json_t *options = json_keep(arena, json_object());
    for (const struct scene_property *row = scene_properties; row->name; row++) {
        json_t *value = json_object_get(body, row->name);
        bool column = !strcmp(row->name, "text") || !strcmp(row->name, "duration") || !strcmp(row->name, "is_expanded");
        if ((row->owners & ON_SCENE) && value && !column)
            json_object_set(options, row->name, value);
    }
    return options;
}

// Speech runs at about 14 letters a second; a scene without words shows for 5 s.
static double guess_duration(str text)
{
    double seconds = (double)str_length_utf8(text) / 14 + 1;
    return text.size == 0 ? 5 : seconds < 2 ? 2 : seconds;
}

json_t *scene_json(struct arena *arena, const struct scene *scene, const struct list *layers)
{
    json_t *object = shape_json(arena, &scene_row_shape, scene);
    json_object_del(object, "start_time");
    json_object_del(object, "end_time");
    if (!layers)
        return object;
    json_t *list = json_array();
    for (size_t i = 0; i < layers->count; i++)
        json_array_append(list, shape_json(arena, &layer_shape, &((struct layer *)layers->items)[i]));
    json_object_set_new(object, "layers", list);
    return object;
}

static error record(struct scope *scope, const char *event, const char *kind, const struct scene *scene,
    const struct patch *patch, json_t *change, json_t *object)
{
    return change_record(scope,
        &(struct change_note) { event, kind, scene->video_id, scene->id, STR_NONE,
            str_format(scope->arena, "%lld", (long long)scene->scene_number), patch, change, object, scene->revision });
}

static json_t *place_json(struct arena *arena, int64_t scene_number)
{
    return json_keep(arena, json_pack("{s:I}", "scene_number", (json_int_t)scene_number));
}

DB_STATEMENT(behind, "SELECT id, scene_number FROM scenes WHERE video_id = $1 AND scene_number > $2");
static const struct field place_fields[] = { FIELD(struct scene, id), FIELD(struct scene, scene_number) };
static const struct shape place_shape = SHAPE("ScenePlace", struct scene, place_fields);

// Notes that every scene behind this one moves.
static error note_moved(struct scope *scope, const struct scene *scene, int64_t step, struct patch *patch)
{
    struct list moved;
    TRY(db_all(scope->db, scope->arena, &behind, DB_ARGS(db_text(scene->video_id), db_int(scene->scene_number)),
        &place_shape, 0, &moved));
    for (size_t i = 0; i < moved.count; i++) {
        const struct scene *one = &((struct scene *)moved.items)[i];
        patch_row(patch, "scenes", one->id, place_json(scope->arena, one->scene_number),
            place_json(scope->arena, one->scene_number + step));
    }
    return OK;
}

// Notes that a scene with its layers comes or goes.
static error note_whole(
    struct scope *scope, const struct scene *scene, const struct list *layers, bool comes, struct patch *patch)
{
    json_t *row;
    TRY(video_state_scene(scope->arena, scene, &row));
    patch_row(patch, "scenes", scene->id, comes ? NULL : row, comes ? row : NULL);
    for (size_t i = 0; i < layers->count; i++) {
        const struct layer *layer = &((struct layer *)layers->items)[i];
        TRY(video_state_layer(scope->arena, layer, &row));
        patch_row(patch, "layers", layer->id, comes ? NULL : row, comes ? row : NULL);
    }
    return OK;
}

DB_STATEMENT(insert,
    "INSERT INTO scenes (id, video_id, scene_number, text, duration, properties, is_expanded, revision, created_at,"
    " updated_at) SELECT $1, $2, coalesce(max(scene_number), 0) + 1, $3, $4, $5, $6, 1, $7, $7 FROM scenes"
    " WHERE video_id = $2");

error scene_add(struct scope *scope, str video_id, const struct scene_change *change, struct problems *problems,
    struct scene *ret_scene)
{
    struct video video;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    const json_t *options = json_merge(scope->arena, NULL, options_of(scope->arena, change->options));
    scene_options_check(scope->arena, ON_SCENE, options, problems);
    TRY(problems_error(problems));
    TRY(asset_check_options(scope, NULL, options));
    str id = id_new(scope->arena), text = change->text.data ? change->text : STR("");
    TRY(db_run(scope->db, &insert,
        DB_ARGS(db_text(id), db_text(video.id), db_text(text),
            db_number(change->duration.set ? change->duration.value : guess_duration(text)),
            db_text(json_text(scope->arena, options)), db_bool(change->is_expanded.set && change->is_expanded.value),
            db_int(clock_now_us())),
        NULL));
    TRY(scene_get(scope, id, VIDEO_READ, ret_scene));
    struct patch patch = patch_new(scope->arena);
    TRY(note_whole(scope, ret_scene, &(struct list) { 0 }, true, &patch));
    json_t *object = scene_json(scope->arena, ret_scene, NULL);
    return record(scope, "scene:added", "scene.add", ret_scene, &patch, object, object);
}

static error get_in_video(struct scope *scope, str video_id, str id, struct scene *ret_scene)
{
    TRY(scene_get(scope, id, VIDEO_WRITE, ret_scene));
    if (!str_equal_fold(ret_scene->video_id, video_id))
        return error_make(ERROR_SCENE_NOT_FOUND, "scene_id", "Scene with ID '%.*s' not found", STR_ARGS(id));
    return OK;
}

DB_STATEMENT(update,
    "UPDATE scenes SET text = $2, duration = $3, properties = $4, is_expanded = $5, revision = revision + 1,"
    " updated_at = $6 WHERE id = $1");

// The change as it was meant: only what it names.
static json_t *patch_of(struct arena *arena, const struct scene_change *change)
{
    json_t *patch = json_keep(arena, json_object());
    json_object_set(patch, "properties", options_of(arena, change->options));
    if (change->text.data)
        json_object_set_new(patch, "text", json_str(change->text));
    if (change->duration.set)
        json_object_set_new(patch, "duration", json_real(change->duration.value));
    if (change->is_expanded.set)
        json_object_set_new(patch, "is_expanded", json_boolean(change->is_expanded.value));
    return patch;
}

error scene_update(struct scope *scope, str video_id, str id, const struct scene_change *change,
    struct problems *problems, struct scene *ret_scene)
{
    struct scene scene;
    struct video video;
    struct patch patch = patch_new(scope->arena);
    json_t *before, *after, *changed = patch_of(scope->arena, change);
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(get_in_video(scope, video_id, id, &scene));
    TRY(video_state_scene(scope->arena, &scene, &before));
    TRY(merging_check(scope, &change->merging,
        &(struct merging_target) { "scenes", video.id, scene.id, scene.revision, before, changed }, problems));
    const json_t *merged = json_merge(
        scope->arena, json_object_get(before, "properties"), json_object_get(changed, "properties"));
    scene_options_check(scope->arena, ON_SCENE, merged, problems);
    TRY(problems_error(problems));
    TRY(asset_check_options(scope, json_object_get(before, "properties"), merged));
    TRY(db_run(scope->db, &update,
        DB_ARGS(db_text(scene.id), db_text(change->text.data ? change->text : scene.text),
            db_number(change->duration.set ? change->duration.value : scene.duration),
            db_text(json_text(scope->arena, merged)),
            db_bool(change->is_expanded.set ? change->is_expanded.value : scene.is_expanded), db_int(clock_now_us())),
        NULL));
    TRY(scene_get(scope, id, VIDEO_READ, ret_scene));
    TRY(video_state_scene(scope->arena, ret_scene, &after));
    patch_row(&patch, "scenes", ret_scene->id, before, after);
    return record(
        scope, "scene:updated", "scene.update", ret_scene, &patch, changed, scene_json(scope->arena, ret_scene, NULL));
}

DB_STATEMENT(delete_one, "DELETE FROM scenes WHERE id = $1");
DB_STATEMENT(close_gap, "UPDATE scenes SET scene_number = scene_number - 1 WHERE video_id = $1 AND scene_number > $2");

error scene_delete(struct scope *scope, str video_id, str id)
{
    struct scene scene;
    struct video video;
    struct list layers;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(get_in_video(scope, video_id, id, &scene));
    TRY(layer_list(scope, scene.id, &layers));
    struct patch patch = patch_new(scope->arena);
    TRY(note_whole(scope, &scene, &layers, false, &patch));
    TRY(note_moved(scope, &scene, -1, &patch));
    TRY(db_run(scope->db, &delete_one, DB_ARGS(db_text(scene.id)), NULL));
    TRY(db_run(scope->db, &close_gap, DB_ARGS(db_text(scene.video_id), db_int(scene.scene_number)), NULL));
    return record(scope, "scene:deleted", "scene.delete", &scene, &patch,
        json_keep(scope->arena, json_pack("{s:b}", "delete", 1)), NULL);
}

DB_STATEMENT(open_gap, "UPDATE scenes SET scene_number = scene_number + 1 WHERE video_id = $1 AND scene_number > $2");
DB_STATEMENT(insert_copy,
    "INSERT INTO scenes (id, video_id, scene_number, text, duration, properties, is_expanded, revision, created_at,"
    " updated_at) SELECT $1, video_id, scene_number + 1, text, duration, properties, is_expanded, 1, $3, $3"
    " FROM scenes WHERE id = $2");

error scene_duplicate(struct scope *scope, str video_id, str id, struct scene *ret_scene)
{
    struct scene scene;
    struct video video;
    struct list layers;
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(get_in_video(scope, video_id, id, &scene));
    TRY(layer_list(scope, scene.id, &layers));
    str copy = id_new(scope->arena);
    struct patch patch = patch_new(scope->arena);
    TRY(note_moved(scope, &scene, 1, &patch));
    TRY(db_run(scope->db, &open_gap, DB_ARGS(db_text(scene.video_id), db_int(scene.scene_number)), NULL));
    TRY(db_run(scope->db, &insert_copy, DB_ARGS(db_text(copy), db_text(scene.id), db_int(clock_now_us())), NULL));
    for (size_t i = 0; i < layers.count; i++)
        TRY(layer_copy(scope, &((struct layer *)layers.items)[i], copy));
    TRY(scene_get(scope, copy, VIDEO_READ, ret_scene));
    TRY(layer_list(scope, copy, &layers));
    TRY(note_whole(scope, ret_scene, &layers, true, &patch));
    json_t *object = scene_json(scope->arena, ret_scene, &layers);
    return record(scope, "scene:added", "scene.add", ret_scene, &patch, object, object);
}

static error order_problem(const char *what)
{
    return error_make(ERROR_VALIDATION_ERROR, "scene_orders", "%s", what);
}

// Applies the wanted numbers to the rows in memory and checks that 1..n results.
static error check_order(struct list *scenes, const struct list *orders)
{
    struct scene *all = scenes->items;
    const struct scene_order *wanted = orders->items;
    if (orders->count == 0)
        return order_problem("The list of scenes is empty");
    for (size_t i = 0; i < orders->count; i++) {
        struct scene *scene = NULL;
        for (size_t k = 0; k < scenes->count && !scene; k++)
            if (str_equal_fold(all[k].id, wanted[i].scene_id))
                scene = &all[k];
        if (!scene)
            return order_problem("A scene of the list is not in this video");
        scene->scene_number = wanted[i].scene_number;
    }
    for (size_t i = 0; i < scenes->count; i++) {
        if (all[i].scene_number > (int64_t)scenes->count)
            return order_problem("The scene numbers must run from 1 without gaps");
        for (size_t k = 0; k < i; k++)
            if (all[i].scene_number == all[k].scene_number)
                return order_problem("Two scenes would have the same scene_number");
    }
    return OK;
}

json_t *scene_orders_json(struct arena *arena, const struct list *scenes)
{
    json_t *object = json_keep(arena, json_object()), *list = json_array();
    for (size_t i = 0; i < scenes->count; i++) {
        const struct scene *scene = &((struct scene *)scenes->items)[i];
        json_array_append_new(list, json_pack("{s:s#, s:I}", "scene_id", scene->id.data, (int)scene->id.size,
                                        "scene_number", (json_int_t)scene->scene_number));
    }
    json_object_set_new(object, "scene_orders", list);
    return object;
}

DB_STATEMENT(set_number, "UPDATE scenes SET scene_number = $2, revision = revision + 1 WHERE id = $1");

error scene_reorder(struct scope *scope, str video_id, const struct list *orders)
{
    struct video video;
    struct list before, scenes;
    struct patch patch = patch_new(scope->arena);
    TRY(video_get(scope, video_id, VIDEO_WRITE, &video));
    TRY(scene_list(scope, video.id, &before));
    TRY(scene_list(scope, video.id, &scenes));
    TRY(check_order(&scenes, orders));
    for (size_t i = 0; i < scenes.count; i++) {
        const struct scene *old = &((struct scene *)before.items)[i], *new = &((struct scene *)scenes.items)[i];
        TRY(db_run(scope->db, &set_number, DB_ARGS(db_text(new->id), db_int(new->scene_number)), NULL));
        patch_row(&patch, "scenes", new->id, place_json(scope->arena, old->scene_number),
            place_json(scope->arena, new->scene_number));
    }
    return change_record(scope, &(struct change_note) { .event = "scenes:reordered",
                                    .kind = "scenes.reorder",
                                    .video_id = video.id,
                                    .patch = &patch,
                                    .change = scene_orders_json(scope->arena, &scenes),
                                    .revision = video.revision + 1 });
}
