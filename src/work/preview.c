// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/preview.h"

#include <string.h>

#include "base/clock.h"
#include "domain/cache.h"
#include "domain/media.h"
#include "domain/pronunciation.h"
#include "net/child_blob.h"
#include "work/film_library.h"
#include "work/stock_input.h"

static const int64_t LIMIT_US = 20 * SECOND_US;
static const size_t PICTURE_SIZE_MAX = 64u << 20; // a PNG of 4096 pixels each way holds no more

struct preview {
    struct warm *warm;
    struct scope *scope;
    const struct scene_picture *wish;
    struct warnings warnings; // the editor was told of them when the scene was changed
    struct film *film;
    size_t scene; // in the film
};

// The scene alone, and the one before it when it leads into it.
static error cut_document(struct preview *preview, const struct scene *scene, json_t *document)
{
    json_t *scenes = json_object_get(document, "scenes");
    size_t at = 0, count = json_array_size(scenes);
    while (at < count && !str_equal(json_get_str(json_array_get(scenes, at), "id"), scene->id))
        at++;
    if (at == count)
        return error_of(ERROR_SCENE_NOT_FOUND);
    while (json_array_size(scenes) > at + 1)
        json_array_remove(scenes, at + 1);
    for (; at > 1; at--)
        json_array_remove(scenes, 0);
    preview->scene = at;
    return OK;
}

static error find_voices(struct preview *preview, bool *ret_all)
{
    struct film *film = preview->film;
    *ret_all = true;
    for (size_t i = 0; i < film->voice_count && *ret_all; i++) {
        struct film_voice *voice = &film->voices[i];
        struct cache_entry entry;
        json_t *facts;
        TRY(cache_get(preview->scope, str_of(voice->key), &entry, ret_all));
        if (!*ret_all)
            break;
        TRY(json_read(preview->scope->arena, entry.facts.text, &facts));
        voice->result = facts;
    }
    return OK;
}

static error plan(struct preview *preview, str video_id, const json_t *document)
{
    struct arena *arena = preview->scope->arena;
    struct film_library library = { .scope = preview->scope, .video_id = video_id, .draft = true };
    struct film_source source = { &library, film_library_find };
    struct film_options options = { .renderer = STR("preview"), .allow_missing = true };
    TRY(pronunciation_words(preview->scope, &options.pronunciations));
    film_library_mark(preview->scope, document, NULL, &options);
    bool spoken;
    TRY(film_plan(arena, document, &options, &source, &preview->warnings, &preview->film));
    TRY(find_voices(preview, &spoken));
    if (!spoken) {
        options.without_speech = true;
        TRY(film_plan(arena, document, &options, &source, &preview->warnings, &preview->film));
    }
    return film_resolve(preview->film, &preview->warnings);
}

// Inputs, opened when they are read first: a child that has seen them before may need no byte.
struct input {
    struct preview *preview;
    struct media_blob blob;
    struct blob_reader *reader;
};

static void close_input(void *input)
{
    blob_reader_close(((struct input *)input)->reader);
}

static error read_input(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct input *input = context;
    if (!input->reader)
        TRY(blob_reader_open(input->preview->scope->blobs, input->blob.id.data,
            (const unsigned char *)input->blob.sealed_key.data, &input->reader));
    struct child_input plain = child_input_of_blob(input->reader);
    return plain.read(plain.context, offset, ret_bytes, size, ret_got);
}

static error open_inputs(struct preview *preview, const struct film_question *question, struct child_input **ret_inputs)
{
    struct arena *arena = preview->scope->arena;
    struct child_input *inputs = ARENA_ARRAY(arena, struct child_input, question->input_count);
    for (size_t i = 0; i < question->input_count; i++) {
        str handle = str_of(film_input_handle(&question->inputs[i]));
        if (stock_input_is(handle)) {
            TRY(stock_input(preview->scope, handle, &inputs[i]));
            continue;
        }
        struct input *input = ARENA_NEW(arena, struct input);
        input->preview = preview;
        TRY(media_blob_get(preview->scope, handle, &input->blob));
        arena_defer(arena, close_input, input);
        inputs[i] = (struct child_input) { input, (uint64_t)input->blob.size_bytes, read_input, input->blob.id.data };
    }
    *ret_inputs = inputs;
    return OK;
}

