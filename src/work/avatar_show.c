// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/avatar_show.h"

#include <string.h>

#include "base/clock.h"
#include "domain/media.h"
#include "net/child_blob.h"
#include "work/film_library.h"

static const int64_t LIMIT_US = 30 * SECOND_US;
static const size_t BYTES_MAX = 16u << 20; // three seconds of 480 by 480 take a hundredth of it

struct show {
    struct warm *warm;
    struct scope *scope;
    struct film *film;
};

static error write_bytes(void *context, uint64_t offset, const void *bytes, size_t size)
{
    return buffer_write_at(context, offset, bytes, size)
               ? OK
               : error_make(ERROR_ENGINE_FAILED, NULL, "The engine made nothing of a sensible size");
}

static error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    *ret_got = buffer_read_at(context, offset, ret_bytes, size);
    return OK;
}

static struct child_input input_of(struct buffer *buffer)
{
    return (struct child_input) { .context = buffer, .size = buffer->size, .read = read_bytes };
}

static error ask(struct show *show, const char *op, const json_t *params, const struct child_input *inputs,
    size_t count, struct buffer *output, json_t **ret_result)
{
    output->limit = BYTES_MAX;
    struct child_output to = { .context = output, .write = write_bytes, .read = read_bytes };
    struct child_call call = { .op = op,
        .params = params,
        .inputs = inputs,
        .input_count = count,
        .outputs = &to,
        .output_count = 1,
        .deadline_us = clock_mono_us() + LIMIT_US };
    return warm_ask(show->warm, show->scope->arena, show->scope->actor.user_id, &call, ret_result);
}

static void close_reader(void *reader)
{
    blob_reader_close(reader);
}

static error open_inputs(struct show *show, const struct film_question *question, struct child_input **ret_inputs)
{
    struct arena *arena = show->scope->arena;
    struct child_input *inputs = ARENA_ARRAY(arena, struct child_input, question->input_count + 1);
    for (size_t i = 0; i < question->input_count; i++) {
        struct media_blob blob;
        struct blob_reader *reader;
        TRY(media_blob_get(show->scope, str_of(film_input_handle(&question->inputs[i])), &blob));
        TRY(blob_reader_open(show->scope->blobs, blob.id.data, (const unsigned char *)blob.sealed_key.data, &reader));
        arena_defer(arena, close_reader, reader);
        inputs[i] = child_input_of_blob(reader);
    }
    *ret_inputs = inputs;
    return OK;
}

// A scene in which the avatar says who it is.
static json_t *document_of(struct arena *arena, const struct avatar *avatar, enum avatar_sight sight)
{
    const char *voice = str_equal_c(avatar->gender, "male")     ? "flite:rms"
                        : str_equal_c(avatar->gender, "female") ? "flite:slt"
                                                                : "flite:kal16";
    str name = avatar->name, words;
    ptrdiff_t bracket = str_index(name, '(');
    if (bracket > 0)
        name = str_trim(str_sub(name, 0, (size_t)bracket));
    words = str_format(arena, "Hello, I am %.*s. I would love to tell your story.", STR_ARGS(str_cut_utf8(name, 60)));
    bool close = sight == AVATAR_THUMBNAIL;
    json_t *look = json_pack("{s:o,s:{s:f,s:f},s:f}", "avatar_id", json_str(avatar->id), "position", "x", 50.0, "y",
        close ? 66.0 : 50.0, "scale", close ? 1.4 : 1.0);
    json_t *layers = json_pack("[{s:s,s:s,s:f,s:o},{s:s,s:s,s:f,s:{s:s,s:o}}]", "type", "avatar", "name", "avatar",
        "duration", 3.0, "properties", look, "type", "voiceover", "name", "voice", "duration", 3.0, "properties",
        "voice_id", voice, "text", json_str(words));
    return json_keep(
        arena, json_pack("{s:{s:s,s:s,s:s},s:[{s:s,s:f,s:o}]}", "video", "title", "Avatar", "aspect_ratio", "1:1",
                   "background", "#E6EDF6", "scenes", "text", "", "duration", 3.0, "layers", layers));
}

static error plan(struct show *show, const struct avatar *avatar, enum avatar_sight sight)
{
    struct arena *arena = show->scope->arena;
    struct warnings warnings = { 0 };
    struct film_library library = { .scope = show->scope, .video_id = STR("") };
    struct film_source source = { &library, film_library_find };
    struct film_options options = {
        .quality = 480, .renderer = STR("avatar"), .without_speech = sight != AVATAR_VIDEO
    };
    return film_plan(arena, document_of(arena, avatar, sight), &options, &source, &warnings, &show->film);
}

static error draw(struct show *show, int width, struct buffer *ret_bytes)
{
    struct warnings warnings = { 0 };
    struct film_question question;
    struct child_input *inputs;
    json_t *result;
    TRY(film_resolve(show->film, &warnings));
    film_frame(show->film, 0.2, width, "png", &question);
    TRY(open_inputs(show, &question, &inputs));
    return ask(show, "render.frame", question.params, inputs, question.input_count, ret_bytes, &result);
}

struct footage {
    struct buffer voice, pictures, sound;
};

static error shoot(struct show *show, struct footage *footage, struct buffer *ret_bytes)
{
    struct warnings warnings = { 0 };
    struct film *film = show->film;
    struct child_input *inputs;
    json_t *result;
    TRY(ask(show, "tts.speak", film->voices[0].params, NULL, 0, &footage->voice, &result));
    film->voices[0].result = result;
    TRY(film_resolve(film, &warnings));
    const struct film_segment *segment = &film->segments[0];
    TRY(open_inputs(show, &segment->question, &inputs));
    TRY(ask(show, "render.segment", segment->question.params, inputs, segment->question.input_count, &footage->pictures,
        &result));
    struct child_input voice = input_of(&footage->voice);
    TRY(ask(show, "render.mix", film->mix, &voice, 1, &footage->sound, &result));
    struct child_input parts[] = { input_of(&footage->pictures), input_of(&footage->sound) };
    return ask(show, "render.join", film_join_params(film), parts, 2, ret_bytes, &result);
}

error avatar_show(void *warm, struct scope *scope, str id, enum avatar_sight sight, struct buffer *ret_bytes)
{
    struct show show = { .warm = warm, .scope = scope };
    struct avatar avatar;
    TRY(avatar_get(scope, id, &avatar));
    TRY(plan(&show, &avatar, sight));
    if (sight != AVATAR_VIDEO)
        return draw(&show, sight == AVATAR_THUMBNAIL ? 240 : 720, ret_bytes);
    struct footage footage = { 0 };
    error failed = shoot(&show, &footage, ret_bytes);
    buffer_done(&footage.voice);
    buffer_done(&footage.pictures);
    buffer_done(&footage.sound);
    return failed;
}
