// SPDX-License-Identifier: GPL-3.0-or-later
// The OpenAPI 3.1 document, printed from the route table.
#include "api/openapi.h"

#include <ctype.h>
#include <string.h>

#include "api/condition.h"
#include "api/face.h"
#include "api/repeat.h"
#include "domain/scene_properties.h"

enum { SHAPES_MAX = 256 };

struct document {
    struct json_out out;
    const struct shape *shapes[SHAPES_MAX];
    bool input[SHAPES_MAX];
    size_t shape_count;
};

static void put(struct document *document, const char *key, const char *value)
{
    json_key(&document->out, key);
    json_put_str(&document->out, str_of(value));
}

static void need(struct document *document, const struct shape *shape, bool input)
{
    for (size_t i = 0; i < document->shape_count; i++)
        if (!strcmp(document->shapes[i]->name, shape->name)) {
            ASSERT(document->shapes[i]->fields == shape->fields); // a name is one shape's
            return;
        }
    ASSERT(document->shape_count < SHAPES_MAX);
    document->shapes[document->shape_count] = shape;
    document->input[document->shape_count++] = input;
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].shape)
            need(document, shape->fields[i].shape, input);
}

static void put_schema_ref(struct document *document, const struct shape *shape, bool input)
{
    need(document, shape, input);
    BUFFER_AUTO struct buffer ref = { 0 };
    buffer_format(&ref, "#/components/schemas/%s", shape->name);
    json_object_begin(&document->out);
    json_key(&document->out, "$ref");
    json_put_str(&document->out, buffer_str(&ref));
    json_object_end(&document->out);
}

static void put_parameters(struct document *document, const struct shape *shape, const char *in)
{
    struct json_out *out = &document->out;
    for (size_t i = 0; shape && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        struct shape one = { .fields = field, .count = 1 };
        BUFFER_AUTO struct buffer schema = { 0 };
        struct json_out text = { .buffer = &schema };
        shape_schema(&text, &one, true);
        json_t *all = json_loadb(schema.data, schema.size, 0, NULL);
        json_object_begin(out);
        put(document, "name", field->name);
        put(document, "in", in);
        json_key(out, "required");
        json_put_bool(out, field->required);
        json_key(out, "schema");
        json_put_value(out, json_object_get(json_object_get(all, "properties"), field->name));
        json_object_end(out);
        json_decref(all);
    }
}

static void put_header_parameter(struct document *document, const char *name, const char *description)
{
    struct json_out *out = &document->out;
    json_object_begin(out);
    put(document, "name", name);
    put(document, "in", "header");
    put(document, "description", description);
    json_key(out, "required");
    json_put_bool(out, false);
    json_key(out, "schema");
    json_put_raw(out, STR("{\"type\":\"string\"}"));
    json_object_end(out);
}

static void put_header_parameters(struct document *document, const struct route *route)
{
    if (condition_is_tagged(route))
        put_header_parameter(document, "If-None-Match", "An ETag: 304 when the answer still has it");
    if (condition_is_checked(route))
        put_header_parameter(document, "If-Match", "An ETag of the resource: 412 when it has another one by now");
    if (repeat_is_possible(route))
        put_header_parameter(document, "Idempotency-Key",
            "Of your choice: sent again within 24 hours, the same request is answered as before and not made again");
}

static void put_upload_schema(struct document *document)
{
    json_put_raw(&document->out, STR("{\"type\":\"object\",\"required\":[\"file\"],\"properties\":{\"file\":"
                                     "{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\"}}}"));
}

static void put_content(struct document *document, const struct route *route, const char *type)
{
    struct json_out *out = &document->out;
    json_key(out, type);
    json_object_begin(out);
    json_key(out, "schema");
    if (route->body_kind == BODY_RAW)
        json_put_raw(out, STR("{\"type\":\"string\",\"contentMediaType\":\"application/octet-stream\"}"));
    else if (!strncmp(type, "text/", 5))
        json_put_raw(out, STR("{\"type\":\"string\"}"));
    else if (route->body_in)
        put_schema_ref(document, route->body_in, true);
    else
        put_upload_schema(document);
    json_object_end(out);
}

static void put_body(struct document *document, const struct route *route)
{
    static const char *const types[] = { [BODY_JSON] = "application/json",
        [BODY_FORM] = "application/x-www-form-urlencoded",
        [BODY_UPLOAD] = "multipart/form-data",
        [BODY_TEXT] = "multipart/form-data",
        [BODY_RAW] = "application/offset+octet-stream" };
    struct json_out *out = &document->out;
    if (route->body_kind == BODY_NONE)
        return;
    json_key(out, "requestBody");
    json_object_begin(out);
    json_key(out, "required");
    json_put_bool(out, route->body_kind != BODY_RAW);
    json_key(out, "content");
    json_object_begin(out);
    put_content(document, route, types[route->body_kind]);
    if (route->body_kind == BODY_TEXT)
        put_content(document, route, "text/plain");
    json_object_end(out);
    json_object_end(out);
}

