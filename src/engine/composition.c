// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/composition.h"

#include <math.h>

#include "av/frame.h"

enum { FPS_MAX = 120, SHORT_SIDE = 1080 };
static const double duration_max = 24 * 3600;

static error not_a(const char *key, const char *kind)
{
    return error_make(ERROR_VALIDATION_ERROR, key, "%s must be %s", key, kind);
}

error composition_number(
    const json_t *object, const char *key, double fallback, double least, double most, double *ret_value)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value)) {
        *ret_value = fallback;
        return OK;
    }
    if (!json_is_number(value))
        return not_a(key, "a number");
    double number = json_number_value(value);
    if (!(number >= least && number <= most))
        return error_make(ERROR_VALIDATION_ERROR, key, "%s must lie between %g and %g", key, least, most);
    *ret_value = number;
    return OK;
}

static error read_input(const json_t *object, size_t inputs, int *ret_input)
{
    const json_t *value = json_object_get(object, "input");
    if (!value || json_is_null(value)) {
        *ret_input = NO_INPUT;
        return OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 || (size_t)json_integer_value(value) >= inputs)
        return not_a("input", "the index of an input");
    *ret_input = (int)json_integer_value(value);
    return OK;
}

static error read_layer(const json_t *json, size_t inputs, struct composition_layer *layer)
{
    layer->id = json_get_str(json, "id");
    layer->name = json_get_str(json, "name");
    layer->type = json_get_str(json, "type");
    if (!layer->type.data)
        return not_a("type", "a text");
    layer->properties = json_object_get(json, "properties");
    if (!json_is_object(layer->properties))
        return not_a("properties", "an object");
    TRY(composition_number(json, "start", 0, 0, duration_max, &layer->start));
    TRY(composition_number(json, "end", duration_max, 0, duration_max, &layer->end));
    layer->speech = json_object_get(json, "speech");
    TRY(read_input(json_object_get(layer->speech, "sound"), inputs, &layer->sound));
    return read_input(json, inputs, &layer->input);
}

static error read_layers(struct arena *arena, const json_t *json, size_t inputs, struct composition_scene *scene)
{
    const json_t *list = json_object_get(json, "layers");
    if (list && !json_is_array(list))
        return not_a("layers", "a list");
    scene->layer_count = json_array_size(list);
    if (scene->layer_count > COMPOSITION_LAYERS_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, "layers", "A scene has at most %d layers", COMPOSITION_LAYERS_MAX);
    struct composition_layer *layers = ARENA_ARRAY(arena, struct composition_layer, scene->layer_count);
    for (size_t i = 0; i < scene->layer_count; i++)
        TRY(read_layer(json_array_get(list, i), inputs, &layers[i]));
    scene->layers = layers;
    return OK;
}

static error read_words(struct arena *arena, const json_t *json, struct composition_scene *scene)
{
    const json_t *list = json_object_get(json, "caption_words");
    if (json_array_size(list) > COMPOSITION_WORDS_MAX)
        return error_make(
            ERROR_LIMIT_EXCEEDED, "caption_words", "A scene has at most %d caption words", COMPOSITION_WORDS_MAX);
    struct composition_word *words = ARENA_ARRAY(arena, struct composition_word, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct composition_word word = { .text = json_get_str(item, "text") };
        TRY(composition_number(item, "start", 0, 0, duration_max, &word.start));
        TRY(composition_number(item, "end", word.start, 0, duration_max, &word.end));
        if (str_trim(word.text).size)
            words[scene->word_count++] = word;
    }
    scene->words = words;
    return OK;
}

static error read_background(
    const json_t *json, const char *fallback, size_t inputs, struct composition_background *background)
{
    background->input = NO_INPUT;
    if (!json_is_object(json))
        return colour_get(NULL, "background", fallback, &background->colour);
    const json_t *gradient = json_object_get(json, "gradient");
    if (json_array_size(gradient) >= 2) {
        const char *first = json_string_value(json_array_get(gradient, 0)),
                   *second = json_string_value(json_array_get(gradient, 1));
        background->gradient = true;
        TRY(colour_get(NULL, "gradient", first ? first : "", &background->colour));
        TRY(colour_get(NULL, "gradient", second ? second : "", &background->colour_2));
        const json_t *angle = json_array_get(gradient, 2);
        background->angle = json_is_number(angle) ? fmod(json_number_value(angle), 360) : 180;
        return OK;
    }
    TRY(colour_get(json, "color", fallback, &background->colour));
    return read_input(json, inputs, &background->input);
}