static error write_picture(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct buffer *picture = context;
    if (offset != picture->size || size > PICTURE_SIZE_MAX - picture->size)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The engine made no picture of a sensible size");
    buffer_append(picture, bytes, size);
    return OK;
}

// `format`: "jpeg", "png", or "boxes", which draws nothing.
static error ask(struct preview *preview, const char *format, const struct child_output *output, json_t **ret_result)
{
    const struct scene_picture *wish = preview->wish;
    const struct film_scene *scene = &preview->film->scenes[preview->scene];
    struct film_question question;
    struct child_input *inputs;
    if (wish->seconds > scene->duration + 1e-6)
        return error_make(ERROR_VALIDATION_ERROR, "t", "The scene lasts %.3f seconds", scene->duration);
    // The end shows the last frame, not the next scene's first.
    double last = scene->start + scene->duration - 0.5 / preview->film->fps, at = scene->start + wish->seconds;
    film_frame(preview->film, at < last ? at : last, (int)wish->width, format, &question);
    TRY(open_inputs(preview, &question, &inputs));
    struct child_call call = { .op = "render.frame",
        .params = question.params,
        .inputs = inputs,
        .input_count = question.input_count,
        .outputs = output,
        .output_count = output ? 1 : 0,
        .deadline_us = clock_mono_us() + LIMIT_US };
    return warm_ask(preview->warm, preview->scope->arena, preview->scope->actor.user_id, &call, ret_result);
}

static void put_number(json_t *properties, const char *name, struct opt_number number)
{
    if (number.set)
        json_object_set_new(properties, name, json_real(number.value));
}

// The layer as if it stood where the wish says. One that there is no more is left out of account.
static void place_layer(const struct preview *preview, json_t *document)
{
    const struct scene_placing *placing = &preview->wish->placing;
    json_t *scene = json_array_get(json_object_get(document, "scenes"), preview->scene), *layer;
    size_t i;
    json_array_foreach (json_object_get(scene, "layers"), i, layer) {
        if (!str_equal(json_get_str(layer, "id"), preview->wish->layer_id))
            continue;
        json_t *properties = json_deep_copy(json_object_get(layer, "properties"));
        json_t *position = json_object_get(properties, "position");
        position = json_is_object(position) ? json_incref(position) : json_object();
        put_number(position, "x", placing->x);
        put_number(position, "y", placing->y);
        json_object_set_new(properties, "position", position);
        put_number(properties, "scale", placing->scale);
        put_number(properties, "rotation", placing->rotation);
        put_number(properties, "width", placing->width);
        put_number(properties, "height", placing->height);
        put_number(properties, "max_width", placing->max_width);
        json_object_set_new(layer, "properties", properties);
    }
}

static error prepare(struct preview *preview)
{
    struct scope *scope = preview->scope;
    struct scene scene;
    struct video video;
    json_t *document;
    TRY(video_get(scope, preview->wish->video_id, VIDEO_READ, &video));
    TRY(scene_get(scope, preview->wish->scene_id, VIDEO_READ, &scene));
    TRY(video_document(scope, &video, &document));
    TRY(cut_document(preview, &scene, document));
    if (preview->wish->layer_id.size)
        place_layer(preview, document);
    return plan(preview, video.id, document);
}

error preview_frame(void *warm, struct scope *scope, const struct scene_picture *wish, struct buffer *ret_picture)
{
    struct preview preview = { .warm = warm, .scope = scope, .wish = wish };
    struct child_output output = { .context = ret_picture, .write = write_picture };
    json_t *result;
    TRY(prepare(&preview));
    return ask(&preview, wish->png ? "png" : "jpeg", &output, &result);
}

error preview_text_boxes(void *warm, struct scope *scope, const struct scene_picture *wish, struct list *ret_boxes)
{
    struct preview preview = { .warm = warm, .scope = scope, .wish = wish };
    json_t *result;
    TRY(prepare(&preview));
    TRY(ask(&preview, "boxes", NULL, &result));
    const json_t *list = json_object_get(result, "boxes");
    size_t count = json_array_size(list);
    struct scene_text_box *boxes = ARENA_ARRAY(scope->arena, struct scene_text_box, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *box = json_array_get(list, i);
        boxes[i] = (struct scene_text_box) { json_get_str(box, "layer_id"), json_get_number(box, "width", 0),
            json_get_number(box, "height", 0) };
    }
    *ret_boxes = (struct list) { boxes, count };
    return OK;
}
