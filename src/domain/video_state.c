// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/video_state.h"

#include <stdlib.h>

#include "base/clock.h"
#include "domain/patch.h"

static error properties_into(struct arena *arena, json_t *row, struct raw_json properties)
{
    json_t *value;
    TRY(json_read(arena, properties.text, &value));
    json_object_set(row, "properties", value);
    return OK;
}

error video_state_video(struct arena *arena, const struct video *video, json_t **ret_row)
{
    json_t *row = json_keep(arena, json_object());
    json_object_set_new(row, "title", json_str(video->title));
    json_object_set_new(row, "revision", json_integer(video->revision));
    *ret_row = row;
    return properties_into(arena, row, video->properties);
}

error video_state_scene(struct arena *arena, const struct scene *scene, json_t **ret_row)
{
    json_t *row = json_keep(arena, json_object());
    json_object_set_new(row, "scene_number", json_integer(scene->scene_number));
    json_object_set_new(row, "text", json_str(scene->text));
    json_object_set_new(row, "duration", json_real(scene->duration));
    json_object_set_new(row, "is_expanded", json_boolean(scene->is_expanded));
    json_object_set_new(row, "created_at", json_integer(scene->created_at.us));
    json_object_set_new(row, "revision", json_integer(scene->revision));
    *ret_row = row;
    return properties_into(arena, row, scene->properties);
}

error video_state_layer(struct arena *arena, const struct layer *layer, json_t **ret_row)
{
    json_t *row = json_keep(arena, json_object());
    json_object_set_new(row, "scene_id", json_str(layer->scene_id));
    json_object_set_new(row, "type", json_str(layer->type));
    json_object_set_new(row, "name", json_str(layer->name));
    json_object_set_new(row, "enabled", json_boolean(layer->enabled));
    json_object_set_new(row, "duration", json_real(layer->duration));
    json_object_set_new(row, "start_time", json_real(layer->start_time));
    json_object_set_new(row, "end_time", json_real(layer->end_time));
    json_object_set_new(row, "order_index", json_integer(layer->order_index));
    json_object_set_new(row, "revision", json_integer(layer->revision));
    *ret_row = row;
    return properties_into(arena, row, layer->properties);
}

static void put(json_t *rows, str id, json_t *row)
{
    json_object_setn(rows, id.data, id.size, row);
}

error video_state_read(struct scope *scope, const struct video *video, json_t **ret_state)
{
    struct list scenes;
    json_t *row, *videos = json_object(), *scene_rows = json_object(), *layer_rows = json_object();
    json_t *state = json_keep(scope->arena, json_object());
    json_object_set_new(state, "videos", videos);
    json_object_set_new(state, "scenes", scene_rows);
    json_object_set_new(state, "layers", layer_rows);
    TRY(video_state_video(scope->arena, video, &row));
    put(videos, video->id, row);
    TRY(scene_list(scope, video->id, &scenes));
    for (size_t i = 0; i < scenes.count; i++) {
        const struct scene *scene = &((struct scene *)scenes.items)[i];
        TRY(video_state_scene(scope->arena, scene, &row));
        put(scene_rows, scene->id, row);
        for (size_t k = 0; k < scene->layers.count; k++) {
            const struct layer *layer = &((struct layer *)scene->layers.items)[k];
            TRY(video_state_layer(scope->arena, layer, &row));
            put(layer_rows, layer->id, row);
        }
    }
    *ret_state = state;
    return OK;
}

// Settling: no gap and no doubling of scenes, no doubling of layers ---------------------------------

struct place {
    json_t *row; // borrowed
    str list;    // the layer's scene
    int64_t number;
    bool is_new; // it takes the place, the other moves
    const char *id;
};

static int by_place(const void *left_pointer, const void *right_pointer)
{
    const struct place *left = left_pointer, *right = right_pointer;
    int lists = str_compare(left->list, right->list);
    if (lists)
        return lists;
    if (left->number != right->number)
        return left->number < right->number ? -1 : 1;
    if (left->is_new != right->is_new)
        return left->is_new ? -1 : 1;
    return str_compare(str_of(left->id), str_of(right->id));
}

static void settle(struct arena *arena, const json_t *before, json_t *wanted, const char *table)
{
    const char *key = patch_order_key(table), *id;
    json_t *rows = json_object_get(wanted, table), *row;
    bool gapless = json_object_size(rows) && str_equal_c(STR("scenes"), table);
    struct place *places = ARENA_ARRAY(arena, struct place, json_object_size(rows) + 1);
    size_t count = 0;
    json_object_foreach (rows, id, row)
        places[count++] = (struct place) { row, json_get_str(row, "scene_id"), json_get_int(row, key, 1),
            !patch_of_row(before, table, str_of(id)), id };
    qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || !str_equal(places[i].list, places[i - 1].list);
        int64_t last = first ? 0 : places[i - 1].number;
        if (gapless || places[i].number <= last)
            places[i].number = last + 1;
        if (places[i].number != json_get_int(places[i].row, key, 0))
            json_object_set_new(places[i].row, key, json_integer(places[i].number));
    }
}

static error gone(const char *what)
{
    return error_make(ERROR_UNDO_CONFLICT, NULL, "The %s that this change is about is no longer there", what);
}

static error check_whole(const json_t *wanted)
{
    const json_t *scenes = json_object_get(wanted, "scenes");
    const char *id;
    json_t *row;
    json_object_foreach ((json_t *)scenes, id, row) {
        if (!json_object_get(row, "text") || !json_object_get(row, "scene_number"))
            return gone("scene");
    }
    json_object_foreach (json_object_get(wanted, "layers"), id, row) {
        str scene_id = json_get_str(row, "scene_id");
        if (!json_object_get(row, "type"))
            return gone("layer");
        if (!json_object_getn(scenes, scene_id.data, scene_id.size))
            return error_make(ERROR_UNDO_CONFLICT, NULL,
                "A scene would go, or is gone, while it has layers that this change does not know");
    }
    return OK;
}

