// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/input.h"

#include "api/multipart.h"
#include "api/router.h"

error input_path(struct api_call *call)
{
    struct router_value values[ROUTER_VALUES_MAX];
    size_t count;
    struct arena *arena = call->scope.arena;
    TRY(router_values(arena, call->route, exchange_request(call->exchange)->path, values, &count));
    if (!call->route->path_in)
        return OK;
    call->path = arena_alloc(arena, call->route->path_in->size);
    for (size_t i = 0; i < count; i++)
        shape_read_text(
            arena, call->route->path_in, "path", values[i].name, values[i].value, call->path, &call->problems);
    return OK;
}

static void malformed(struct api_call *call, const char *place, str field)
{
    problem_add(&call->problems, (struct problem) { .place = str_of(place),
                                     .field = field,
                                     .reason = STR("has a broken percent escape"),
                                     .type = STR("value_error") });
}

static void read_pairs(struct api_call *call, const char *place, const struct shape *shape, str text, void *target)
{
    struct arena *arena = call->scope.arena;
    str pair;
    while (text.size && str_split(&text, '&', &pair)) {
        ptrdiff_t equals = str_index(pair, '=');
        str name = equals < 0 ? pair : str_sub(pair, 0, (size_t)equals);
        str value = equals < 0 ? STR("") : str_sub(pair, (size_t)equals + 1, pair.size);
        if (!router_decode(arena, name, true, &name) || !router_decode(arena, value, true, &value))
            malformed(call, place, str_copy(arena, name));
        else
            shape_read_text(arena, shape, place, name, value, target, &call->problems);
    }
}

static void read_query(struct api_call *call)
{
    if (!call->route->query_in)
        return;
    call->query = arena_alloc(call->scope.arena, call->route->query_in->size);
    read_pairs(call, "query", call->route->query_in, exchange_request(call->exchange)->query, call->query);
    shape_require(call->route->query_in, "query", call->query, &call->problems);
}

static void read_headers(struct api_call *call)
{
    const struct shape *shape = call->route->headers_in;
    if (!shape)
        return;
    struct arena *arena = call->scope.arena;
    call->headers = arena_alloc(arena, shape->size);
    for (size_t i = 0; i < shape->count; i++) {
        str name = str_of(shape->fields[i].name);
        str value = http_header(exchange_request(call->exchange), shape->fields[i].name);
        if (value.data)
            shape_read_text(arena, shape, "header", name, value, call->headers, &call->problems);
    }
    shape_require(shape, "header", call->headers, &call->problems);
}

static error read_json(struct api_call *call)
{
    const struct http_request *request = exchange_request(call->exchange);
    str type = input_media_type(request);
    if (type.size && !str_equal_fold(type, STR("application/json")) && !str_ends(type, STR("+json")))
        return error_make(ERROR_VALIDATION_ERROR, "Content-Type", "The body must be application/json");
    if (request->body.size == 0 && call->route->body_in)
        return error_make(ERROR_MALFORMED_JSON, "body", "The body is empty; a JSON object is needed");
    TRY(json_read(call->scope.arena, request->body, &call->json));
    if (call->route->body_in)
        shape_read(call->scope.arena, call->route->body_in, call->json, "body", call->body, &call->problems);
    return OK;
}

static void form_field(void *context, str name, str value)
{
    struct api_call *call = context;
    shape_read_text(call->scope.arena, call->route->body_in, "body", name, value, call->body, &call->problems);
}

static error read_form(struct api_call *call)
{
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    str type = input_media_type(request);
    if (str_equal_fold(type, STR("multipart/form-data"))) {
        str boundary = input_header_parameter(arena, http_header(request, "Content-Type"), "boundary");
        TRY(multipart_fields(arena, boundary, request->body, form_field, call));
    } else {
        read_pairs(call, "body", call->route->body_in, request->body, call->body);
    }
    shape_require(call->route->body_in, "body", call->body, &call->problems);
    return OK;
}

static error read_text(struct api_call *call)
{
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    call->text = request->body;
    if (!str_equal_fold(input_media_type(request), STR("multipart/form-data")))
        return OK;
    str boundary = input_header_parameter(arena, http_header(request, "Content-Type"), "boundary");
    return multipart_file(arena, boundary, request->body, &call->text);
}

error input_read(struct api_call *call)
{
    TRY(input_path(call));
    read_query(call);
    read_headers(call);
    if (call->route->body_in)
        call->body = arena_alloc(call->scope.arena, call->route->body_in->size);
    if (call->route->body_kind == BODY_JSON)
        TRY(read_json(call));
    if (call->route->body_kind == BODY_FORM)
        TRY(read_form(call));
    if (call->route->body_kind == BODY_TEXT)
        TRY(read_text(call));
    return problems_error(&call->problems);
}

str input_media_type(const struct http_request *request)
{
    str type = http_header(request, "Content-Type");
    ptrdiff_t end = str_index(type, ';');
    return str_trim(end < 0 ? type : str_sub(type, 0, (size_t)end));
}

str input_header_parameter(struct arena *arena, str value, const char *name)
{
    str part;
    while (str_split(&value, ';', &part)) {
        ptrdiff_t equals = str_index(part, '=');
        if (equals < 0 || !str_equal_fold(str_trim(str_sub(part, 0, (size_t)equals)), str_of(name)))
            continue;
        str found = str_trim(str_sub(part, (size_t)equals + 1, part.size));
        if (found.size >= 2 && found.data[0] == '"' && found.data[found.size - 1] == '"')
            found = str_sub(found, 1, found.size - 2);
        return str_copy(arena, found);
    }
    return STR_NONE;
}
