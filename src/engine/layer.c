// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layer.h"

static const struct layer_kind *const kinds[] = { &layer_text, &layer_media, &layer_shape, &layer_avatar,
    &layer_effect };

error layer_error(const struct composition_layer *spec, error cause)
{
    if (!error_is(cause) || cause.code == ERROR_CANCELLED)
        return cause;
    str name = str_cut_utf8(spec->name.data ? spec->name : spec->id, 60);
    return error_make(cause.code, cause.field, "Layer \"%.*s\": %s", STR_ARGS(name), cause.message);
}

static error read_common(struct layer *layer)
{
    const json_t *properties = layer->spec->properties;
    const json_t *position = json_object_get(properties, "position");
    double x, y;
    TRY(composition_number(position, "x", 50, -1000, 1000, &x));
    TRY(composition_number(position, "y", 50, -1000, 1000, &y));
    layer->x = x / 100 * layer->composition->width;
    layer->y = y / 100 * layer->composition->height;
    TRY(composition_number(properties, "scale", 1, 0, 100, &layer->scale));
    TRY(composition_number(properties, "rotation", 0, -36000, 36000, &layer->rotation));
    TRY(composition_number(properties, "opacity", 1, 0, 1, &layer->opacity));
    return animation_read(layer->spec, &layer->plan);
}

error layer_open(struct arena *arena, const struct composition *composition, const struct composition_layer *spec,
    const struct source_io *inputs, struct layer *ret_layer)
{
    struct layer layer = { .arena = arena, .composition = composition, .spec = spec, .inputs = inputs };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal_c(spec->type, kinds[i]->name))
            layer.kind = kinds[i];
    if (!layer.kind)
        return layer_error(
            spec, error_make(ERROR_VALIDATION_ERROR, "type", "The engine cannot draw layers of the type %.*s",
                      STR_ARGS(str_cut_utf8(spec->type, 40))));
    error failed = read_common(&layer);
    if (!error_is(failed) && layer.scale > 0)
        failed = layer.kind->open(&layer);
    if (error_is(failed))
        return layer_error(spec, failed);
    *ret_layer = layer;
    return OK;
}

// Without what says where it stands.
static bool same_but_place(const json_t *a, const json_t *b)
{
    static const char *const places[] = { "position", "rotation", "opacity" };
    json_t *one = json_copy((json_t *)a), *other = json_copy((json_t *)b);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        json_object_del(one, places[i]);
        json_object_del(other, places[i]);
    }
    bool same = json_equal(one, other);
    json_decref(one);
    json_decref(other);
    return same;
}

bool layer_is(const struct layer *layer, const struct composition_layer *spec, bool *ret_moved)
{
    const struct composition_layer *own = layer->spec;
    if (!str_equal(own->id, spec->id) || !str_equal(own->type, spec->type) || own->start != spec->start
        || own->end != spec->end || own->input != spec->input || own->sound != spec->sound
        || (own->speech != spec->speech && !json_equal(own->speech, spec->speech)))
        return false;
    *ret_moved = !json_equal(own->properties, spec->properties);
    return !*ret_moved || (layer->kind->stands_anywhere && same_but_place(own->properties, spec->properties));
}

error layer_move(struct layer *layer, const struct composition *composition, const struct composition_layer *spec)
{
    layer->composition = composition;
    layer->spec = spec;
    return layer_error(spec, read_common(layer));
}