static void put_output(struct document *document, const struct route *route)
{
    struct json_out *out = &document->out;
    if (route->output_list) {
        json_object_begin(out);
        put(document, "type", "array");
        json_key(out, "items");
        put_schema_ref(document, route->output, false);
        json_object_end(out);
    } else {
        put_schema_ref(document, route->output, false);
    }
}

static void put_success_schema(struct document *document, const struct route *route)
{
    struct json_out *out = &document->out;
    if (route->face != FACE_ENVELOPE) {
        put_output(document, route);
        return;
    }
    json_object_begin(out);
    put(document, "type", "object");
    json_key(out, "required");
    json_put_raw(out, route->output ? STR("[\"success\",\"data\"]") : STR("[\"success\"]"));
    json_key(out, "properties");
    json_object_begin(out);
    json_key(out, "success");
    json_put_raw(out, STR("{\"const\":true}"));
    json_key(out, "message");
    json_put_raw(out, STR("{\"type\":\"string\"}"));
    if (route->output) {
        json_key(out, "data");
        put_output(document, route);
    }
    json_object_end(out);
    json_object_end(out);
}

static void put_response(struct document *document, int status, const char *description)
{
    char text[8];
    snprintf(text, sizeof text, "%d", status);
    json_key(&document->out, text);
    json_object_begin(&document->out);
    put(document, "description", description);
}

static void put_success(struct document *document, const struct route *route, int status, const char *description)
{
    struct json_out *out = &document->out;
    put_response(document, status, description);
    if (route->output || route->answer_type || route->face == FACE_ENVELOPE) {
        json_key(out, "content");
        json_object_begin(out);
        json_key(out, route->answer_type ? route->answer_type : "application/json");
        json_object_begin(out);
        if (!route->answer_type) {
            json_key(out, "schema");
            put_success_schema(document, route);
        }
        json_object_end(out);
        json_object_end(out);
    }
    json_object_end(out);
}

// Content is also sent in parts, and nothing at all is sent to a client that has it.
static void put_content_answers(struct document *document, const struct route *route)
{
    if (condition_is_tagged(route)) {
        put_response(document, 304, "Unchanged");
        json_object_end(&document->out);
    }
    for (const enum error_code *code = route->errors; code && *code != ERROR_NONE; code++)
        if (*code == ERROR_RANGE_NOT_SATISFIABLE) {
            put_response(document, 206, "The range that was asked for");
            json_object_end(&document->out);
            put_response(document, 304, "Unchanged");
            json_object_end(&document->out);
        }
}

// Errors of one status share a response, so the statuses are gathered first.
static void put_errors(struct document *document, const struct route *route)
{
    bool seen[600] = { false };
    enum error_code codes[32];
    size_t count = route_errors(route, codes, 32);
    for (size_t i = 0; i < count; i++) {
        int status = face_status(route->face, codes[i]);
        if (seen[status])
            continue;
        seen[status] = true;
        BUFFER_AUTO struct buffer text = { 0 };
        for (size_t k = i; k < count; k++)
            if (face_status(route->face, codes[k]) == status)
                buffer_format(&text, "%s%s", text.size ? ", " : "", error_info(codes[k])->name);
        buffer_append_byte(&text, 0);
        put_response(document, status, text.data);
        static const char *const refs[] = { "PlainError", "EnvelopeError", "DetailError", "OpenAIError" };
        BUFFER_AUTO struct buffer content = { 0 };
        buffer_format(
            &content, "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}}", refs[route->face]);
        json_key(&document->out, "content");
        json_put_raw(&document->out, buffer_str(&content));
        json_object_end(&document->out);
    }
}

static void put_operation(struct document *document, const struct route *route)
{
    struct json_out *out = &document->out;
    BUFFER_AUTO struct buffer name = { 0 };
    buffer_append_c(&name, route->method);
    for (const char *at = route->path; *at; at++)
        buffer_append_byte(&name, *at == '/' || *at == '-' ? '_' : *at == '{' || *at == '}' ? '.' : *at);
    buffer_append_byte(&name, 0);
    json_object_begin(out);
    put(document, "operationId", name.data);
    put(document, "summary", route->summary);
    json_key(out, "tags");
    json_array_begin(out);
    json_put_str(out, str_of(route->tag));
    json_array_end(out);
    json_key(out, "security");
    json_put_raw(out, route->access == ACCESS_PUBLIC     ? STR("[]")
                      : route->access == ACCESS_OPTIONAL ? STR("[{},{\"bearer\":[]}]")
                                                         : STR("[{\"bearer\":[]}]"));
    json_key(out, "parameters");
    json_array_begin(out);
    put_parameters(document, route->path_in, "path");
    put_parameters(document, route->query_in, "query");
    put_parameters(document, route->headers_in, "header");
    put_header_parameters(document, route);
    json_array_end(out);
    put_body(document, route);
    json_key(out, "responses");
    json_object_begin(out);
    put_success(document, route, route->status ? route->status : 200, route->message ? route->message : "Done");
    if (route->job_status)
        put_success(document, route, route->job_status, "A job does it");
    put_content_answers(document, route);
    put_errors(document, route);
    json_object_end(out);
    json_object_end(out);
}