// Writing ------------------------------------------------------------------------------------------

DB_STATEMENT(write_video, "UPDATE video SET title = $2, properties = $3 WHERE id = $1");
DB_STATEMENT(delete_scene, "DELETE FROM scenes WHERE id = $1");
DB_STATEMENT(delete_layer, "DELETE FROM scenes_layers WHERE id = $1");
DB_STATEMENT(insert_scene,
    "INSERT INTO scenes (id, video_id, scene_number, text, duration, properties, is_expanded, revision, created_at,"
    " updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
DB_STATEMENT(write_scene,
    "UPDATE scenes SET scene_number = $2, text = $3, duration = $4, properties = $5, is_expanded = $6,"
    " revision = revision + 1, updated_at = $7 WHERE id = $1");
DB_STATEMENT(insert_layer,
    "INSERT INTO scenes_layers (id, scene_id, type, name, enabled, duration, start_time, end_time, order_index,"
    " properties, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
DB_STATEMENT(write_layer,
    "UPDATE scenes_layers SET name = $2, enabled = $3, duration = $4, start_time = $5, end_time = $6,"
    " order_index = $7, properties = $8, revision = revision + 1, updated_at = CURRENT_TIMESTAMP WHERE id = $1");

// One row as it shall be; NULL: it goes.
struct write {
    struct scope *scope;
    const struct video *video;
    str id;
    const json_t *row;
    bool is_new;
};

static struct db_value text_of(const struct write *write, const char *key)
{
    return db_text(json_get_str(write->row, key));
}

static struct db_value number_of(const struct write *write, const char *key)
{
    return db_number(json_get_number(write->row, key, 0));
}

static struct db_value integer_of(const struct write *write, const char *key)
{
    return db_int(json_get_int(write->row, key, 0));
}

static struct db_value bool_of(const struct write *write, const char *key)
{
    return db_bool(json_get_bool(write->row, key, false));
}

static struct db_value properties_of(const struct write *write)
{
    return db_text(json_text(write->scope->arena, json_object_get(write->row, "properties")));
}

// A video's revision is raised by every change of it, so no row of it had a higher one.
static struct db_value next_revision(const struct write *write)
{
    return db_int(write->video->revision + 1);
}

static error put_scene(const struct write *write)
{
    struct db_value id = db_text(write->id), now = db_int(clock_now_us());
    struct db_value number = integer_of(write, "scene_number"), text = text_of(write, "text");
    struct db_value duration = number_of(write, "duration"), expanded = bool_of(write, "is_expanded");
    if (!write->is_new)
        return db_run(write->scope->db, &write_scene,
            DB_ARGS(id, number, text, duration, properties_of(write), expanded, now), NULL);
    return db_run(write->scope->db, &insert_scene,
        DB_ARGS(id, db_text(write->video->id), number, text, duration, properties_of(write), expanded,
            next_revision(write), integer_of(write, "created_at"), now),
        NULL);
}

static error put_layer(const struct write *write)
{
    struct db_value id = db_text(write->id), name = text_of(write, "name"), enabled = bool_of(write, "enabled");
    struct db_value duration = number_of(write, "duration"), start = number_of(write, "start_time");
    struct db_value end = number_of(write, "end_time"), order = integer_of(write, "order_index");
    if (!write->is_new)
        return db_run(write->scope->db, &write_layer,
            DB_ARGS(id, name, enabled, duration, start, end, order, properties_of(write)), NULL);
    return db_run(write->scope->db, &insert_layer,
        DB_ARGS(id, text_of(write, "scene_id"), text_of(write, "type"), name, enabled, duration, start, end, order,
            properties_of(write), next_revision(write)),
        NULL);
}

static error put_video(const struct write *write)
{
    return db_run(write->scope->db, &write_video,
        DB_ARGS(db_text(write->id), text_of(write, "title"), properties_of(write)), NULL);
}

static error remove_rows(
    struct scope *scope, const struct patch *patch, const char *table, const struct db_statement *by_id)
{
    const char *id;
    json_t *row;
    json_object_foreach (json_object_get(patch->forward, table), id, row) {
        if (json_is_null(row))
            TRY(db_run(scope->db, by_id, DB_ARGS(db_text(str_of(id))), NULL));
    }
    return OK;
}

error video_state_write(struct scope *scope, const struct video *video, const json_t *before, json_t *wanted)
{
    static error (*const puts[3])(const struct write *) = { put_video, put_scene, put_layer };
    TRY(check_whole(wanted));
    settle(scope->arena, before, wanted, "scenes");
    settle(scope->arena, before, wanted, "layers");
    struct patch patch = patch_between(scope->arena, before, wanted);
    TRY(remove_rows(scope, &patch, "layers", &delete_layer));
    TRY(remove_rows(scope, &patch, "scenes", &delete_scene));
    for (size_t i = 0; i < 3; i++) {
        const char *id;
        json_t *row;
        json_object_foreach (json_object_get(patch.forward, patch_tables[i]), id, row) {
            bool is_new = json_is_null(patch_of_row(patch.back, patch_tables[i], str_of(id)));
            struct write write = { scope, video, str_of(id), patch_of_row(wanted, patch_tables[i], str_of(id)),
                is_new };
            if (write.row)
                TRY(puts[i](&write));
        }
    }
    return OK;
}
