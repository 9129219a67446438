// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/film.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/crypt.h"
#include "work/film_parts.h"

bool film_canvas(str aspect_ratio, int quality, int *ret_width, int *ret_height)
{
    static const struct {
        const char *name;
        int width, height;
    } ratios[] = { { "16:9", 16, 9 }, { "9:16", 9, 16 }, { "1:1", 1, 1 }, { "4:5", 4, 5 } };
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
        if (!str_equal_c(aspect_ratio, ratios[i].name))
            continue;
        int least = ratios[i].width < ratios[i].height ? ratios[i].width : ratios[i].height;
        *ret_width = (quality * ratios[i].width + least) / least / 2 * 2;
        *ret_height = (quality * ratios[i].height + least) / least / 2 * 2;
        if (ratios[i].width == least)
            *ret_width = quality;
        if (ratios[i].height == least)
            *ret_height = quality;
        return true;
    }
    return false;
}

str film_place(const struct film *film, size_t scene, const struct plan_layer *layer)
{
    struct arena *arena = film->plan->arena;
    return layer ? str_format(arena, "scenes.%zu.layers.%zu", scene, layer->index)
                 : str_format(arena, "scenes.%zu", scene);
}

str film_layer_name(const struct plan_layer *layer)
{
    str name = json_get_str(layer->json, "name");
    return name.size ? name : json_get_str(layer->json, "type");
}

void *film_input_handle(const struct film_input *input)
{
    if (input->voice)
        return input->voice->handle;
    return input->asset->proxy_handle && !input->is_heard ? input->asset->proxy_handle : input->asset->handle;
}

str film_input_hash(const struct film_input *input)
{
    if (input->voice)
        return str_of(input->voice->key);
    return input->asset->proxy_handle && !input->is_heard ? input->asset->proxy_hash : input->asset->hash;
}

void film_hash(struct arena *arena, str text, char ret_hex[static 65])
{
    unsigned char hash[32];
    crypt_sha256(text.data, text.size, hash);
    memcpy(ret_hex, str_hex(arena, hash, sizeof hash).data, 65);
}

// Collects what is wrong with a document, each finding under its place in it.
struct check {
    struct film *film;
    struct problems problems;
};

static void complain(struct check *check, str field, const char *reason)
{
    problem_add(&check->problems,
        (struct problem) {
            .place = STR("body"), .field = field, .reason = str_of(reason), .type = STR("value_error") });
}

static void complain_under(struct check *check, str place, const struct problems *found)
{
    struct arena *arena = check->film->plan->arena;
    for (size_t i = 0; i < found->count; i++) {
        struct problem problem = found->items[i];
        problem.range = false; // one code for all that is wrong in a document
        problem.field = str_format(arena, "%.*s.%.*s", STR_ARGS(place), STR_ARGS(problem.field));
        problem_add(&check->problems, problem);
    }
}

// A time of a layer or scene: absent, or a finite number of seconds from `least` up.
static void check_time(struct check *check, const json_t *object, str place, const char *name, double least)
{
    const json_t *value = json_object_get(object, name);
    if (!value || json_is_null(value))
        return;
    double seconds = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(seconds >= least && seconds <= 86400))
        complain(check, str_format(check->film->plan->arena, "%.*s.%s", STR_ARGS(place), name),
            least > 0 ? "must be a number of seconds above 0" : "must be a number of seconds from 0");
}

static bool is_enabled(const json_t *layer)
{
    return json_get_bool(layer, "enabled", true);
}

static int by_order(const void *a, const void *b)
{
    const struct plan_layer *left = a, *right = b;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

// A plan without white-label has neither own watermark nor brand.
static void leave_out_brand(struct film_plan *plan, json_t *video)
{
    static const char *const names[] = { "watermark", "brand" };
    for (size_t i = 0; plan->options.is_unbranded && i < sizeof names / sizeof *names; i++) {
        if (json_object_size(json_object_get(video, names[i])))
            warning_add(plan->arena, plan->warnings, str_format(plan->arena, "video.%s", names[i]),
                "The video's own %s needs the plan business and is left out", names[i]);
        json_object_del(video, names[i]);
    }
    if (plan->options.is_unmarked)
        json_object_del(video, "watermark");
}

// The brand's looks stand where a layer, or the captions, say nothing.
static json_t *branded(const struct film_plan *plan, enum property_owner owner, const json_t *properties)
{
    static const struct {
        const char *of_brand, *property;
        enum property_owner owner;
    } looks[] = {
        { "font_family", "font_family", ON_TEXT }, { "primary_color", "fill", ON_SHAPE },
        { "font_family", "font_family", ON_VIDEO }, { "primary_color", "highlight_color", ON_VIDEO }, // of the captions
    };
    const json_t *brand = json_object_get(plan->document, "brand");
    json_t *result = json_keep(plan->arena, json_is_object(properties) ? json_deep_copy(properties) : json_object());
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        json_t *value = json_object_get(brand, looks[i].of_brand);
        if (looks[i].owner == owner && value && !json_object_get(result, looks[i].property))
            json_object_set(result, looks[i].property, value);
    }
    return result;
}

