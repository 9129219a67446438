// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/condition.h"

#include <string.h>

#include "api/face.h"
#include "api/input.h"
#include "crypt/crypt.h"

enum { TAG_BYTES = 16 };

// A list is no resource of its own: it has pages, and its parts have their tags.
static bool is_list(const struct route *route)
{
    return route->output_list || route->output->fields[0].kind == FIELD_LIST;
}

bool condition_is_tagged(const struct route *route)
{
    return route->lane == LANE_READ && route->output && route->access != ACCESS_PUBLIC && !strcmp(route->method, "GET")
           && !is_list(route);
}

bool condition_is_checked(const struct route *route)
{
    return route->lane == LANE_WRITE
           && (!strcmp(route->method, "PUT") || !strcmp(route->method, "DELETE") || route->resource);
}

static str tag_of(struct arena *arena, const struct buffer *body)
{
    unsigned char mark[TAG_BYTES];
    crypt_mark(body->data, body->size, mark);
    return str_format(arena, "\"%.*s\"", STR_ARGS(str_hex(arena, mark, sizeof mark)));
}

bool condition_names(str list, str tag, bool weak)
{
    str one;
    while (str_split(&list, ',', &one)) {
        one = str_trim(one);
        if (weak && str_starts(one, STR("W/")))
            one = str_sub(one, 2, one.size);
        if (str_equal(one, tag) || str_equal(one, STR("*")))
            return true;
    }
    return false;
}

void condition_answer(struct api_call *call)
{
    str tag = tag_of(call->scope.arena, &call->answer);
    exchange_header(call->exchange, "ETag", tag);
    if (!condition_names(http_header(exchange_request(call->exchange), "If-None-Match"), tag, true))
        return;
    buffer_clear(&call->answer);
    call->status = 304;
}

static const struct route *resource_of(const struct route *route)
{
    const char *path = route->resource ? route->resource : route->path;
    for (size_t g = 0; route_groups[g]; g++)
        for (size_t i = 0; i < route_groups[g]->count; i++) {
            const struct route *other = &route_groups[g]->routes[i];
            if (!strcmp(other->path, path) && condition_is_tagged(other))
                return other;
        }
    return NULL;
}

// The answer of a GET as of this change, by the same connection.
static error read_now(const struct api_call *call, const struct route *route, struct api_call *ret_read)
{
    struct arena *arena = call->scope.arena;
    *ret_read = (struct api_call) { .scope = call->scope,
        .app = call->app,
        .worker = call->worker,
        .route = route,
        .exchange = call->exchange,
        .output = arena_alloc(arena, route->output->size),
        .query = route->query_in ? arena_alloc(arena, route->query_in->size) : NULL,
        .message = route->message };
    TRY(input_path(ret_read));
    TRY(problems_error(&ret_read->problems));
    TRY(route->handle(ret_read));
    face_success(ret_read);
    return OK;
}

error condition_require(struct api_call *call)
{
    str wanted = call->exchange ? http_header(exchange_request(call->exchange), "If-Match") : STR_NONE;
    if (!wanted.data || !condition_is_checked(call->route))
        return OK;
    const struct route *route = resource_of(call->route);
    if (!route)
        return error_make(ERROR_STALE_REVISION, NULL, "Nothing at this path has a tag that If-Match could name");
    struct api_call *read = ARENA_NEW(call->scope.arena, struct api_call);
    error result = read_now(call, route, read);
    bool same = !error_is(result) && condition_names(wanted, tag_of(call->scope.arena, &read->answer), false);
    buffer_done(&read->answer);
    TRY(result);
    return same ? OK : error_of(ERROR_STALE_REVISION);
}
