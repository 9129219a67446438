// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_client.h"

#include <curl/curl.h>
#include <string.h>

#include "base/clock.h"
#include "base/span.h"

enum { ANSWER_BYTES = 64 << 20, TIMEOUT_S = 60, RETRY_AFTER_MAX_S = 86400 };

static size_t take(char *bytes, size_t one, size_t count, void *context)
{
    struct buffer *body = context;
    buffer_append(body, bytes, one * count);
    return body->failed ? 0 : one * count;
}

static int look(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    const struct http_client_request *request = context;
    return request->cancelled && atomic_load(request->cancelled);
}

static bool is_line(str text)
{
    return !memchr(text.data, '\r', text.size) && !memchr(text.data, '\n', text.size)
           && !memchr(text.data, 0, text.size);
}

static error set_headers(
    struct arena *arena, const struct http_client_request *request, CURL *curl, struct curl_slist **ret_list)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_line(header->name) || !is_line(header->value))
            return error_make(ERROR_VALIDATION_ERROR, NULL, "A header has a line break in it");
        // An empty one is written with a semicolon, or it would be left out.
        str line = str_format(
            arena, header->value.size ? "%.*s: %.*s" : "%.*s;%.*s", STR_ARGS(header->name), STR_ARGS(header->value));
        struct curl_slist *longer = curl_slist_append(*ret_list, line.data);
        ASSERT(longer);
        *ret_list = longer;
    }
    struct span_place place = span_here();
    if (place.on) {
        char header[80] = "traceparent: ";
        span_write_header(&place.trace, header + strlen(header));
        struct curl_slist *traced = curl_slist_append(*ret_list, header);
        ASSERT(traced);
        *ret_list = traced;
    }
    // The library would ask first whether a long body is welcome; some servers never answer that.
    struct curl_slist *longer = curl_slist_append(*ret_list, "Expect:");
    ASSERT(longer);
    *ret_list = longer;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *ret_list);
    return OK;
}

static void set_up(CURL *curl, const struct http_client_request *request, struct buffer *body)
{
    int64_t timeout_us = request->timeout_us ? request->timeout_us : TIMEOUT_S * SECOND_US;
    bool bodiless = !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD");
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout_us / 1000));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request);
    if (request->body.data || !bodiless) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data ? request->body.data : "");
    }
    if (!strcmp(request->method, "HEAD"))
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static error outcome(CURLcode code, const char *reason, const struct buffer *body)
{
    switch (code) {
    case CURLE_OK:
        return OK;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return error_make(ERROR_VALIDATION_ERROR, "url", "A URL must be http:// or https:// and a server");
    case CURLE_ABORTED_BY_CALLBACK:
        return error_of(ERROR_CANCELLED);
    case CURLE_OPERATION_TIMEDOUT:
        return error_make(ERROR_TIMED_OUT, NULL, "The server did not answer in time");
    default:
        if (body->failed)
            return error_of(ERROR_LIMIT_EXCEEDED);
        return error_make(ERROR_UNAVAILABLE, NULL, "%s", *reason ? reason : curl_easy_strerror(code));
    }
}

static error send_by(CURL *curl, struct arena *arena, const struct http_client_request *request,
    struct curl_slist **headers, struct http_client_answer *ret_answer)
{
    struct buffer body = { .limit = request->answer_bytes ? request->answer_bytes : ANSWER_BYTES };
    char reason[CURL_ERROR_SIZE] = "";
    TRY(set_headers(arena, request, curl, headers));
    set_up(curl, request, &body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    error result = outcome(curl_easy_perform(curl), reason, &body);
    if (error_is(result)) {
        buffer_done(&body);
        return result;
    }
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    curl_off_t wait_s = 0;
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait_s);
    if (wait_s < 0 || wait_s > RETRY_AFTER_MAX_S)
        wait_s = RETRY_AFTER_MAX_S;
    *ret_answer = (struct http_client_answer) { (int)status, wait_s * SECOND_US,
        type ? str_copy(arena, str_of(type)) : STR_NONE, body };
    return OK;
}

error http_client_send(
    struct arena *arena, const struct http_client_request *request, struct http_client_answer *ret_answer)
{
    SPAN_AUTO struct span span;
    span_begin(&span, SPAN_CLIENT, request->method, STR_NONE);
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init(); // the first one prepares the library, once
    if (!curl)
        return error_make(ERROR_UNAVAILABLE, NULL, "The HTTP client cannot be started");
    error result = send_by(curl, arena, request, &headers, ret_answer);
    if (!error_is(result))
        span_number(&span, "http.response.status_code", ret_answer->status);
    span_result(&span, result);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return result;
}