static void take_video(struct film_plan *plan, const json_t *video)
{
    plan->document = json_keep(plan->arena, json_is_object(video) ? json_deep_copy(video) : json_object());
    leave_out_brand(plan, plan->document);
    json_object_set(plan->document, "captions", branded(plan, ON_VIDEO, json_object_get(plan->document, "captions")));
    plan->video = scene_properties_fill(plan->arena, ON_VIDEO, plan->document);
}

static void take_layer(struct check *check, size_t scene, struct plan_layer *layer)
{
    struct film *film = check->film;
    struct arena *arena = film->plan->arena;
    str place = film_place(film, scene, layer), type = json_get_str(layer->json, "type");
    layer->owner = scene_layer_owner(type);
    if (!layer->owner) {
        complain(check, str_format(arena, "%.*s.type", STR_ARGS(place)),
            "must be one of: audio, voiceover, avatar, text, media, shape, effect");
        return;
    }
    struct problems problems = { 0 };
    struct warnings warnings = { 0 };
    const json_t *properties = json_object_get(layer->json, "properties");
    scene_properties_check(arena, type.data, properties, &problems, &warnings);
    complain_under(check, place, &problems);
    for (size_t i = 0; i < warnings.count; i++)
        warning_add(arena, film->plan->warnings,
            str_format(arena, "%.*s.%.*s", STR_ARGS(place), STR_ARGS(warnings.items[i].field)), "%.*s",
            STR_ARGS(warnings.items[i].message));
    check_time(check, layer->json, place, "start_time", 0);
    check_time(check, layer->json, place, "end_time", 0);
    check_time(check, layer->json, place, "duration", 0);
    layer->properties = scene_properties_fill(arena, layer->owner, branded(film->plan, layer->owner, properties));
    layer->order = json_get_int(layer->json, "order_index", (int64_t)layer->index + 1);
}

static void take_scene(struct check *check, size_t index)
{
    struct film_plan *plan = check->film->plan;
    struct plan_scene *scene = &plan->scenes[index];
    str place = film_place(check->film, index, NULL);
    if (!json_is_object(scene->json)) {
        complain(check, place, "must be an object");
        return;
    }
    struct problems problems = { 0 };
    scene_options_check(plan->arena, ON_SCENE, scene->json, &problems);
    complain_under(check, place, &problems);
    check_time(check, scene->json, place, "duration", 0.001);
    scene->options = scene_properties_fill(plan->arena, ON_SCENE, scene->json);
    scene->nominal = json_get_number(scene->json, "duration", 0);
    const json_t *layers = json_object_get(scene->json, "layers");
    if (layers && !json_is_array(layers))
        complain(check, str_format(plan->arena, "%.*s.layers", STR_ARGS(place)), "must be a list");
    scene->layers = ARENA_ARRAY(plan->arena, struct plan_layer, json_array_size(layers));
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *json = json_array_get(layers, i);
        struct plan_layer *layer = &scene->layers[scene->layer_count];
        *layer = (struct plan_layer) { .json = json, .index = i };
        if (!json_is_object(json))
            complain(check, film_place(check->film, index, layer), "must be an object");
        else if (is_enabled(json)) {
            take_layer(check, index, layer);
            scene->layer_count++;
        }
    }
    qsort(scene->layers, scene->layer_count, sizeof *scene->layers, by_order);
}

// Every scene needs a voice, a duration or a layer that ends.
static void check_length(struct check *check, size_t index)
{
    struct plan_scene *scene = &check->film->plan->scenes[index];
    bool has_voice = false, has_end = false;
    for (size_t i = 0; i < scene->layer_count; i++) {
        has_voice |= scene->layers[i].has_voice;
        has_end |= json_get_number(scene->layers[i].json, "end_time", 0) > 0
                   || json_get_number(scene->layers[i].json, "duration", 0) > 0;
    }
    str mode = json_get_str(scene->options, "duration_mode");
    scene->by_voice = has_voice && !str_equal_c(mode, "fixed");
    if (!scene->by_voice && scene->nominal <= 0 && !has_end)
        complain(check, str_format(check->film->plan->arena, "scenes.%zu.duration", index),
            "is required for a scene without a voiceover");
}

