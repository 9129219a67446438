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

enum { LIFE_S = 12 * 3600, STEP_S = 3600, SIGNATURE_BYTES = 32 };

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static str encode(struct arena *arena, str text)
{
    size_t plain = 0;
    while (plain < text.size && is_plain(text.data[plain]))
        plain++;
    if (plain == text.size)
        return text;
    BUFFER_AUTO struct buffer out = { 0 };
    for (size_t i = 0; i < text.size; i++) {
        if (is_plain(text.data[i]))
            buffer_append_byte(&out, text.data[i]);
        else
            buffer_format(&out, "%%%02X", (unsigned char)text.data[i]);
    }
    return str_copy(arena, buffer_str(&out));
}

// Several of them are in an answer: joined, not formatted.
#define JOIN(arena, ...)                                                                                               \
    str_join(arena, (const str[]) { __VA_ARGS__ }, sizeof((const str[]) { __VA_ARGS__ }) / sizeof(str), STR(""))

static str sign(struct arena *arena, const struct app *app, str path, str session_id, str expires)
{
    unsigned char mac[SIGNATURE_BYTES];
    crypt_mac(app->keys.url, JOIN(arena, path, STR("\n"), session_id, STR("\n"), expires), mac);
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
    str expires = str_format(arena, "%lld", (long long)expires_s);
    str path = JOIN(arena, STR("/content/"), str_of(folders[kind]), STR("/"), id, STR("/"), encode(arena, file_name));
    return JOIN(arena, path, STR("?session="), session_id, STR("&expires="), expires, STR("&signature="),
        sign(arena, app, path, session_id, expires));
}

bool content_url_valid(const struct app *app, str path, str session_id, int64_t expires_s, str signature)
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str right = sign(arena, app, path, session_id, str_format(arena, "%lld", (long long)expires_s));
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
