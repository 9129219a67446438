// SPDX-License-Identifier: GPL-3.0-or-later
// Children of a track stand one behind the other; transitions lie over the cut and take no time.
#include <math.h>
#include <string.h>

#include "domain/otio.h"

enum { SCENES_MAX = 2000, TRACKS_MAX = 2000, CLIPS_MAX = 50000 };

struct reading {
    struct arena *arena;
    struct warnings *warnings;
    json_t *scenes; // of the document
    double *starts; // of the scenes, and the end of the last
    size_t count, clips;
    double rate;
};

static bool is_kind(const json_t *object, const char *schema)
{
    str name = json_get_str(object, "OTIO_SCHEMA");
    size_t size = strlen(schema);
    return str_starts(name, str_of(schema)) && name.size > size && name.data[size] == '.';
}

bool otio_is(const json_t *value)
{
    return json_object_get(value, "OTIO_SCHEMA") != NULL;
}

static double seconds_of(const json_t *time, double fallback)
{
    double rate = json_get_number(time, "rate", 0), value = json_get_number(time, "value", NAN);
    double seconds = rate > 0 ? value / rate : NAN;
    return isfinite(seconds) && fabs(seconds) < 1e6 ? seconds : fallback;
}

static const json_t *kinora_of(const json_t *object)
{
    return json_object_get(json_object_get(object, "metadata"), "kinora");
}

// The media of a clip: Clip.2 has several by key, Clip.1 one.
static const json_t *media_of(const json_t *clip)
{
    str key = json_get_str(clip, "active_media_reference_key");
    const json_t *all = json_object_get(clip, "media_references");
    const json_t *one = key.data ? json_object_get(all, key.data) : json_object_get(all, "DEFAULT_MEDIA");
    return one ? one : json_object_get(clip, "media_reference");
}

// A clip, gap or nested composition: where its own time begins and how long it lasts.
static double length_of(const json_t *item, double *ret_from)
{
    const json_t *range = json_object_get(item, "source_range");
    if (!json_is_object(range))
        range = json_object_get(media_of(item), "available_range");
    *ret_from = fmax(0, seconds_of(json_object_get(range, "start_time"), 0));
    return fmax(0, seconds_of(json_object_get(range, "duration"), 0));
}

static double speed_of(const json_t *clip)
{
    const json_t *effect;
    size_t i;
    json_array_foreach (json_object_get(clip, "effects"), i, effect) {
        double speed = json_get_number(effect, "time_scalar", 1);
        if (is_kind(effect, "LinearTimeWarp") && speed >= 0.1 && speed <= 10)
            return speed;
    }
    return 1;
}

// "file:///a/b%20c.mp4" is /a/b c.mp4; what is no such URL stays.
static str file_of(struct arena *arena, str url)
{
    static const char head[] = "file://", digits[] = "0123456789abcdef";
    if (!str_starts(url, str_of(head)))
        return str_copy(arena, url);
    str rest = str_sub(url, sizeof head - 1, url.size);
    char *out = arena_alloc_raw(arena, rest.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < rest.size; i++) {
        char pair[3] = { i + 2 < rest.size ? (char)(rest.data[i + 1] | 32) : 0,
            i + 2 < rest.size ? (char)(rest.data[i + 2] | 32) : 0 };
        const char *high = pair[0] ? strchr(digits, pair[0]) : NULL, *low = pair[1] ? strchr(digits, pair[1]) : NULL;
        bool coded = rest.data[i] == '%' && high && low && high - digits + low - digits > 0;
        out[size++] = coded ? (char)((high - digits) * 16 + (low - digits)) : rest.data[i];
        i += coded ? 2 : 0;
    }
    return (str) { out, size };
}

static str asset_of(struct arena *arena, const json_t *clip)
{
    const json_t *media = media_of(clip);
    if (!is_kind(media, "ExternalReference"))
        return STR_NONE;
    str own = json_get_str(kinora_of(media), "reference");
    return own.size ? own : file_of(arena, json_get_str(media, "target_url"));
}

