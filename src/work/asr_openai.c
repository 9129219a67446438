// SPDX-License-Identifier: GPL-3.0-or-later
// Any server with OpenAI's POST /v1/audio/transcriptions, as its public reference describes it.
#include "base/settings.h"
#include "work/asr_http.h"
#include "work/asr_reply.h"

enum { FILE_BYTES_MAX = 25 << 20 }; // what OpenAI takes

static error available(struct arena *arena)
{
    (void)arena;
    return settings_has(SETTING_NOW(asr_url)) ? OK
                                              : error_make(ERROR_ENGINE_MISSING, "engine", "No speech server is set");
}

// The base may be given with or without /v1, or be the whole.
static const char *url_of(struct arena *arena)
{
    str base = str_of(SETTING_NOW(asr_url));
    while (str_ends(base, STR("/")))
        base.size--;
    const char *rest = str_ends(base, STR("/audio/transcriptions")) ? ""
                       : str_ends(base, STR("/v1"))                 ? "/audio/transcriptions"
                                                                    : "/v1/audio/transcriptions";
    return str_format(arena, "%.*s%s", STR_ARGS(base), rest).data;
}

static error transcribe(const struct asr_task *task, json_t **ret_result)
{
    ASR_PACK_AUTO struct asr_pack pack = { 0 };
    struct http_form form;
    str reply;
    TRY(available(task->arena));
    TRY(asr_pack_open(task, FILE_BYTES_MAX, &pack));
    http_form_begin(&form);
    http_form_file(&form, "file", "audio.wav", "audio/wav", buffer_str(&pack.wav));
    http_form_field(&form, "model", str_of(SETTING_NOW(asr_model)));
    http_form_field(&form, "response_format", STR("verbose_json"));
    http_form_field(&form, "timestamp_granularities[]", STR("word"));
    http_form_field(&form, "timestamp_granularities[]", STR("segment"));
    if (task->language.data)
        http_form_field(&form, "language", task->language);
    http_form_end(&form);
    struct asr_request request = { .who = "The speech server",
        .url = url_of(task->arena),
        .key = settings_has(SETTING_NOW(asr_key)) ? str_of(SETTING_NOW(asr_key)) : STR_NONE,
        .form = &form };
    error result = form.body.failed ? error_of(ERROR_LIMIT_EXCEEDED) : asr_http_post(task, &request, &reply);
    buffer_done(&form.body);
    TRY(result);
    return asr_reply_read(task, &pack, request.who, reply, ret_result);
}

const struct asr_engine asr_openai = {
    .name = "openai",
    .title = "an OpenAI-compatible server",
    .mend = "set KINORA_ASR_URL (and KINORA_ASR_KEY, KINORA_ASR_MODEL) to a server with /v1/audio/transcriptions",
    .quality = 20,
    .part_least = 120,
    .part_most = 480, // with its pauses below FILE_BYTES_MAX
    .zygote = ZYGOTE_PLAIN,
    .available = available,
    .transcribe = transcribe,
};
