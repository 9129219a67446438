// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/repeat.h"

#include <string.h>

#include "crypt/crypt.h"
#include "domain/kept_answer.h"
#include "domain/reseal.h"

enum { KEY_MAX = 255, DIGEST_BYTES = 32 };
#define HEADER "Idempotency-Key"

// The answer of a new API key holds the key, which is kept nowhere.
bool repeat_is_possible(const struct route *route)
{
    return route->lane == LANE_WRITE && !strcmp(route->method, "POST") && route->access != ACCESS_PUBLIC
           && strcmp(route->tag, "API keys") != 0;
}

// STR_NONE: nothing to keep or to find.
static str key_of(const struct api_call *call)
{
    bool possible = call->exchange && repeat_is_possible(call->route) && call->scope.actor.user_id.data;
    return possible ? http_header(exchange_request(call->exchange), HEADER) : STR_NONE;
}

error repeat_check(struct api_call *call)
{
    str key = key_of(call);
    bool good = !key.data || (key.size > 0 && key.size <= KEY_MAX);
    for (size_t i = 0; good && i < key.size; i++)
        good = key.data[i] >= ' ' && key.data[i] <= '~';
    return good ? OK
                : error_make(ERROR_VALIDATION_ERROR, HEADER, "A key has 1 to %d printable ASCII characters", KEY_MAX);
}

// Keyed, because a body may hold a password: a plain hash of it could be guessed from a copy of the database.
static str digest(const struct api_call *call)
{
    const struct http_request *request = exchange_request(call->exchange);
    unsigned char mac[DIGEST_BYTES];
    BUFFER_AUTO struct buffer text = { 0 };
    buffer_format(&text, "repeat\n%.*s\n%.*s?%.*s\n", STR_ARGS(request->method), STR_ARGS(request->path),
        STR_ARGS(request->query));
    buffer_append_str(&text, request->body);
    crypt_mac(call->app->keys.token, buffer_str(&text), mac);
    return str_copy(call->scope.arena, (str) { (const char *)mac, sizeof mac });
}

// An answer may tell a secret once, so it is no more readable at rest than other secrets are.
static str sealed(const struct api_call *call, str key)
{
    return keyring_seal(call->scope.arena, call->app->keyring, RESEAL_KEPT_ANSWER, key, buffer_str(&call->answer));
}

error repeat_find(struct api_call *call)
{
    str key = key_of(call), answer;
    struct kept_answer kept;
    bool found = false;
    if (key.data)
        TRY(kept_answer_get(&call->scope, key, &kept, &found));
    if (!found)
        return OK;
    if (!str_equal(kept.request, digest(call)))
        return error_make(ERROR_CONFLICT, HEADER, "This " HEADER " was used for another request");
    TRY(keyring_open_sealed(call->scope.arena, call->app->keyring, RESEAL_KEPT_ANSWER, key, kept.answer, &answer));
    buffer_append_str(&call->answer, answer);
    call->status = (int)kept.status;
    call->repeated = true;
    return OK;
}

error repeat_keep(struct api_call *call)
{
    str key = key_of(call);
    if (!key.data)
        return OK;
    struct kept_answer kept = { key, digest(call), call->status, sealed(call, key) };
    error result = kept_answer_add(&call->scope, &kept);
    if (result.code == ERROR_CONFLICT && !call->overtaken)
        call->overtaken = 1;
    if (result.code == ERROR_CONFLICT)
        return error_make(ERROR_CONFLICT, HEADER, "Another request with this " HEADER " is under way");
    return result;
}
