// SPDX-License-Identifier: GPL-3.0-or-later
// A project's document or a timeline of OpenTimelineIO, as somebody uploads it: checked, filled with defaults, written
// as a timeline and read back from that.
#include "domain/otio.h"
#include "domain/project.h"
#include "domain/scene_properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static error see(void *context, enum project_asset kind, json_t *object, const char *key)
{
    (void)context;
    ASSERT(kind == PROJECT_MEDIA || kind == PROJECT_AVATAR);
    ASSERT(json_is_string(json_object_get(object, key)));
    return OK;
}

static void check_layers(struct arena *arena, const json_t *scene, struct problems *problems)
{
    json_t *layer;
    size_t i;
    struct warnings warnings = { 0 };
    json_array_foreach (json_object_get(scene, "layers"), i, layer) {
        str type = json_get_str(layer, "type");
        enum property_owner owner = type.data ? scene_layer_owner(type) : (enum property_owner)0;
        const json_t *properties = json_object_get(layer, "properties");
        if (!owner || (properties && !json_is_object(properties)))
            continue;
        scene_properties_check(arena, str_to_c(arena, type), properties, problems, &warnings);
        ASSERT(problems->count <= PROBLEMS_MAX && warnings.count <= WARNINGS_MAX);
        json_t *filled = scene_properties_fill(arena, owner, properties);
        ASSERT(json_is_object(filled));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(256 << 20);
    str text = { arena_copy(arena, data, size), size };
    struct warnings warnings = { 0 };
    struct problems problems = { 0 };
    json_t *document, *again, *scene;
    size_t i;
    if (error_is(project_read(arena, text, &warnings, &document)))
        return 0;
    ASSERT(json_is_object(document));
    if (error_is(project_each_asset(document, see, NULL)))
        return 0;
    scene_options_check(arena, ON_VIDEO, json_object_get(document, "video"), &problems);
    json_array_foreach (json_object_get(document, "scenes"), i, scene) {
        if (!json_is_object(scene))
            return 0;
        scene_options_check(arena, ON_SCENE, scene, &problems);
        check_layers(arena, scene, &problems);
    }
    if (problems.count)
        return 0;
    json_t *timeline = otio_write(arena, document, NULL);
    ASSERT(otio_is(timeline));
    // A document without scenes is none to come back.
    if (!error_is(otio_read(arena, timeline, &warnings, &again)))
        ASSERT(json_array_size(json_object_get(again, "scenes")) > 0);
    return 0;
}
