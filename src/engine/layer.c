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