static bool first_of_path(size_t group, size_t index)
{
    const char *path = route_groups[group]->routes[index].path;
    for (size_t g = 0; g <= group; g++)
        for (size_t i = 0; i < (g == group ? index : route_groups[g]->count); i++)
            if (!strcmp(route_groups[g]->routes[i].path, path))
                return false;
    return true;
}

static void put_method(struct document *document, const struct route *route)
{
    BUFFER_AUTO struct buffer name = { 0 };
    for (const char *at = route->method; *at; at++)
        buffer_append_byte(&name, (char)tolower(*at));
    json_key_str(&document->out, buffer_str(&name));
}

static void put_path(struct document *document, const char *path)
{
    json_key(&document->out, path);
    json_object_begin(&document->out);
    for (size_t g = 0; route_groups[g]; g++)
        for (size_t i = 0; i < route_groups[g]->count; i++) {
            const struct route *route = &route_groups[g]->routes[i];
            if (strcmp(route->path, path) != 0)
                continue;
            put_method(document, route);
            put_operation(document, route);
        }
    json_object_end(&document->out);
}

static const char error_schemas[] =
    "\"PlainError\":{\"type\":\"object\",\"required\":[\"code\",\"message\",\"details\"],\"properties\":{"
    "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"details\":{\"type\":\"object\"}}},"
    "\"EnvelopeError\":{\"type\":\"object\",\"required\":[\"success\",\"error\",\"message\"],\"properties\":{"
    "\"success\":{\"const\":false},\"error\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
    "\"details\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}},"
    "\"DetailError\":{\"type\":\"object\",\"required\":[\"detail\"],\"properties\":{\"detail\":{},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}}},"
    "\"OpenAIError\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\","
    "\"required\":[\"message\",\"type\",\"param\",\"code\"],\"properties\":{\"message\":{\"type\":\"string\"},"
    "\"type\":{\"type\":\"string\"},\"param\":{\"type\":[\"string\",\"null\"]},\"code\":{\"type\":\"string\"}}}}}";

// What `properties` of a layer, and the objects of a scene or video, may hold.
static void put_scene_properties(struct document *document)
{
    for (unsigned owner = ON_VIDEO; owner <= ON_VOICEOVER; owner <<= 1) {
        const char *name = scene_owner_name((enum property_owner)owner);
        BUFFER_AUTO struct buffer key = { 0 };
        buffer_format(&key, "%c%s%s", toupper(name[0]), name + 1, owner & ON_LAYER ? "LayerProperties" : "Properties");
        json_key_str(&document->out, buffer_str(&key));
        scene_properties_schema(&document->out, (enum property_owner)owner);
    }
}

static void put_components(struct document *document)
{
    struct json_out *out = &document->out;
    json_key(out, "components");
    json_object_begin(out);
    json_key(out, "securitySchemes");
    json_put_raw(out, STR("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}}"));
    json_key(out, "schemas");
    json_object_begin(out);
    json_put_raw(out, str_of(error_schemas));
    for (size_t i = 0; i < document->shape_count; i++) {
        json_key(out, document->shapes[i]->name);
        shape_schema(out, document->shapes[i], document->input[i]);
    }
    put_scene_properties(document);
    json_object_end(out);
    json_object_end(out);
}

void openapi_write(struct buffer *out)
{
    struct document document = { .out = { .buffer = out } };
    json_object_begin(&document.out);
    put(&document, "openapi", "3.1.0");
    json_key(&document.out, "info");
    json_object_begin(&document.out);
    put(&document, "title", "Kinora");
    put(&document, "version", KINORA_VERSION);
    put(&document, "description", "Self-hosted media: upload, transcribe, compose, render.");
    json_key(&document.out, "license");
    json_put_raw(&document.out, STR("{\"name\":\"GPL-3.0-or-later\",\"identifier\":\"GPL-3.0-or-later\"}"));
    json_object_end(&document.out);
    json_key(&document.out, "servers");
    json_put_raw(&document.out, STR("[{\"url\":\"/\"}]"));
    json_key(&document.out, "paths");
    json_object_begin(&document.out);
    for (size_t g = 0; route_groups[g]; g++)
        for (size_t i = 0; i < route_groups[g]->count; i++)
            if (route_groups[g]->routes[i].tag && first_of_path(g, i))
                put_path(&document, route_groups[g]->routes[i].path);
    json_object_end(&document.out);
    put_components(&document);
    json_object_end(&document.out);
}

static error get_document(struct api_call *call)
{
    struct buffer body = { 0 };
    openapi_write(&body);
    exchange_header(call->exchange, "Content-Type", STR("application/json"));
    exchange_answer(call->exchange, 200, &body);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/openapi.json", "System", "This document", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM,
        .answer_type = "application/json", .handle = get_document },
};
const struct route_group route_group_openapi = ROUTE_GROUP(routes);
