// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>
#include <stdlib.h>

#include "domain/otio.h"

enum { LAYERS_MAX = 1000 }; // of a scene, as the engine has it

struct writing {
    struct arena *arena;
    const json_t *document, *names;
    double rate; // frames a second
};

static json_t *time_of(const struct writing *writing, double seconds)
{
    return json_pack("{s:s,s:f,s:f}", "OTIO_SCHEMA", "RationalTime.1", "rate", writing->rate, "value",
        round(seconds * writing->rate * 1e6) / 1e6);
}

static json_t *range_of(const struct writing *writing, double start, double duration)
{
    return json_pack("{s:s,s:o,s:o}", "OTIO_SCHEMA", "TimeRange.1", "start_time", time_of(writing, start), "duration",
        time_of(writing, duration));
}

static json_t *gap(const struct writing *writing, double duration)
{
    return json_pack("{s:s,s:s,s:o,s:[],s:[],s:b,s:{}}", "OTIO_SCHEMA", "Gap.1", "name", "", "source_range",
        range_of(writing, 0, duration), "effects", "markers", "enabled", 1, "metadata");
}

static json_t *track(const char *name, const char *kind, const char *role, json_t *children)
{
    return json_pack("{s:s,s:s,s:s,s:n,s:[],s:[],s:b,s:{s:{s:s}},s:o}", "OTIO_SCHEMA", "Track.1", "name", name, "kind",
        kind, "source_range", "effects", "markers", "enabled", 1, "metadata", "kinora", "role", role, "children",
        children);
}

// The file that a reference means, or a reference that says there is none.
static json_t *reference(const struct writing *writing, str id)
{
    if (!id.size)
        return json_pack(
            "{s:s,s:s,s:n,s:{}}", "OTIO_SCHEMA", "MissingReference.1", "name", "", "available_range", "metadata");
    str name = json_get_str(writing->names, str_to_c(writing->arena, id));
    return json_pack("{s:s,s:s,s:n,s:o,s:{s:{s:o}}}", "OTIO_SCHEMA", "ExternalReference.1", "name", "",
        "available_range", "target_url", json_str(name.data ? name : id), "metadata", "kinora", "reference",
        json_str(id));
}

struct clip {
    str name, asset; // asset absent: drawn, not read
    double start_from, duration, speed;
    bool enabled;
    json_t *kinora; // of its metadata; taken
};

static json_t *clip_of(const struct writing *writing, const struct clip *clip)
{
    json_t *effects = json_array();
    if (clip->speed != 1)
        json_array_append_new(
            effects, json_pack("{s:s,s:s,s:s,s:f,s:b,s:{}}", "OTIO_SCHEMA", "LinearTimeWarp.1", "name", "",
                         "effect_name", "LinearTimeWarp", "time_scalar", clip->speed, "enabled", 1, "metadata"));
    return json_pack("{s:s,s:o,s:o,s:o,s:[],s:b,s:{s:o},s:{s:o},s:s}", "OTIO_SCHEMA", "Clip.2", "name",
        json_str(clip->name.data ? clip->name : STR("")), "source_range",
        range_of(writing, clip->start_from, clip->duration), "effects", effects, "markers", "enabled",
        clip->enabled ? 1 : 0, "metadata", "kinora", clip->kinora, "media_references", "DEFAULT_MEDIA",
        reference(writing, clip->asset), "active_media_reference_key", "DEFAULT_MEDIA");
}

static double duration_of(const json_t *scene)
{
    double duration = json_get_number(scene, "duration", 0), end;
    const json_t *layer;
    size_t i;
    if (duration > 0)
        return duration;
    json_array_foreach (json_object_get(scene, "layers"), i, layer) {
        double start = json_get_number(layer, "start_time", 0);
        end = json_get_number(layer, "end_time", start + json_get_number(layer, "duration", 0));
        duration = fmax(duration, end);
    }
    return duration > 0 ? duration : 3; // as long as a scene lasts that says nothing
}

static json_t *scenes_track(const struct writing *writing)
{
    json_t *children = json_array(), *scene;
    size_t i;
    json_array_foreach (json_object_get(writing->document, "scenes"), i, scene) {
        json_t *transition = json_object_get(scene, "transition"), *own = json_copy(scene);
        str type = json_get_str(transition, "type");
        json_object_del(own, "layers");
        if (i && type.size && !str_equal_c(type, "cut"))
            json_array_append_new(children,
                json_pack("{s:s,s:s,s:s,s:o,s:o,s:{}}", "OTIO_SCHEMA", "Transition.1", "name", type.data,
                    "transition_type", str_equal_c(type, "crossfade") ? "SMPTE_Dissolve" : "Custom_Transition",
                    "in_offset", time_of(writing, 0), "out_offset",
                    time_of(writing, json_get_number(transition, "duration", 0.5)), "metadata"));
        str title = json_get_str(scene, "title");
        struct clip clip = { .name = title.size ? title : str_format(writing->arena, "Scene %zu", i + 1),
            .asset = json_get_str(json_object_get(scene, "background"), "media_id"),
            .duration = duration_of(scene),
            .speed = 1,
            .enabled = true,
            .kinora = json_pack("{s:o,s:f}", "scene", own, "duration", duration_of(scene)) };
        json_array_append_new(children, clip_of(writing, &clip));
    }
    return track("Scenes", "Video", "scenes", children);
}

static bool is_heard(const json_t *layer)
{
    str type = json_get_str(layer, "type");
    return str_equal_c(type, "audio") || str_equal_c(type, "voiceover");
}

