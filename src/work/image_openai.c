// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/image_openai.h"

#include "base/clock.h"
#include "base/settings.h"
#include "work/service_http.h"

enum { ANSWER_BYTES_MAX = 48 << 20 }; // base64 of a picture of 4 megapixels, uncompressed

bool image_openai_available(void)
{
    return settings_has(settings.image_url);
}

static json_t *body_of(struct arena *arena, const struct image_question *question)
{
    bool new_model = str_starts(str_of(settings.image_model), STR("gpt-image"));
    bool high = str_equal_c(question->quality, "high");
    str prompt = question->prompt;
    if (question->style.size)
        prompt = str_format(arena, "%.*s. Style: %.*s", STR_ARGS(prompt), STR_ARGS(question->style));
    json_t *body = json_keep(arena, json_pack("{s:o, s:i, s:o}", "prompt", json_str(prompt), "n", 1, "size",
                                        json_str(str_format(arena, "%dx%d", question->width, question->height))));
    if (settings_has(settings.image_model))
        json_object_set_new(body, "model", json_string(settings.image_model));
    json_object_set_new(body, "quality", json_string(new_model ? high ? "high" : "medium" : high ? "hd" : "standard"));
    if (!new_model) // those answer nothing else
        json_object_set_new(body, "response_format", json_string("b64_json"));
    return body;
}

static error no_picture(void)
{
    return error_make(ERROR_ENGINE_REFUSED, NULL, "The picture server answered with something that is no picture");
}

// Only from the server itself: a link to elsewhere is not followed.
static error fetch(struct arena *arena, const struct image_question *question, str url, str *ret_file)
{
    str base = str_of(settings.image_url);
    ptrdiff_t slashes = str_find(base, STR("://"));
    str rest = str_sub(base, (size_t)slashes + 3, base.size), host = STR_NONE;
    if (slashes < 0 || !str_split(&rest, '/', &host))
        return no_picture();
    str origin = str_format(arena, "%.*s%.*s/", (int)slashes + 3, base.data, STR_ARGS(host));
    if (!str_starts(url, origin))
        return error_make(ERROR_ENGINE_REFUSED, NULL, "The picture server answered with a link to another server");
    struct http_client_request request = { .method = "GET",
        .url = str_to_c(arena, url),
        .timeout_us = settings.image_timeout * SECOND_US,
        .answer_bytes = ANSWER_BYTES_MAX,
        .cancelled = question->cancelled };
    struct http_client_answer answer;
    TRY(http_client_send(arena, &request, &answer));
    *ret_file = str_copy(arena, answer.body.size ? buffer_str(&answer.body) : STR(""));
    buffer_done(&answer.body);
    return answer.status == 200 ? OK : no_picture();
}

error image_openai_make(struct arena *arena, const struct image_question *question, str *ret_file)
{
    str text;
    json_t *answer;
    struct service_question asked = { .who = "The picture server",
        .base = settings.image_url,
        .path = "/images/generations",
        .key = settings_has(settings.image_key) ? settings.image_key : "",
        .body = body_of(arena, question),
        .answer_bytes = ANSWER_BYTES_MAX,
        .timeout_us = settings.image_timeout * SECOND_US,
        .cancelled = question->cancelled,
        .deadline_us = question->deadline_us };
    error result = service_ask(arena, &asked, &text);
    if (result.code == ERROR_TIMED_OUT) // asking again would make somebody wait as long once more
        return error_make(ERROR_ENGINE_REFUSED, NULL, "%s", str_copy(arena, str_of(result.message)).data);
    TRY(result);
    if (error_is(json_read(arena, text, &answer)))
        return no_picture();
    const json_t *first = json_array_get(json_object_get(answer, "data"), 0);
    str encoded = json_get_str(first, "b64_json"), url = json_get_str(first, "url");
    if (encoded.size)
        return str_from_base64(arena, encoded, ret_file) && ret_file->size ? OK : no_picture();
    return url.size ? fetch(arena, question, url, ret_file) : no_picture();
}