// A layer for a clip that another program made.
static json_t *foreign_layer(const struct reading *reading, const json_t *clip, bool heard, double start)
{
    double from, duration = length_of(clip, &from), speed = speed_of(clip);
    str name = json_get_str(clip, "name"), asset = asset_of(reading->arena, clip);
    if (!asset.size || duration <= 0)
        return NULL;
    json_t *properties = json_pack(
        "{s:o,s:f,s:f}", heard ? "audio_id" : "media_id", json_str(asset), "start_from", from, "volume", 1.0);
    if (speed != 1)
        json_object_set_new(properties, "speed", json_real(speed));
    if (!heard)
        json_object_set_new(properties, "loop", json_false());
    return json_pack("{s:s,s:o,s:b,s:f,s:f,s:o}", "type", heard ? "audio" : "media", "name",
        json_str(name.size ? name : STR("Clip")), "enabled", json_get_bool(clip, "enabled", true) ? 1 : 0, "start_time",
        start, "duration", duration, "properties", properties);
}

// Our own layer, moved and cut as its clip was since it was written.
static json_t *own_layer(const struct reading *reading, const json_t *clip, const json_t *kinora, double start)
{
    double from, length = length_of(clip, &from), was = json_get_number(kinora, "start", 0);
    double lasted = json_get_number(kinora, "duration", length), frame = 1 / reading->rate;
    json_t *layer = json_deep_copy(json_object_get(kinora, "layer"));
    if (fabs(start - was) < frame / 2 && fabs(length - lasted) < frame / 2)
        return layer;
    json_object_set_new(layer, "start_time", json_real(start));
    json_object_set_new(layer, "duration", json_real(length));
    json_object_set_new(layer, "end_time", json_real(start + length));
    return layer;
}

static size_t scene_at(const struct reading *reading, double at)
{
    size_t scene = 0;
    while (scene + 1 < reading->count && at >= reading->starts[scene + 1] - 0.5 / reading->rate)
        scene++;
    return scene;
}

static json_t *layers_of(const struct reading *reading, size_t scene)
{
    return json_object_get(json_array_get(reading->scenes, scene), "layers");
}

// The clips of a track as layers of the scenes in which they begin.
static error read_layers(struct reading *reading, const json_t *track)
{
    bool heard = str_equal_c(json_get_str(track, "kind"), "Audio");
    const json_t *child;
    double at = 0, from;
    size_t i;
    json_array_foreach (json_object_get(track, "children"), i, child) {
        if (is_kind(child, "Transition"))
            continue;
        if (++reading->clips > CLIPS_MAX)
            return error_make(ERROR_LIMIT_EXCEEDED, "tracks", "A timeline has at most %d clips", CLIPS_MAX);
        size_t scene = scene_at(reading, at);
        double start = fmax(0, at - reading->starts[scene]);
        at += length_of(child, &from);
        if (is_kind(child, "Gap"))
            continue;
        const json_t *kinora = kinora_of(child);
        bool own = json_is_object(json_object_get(kinora, "layer"));
        json_t *layer = own ? own_layer(reading, child, kinora, start) : foreign_layer(reading, child, heard, start);
        if (layer)
            json_array_append_new(layers_of(reading, scene), layer);
        else
            warning_add(reading->arena, reading->warnings, STR("tracks"),
                "The clip \"%s\" refers to no file and is left out",
                str_to_c(reading->arena, json_get_str(child, "name")));
    }
    return OK;
}

// A scene for a clip, with `transition` (NULL: a cut) leading into it.
static error add_scene(struct reading *reading, const json_t *clip, const json_t *transition)
{
    double from, length = length_of(clip, &from), frame = 1 / reading->rate;
    const json_t *kinora = kinora_of(clip), *own = json_object_get(kinora, "scene");
    if (reading->count >= SCENES_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "tracks", "A video has at most %d scenes", SCENES_MAX);
    if (length <= 0)
        return OK;
    json_t *scene = json_is_object(own) ? json_deep_copy(own) : json_object();
    double was = json_get_number(kinora, "duration", -1);
    if (fabs(length - was) >= frame / 2)
        json_object_set_new(scene, "duration", json_real(length));
    json_object_set_new(scene, "layers", json_array());
    if (!json_is_object(own)) {
        json_object_set_new(scene, "text", json_string(""));
        json_t *layer = foreign_layer(reading, clip, false, 0);
        if (layer)
            json_array_append_new(json_object_get(scene, "layers"), layer);
        if (transition) {
            double seconds = seconds_of(json_object_get(transition, "in_offset"), 0)
                             + seconds_of(json_object_get(transition, "out_offset"), 0);
            json_object_set_new(scene, "transition",
                json_pack("{s:s,s:f}", "type", "crossfade", "duration", fmin(fmax(seconds, 0), 10)));
        }
    }
    json_array_append_new(reading->scenes, scene);
    reading->starts[reading->count + 1] = reading->starts[reading->count] + length;
    reading->count++;
    return OK;
}