static int by_depth(const void *a, const void *b)
{
    const json_t *left = *(json_t *const *)a, *right = *(json_t *const *)b;
    int64_t one = json_get_int(left, "order_index", 0), other = json_get_int(right, "order_index", 0);
    return one > other ? -1 : one < other;
}

// The scene's layers that are seen (or heard), back-most first.
static size_t layers_of(const json_t *scene, bool heard, json_t *ret_layers[static LAYERS_MAX])
{
    json_t *layer;
    size_t i, count = 0;
    json_array_foreach (json_object_get(scene, "layers"), i, layer)
        if (is_heard(layer) == heard && count < LAYERS_MAX)
            ret_layers[count++] = layer;
    qsort(ret_layers, count, sizeof *ret_layers, by_depth);
    return count;
}

static str asset_of(const json_t *layer)
{
    static const char *const names[] = { "media_id", "media_url", "audio_id", "audio_url" };
    const json_t *properties = json_object_get(layer, "properties");
    str asset = STR_NONE;
    for (size_t i = 0; i < sizeof names / sizeof *names && !asset.size; i++)
        asset = json_get_str(properties, names[i]);
    return asset;
}

// A layer at its place behind `at` (seconds of the video); false when it lies outside of its scene.
static bool add_layer(
    const struct writing *writing, json_t *layer, double scene_start, double scene_end, double *at, json_t *children)
{
    const json_t *properties = json_object_get(layer, "properties");
    double start = scene_start + json_get_number(layer, "start_time", 0);
    double end = json_get_number(layer, "end_time", -1), length = json_get_number(layer, "duration", -1);
    end = end >= 0 ? scene_start + end : length >= 0 ? start + length : scene_end;
    end = fmin(end, scene_end);
    if (start < *at - 1e-9 || end <= start)
        return false;
    if (start > *at + 1e-9)
        json_array_append_new(children, gap(writing, start - *at));
    struct clip clip = { .name = json_get_str(layer, "name"),
        .asset = asset_of(layer),
        .start_from = json_get_number(properties, "start_from", 0),
        .duration = end - start,
        .speed = json_get_number(properties, "speed", 1),
        .enabled = json_get_bool(layer, "enabled", true),
        .kinora = json_pack("{s:O,s:f,s:f}", "layer", layer, "start", start - scene_start, "duration", end - start) };
    json_array_append_new(children, clip_of(writing, &clip));
    *at = end;
    return true;
}

// The layers of one depth, of all scenes. Layers without a place in time wait in `unplaced`.
static json_t *layers_track(const struct writing *writing, size_t depth, bool heard, json_t *unplaced)
{
    json_t *children = json_array(), *layers[LAYERS_MAX], *scene;
    double start = 0, at = 0;
    size_t i;
    json_array_foreach (json_object_get(writing->document, "scenes"), i, scene) {
        double end = start + duration_of(scene);
        size_t count = layers_of(scene, heard, layers);
        if (depth < count && !add_layer(writing, layers[depth], start, end, &at, children))
            json_array_append_new(unplaced, json_pack("{s:I,s:O}", "scene", (json_int_t)i, "layer", layers[depth]));
        start = end;
    }
    str name = str_format(writing->arena, heard ? "Sound %zu" : "Layers %zu", depth + 1);
    return track(name.data, heard ? "Audio" : "Video", "layers", children);
}

static size_t depth_of(const json_t *document, bool heard)
{
    json_t *layers[LAYERS_MAX], *scene;
    size_t i, most = 0;
    json_array_foreach (json_object_get(document, "scenes"), i, scene) {
        size_t count = layers_of(scene, heard, layers);
        most = count > most ? count : most;
    }
    return most;
}

static void add_music(const struct writing *writing, json_t *tracks)
{
    const json_t *music = json_object_get(json_object_get(writing->document, "video"), "music"), *scene;
    double duration = 0;
    size_t i;
    json_array_foreach (json_object_get(writing->document, "scenes"), i, scene)
        duration += duration_of(scene);
    struct clip clip = { .name = STR("Music"),
        .asset = json_get_str(music, "audio_id"),
        .duration = duration,
        .speed = 1,
        .enabled = true };
    if (!clip.asset.size)
        return;
    clip.kinora = json_object();
    json_array_append_new(tracks, track("Music", "Audio", "music", json_pack("[o]", clip_of(writing, &clip))));
}

json_t *otio_write(struct arena *arena, const json_t *document, const json_t *names)
{
    json_t *video = json_object_get(document, "video"), *tracks = json_array(), *unplaced = json_array();
    struct writing writing = { arena, document, names, json_get_number(video, "fps", 30) };
    json_array_append_new(tracks, scenes_track(&writing));
    for (int heard = 0; heard < 2; heard++)
        for (size_t i = 0; i < depth_of(document, heard); i++)
            json_array_append_new(tracks, layers_track(&writing, i, heard, unplaced));
    add_music(&writing, tracks);
    json_t *stack = json_pack("{s:s,s:s,s:n,s:[],s:[],s:b,s:{},s:o}", "OTIO_SCHEMA", "Stack.1", "name", "tracks",
        "source_range", "effects", "markers", "enabled", 1, "metadata", "children", tracks);
    str title = json_get_str(video, "title");
    return json_keep(arena, json_pack("{s:s,s:o,s:n,s:{s:{s:i,s:O?,s:o}},s:o}", "OTIO_SCHEMA", "Timeline.1", "name",
                                json_str(title.data ? title : STR("Untitled")), "global_start_time", "metadata",
                                "kinora", "version", 1, "video", video, "unplaced", unplaced, "tracks", stack));
}