static error read_scene(
    struct arena *arena, const json_t *json, const char *background, size_t inputs, struct composition_scene *scene)
{
    scene->id = json_get_str(json, "id");
    TRY(composition_number(json, "duration", 0, 0, duration_max, &scene->duration));
    if (!(scene->duration > 0))
        return not_a("duration", "more than 0");
    TRY(read_background(json_object_get(json, "background"), background, inputs, &scene->background));
    const json_t *transition = json_object_get(json, "transition");
    scene->transition = json_get_str(transition, "type");
    if (!scene->transition.data)
        scene->transition = STR("cut");
    TRY(composition_number(transition, "duration", 0.5, 0, duration_max, &scene->transition_duration));
    TRY(read_words(arena, json, scene));
    return read_layers(arena, json, inputs, scene);
}

static error read_captions(const json_t *json, struct composition_captions *captions)
{
    str mode = json_get_str(json, "mode");
    captions->karaoke = str_equal_c(mode, "karaoke");
    captions->shown = captions->karaoke || str_equal_c(mode, "plain");
    captions->font_family = json_get_str(json, "font_family");
    captions->position = json_get_str(json, "position");
    TRY(composition_number(json, "font_size", 44, 4, 400, &captions->font_size));
    TRY(colour_get(json, "color", "#FFFFFF", &captions->colour));
    TRY(colour_get(json, "highlight_color", "#FFD54A", &captions->highlight));
    return colour_get(json, "background_color", "#000000A6", &captions->background);
}

static error read_size(const json_t *json, int width, struct composition *composition)
{
    double own_width, own_height, fps;
    TRY(composition_number(json, "width", 1920, 16, FRAME_SIDE_MAX, &own_width));
    TRY(composition_number(json, "height", 1080, 16, FRAME_SIDE_MAX, &own_height));
    TRY(composition_number(json, "fps", 30, 1, FPS_MAX, &fps));
    double scale = width > 0 ? width / own_width : 1;
    composition->width = (int)lround(own_width * scale / 2) * 2;
    composition->height = (int)lround(own_height * scale / 2) * 2;
    if (composition->width < 16 || composition->height < 16 || composition->width > FRAME_SIDE_MAX
        || composition->height > FRAME_SIDE_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "width", "A picture's sides have 16 to %d pixels", FRAME_SIDE_MAX);
    composition->fps = (int)lround(fps);
    int side = composition->width < composition->height ? composition->width : composition->height;
    composition->unit = (double)side / SHORT_SIDE;
    return OK;
}

error composition_read(
    struct arena *arena, const json_t *json, int width, size_t inputs, struct composition *ret_composition)
{
    struct composition composition = { 0 };
    if (!json_is_object(json))
        return not_a("composition", "an object");
    TRY(read_size(json, width, &composition));
    TRY(read_captions(json_object_get(json, "captions"), &composition.captions));
    const json_t *watermark = json_object_get(json, "watermark");
    composition.watermark = str_trim(json_get_str(watermark, "text"));
    composition.watermark_position = json_get_str(watermark, "position");
    TRY(composition_number(watermark, "opacity", 0.5, 0, 1, &composition.watermark_opacity));
    str background = json_get_str(json, "background");
    const json_t *list = json_object_get(json, "scenes");
    composition.scene_count = json_array_size(list);
    if (composition.scene_count == 0 || composition.scene_count > COMPOSITION_SCENES_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "scenes", "A composition has 1 to %d scenes", COMPOSITION_SCENES_MAX);
    struct composition_scene *scenes = ARENA_ARRAY(arena, struct composition_scene, composition.scene_count);
    double start = 0;
    for (size_t i = 0; i < composition.scene_count; i++) {
        TRY(read_scene(
            arena, json_array_get(list, i), background.data ? background.data : "#101014", inputs, &scenes[i]));
        double end = start + scenes[i].duration;
        scenes[i].frames = llround(end * composition.fps) - llround(start * composition.fps);
        start = end;
    }
    composition.scenes = scenes;
    *ret_composition = composition;
    return OK;
}
