// SPDX-License-Identifier: GPL-3.0-or-later
// POST /v1/audio/speech as OpenAI's public reference describes it.
#include <string.h>

#include "api/openai_models.h"
#include "base/clock.h"

enum {
    INPUT_MAX = 4096,           // characters, as OpenAI has it
    SOUND_BYTES_MAX = 64 << 20, // half an hour at the slowest: far more than so much text can be
};
static const int64_t SPEAK_LIMIT_US = 120 * SECOND_US;
static const double SPEED_LEAST = 0.5, SPEED_MOST = 2; // of our voices

// OpenAI's voices, and those of ours that come nearest.
static const struct {
    const char *name, *voice;
} aliases[] = {
    { "alloy", "flite:slt" },
    { "ash", "flite:rms" },
    { "ballad", "flite:awb" },
    { "cedar", "flite:rms" },
    { "coral", "flite:slt" },
    { "echo", "flite:rms" },
    { "fable", "flite:awb" },
    { "marin", "flite:slt" },
    { "nova", "flite:slt" },
    { "onyx", "flite:awb" },
    { "sage", "flite:slt" },
    { "shimmer", "flite:slt" },
    { "verse", "flite:rms" },
};

// response_format, and the type of each.
static const char *const formats[] = { "mp3", "opus", "aac", "flac", "wav", "pcm", NULL };
static const char *const types[] = { "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm" };

struct speech_in {
    str model, input, voice, response_format;
    struct opt_number speed;
};
static const struct field in_fields[] = {
    FIELD(struct speech_in, model, .required = true, .min = 1, .max = 100, .doc = "tts-1"),
    FIELD(struct speech_in, input, .required = true, .min = 1, .max = INPUT_MAX, .doc = "Text to speak"),
    FIELD(struct speech_in, voice, .required = true, .min = 1, .max = 100,
        .doc = "Voice id or name, or one of OpenAI's: alloy, echo, nova, …"),
    FIELD(struct speech_in, response_format, .allowed = formats, .doc = "[mp3]; pcm is 24 kHz, 16 bits, mono"),
    FIELD(struct speech_in, speed, .min = 0.25, .max = 4, .doc = "[1]; our voices speak at 0.5 to 2 at most"),
};
static const struct shape in_shape = SHAPE("OpenAISpeech", struct speech_in, in_fields);

static error write_sound(void *context, uint64_t offset, const void *bytes, size_t size)
{
    return buffer_write_at(context, offset, bytes, size) ? OK : error_of(ERROR_LIMIT_EXCEEDED);
}

static error read_sound(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    *ret_got = buffer_read_at(context, offset, ret_bytes, size);
    return OK;
}

static error ask(struct api_call *call, const char *op, json_t *params, const struct buffer *input,
    struct buffer *output, json_t **ret_result)
{
    struct child_input from = { .context = (void *)input, .size = input ? input->size : 0, .read = read_sound };
    struct child_output to = { .context = output, .write = write_sound, .read = read_sound };
    struct child_call question = { .op = op,
        .params = json_keep(call->scope.arena, params),
        .inputs = &from,
        .input_count = input != NULL,
        .outputs = &to,
        .output_count = output != NULL,
        .deadline_us = clock_mono_us() + SPEAK_LIMIT_US };
    return warm_ask(call->app->warm, call->scope.arena, call->scope.actor.user_id, &question, ret_result);
}

// A voice's id: an alias, an id (with a colon), or a name from the list of voices.
static error find_voice(struct api_call *call, str wanted, str *ret_voice)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (str_equal_fold(wanted, str_of(aliases[i].name))) {
            *ret_voice = str_of(aliases[i].voice);
            return OK;
        }
    json_t *told;
    TRY(ask(call, "tts.voices", json_object(), NULL, NULL, &told));
    const json_t *voices = json_object_get(told, "voices");
    for (size_t i = 0; i < json_array_size(voices); i++) {
        const json_t *voice = json_array_get(voices, i);
        if (str_equal(json_get_str(voice, "id"), wanted) || str_equal_fold(json_get_str(voice, "name"), wanted)) {
            *ret_voice = json_get_str(voice, "id");
            return OK;
        }
    }
    return error_make(ERROR_VALIDATION_ERROR, "voice", "There is no voice \"%.*s\"", STR_ARGS(wanted));
}

static error speak(struct api_call *call, str format, struct buffer *sound)
{
    const struct speech_in *in = call->body;
    str voice;
    json_t *result;
    double speed = in->speed.set ? in->speed.value : 1;
    speed = speed < SPEED_LEAST ? SPEED_LEAST : speed > SPEED_MOST ? SPEED_MOST : speed;
    TRY(openai_speech_model(in->model));
    TRY(find_voice(call, in->voice, &voice));
    json_t *params = json_pack(
        "{s:o, s:o, s:f}", "voice", json_str(voice), "text", json_str(in->input), "speed", speed);
    error spoken = ask(call, "tts.speak", params, NULL, sound, &result);
    if (spoken.code == ERROR_VALIDATION_ERROR)
        return error_make(ERROR_VALIDATION_ERROR, "input", "There is nothing to speak in the input");
    TRY(spoken);
    return ask(call, "audio.encode", json_pack("{s:o}", "format", json_str(format)), sound, &call->answer, &result);
}

// What failed inside is one thing to the caller.
static error of_this_route(error failure)
{
    switch (failure.code) {
    case ERROR_NONE:
    case ERROR_VALIDATION_ERROR:
    case ERROR_MODEL_NOT_FOUND:
    case ERROR_UNAVAILABLE:
        return failure;
    case ERROR_TIMED_OUT:
        return error_make(ERROR_UNAVAILABLE, NULL, "Too much is to be spoken just now. Please try again later");
    default:
        return error_make(ERROR_ENGINE_FAILED, NULL, "The voice failed");
    }
}

static error prepare(struct api_call *call)
{
    const struct speech_in *in = call->body;
    str format = in->response_format.data ? in->response_format : STR("mp3");
    struct buffer sound = { .limit = SOUND_BYTES_MAX };
    call->answer.limit = SOUND_BYTES_MAX;
    error failure = of_this_route(speak(call, format, &sound));
    buffer_done(&sound);
    TRY(failure);
    for (size_t i = 0; formats[i]; i++)
        if (str_equal_c(format, formats[i]))
            call->answer_type = types[i];
    return OK;
}

static error answer(struct api_call *call)
{
    ASSERT(call->answer_type);
    return OK;
}

static const struct route routes[] = {
    { "POST", "/v1/audio/speech", "OpenAI", "Speak a text", FACE_OPENAI, ACCESS_USER, LANE_READ, BODY_JSON,
        .body_in = &in_shape, .answer_type = "audio/*",
        .errors = ERRORS(ERROR_MODEL_NOT_FOUND, ERROR_ENGINE_FAILED, ERROR_UNAVAILABLE), .prepare = prepare,
        .handle = answer },
};
const struct route_group route_group_openai_speech = ROUTE_GROUP(routes);
