// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/content_url.h"

#include <ctype.h>

#include "base/clock.h"

static const struct field query_fields[] = {
    FIELD(struct content_query, session, .required = true, .format = FORMAT_UUID, .doc = "Session that asked"),
    FIELD(struct content_query, expires, .max = 1e11, .doc = "Unix time in seconds"),
    FIELD(struct content_query, signature, .required = true, .max = 64, .doc = "Over path, session and time"),
    FIELD(struct content_query, download, .doc = "Save instead of show [false]"),
};
const struct shape content_query_shape = SHAPE("ContentQuery", struct content_query, query_fields);

enum { LIFE_S = 12 * 3600, STEP_S = 3600 };

static str encode(struct arena *arena, str text)
{
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            buffer_append_byte(&out, (char)c);
        else
            buffer_format(&out, "%%%02X", c);
    }
    return str_copy(arena, buffer_str(&out));
}

static str sign(struct arena *arena, const struct app *app, str path, str session_id, int64_t expires_s)
{
    unsigned char mac[32];
    str message = str_format(arena, "%.*s\n%.*s\n%lld", STR_ARGS(path), STR_ARGS(session_id), (long long)expires_s);
    crypt_hmac_sha256(app->keys.url, sizeof app->keys.url, message, mac);
    return str_base64url(arena, mac, sizeof mac);
}

str content_url(const struct api_call *call, enum content_kind kind, str id, str file_name)
{
    return content_url_for(call->app, call->scope.arena, call->scope.actor.session_id, kind, id, file_name);
}

str content_url_for(
    const struct app *app, struct arena *arena, str session_id, enum content_kind kind, str id, str file_name)
{
    static const char *const folders[] = { [CONTENT_MEDIA] = "media",
        [CONTENT_DERIVATIVE] = "derivative",
        [CONTENT_RENDER] = "render",
        [CONTENT_DRAFT] = "draft",
        [CONTENT_AVATAR] = "avatar",
        [CONTENT_STOCK] = "stock",
        [CONTENT_VOICE] = "voice",
        [CONTENT_SAMPLE] = "voice-sample" };
    int64_t now_s = clock_now_us() / SECOND_US, expires_s = (now_s / STEP_S + 1) * STEP_S + LIFE_S;
    str path = str_format(
        arena, "/content/%s/%.*s/%.*s", folders[kind], STR_ARGS(id), STR_ARGS(encode(arena, file_name)));
    return str_format(arena, "%.*s?session=%.*s&expires=%lld&signature=%.*s", STR_ARGS(path), STR_ARGS(session_id),
        (long long)expires_s, STR_ARGS(sign(arena, app, path, session_id, expires_s)));
}

bool content_url_valid(const struct app *app, str path, str session_id, int64_t expires_s, str signature)
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str right = sign(arena, app, path, session_id, expires_s);
    return expires_s > clock_now_us() / SECOND_US && signature.size == right.size
           && crypt_equal(signature.data, right.data, right.size);
}

error content_become(struct api_call *call)
{
    const struct content_query *query = call->query;
    str path = exchange_request(call->exchange)->path;
    if (!content_url_valid(call->app, path, query->session, query->expires, query->signature))
        return error_make(ERROR_NOT_FOUND, NULL, "This link is not valid or has expired");
    bool found;
    TRY(session_holder(&call->scope, query->session, &call->scope.actor, &found));
    return found ? OK : error_make(ERROR_NOT_FOUND, NULL, "This link is not valid or has expired");
}
