// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/patch.h"

#include <string.h>

const char *const patch_tables[3] = { "videos", "scenes", "layers" };

const char *patch_order_key(const char *table)
{
    return !strcmp(table, "scenes") ? "scene_number" : !strcmp(table, "layers") ? "order_index" : NULL;
}

struct patch patch_new(struct arena *arena)
{
    return (struct patch) { json_keep(arena, json_object()), json_keep(arena, json_object()) };
}

// The merge patch that makes `after` of `before`, both objects; a new reference.
static json_t *difference(const json_t *before, const json_t *after)
{
    json_t *patch = json_object(), *value;
    const char *key;
    json_object_foreach ((json_t *)before, key, value) {
        if (!json_object_get(after, key))
            json_object_set_new(patch, key, json_null());
    }
    json_object_foreach ((json_t *)after, key, value) {
        const json_t *old = json_object_get(before, key);
        if (json_is_object(old) && json_is_object(value) && !json_equal(old, value))
            json_object_set_new(patch, key, difference(old, value));
        else if (!old || !json_equal(old, value))
            json_object_set_new(patch, key, json_deep_copy(value));
    }
    return patch;
}

static void put(json_t *patch, const char *table, str id, json_t *row)
{
    json_t *rows = json_object_get(patch, table);
    if (!rows) {
        rows = json_object();
        json_object_set_new(patch, table, rows);
    }
    json_object_setn_new(rows, id.data, id.size, row);
}

void patch_row(struct patch *patch, const char *table, str id, const json_t *before, const json_t *after)
{
    if (!before && !after)
        return;
    json_t *forward = !after ? json_null() : !before ? json_deep_copy(after) : difference(before, after);
    if (before && after) {
        size_t beside = json_object_get(forward, "revision") ? 1 : 0;
        if (json_object_size(forward) == beside) {
            json_decref(forward);
            return;
        }
    }
    put(patch->forward, table, id, forward);
    put(patch->back, table, id, !before ? json_null() : !after ? json_deep_copy(before) : difference(after, before));
}

struct patch patch_between(struct arena *arena, const json_t *before, const json_t *after)
{
    struct patch patch = patch_new(arena);
    for (size_t i = 0; i < 3; i++) {
        const json_t *old = json_object_get(before, patch_tables[i]), *new = json_object_get(after, patch_tables[i]);
        const char *id;
        json_t *row;
        json_object_foreach ((json_t *)old, id, row)
            patch_row(&patch, patch_tables[i], str_of(id), row, json_object_get(new, id));
        json_object_foreach ((json_t *)new, id, row) {
            if (!json_object_get(old, id))
                patch_row(&patch, patch_tables[i], str_of(id), NULL, row);
        }
    }
    return patch;
}

bool patch_is_empty(const struct patch *patch)
{
    return json_object_size(patch->forward) == 0;
}

json_t *patch_of_row(const json_t *patch, const char *table, str id)
{
    return json_object_getn(json_object_get(patch, table), id.data, id.size);
}

static void common_into(
    struct arena *arena, str prefix, const json_t *mine, const json_t *theirs, const json_t *row, json_t *found)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)mine, key, value) {
        const json_t *other = json_object_get(theirs, key);
        json_t *current = json_object_get(row, key);
        str path = str_format(arena, "%.*s%s%s", STR_ARGS(prefix), prefix.size ? "." : "", key);
        if (json_is_object(value) && json_is_object(other))
            common_into(arena, path, value, other, current, found);
        else if (other)
            json_object_setn_new(found, path.data, path.size, current ? json_incref(current) : json_null());
    }
}

json_t *patch_common(struct arena *arena, const json_t *mine, const json_t *theirs, const json_t *row)
{
    json_t *found = json_keep(arena, json_object());
    common_into(arena, STR(""), mine, theirs, row, found);
    return found;
}
