// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/service_http.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

enum { SENTENCE_MAX = 200 };

static const char *url_of(struct arena *arena, const struct service_question *question)
{
    str base = str_of(question->base), path = str_of(question->path);
    while (str_ends(base, STR("/")))
        base.size--;
    const char *middle = str_ends(base, STR("/v1")) ? "" : "/v1";
    if (str_ends(base, path))
        return str_to_c(arena, base);
    return str_format(arena, "%.*s%s%s", STR_ARGS(base), middle, question->path).data;
}

// The server's own words, unless it says our key back.
static str sentence(struct arena *arena, const struct service_question *question, str body)
{
    json_t *reply;
    if (error_is(json_read(arena, body, &reply)))
        return STR_NONE;
    const json_t *own = json_object_get(reply, "error");
    str message = json_is_object(own) ? json_get_str(own, "message") : json_get_str(reply, own ? "error" : "detail");
    if (*question->key && message.data && str_find(message, str_of(question->key)) >= 0)
        return STR_NONE;
    return str_cut_utf8(str_trim(message), SENTENCE_MAX);
}

static error refused(struct arena *arena, const struct service_question *question, int status, str body)
{
    bool final = status >= 400 && status < 500 && status != 408 && status != 429;
    enum error_code code = final ? ERROR_ENGINE_REFUSED : ERROR_ENGINE_FAILED;
    str said = sentence(arena, question, body);
    return error_make(
        code, NULL, "%s answers with status %d%s%.*s", question->who, status, said.size ? ": " : "", STR_ARGS(said));
}

static error send(struct arena *arena, const struct service_question *question, struct http_client_answer *ret_answer)
{
    struct http_header headers[] = {
        { STR("Content-Type"), STR("application/json") },
        { STR("Authorization"), str_format(arena, "Bearer %s", question->key) },
    };
    int64_t left_us = question->deadline_us ? question->deadline_us - clock_mono_us() : question->timeout_us;
    if (left_us < SECOND_US / 10)
        return error_of(ERROR_TIMED_OUT);
    struct http_client_request request = { .method = "POST",
        .url = url_of(arena, question),
        .headers = headers,
        .header_count = *question->key ? 2 : 1,
        .body = json_text(arena, question->body),
        .timeout_us = left_us < question->timeout_us ? left_us : question->timeout_us,
        .answer_bytes = question->answer_bytes,
        .cancelled = question->cancelled };
    error result = http_client_send(arena, &request, ret_answer);
    str why = error_is(result) ? str_copy(arena, str_of(result.message)) : STR_NONE;
    switch (result.code) {
    case ERROR_TIMED_OUT:
        return error_make(ERROR_TIMED_OUT, NULL, "%s did not answer within %lld seconds", question->who,
            (long long)((request.timeout_us + SECOND_US - 1) / SECOND_US));
    case ERROR_UNAVAILABLE:
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s cannot be reached: %.*s", question->who, STR_ARGS(why));
    case ERROR_LIMIT_EXCEEDED:
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s gave an answer without end", question->who);
    case ERROR_VALIDATION_ERROR:
        return error_make(ERROR_ENGINE_REFUSED, NULL, "%s cannot be asked: %.*s", question->who, STR_ARGS(why));
    default:
        return result;
    }
}

error service_ask(struct arena *arena, const struct service_question *question, str *ret_body)
{
    for (int tries = 1;; tries++) {
        struct http_client_answer answer;
        TRY(send(arena, question, &answer));
        str body = str_copy(arena, answer.body.size ? buffer_str(&answer.body) : STR(""));
        buffer_done(&answer.body);
        if (answer.status == 200) {
            *ret_body = body;
            return OK;
        }
        bool busy = answer.status == 429 || answer.status == 503;
        if (!busy || tries == 2)
            return refused(arena, question, answer.status, body);
        nanosleep(&(struct timespec) { .tv_sec = 1 }, NULL);
        if (question->cancelled && atomic_load(question->cancelled))
            return error_of(ERROR_CANCELLED);
    }
}
