// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/cors.h"

#include "api/router.h"
#include "base/settings.h"

// What routes take and answer beyond the headers that browsers always let through.
static const char taken[] =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Range, "
    "Tus-Resumable, Upload-Checksum, Upload-Concat, Upload-Defer-Length, Upload-Length, "
    "Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Setup-Code, traceparent, tracestate";
static const char shown[] = "Content-Disposition, Content-Range, ETag, Idempotent-Replayed, Location, Retry-After, "
                            "Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, "
                            "Upload-Metadata, Upload-Offset";

// Tokens travel in a header of the page's own, never in cookies, so that "*" opens nothing by itself.
static bool is_allowed(str origin, str *ret_answer)
{
    str rest = str_of(settings.cors_origins), one;
    while (rest.size && str_split(&rest, ',', &one)) {
        *ret_answer = str_trim(one);
        if (str_equal(*ret_answer, STR("*")) || str_equal(*ret_answer, origin))
            return true;
    }
    return false;
}

bool cors_begin(struct api_call *call)
{
    const struct http_request *request = exchange_request(call->exchange);
    str origin = http_header(request, "Origin"), answer;
    if (!*settings.cors_origins || !origin.data || !is_allowed(origin, &answer))
        return false;
    exchange_header(call->exchange, "Access-Control-Allow-Origin", answer);
    exchange_header(call->exchange, "Vary", STR("Origin"));
    str methods = router_allowed(call->app->router, call->scope.arena, request->path);
    bool asks = str_equal(request->method, STR("OPTIONS")) && methods.size
                && http_header(request, "Access-Control-Request-Method").data;
    if (!asks) {
        exchange_header(call->exchange, "Access-Control-Expose-Headers", str_of(shown));
        return false;
    }
    exchange_header(call->exchange, "Access-Control-Allow-Methods", methods);
    exchange_header(call->exchange, "Access-Control-Allow-Headers", str_of(taken));
    exchange_header(call->exchange, "Access-Control-Max-Age", STR("600"));
    exchange_answer(call->exchange, 204, &call->answer);
    return true;
}