static error read_scenes(struct reading *reading, const json_t *track)
{
    const json_t *child, *transition = NULL;
    size_t i;
    json_array_foreach (json_object_get(track, "children"), i, child) {
        if (is_kind(child, "Transition")) {
            transition = child;
            continue;
        }
        TRY(add_scene(reading, child, transition));
        transition = NULL;
    }
    return reading->count ? OK
                          : error_make(ERROR_VALIDATION_ERROR, "tracks", "The timeline's first video track is empty");
}

// The track of scenes: the one that says so, or the first with pictures.
static const json_t *find_scenes(const json_t *tracks)
{
    const json_t *track, *first = NULL;
    size_t i;
    json_array_foreach (tracks, i, track) {
        if (str_equal_c(json_get_str(kinora_of(track), "role"), "scenes"))
            return track;
        if (!first && is_kind(track, "Track") && !str_equal_c(json_get_str(track, "kind"), "Audio"))
            first = track;
    }
    return first;
}

static void add_unplaced(const struct reading *reading, const json_t *list)
{
    const json_t *item;
    size_t i;
    json_array_foreach (list, i, item) {
        json_t *layer = json_object_get(item, "layer"),
               *layers = layers_of(reading, (size_t)json_get_int(item, "scene", -1));
        if (json_is_object(layer) && layers)
            json_array_append(layers, layer);
    }
}

// Layers without a place among the others get the next ones, later tracks in front.
static void settle_order(const struct reading *reading)
{
    for (size_t s = 0; s < reading->count; s++) {
        json_t *layers = layers_of(reading, s), *layer;
        size_t i, count = json_array_size(layers);
        json_array_foreach (layers, i, layer)
            if (!json_object_get(layer, "order_index"))
                json_object_set_new(layer, "order_index", json_integer((json_int_t)(count - i)));
    }
}

static json_t *video_of(const json_t *timeline, double *ret_rate)
{
    const json_t *own = json_object_get(kinora_of(timeline), "video");
    json_t *video = json_is_object(own) ? json_deep_copy(own) : json_object();
    str name = json_get_str(timeline, "name");
    if (name.size || !json_object_get(video, "title"))
        json_object_set_new(video, "title", json_str(name.size ? name : STR("Untitled")));
    *ret_rate = json_get_number(video, "fps", 30);
    *ret_rate = *ret_rate >= 1 ? *ret_rate : 30;
    return video;
}

error otio_read(struct arena *arena, const json_t *timeline, struct warnings *warnings, json_t **ret_document)
{
    const json_t *tracks = json_object_get(json_object_get(timeline, "tracks"), "children"), *track;
    if (!is_kind(timeline, "Timeline") || !json_is_array(tracks) || json_array_size(tracks) > TRACKS_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "OTIO_SCHEMA",
            "The file must be an OpenTimelineIO timeline (Timeline.1 with at most %d tracks)", TRACKS_MAX);
    struct reading reading = { .arena = arena, .warnings = warnings, .scenes = json_array() };
    reading.starts = ARENA_ARRAY(arena, double, SCENES_MAX + 1);
    json_t *video = video_of(timeline, &reading.rate);
    *ret_document = json_keep(arena, json_pack("{s:o,s:o}", "video", video, "scenes", reading.scenes));
    const json_t *scenes = find_scenes(tracks);
    TRY(scenes ? read_scenes(&reading, scenes)
               : error_make(ERROR_VALIDATION_ERROR, "tracks", "The timeline has no video track"));
    size_t i;
    json_array_foreach (tracks, i, track)
        if (track != scenes && !str_equal_c(json_get_str(kinora_of(track), "role"), "music"))
            TRY(read_layers(&reading, track));
    add_unplaced(&reading, json_object_get(kinora_of(timeline), "unplaced"));
    settle_order(&reading);
    return OK;
}
