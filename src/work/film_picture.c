// SPDX-License-Identifier: GPL-3.0-or-later
// What is seen: compositions, and the segments in which they are encoded.
#include <math.h>
#include <string.h>

#include "work/film_parts.h"

enum {
    SEGMENT_SECONDS_MAX = 5
}; // so that a few long scenes keep all cores busy to the end; key frames stand as far apart

// A composition under construction: assets get their numbers by their first use.
struct composing {
    struct film *film;
    struct film_input *inputs;
    size_t count;
};

static json_int_t number_of(struct composing *composing, const struct film_asset *asset, bool is_heard)
{
    is_heard = is_heard && asset->proxy_handle;
    for (size_t i = 0; i < composing->count; i++)
        if (composing->inputs[i].asset == asset && composing->inputs[i].is_heard == is_heard)
            return (json_int_t)i;
    composing->inputs = arena_grow(composing->film->plan->arena, composing->inputs,
        composing->count * sizeof *composing->inputs, (composing->count + 1) * sizeof *composing->inputs);
    composing->inputs[composing->count] = (struct film_input) { .asset = asset, .is_heard = is_heard };
    return (json_int_t)composing->count++;
}

static json_t *input_of(struct composing *composing, const struct film_asset *asset)
{
    return asset && !asset->is_engine_own ? json_integer(number_of(composing, asset, false)) : json_null();
}

// {"color"}, {"gradient"} or {"input"}: the scene's, else the video's.
static json_t *background_of(struct composing *composing, const struct plan_scene *scene)
{
    const json_t *background = json_object_get(scene->options, "background");
    if (!background)
        background = json_object_get(composing->film->plan->video, "background");
    if (json_is_string(background))
        return json_pack("{s:O}", "color", background);
    if (scene->background)
        return json_pack("{s:I}", "input", number_of(composing, scene->background, false));
    json_t *gradient = json_object_get(background, "gradient"), *color = json_object_get(background, "color");
    if (gradient)
        return json_pack("{s:O}", "gradient", gradient);
    return color ? json_pack("{s:O}", "color", color) : json_pack("{s:s}", "color", "#101014");
}

// A layer whose asset is not there: its name, marked, and behind that a crossed box of the layer's size.
static json_t *missing_label(struct arena *arena, const struct plan_layer *layer)
{
    str text = str_format(arena, "Missing: %.*s", STR_ARGS(film_layer_name(layer)));
    return json_pack("{s:o,s:s,s:f,s:f,s:s}", "text", json_str(text), "background_color", "#B00020E6", "padding", 24.0,
        "font_size", 56.0, "font_weight", "semibold");
}

static json_t *missing_box(const struct plan_layer *layer)
{
    bool is_avatar = layer->owner == ON_AVATAR;
    double width = json_get_number(layer->properties, "width", 0),
           height = json_get_number(layer->properties, "height", 0);
    double usual = width > 0 || height > 0 ? fmax(width, height) : 100;
    return json_pack("{s:s,s:s,s:s,s:{s:s,s:f},s:f,s:f}", "shape", "path", "path",
        "M0 0H100V100H0Z M0 0L100 100M100 0L0 100", "fill", "#B0002040", "stroke", "color", "#E0455C", "width", 6.0,
        "width",
        is_avatar   ? 30
        : width > 0 ? width
                    : usual,
        "height",
        is_avatar    ? 90
        : height > 0 ? height
                     : usual);
}

static json_t *placeholder(
    struct arena *arena, const struct plan_layer *layer, enum property_owner owner, json_t *own_properties)
{
    json_t *own = json_keep(arena, own_properties);
    json_object_set(own, "position", json_object_get(layer->properties, "position"));
    return json_pack("{s:o,s:o,s:s,s:f,s:f,s:n,s:n,s:O}", "id", json_str(STR("missing")), "name",
        json_str(film_layer_name(layer)), "type", scene_owner_name(owner), "start", layer->start, "end", layer->end,
        "input", "speech", "properties", scene_properties_fill(arena, owner, own));
}

// Without a voice the mouth follows the loudness of the front-most sound.
static json_t *sound_of(struct composing *composing, const struct plan_scene *scene)
{
    for (size_t i = 0; i < scene->layer_count; i++) {
        const struct plan_layer *layer = &scene->layers[i];
        bool heard = layer->owner == ON_AUDIO || json_get_number(layer->properties, "volume", 0) > 0;
        if (layer->is_left_out || !layer->asset || !layer->asset->has_audio || !heard || layer->owner == ON_AVATAR)
            continue;
        return json_pack("{s:{s:I,s:f,s:f,s:f}}", "sound", "input", number_of(composing, layer->asset, true), "start",
            layer->start, "start_from", json_get_number(layer->properties, "start_from", 0), "speed",
            json_get_number(layer->properties, "speed", 1));
    }
    return json_null();
}

