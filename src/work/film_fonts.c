// SPDX-License-Identifier: GPL-3.0-or-later
// Typefaces that texts wish for: whether this machine has them is the engine's to say.
#include "work/film_parts.h"

// Each place of the document that names a family, until `visit` says true.
static bool each_family(const struct film *film, bool (*visit)(void *context, str family, str place), void *context)
{
    const struct film_plan *plan = film->plan;
    str captions = json_get_str(json_object_get(plan->video, "captions"), "font_family");
    if (captions.size && visit(context, captions, STR("video.captions.font_family")))
        return true;
    for (size_t s = 0; s < plan->scene_count; s++)
        for (size_t i = 0; i < plan->scenes[s].layer_count; i++) {
            const struct plan_layer *layer = &plan->scenes[s].layers[i];
            str family = layer->owner == ON_TEXT ? json_get_str(layer->properties, "font_family") : STR_NONE;
            str place = str_format(plan->arena, "%s.properties.font_family", film_place(film, s, layer).data);
            if (family.size && visit(context, family, place))
                return true;
        }
    return false;
}

static bool add(void *context, str family, str place)
{
    json_t *families = context;
    (void)place;
    for (size_t i = 0; i < json_array_size(families); i++)
        if (str_equal_c(family, json_string_value(json_array_get(families, i))))
            return false;
    json_array_append_new(families, json_str(family));
    return false;
}

json_t *film_fonts_params(const struct film *film)
{
    json_t *params = json_keep(film->plan->arena, json_object()), *families = json_array();
    json_object_set_new(params, "families", families);
    each_family(film, add, families);
    return params;
}

struct missing {
    const struct film *film;
    const char *family;
    struct warnings *warnings;
};

static bool warn(void *context, str family, str place)
{
    const struct missing *missing = context;
    if (!str_equal_c(family, missing->family))
        return false;
    warning_add(missing->film->plan->arena, missing->warnings, place,
        "The typeface \"%s\" is not installed where films are made; another one is drawn in its place",
        missing->family);
    return true;
}

void film_take_fonts(struct film *film, const json_t *result, struct warnings *warnings)
{
    struct film_plan *plan = film->plan;
    const json_t *missing = json_object_get(result, "missing");
    plan->options.renderer = str_format(
        plan->arena, "%.*s, typefaces %.*s", STR_ARGS(plan->options.renderer), STR_ARGS(json_get_str(result, "key")));
    for (size_t i = 0; i < json_array_size(missing); i++) {
        struct missing one = { film, json_string_value(json_array_get(missing, i)), warnings };
        if (one.family)
            each_family(film, warn, &one);
    }
}