static error take_options(struct film *film, const struct film_options *options)
{
    struct film_plan *plan = film->plan;
    str aspect = options->aspect_ratio.size ? options->aspect_ratio : json_get_str(plan->video, "aspect_ratio");
    int quality = options->quality ? options->quality : 1080;
    if (quality < 16 || quality > 4320 || quality % 2)
        return error_make(ERROR_VALIDATION_ERROR, "quality", "The quality must be an even number of lines up to 4320");
    if (!film_canvas(aspect, quality, &film->width, &film->height))
        return error_make(ERROR_VALIDATION_ERROR, "aspect_ratio", "The aspect ratio must be 16:9, 9:16, 1:1 or 4:5");
    str fps = json_get_str(plan->video, "fps"); // the table allows "30" as well as 30
    int64_t rate = json_get_int(plan->video, "fps", 30);
    if (fps.data)
        str_to_int(fps, &rate);
    film->fps = options->fps ? options->fps : (int)rate;
    film->title = str_copy(plan->arena, json_get_str(plan->video, "title"));
    return OK;
}

static error check_document(struct film *film, const json_t *project)
{
    struct film_plan *plan = film->plan;
    struct check check = { .film = film };
    const json_t *video = json_object_get(project, "video"), *scenes = json_object_get(project, "scenes");
    if (!json_is_object(project) || (video && !json_is_object(video)))
        return error_make(ERROR_VALIDATION_ERROR, "video", "A project is {\"video\": {...}, \"scenes\": [...]}");
    if (!json_is_array(scenes) || !json_array_size(scenes))
        return error_of(ERROR_VIDEO_HAS_NO_SCENES);
    struct problems problems = { 0 };
    if (video)
        scene_options_check(plan->arena, ON_VIDEO, video, &problems);
    complain_under(&check, STR("video"), &problems);
    take_video(plan, video);
    plan->scene_count = json_array_size(scenes);
    plan->scenes = ARENA_ARRAY(plan->arena, struct plan_scene, plan->scene_count);
    for (size_t i = 0; i < plan->scene_count; i++) {
        plan->scenes[i].json = json_array_get(scenes, i);
        take_scene(&check, i);
    }
    if (!check.problems.count) {
        TRY(film_list_voices(film));
        for (size_t i = 0; i < plan->scene_count; i++)
            check_length(&check, i);
    }
    return problems_error(&check.problems);
}

error film_plan(struct arena *arena, const json_t *project, const struct film_options *options,
    const struct film_source *source, struct warnings *warnings, struct film **ret_film)
{
    struct film *film = ARENA_NEW(arena, struct film);
    film->plan = ARENA_NEW(arena, struct film_plan);
    *film->plan = (struct film_plan) { .arena = arena, .options = *options, .source = source, .warnings = warnings };
    TRY(check_document(film, project));
    TRY(take_options(film, options));
    TRY(film_find_assets(film));
    *ret_film = film;
    return OK;
}

error film_resolve(struct film *film, struct warnings *warnings)
{
    film->plan->warnings = warnings;
    TRY(film_take_speech(film));
    film_set_times(film);
    film_set_segments(film);
    film_set_sound(film);
    return OK;
}

const struct film_format *film_format_of(const struct film *film)
{
    const struct film_format *format = film->plan->options.format;
    return format ? format : film_format_find(STR_NONE);
}

json_t *film_join_params(const struct film *film)
{
    json_t *frames = json_array();
    for (size_t i = 0; i < film->segment_count; i++)
        json_array_append_new(frames, json_integer((json_int_t)film->segments[i].frame_count));
    json_t *params = json_pack("{s:I,s:o,s:o,s:s,s:o,s:O,s:i,s:f}", "segments", (json_int_t)film->segment_count,
        "frames", frames, "audio", film->mix ? json_integer((json_int_t)film->segment_count) : json_null(), "format",
        film_format_of(film)->name, "title", json_str(film->title), "chapters", film->chapters, "fps", film->fps,
        "duration", film->duration);
    return json_keep(film->plan->arena, params);
}

void film_subtitles(struct arena *arena, const struct film *film, bool vtt, struct buffer *ret_text)
{
    if (film->captions.segment_count)
        transcript_write(arena, &film->captions, vtt ? TRANSCRIPT_VTT : TRANSCRIPT_SRT, ret_text);
}