// The part of a voice's phonemes that is heard, on the scene's clock.
static void add_phonemes(json_t *all, const struct film_speech *speech)
{
    const json_t *phonemes = json_object_get(speech->voice->result, "phonemes"), *phoneme;
    size_t i;
    json_array_foreach ((json_t *)phonemes, i, phoneme) {
        double start = json_get_number(phoneme, "start", 0), end = json_get_number(phoneme, "end", 0);
        start = fmax(start, speech->from) - speech->from;
        end = fmin(end, speech->from + speech->length) - speech->from;
        size_t count = json_array_size(all);
        double before = count ? json_get_number(json_array_get(all, count - 1), "start", 0) : 0;
        if (end > start && speech->start + start >= before)
            json_array_append_new(all, json_pack("{s:O,s:f,s:f}", "phoneme", json_object_get(phoneme, "phoneme"),
                                           "start", speech->start + start, "end", speech->start + end));
    }
}

// The mouth follows all voices of the scene.
static json_t *speech_of(struct composing *composing, const struct plan_scene *scene)
{
    if (!scene->speech_count)
        return sound_of(composing, scene);
    json_t *all = json_array();
    for (size_t i = 0; i < scene->speech_count; i++)
        add_phonemes(all, &scene->speeches[i]);
    return json_pack("{s:o,s:f}", "phonemes", all, "start", 0.0);
}

// What no width, no height and no fit mean: a picture covers the canvas.
static void settle_fit(json_t *properties)
{
    bool sized = json_object_get(properties, "width") || json_object_get(properties, "height");
    if (!json_object_get(properties, "fit"))
        json_object_set_new(properties, "fit", json_string(sized ? "contain" : "cover"));
    if (!sized) {
        json_object_set_new(properties, "width", json_real(100));
        json_object_set_new(properties, "height", json_real(100));
    }
}

static json_t *layer_json(struct composing *composing, const struct plan_scene *scene, const struct plan_layer *layer)
{
    struct arena *arena = composing->film->plan->arena;
    str id = json_get_str(layer->json, "id");
    if (!id.size)
        id = str_format(arena, "layer-%zu", layer->index + 1);
    json_t *properties = json_deep_copy(layer->properties);
    // The input says what is shown; what it is called decides no pixel.
    static const char *const unseen[] = { "start_at", "media_id", "media_url", "media_type", "avatar_id", "avatar_url",
        "words" };
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
        json_object_del(properties, unseen[i]);
    str type = json_get_str(layer->json, "type");
    if (layer->owner == ON_MEDIA)
        settle_fit(properties);
    if (layer->owner == ON_AVATAR && layer->asset->look)
        json_object_set(properties, "look", (json_t *)layer->asset->look);
    json_t *input = input_of(composing, layer->asset);
    return json_pack("{s:o,s:o,s:o,s:f,s:f,s:o,s:o,s:o}", "id", json_str(id), "name", json_str(film_layer_name(layer)),
        "type", json_str(type), "start", layer->start, "end", layer->end, "input", input, "speech",
        layer->owner == ON_AVATAR ? speech_of(composing, scene) : json_null(), "properties", properties);
}

// A picture in a corner, in front of everything: the video's own watermark, or the brand's logo.
static json_t *corner_layer(struct composing *composing, const char *id, const struct film_asset *asset, str where,
    double opacity, double duration)
{
    const struct film_plan *plan = composing->film->plan;
    bool left = str_ends(where, STR("left")), top = str_starts(where, STR("top")),
         middle = str_equal_c(where, "center");
    double x = middle ? 50 : left ? 10 : 90, y = middle ? 50 : top ? 10 : 90;
    json_t *own = json_pack(
        "{s:{s:f,s:f},s:f,s:f,s:s}", "position", "x", x, "y", y, "width", 14.0, "opacity", opacity, "fit", "contain");
    json_t *properties = scene_properties_fill(plan->arena, ON_MEDIA, own);
    json_decref(own);
    return json_pack("{s:s,s:s,s:s,s:f,s:f,s:o,s:n,s:O}", "id", id, "name", id, "type", "media", "start", 0.0, "end",
        duration, "input", input_of(composing, asset), "speech", "properties", properties);
}

