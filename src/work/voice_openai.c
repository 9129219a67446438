// SPDX-License-Identifier: GPL-3.0-or-later
// Any server with OpenAI's POST /v1/audio/speech, as its public reference describes it. Its voices speak any language.
#include <math.h>

#include "base/clock.h"
#include "base/settings.h"
#include "work/service_http.h"
#include "work/voice_engine.h"

enum { ANSWER_BYTES_MAX = 32 << 20 };

static const struct {
    const char *name, *gender;
} voices[] = { { "alloy", "female" }, { "ash", "male" }, { "coral", "female" }, { "echo", "male" }, { "fable", "male" },
    { "nova", "female" }, { "onyx", "male" }, { "sage", "female" }, { "shimmer", "female" } };

static error available(struct arena *arena)
{
    (void)arena;
    return settings_has(settings.tts_url) ? OK : error_make(ERROR_ENGINE_MISSING, "voice_id", "No voice server is set");
}

static error list(struct arena *arena, void (*each)(void *context, const struct voice *voice), void *context)
{
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++) {
        str name = str_copy(arena, str_of(voices[i].name));
        ((char *)name.data)[0] = (char)(name.data[0] - 32);
        each(context, &(struct voice) { .id = str_format(arena, "openai:%s", voices[i].name),
                          .name = name,
                          .language = STR("Any language"),
                          .language_code = STR("mul"),
                          .dialect = STR(""),
                          .gender = str_of(voices[i].gender),
                          .style = STR("expressive"),
                          .category = STR("studio") });
    }
    return OK;
}

static error speak(const struct voice_task *task, struct voice_sound *ret_sound)
{
    static const char *const who = "The voice server";
    str file;
    TRY(available(task->arena));
    double speed = fmin(4, fmax(0.25, task->speed / task->pitch));
    json_t *body = json_keep(
        task->arena, json_pack("{s:s, s:o, s:o, s:s, s:f}", "model", settings.tts_model, "input", json_str(task->text),
                         "voice", json_str(task->voice), "response_format", "wav", "speed", speed));
    struct service_question question = { .who = who,
        .base = settings.tts_url,
        .path = "/audio/speech",
        .key = settings_has(settings.tts_key) ? settings.tts_key : "",
        .body = body,
        .answer_bytes = ANSWER_BYTES_MAX,
        .timeout_us = settings.tts_timeout * SECOND_US,
        .cancelled = task->asker->cancelled,
        .deadline_us = task->asker->deadline_us };
    TRY(service_ask(task->arena, &question, &file));
    return voice_of_file(task, who, file, ret_sound);
}

const struct voice_engine voice_openai = { .name = "openai",
    .title = "an OpenAI-compatible server",
    .mend = "set KINORA_TTS_URL (and KINORA_TTS_KEY, KINORA_TTS_MODEL) to a server with /v1/audio/speech",
    .available = available,
    .list = list,
    .speak = speak };
