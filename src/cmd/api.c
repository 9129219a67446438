// SPDX-License-Identifier: GPL-3.0-or-later
// kinora api: a client of a running server, for scripts.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/commands.h"
#include "cmd/login_file.h"
#include "net/http_client.h"

// A token that ends within this time is renewed first.
static const int64_t SPARE_US = 30 * SECOND_US;

struct values {
    const char *key;
};

static error ask(struct arena *arena, const struct http_client_request *request, struct http_client_answer *ret_answer)
{
    error result = http_client_send(arena, request, ret_answer);
    if (result.code == ERROR_UNAVAILABLE) {
        str reason = str_copy(arena, str_of(result.message));
        return error_make(ERROR_UNAVAILABLE, NULL, "%s: %s", request->url, reason.data);
    }
    return result;
}

// Posts what a login or its renewal takes, and stores the tokens that come back.
static error get_tokens(struct arena *arena, struct login_file *file, const char *path, str body)
{
    struct http_client_answer answer;
    json_t *json;
    const struct http_header type = { STR("Content-Type"), STR("application/json") };
    TRY(ask(arena,
        &(struct http_client_request) { .method = "POST",
            .url = str_format(arena, "%.*s%s", STR_ARGS(file->url), path).data,
            .headers = &type,
            .header_count = 1,
            .body = body },
        &answer));
    error result = json_read(arena, buffer_str(&answer.body), &json);
    buffer_done(&answer.body);
    if (!error_is(result) && answer.status != 200)
        return error_make(ERROR_NOT_AUTHENTICATED, NULL, "%s", str_to_c(arena, json_get_str(json, "message")));
    if (error_is(result) || !json_get_str(json, "refresh_token").size)
        return error_make(ERROR_UNAVAILABLE, NULL, "%.*s does not answer like Kinora", STR_ARGS(file->url));
    file->access_token = json_get_str(json, "access_token");
    file->refresh_token = json_get_str(json, "refresh_token");
    file->expires_us = clock_now_us() + json_get_int(json, "expires_in", 0) * SECOND_US;
    return login_file_write(file);
}

static error log_in(const struct call *call, struct login_file *file)
{
    struct arena *arena = call->arena;
    BUFFER_AUTO struct buffer body = { 0 };
    struct json_out out = { .buffer = &body };
    str password, url = str_of(call->operands[1]);
    while (str_ends(url, STR("/")))
        url = str_sub(url, 0, url.size - 1);
    file->url = url;
    TRY(password_read(arena, &password));
    json_object_begin(&out);
    json_key(&out, "username");
    json_put_str(&out, str_of(call->operands[2]));
    json_key(&out, "password");
    json_put_str(&out, password);
    json_object_end(&out);
    TRY(get_tokens(arena, file, "/api/v1/auth/login", buffer_str(&body)));
    fprintf(stderr, "Logged in at %.*s; stored in %s\n", STR_ARGS(url), file->path);
    return OK;
}

static error renew(struct arena *arena, struct login_file *file)
{
    BUFFER_AUTO struct buffer body = { 0 };
    struct json_out out = { .buffer = &body };
    json_object_begin(&out);
    json_key(&out, "refresh_token");
    json_put_str(&out, file->refresh_token);
    json_object_end(&out);
    error result = get_tokens(arena, file, "/api/v1/auth/refresh", buffer_str(&body));
    if (result.code == ERROR_NOT_AUTHENTICATED)
        return error_make(ERROR_NOT_AUTHENTICATED, NULL,
            "The stored login has ended; renew it with: kinora api login %.*s NAME", STR_ARGS(file->url));
    return result;
}

// The stored login with a token that is good, and not `refused`, which the server has just turned down.
static error good_login(struct arena *arena, str refused, struct login_file *ret_file)
{
    TRY(login_file_open(arena, ret_file));
    error result = login_file_read(arena, ret_file);
    if (!error_is(result)
        && (ret_file->expires_us < clock_now_us() + SPARE_US || str_equal(ret_file->access_token, refused)))
        result = renew(arena, ret_file);
    login_file_close(ret_file);
    return result;
}

static error send(const struct call *call, const struct login_file *file, struct http_client_answer *ret_answer)
{
    struct arena *arena = call->arena;
    const struct values *values = call->values;
    struct http_header headers[3] = { { STR("Authorization"),
        str_format(arena, "Bearer %.*s", STR_ARGS(file->access_token)) } };
    size_t count = 1;
    bool body = call->operand_count > 2;
    if (body)
        headers[count++] = (struct http_header) { STR("Content-Type"), STR("application/json") };
    if (values->key)
        headers[count++] = (struct http_header) { STR("Idempotency-Key"), str_of(values->key) };
    return ask(arena,
        &(struct http_client_request) { .method = call->operands[0],
            .url = str_format(arena, "%.*s%s", STR_ARGS(file->url), call->operands[1]).data,
            .headers = headers,
            .header_count = count,
            .body = body ? str_of(call->operands[2]) : STR_NONE },
        ret_answer);
}

static error print(struct http_client_answer *answer)
{
    fwrite(answer->body.data, 1, answer->body.size, stdout);
    if (answer->body.size && str_starts(answer->content_type, STR("application/json")))
        putchar('\n');
    buffer_done(&answer->body);
    if (answer->status / 100 == 2)
        return OK;
    return error_make(ERROR_UNAVAILABLE, NULL, "The server answered %d", answer->status);
}

static bool is_method(const char *text)
{
    return *text && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

static error run(const struct call *call)
{
    struct login_file file;
    struct http_client_answer answer;
    if (!strcmp(call->operands[0], "login") && call->operand_count == 3) {
        TRY(login_file_open(call->arena, &file));
        error result = log_in(call, &file);
        login_file_close(&file);
        return result;
    }
    if (!is_method(call->operands[0]) || call->operands[1][0] != '/')
        return error_make(ERROR_USAGE, NULL, "kinora api METHOD /PATH [JSON] or kinora api login URL NAME");
    TRY(good_login(call->arena, STR_NONE, &file));
    TRY(send(call, &file, &answer));
    if (answer.status == 401) {
        buffer_done(&answer.body);
        TRY(good_login(call->arena, file.access_token, &file));
        TRY(send(call, &file, &answer));
    }
    return print(&answer);
}

static const struct option options[] = {
    { "key", 0, "KEY", OPTION_TEXT, offsetof(struct values, key), NULL, 0, 0,
        "Idempotency-Key: a POST that is sent again with it is not made again" },
    { 0 },
};

const struct command api_command = {
    .name = "api",
    .operands = "METHOD /PATH [JSON] | login URL NAME",
    .operand_least = 2,
    .operand_most = 3,
    .summary = "Call a running server (log in first)",
    .help =
        "Prints the body of the answer; ends with 0 for an answer 2xx, else with 1. `login` asks for the password on\n"
        "the terminal, or reads it as one line from standard input, and stores tokens, never the password, in\n"
        "$XDG_CONFIG_HOME/kinora/login.json (else ~/.config). They are renewed by themselves.\n\n"
        "Examples: kinora api login http://127.0.0.1:8000 ada\n"
        "          kinora api GET /api/v1/videos\n"
        "          kinora api POST /api/v1/videos '{\"title\": \"Tour\"}'",
    .options = options,
    .values_size = sizeof(struct values),
    .run = run,
};
