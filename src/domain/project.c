// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/project.h"

#include "domain/otio.h"

static error visit_one(
    json_t *object, const char *const *keys, enum project_asset kind, project_visit visit, void *context)
{
    for (; *keys; keys++)
        if (json_get_str(object, *keys).size)
            return visit(context, kind, object, *keys);
    return OK;
}

static error visit_layer(json_t *layer, project_visit visit, void *context)
{
    static const char *const media[] = { "media_id", "media_url", NULL },
                             *const audio[] = { "audio_id", "audio_url", NULL },
                             *const avatar[] = { "avatar_id", NULL };
    json_t *properties = json_object_get(layer, "properties");
    str type = json_get_str(layer, "type");
    if (str_equal_c(type, "media"))
        return visit_one(properties, media, PROJECT_MEDIA, visit, context);
    if (str_equal_c(type, "audio"))
        return visit_one(properties, audio, PROJECT_MEDIA, visit, context);
    return str_equal_c(type, "avatar") ? visit_one(properties, avatar, PROJECT_AVATAR, visit, context) : OK;
}

error project_each_asset(json_t *document, project_visit visit, void *context)
{
    static const char *const media[] = { "media_id", NULL }, *const audio[] = { "audio_id", "audio_url", NULL },
                             *const logo[] = { "logo_media_id", NULL };
    json_t *video = json_object_get(document, "video"), *scene, *layer;
    size_t i, k;
    TRY(visit_one(json_object_get(video, "background"), media, PROJECT_MEDIA, visit, context));
    TRY(visit_one(json_object_get(video, "music"), audio, PROJECT_MEDIA, visit, context));
    TRY(visit_one(json_object_get(video, "watermark"), media, PROJECT_MEDIA, visit, context));
    TRY(visit_one(json_object_get(video, "brand"), logo, PROJECT_MEDIA, visit, context));
    json_array_foreach (json_object_get(document, "scenes"), i, scene) {
        TRY(visit_one(json_object_get(scene, "background"), media, PROJECT_MEDIA, visit, context));
        json_array_foreach (json_object_get(scene, "layers"), k, layer)
            TRY(visit_layer(layer, visit, context));
    }
    return OK;
}

error project_read(struct arena *arena, str text, struct warnings *warnings, json_t **ret_document)
{
    json_t *value;
    TRY(json_read(arena, text, &value));
    if (otio_is(value))
        return otio_read(arena, value, warnings, ret_document);
    if (!json_is_array(json_object_get(value, "scenes")))
        return error_make(ERROR_VALIDATION_ERROR, "scenes",
            "A project is {\"video\": {...}, \"scenes\": [...]}, or a timeline of OpenTimelineIO");
    *ret_document = value;
    return OK;
}