static void add_marks(struct composing *composing, json_t *layers, double duration)
{
    const struct film_plan *plan = composing->film->plan;
    const json_t *mark = json_object_get(plan->video, "watermark");
    if (plan->watermark)
        json_array_append_new(
            layers, corner_layer(composing, "watermark", plan->watermark, json_get_str(mark, "position"),
                        json_get_number(mark, "opacity", 0.6), duration));
    if (plan->logo)
        json_array_append_new(layers, corner_layer(composing, "logo", plan->logo, STR("top_right"), 1, duration));
}

static bool has_captions(const struct film_plan *plan)
{
    str mode = json_get_str(json_object_get(plan->video, "captions"), "mode");
    return mode.size && !str_equal_c(mode, "off");
}

static json_t *scene_json(struct composing *composing, size_t index, int64_t transition_frames)
{
    struct film *film = composing->film;
    const struct plan_scene *scene = &film->plan->scenes[index];
    const struct film_scene *times = &film->scenes[index];
    json_t *layers = json_array(), *words = json_array();
    add_marks(composing, layers, times->duration);
    for (size_t i = 0; i < scene->layer_count; i++) {
        const struct plan_layer *layer = &scene->layers[i];
        if (layer->is_left_out || !(layer->owner & (ON_VISIBLE | ON_EFFECT)))
            continue;
        if (!layer->is_missing) {
            json_array_append_new(layers, layer_json(composing, scene, layer));
            continue;
        }
        json_array_append_new(
            layers, placeholder(film->plan->arena, layer, ON_TEXT, missing_label(film->plan->arena, layer)));
        json_array_append_new(layers, placeholder(film->plan->arena, layer, ON_SHAPE, missing_box(layer)));
    }
    for (size_t i = 0; has_captions(film->plan) && i < scene->word_count; i++)
        json_array_append_new(words, json_pack("{s:o,s:f,s:f}", "text", json_str(scene->words[i].text), "start",
                                         scene->words[i].start, "end", scene->words[i].end));
    str type = transition_frames ? json_get_str(json_object_get(scene->options, "transition"), "type") : STR("cut");
    return json_pack("{s:o,s:f,s:o,s:{s:o,s:f},s:o,s:o}", "id", json_str(times->id), "duration", times->duration,
        "background", background_of(composing, scene), "transition", "type", json_str(type), "duration",
        (double)transition_frames / film->fps, "caption_words", words, "layers", layers);
}

static json_t *watermark_json(const struct film_plan *plan)
{
    if (plan->options.watermark.size)
        return json_pack("{s:o,s:f}", "text", json_str(plan->options.watermark), "opacity", 0.6);
    json_t *mark = json_object_get(plan->video, "watermark");
    return json_get_str(mark, "text").data ? json_deep_copy(mark) : json_null();
}

// One scene, or with `crossing` the scene before it too: then the scene asked for is number 1 of two.
static json_t *compose(struct composing *composing, size_t index, bool crossing)
{
    struct film *film = composing->film;
    const struct film_plan *plan = film->plan;
    json_t *scenes = json_array();
    if (crossing)
        json_array_append_new(scenes, scene_json(composing, index - 1, 0));
    json_array_append_new(scenes, scene_json(composing, index, crossing ? plan->scenes[index].transition_frames : 0));
    const json_t *background = json_object_get(plan->video, "background");
    const char *color = json_is_string(background) ? json_string_value(background) : "#101014";
    json_t *captions = json_object_get(plan->video, "captions");
    return json_pack("{s:i,s:i,s:i,s:s,s:o,s:O,s:o}", "width", film->width, "height", film->height, "fps", film->fps,
        "background", color, "watermark", watermark_json(plan), "captions", captions, "scenes", scenes);
}

// Names and ids decide no pixels.
static str without_names(struct arena *arena, const json_t *params)
{
    json_t *copy = json_keep(arena, json_deep_copy(params));
    json_t *scenes = json_object_get(json_object_get(copy, "composition"), "scenes"), *scene, *layer;
    size_t s, l;
    json_array_foreach (scenes, s, scene) {
        json_object_del(scene, "id");
        json_array_foreach (json_object_get(scene, "layers"), l, layer) {
            json_object_del(layer, "id");
            json_object_del(layer, "name");
        }
    }
    return json_text(arena, copy);
}

