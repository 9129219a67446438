// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/asr_http.h"

#include <time.h>

#include "base/clock.h"
#include "base/settings.h"
#include "net/http_client.h"

// A transcript of some minutes with all its tokens is well below; attempts of the job come on top of ours.
enum { ANSWER_BYTES_MAX = 32 << 20, TRIES_MAX = 5, SENTENCE_MAX = 200 };
static const int64_t WAIT_US_MOST = 180 * SECOND_US, WAIT_US_FIRST = 2 * SECOND_US;

static error wait_us(const struct asr_asker *asker, int64_t duration_us)
{
    for (int64_t until = clock_mono_us() + duration_us; clock_mono_us() < until;) {
        TRY(asr_check(asker));
        nanosleep(&(struct timespec) { .tv_nsec = 100000000 }, NULL);
    }
    return asr_check(asker);
}

// The server's own words, unless it says our key back.
static str sentence(struct arena *arena, const struct asr_request *request, str body)
{
    json_t *reply;
    if (error_is(json_read(arena, body, &reply)))
        return STR_NONE;
    const json_t *own = json_object_get(reply, "error");
    str message = json_is_object(own) ? json_get_str(own, "message")
                  : own               ? json_get_str(reply, "error")
                                      : json_get_str(reply, "detail");
    if (request->key.size && message.data && str_find(message, request->key) >= 0)
        return STR_NONE;
    return str_cut_utf8(str_trim(message), SENTENCE_MAX);
}

static error refused(const struct asr_request *request, int status, str said)
{
    enum error_code code = status >= 400 && status < 500 && status != 408 && status != 429 ? ERROR_ENGINE_REFUSED
                                                                                           : ERROR_ENGINE_FAILED;
    if (status == 429 && !said.size)
        return error_make(code, NULL, "%s has too much to do (status 429). Please try again later", request->who);
    if (said.size)
        return error_make(code, NULL, "%s answers %d: %.*s", request->who, status, STR_ARGS(said));
    return error_make(code, NULL, "%s answers with status %d", request->who, status);
}

static int64_t timeout_us(const struct asr_asker *asker)
{
    int64_t most_us = SETTING_NOW(asr_timeout) * SECOND_US, left_us = asker->deadline_us - clock_mono_us();
    return !asker->deadline_us || left_us > most_us ? most_us : left_us > SECOND_US ? left_us : SECOND_US;
}

static error ask_once(
    const struct asr_task *task, const struct asr_request *request, struct http_client_answer *ret_answer)
{
    struct arena *arena = task->arena;
    struct http_header headers[] = {
        { STR("Content-Type"), http_form_type(arena, request->form) },
        { STR("Authorization"), str_format(arena, "Bearer %.*s", STR_ARGS(request->key)) },
    };
    struct http_client_request http = { .method = "POST",
        .url = request->url,
        .headers = headers,
        .header_count = request->key.size ? 2 : 1,
        .body = buffer_str(&request->form->body),
        .timeout_us = timeout_us(task->asker),
        .answer_bytes = ANSWER_BYTES_MAX,
        .cancelled = task->asker->cancelled };
    error result = http_client_send(arena, &http, ret_answer);
    str why = error_is(result) ? str_copy(arena, str_of(result.message)) : STR_NONE;
    switch (result.code) {
    case ERROR_TIMED_OUT:
        return error_make(ERROR_TIMED_OUT, NULL, "%s did not answer within %lld seconds", request->who,
            (long long)(http.timeout_us / SECOND_US));
    case ERROR_UNAVAILABLE:
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s cannot be reached: %.*s", request->who, STR_ARGS(why));
    case ERROR_LIMIT_EXCEEDED:
        return error_make(ERROR_ENGINE_FAILED, NULL, "%s gave an answer that makes no sense", request->who);
    case ERROR_VALIDATION_ERROR:
        return error_make(ERROR_ENGINE_REFUSED, NULL, "%s cannot be asked: %.*s", request->who, STR_ARGS(why));
    default:
        return result;
    }
}

error asr_http_post(const struct asr_task *task, const struct asr_request *request, str *ret_body)
{
    int64_t waited_us = 0, pause_us = WAIT_US_FIRST;
    for (int tries = 1;; tries++) {
        struct http_client_answer answer;
        TRY(asr_check(task->asker));
        TRY(ask_once(task, request, &answer));
        str body = str_copy(task->arena, answer.body.size ? buffer_str(&answer.body) : STR(""));
        buffer_done(&answer.body);
        if (answer.status == 200) {
            *ret_body = body;
            return OK;
        }
        bool busy = answer.status == 429 || answer.status == 503;
        if (answer.retry_after_us)
            pause_us = answer.retry_after_us;
        if (!busy || tries == TRIES_MAX || waited_us + pause_us > WAIT_US_MOST)
            return refused(request, answer.status, sentence(task->arena, request, body));
        TRY(wait_us(task->asker, pause_us));
        waited_us += pause_us;
        pause_us *= 2;
    }
}
