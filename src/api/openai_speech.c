// SPDX-License-Identifier: GPL-3.0-or-later
// POST /v1/audio/speech as OpenAI's public reference describes it: the sound is sent while it is spoken.
#include <string.h>

#include "api/openai_models.h"
#include "base/clock.h"

enum { INPUT_MAX = 4096 }; // characters, as OpenAI has it
static const int64_t SPEAK_LIMIT_US = 120 * SECOND_US;
static const double SPEED_LEAST = 0.5, SPEED_MOST = 2; // of our voices

// OpenAI's voices, and those of ours that come nearest and are everybody's.
static const struct {
    const char *name, *voice;
} aliases[] = {
    { "alloy", "flite:slt" },
    { "ash", "flite:rms" },
    { "ballad", "flite:rms" },
    { "cedar", "flite:rms" },
    { "coral", "flite:slt" },
    { "echo", "flite:rms" },
    { "fable", "flite:rms" },
    { "marin", "flite:slt" },
    { "nova", "flite:slt" },
    { "onyx", "flite:rms" },
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

// A voice's id: an alias, an id, or a name from the list of voices.
static error find_voice(struct api_call *call, str wanted, str *ret_voice)
{
    struct list all;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (str_equal_fold(wanted, str_of(aliases[i].name))) {
            *ret_voice = str_of(aliases[i].voice);
            return OK;
        }
    TRY(call->app->voice_list(call->app->voice_context, &call->scope, &all));
    for (size_t i = 0; i < all.count; i++) {
        const struct voice *voice = &((struct voice *)all.items)[i];
        if (str_equal(voice->id, wanted) || str_equal_fold(voice->name, wanted)) {
            *ret_voice = voice->id;
            return OK;
        }
    }
    return error_make(ERROR_VALIDATION_ERROR, "voice", "There is no voice \"%.*s\"", STR_ARGS(wanted));
}

// On a thread of the speech's: the answer begins with the first bytes, so that what fails before has its own status.
static error send_sound(void *context, const void *bytes, size_t size)
{
    struct api_call *call = context;
    if (!call->deliver)
        route_begin_body(call);
    return exchange_body_write(call->exchange, bytes, size) ? OK : error_of(ERROR_CANCELLED);
}

static error speak(struct api_call *call, str format)
{
    const struct speech_in *in = call->body;
    struct voice_wish wish = { .text = in->input, .pitch = 1, .volume = 1 };
    struct voice_out out = { call, send_sound };
    double speed = in->speed.set ? in->speed.value : 1;
    wish.speed = speed < SPEED_LEAST ? SPEED_LEAST : speed > SPEED_MOST ? SPEED_MOST : speed;
    TRY(openai_speech_model(in->model));
    TRY(find_voice(call, in->voice, &wish.voice_id));
    TRY(voice_may_use(&call->scope.actor, wish.voice_id));
    TRY(voice_check_text(in->input, INPUT_MAX));
    call->scope.deadline_us = clock_mono_us() + SPEAK_LIMIT_US;
    return call->app->voice_stream(call->app->voice_context, &call->scope, &wish, format, &out);
}

// What failed inside is one thing to the caller.
static error of_this_route(error failure)
{
    switch (failure.code) {
    case ERROR_NONE:
    case ERROR_MODEL_NOT_FOUND:
    case ERROR_PLAN_REQUIRED:
    case ERROR_UNAVAILABLE:
        return failure;
    case ERROR_VALIDATION_ERROR: // the voices call it text
        return failure.field && !strcmp(failure.field, "text")
                   ? error_make(ERROR_VALIDATION_ERROR, "input", "%s", failure.message)
                   : failure;
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
    for (size_t i = 0; formats[i]; i++)
        if (str_equal_c(format, formats[i]))
            call->answer_type = types[i];
    return of_this_route(speak(call, format));
}

static error answer(struct api_call *call)
{
    ASSERT(call->deliver); // a spoken text has sound
    return OK;
}

static const struct route routes[] = {
    { "POST", "/v1/audio/speech", "OpenAI", "Speak a text", FACE_OPENAI, ACCESS_USER, LANE_READ, BODY_JSON,
        .body_in = &in_shape, .answer_type = "audio/*",
        .errors = ERRORS(ERROR_MODEL_NOT_FOUND, ERROR_PLAN_REQUIRED, ERROR_ENGINE_FAILED, ERROR_UNAVAILABLE),
        .slow = SLOW_VOICES, .prepare = prepare, .handle = answer },
};
const struct route_group route_group_openai_speech = ROUTE_GROUP(routes);