static void set_key(const struct film *film, struct film_segment *segment)
{
    struct arena *arena = film->plan->arena;
    BUFFER_AUTO struct buffer decides = { 0 };
    buffer_format(&decides, "segment\n%.*s\n", STR_ARGS(film->plan->options.renderer));
    buffer_append_str(&decides, without_names(arena, segment->question.params));
    for (size_t i = 0; i < segment->question.input_count; i++)
        buffer_format(&decides, "\n%.*s", STR_ARGS(film_input_hash(&segment->question.inputs[i])));
    film_hash(arena, buffer_str(&decides), segment->key);
}

// What moves takes the time; of what rests most is only repeated.
static double weight_of(const struct film_segment *segment)
{
    const double still_share = 0.25;
    for (size_t i = 0; i < segment->question.input_count; i++)
        if (segment->question.inputs[i].asset->is_moving)
            return (double)segment->frame_count;
    return still_share * (double)segment->frame_count;
}

double film_mix_weight(const struct film *film)
{
    return (double)film->frame_count * 0.05;
}

// Takes the composition's reference.
static void add_segment(struct film *film, size_t scene, const struct composing *composing, json_t *composition,
    int64_t first, int64_t count)
{
    const struct film_plan *plan = film->plan;
    const struct film_effort *effort = plan->options.effort ? plan->options.effort : film_effort_find(STR_NONE);
    json_int_t asked = (json_int_t)json_array_size(json_object_get(composition, "scenes")) - 1;
    json_t *params = json_pack("{s:O,s:I,s:I,s:I,s:{s:s,s:i,s:s}}", "composition", composition, "scene", asked,
        "first_frame", (json_int_t)first, "frame_count", (json_int_t)count, "video", "codec",
        film_format_of(film)->video_codec, "crf", effort->crf, "preset", effort->preset);
    film->segments = arena_grow(plan->arena, film->segments, film->segment_count * sizeof *film->segments,
        (film->segment_count + 1) * sizeof *film->segments);
    struct film_segment *segment = &film->segments[film->segment_count++];
    *segment = (struct film_segment) {
        .scene = scene,
        .first_frame = first,
        .frame_count = count,
        .question = { json_keep(plan->arena, params), composing->inputs, composing->count },
    };
    segment->weight = weight_of(segment);
    set_key(film, segment);
}

// A transition is a segment of its own, so that a change in one scene leaves the other's segments as they are.
static void cut_scene(struct film *film, size_t index)
{
    int64_t crossing = film->plan->scenes[index].transition_frames, left = film->scenes[index].frame_count - crossing;
    if (crossing) {
        struct composing composing = { .film = film };
        json_t *composition = json_keep(film->plan->arena, compose(&composing, index, true));
        add_segment(film, index, &composing, composition, 0, crossing);
    }
    if (!left)
        return;
    struct composing composing = { .film = film };
    json_t *composition = json_keep(film->plan->arena, compose(&composing, index, false));
    int64_t longest = (int64_t)SEGMENT_SECONDS_MAX * film->fps, parts = (left + longest - 1) / longest;
    for (int64_t i = 0; i < parts; i++) {
        int64_t first = left * i / parts, end = left * (i + 1) / parts;
        add_segment(film, index, &composing, composition, crossing + first, end - first);
    }
}

void film_set_segments(struct film *film)
{
    film->segment_count = 0;
    film->segments = NULL;
    for (size_t i = 0; film_format_of(film)->video_codec && i < film->scene_count; i++)
        cut_scene(film, i);
}

void film_frame(
    const struct film *film, double seconds, int width, const char *format, struct film_question *ret_question)
{
    struct arena *arena = film->plan->arena;
    int64_t frame = llround(floor(fmax(0, seconds) * film->fps + 1e-6));
    size_t index = 0;
    while (index + 1 < film->scene_count && frame >= film->scenes[index + 1].first_frame)
        index++;
    const struct film_scene *scene = &film->scenes[index];
    frame -= scene->first_frame;
    if (frame >= scene->frame_count)
        frame = scene->frame_count - 1;
    struct composing composing = { .film = (struct film *)film };
    bool crossing = frame < film->plan->scenes[index].transition_frames;
    json_t *composition = compose(&composing, index, crossing);
    json_t *params = json_pack("{s:o,s:i,s:f,s:i,s:s}", "composition", composition, "scene", crossing ? 1 : 0, "time",
        (double)frame / film->fps, "width", width ? width : film->width, "format", format);
    *ret_question = (struct film_question) { json_keep(arena, params), composing.inputs, composing.count };
}
