// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/markdown.h"

#include <string.h>

#include "api/condition.h"
#include "api/face.h"
#include "api/repeat.h"

enum { SHAPES_MAX = 256 };

struct page {
    struct buffer *out;
    const struct shape *shapes[SHAPES_MAX]; // that a table named: they stand at the end
    size_t shape_count;
};

static const char intro[] =
    "# HTTP API\n\n"
    "<!-- Made by `kinora api-document`; `script/docs` writes it anew. -->\n\n"
    "The same as OpenAPI 3.1 is at `/api/v1/openapi.json` of a running server.\n\n"
    "**Who may call.** *Everyone*; *a user*: `Authorization: Bearer TOKEN` from `POST /api/v1/auth/login`; *a "
    "superuser*. "
    "Another user's things are answered as if they were not there.\n\n"
    "**Faces.** A call speaks as its document does. *plain*: the object itself; errors are "
    "`{\"code\",\"message\",\"details\"}`. *envelope*: `{\"success\":true,\"message\",\"data\"}`; errors are "
    "`{\"success\":false,\"error\",\"message\",\"details\"}`. *detail*: the object itself; errors are "
    "`{\"detail\",\"errors\"}`. The fields below are those of the object, or of `data`.\n\n"
    "**Conditions.** Calls marked *ETag* answer 304 to an `If-None-Match` that still holds. Those marked *If-Match* "
    "answer "
    "412 and change nothing when the resource has another tag by now.\n\n"
    "**Repeats.** Calls marked *Idempotency-Key* may be sent again with the same key within 24 hours: the answer is "
    "the one "
    "of the first time, with `Idempotent-Replayed: true`, and nothing is made twice.\n\n"
    "**Every call** can also answer 500 `INTERNAL_ERROR`, and 503 `DATABASE_BUSY`; one that changes something 507 "
    "`STORAGE_FULL`.\n";

static void put_text(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, *text == '\n' ? ' ' : *text);
    }
}

static void need(struct page *page, const struct shape *shape)
{
    for (size_t i = 0; i < page->shape_count; i++)
        if (!strcmp(page->shapes[i]->name, shape->name))
            return;
    ASSERT(page->shape_count < SHAPES_MAX);
    page->shapes[page->shape_count++] = shape;
}

static void put_link(struct page *page, const struct shape *shape)
{
    need(page, shape);
    buffer_format(page->out, "[%s](#", shape->name);
    for (const char *at = shape->name; *at; at++)
        buffer_append_byte(page->out, (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at));
    buffer_append_byte(page->out, ')');
}

static const char *text_type(const struct field *field)
{
    static const char *const names[] = { [FORMAT_NONE] = "string",
        [FORMAT_UUID] = "UUID",
        [FORMAT_EMAIL] = "e-mail address",
        [FORMAT_URI] = "URL",
        [FORMAT_DATE_TIME_MS] = "time",
        [FORMAT_BASE64] = "base64" };
    return names[field->format];
}

static void put_type(struct page *page, const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
        buffer_append_c(page->out, text_type(field));
        return;
    case FIELD_INTEGER:
    case FIELD_OPT_INTEGER:
        buffer_append_c(page->out, "integer");
        return;
    case FIELD_NUMBER:
    case FIELD_OPT_NUMBER:
        buffer_append_c(page->out, "number");
        return;
    case FIELD_BOOLEAN:
    case FIELD_OPT_BOOLEAN:
        buffer_append_c(page->out, "boolean");
        return;
    case FIELD_TIME:
        buffer_append_c(page->out, "time");
        return;
    case FIELD_RAW:
    case FIELD_JSON:
        buffer_append_c(page->out, field->json_type ? field->json_type : "object");
        return;
    case FIELD_LIST:
        buffer_append_c(page->out, field->shape ? "list of " : "list of strings");
        break;
    case FIELD_OBJECT:
        break;
    }
    if (field->shape)
        put_link(page, field->shape);
}

static void put_limits(struct buffer *out, const struct field *field)
{
    if (field->allowed) {
        for (const char *const *value = field->allowed; *value; value++)
            buffer_format(out, "%s`%s`", value == field->allowed ? "" : ", ", *value);
        buffer_append_c(out, ". ");
    }
    if (field->min > 0 && field->min < field->max)
        buffer_format(out, "%.16g to %.16g. ", field->min, field->max);
    else if (field->min < field->max)
        buffer_format(out, "at most %.16g. ", field->max);
}

static void put_rows(struct page *page, const struct shape *shape, const char *place, bool input)
{
    for (size_t i = 0; shape && i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (field->hidden)
            continue;
        buffer_format(page->out, "| `%s`%s | ", field->name, input && field->required ? " \\*" : "");
        if (place)
            buffer_format(page->out, "%s | ", place);
        put_type(page, field);
        buffer_append_c(page->out, " | ");
        if (input)
            put_limits(page->out, field);
        put_text(page->out, field->doc ? field->doc : "");
        buffer_append_c(page->out, " |\n");
    }
}

static void put_input(struct page *page, const struct route *route)
{
    if (route->body_kind == BODY_UPLOAD)
        buffer_append_c(page->out, "\nBody: `multipart/form-data` with one `file`.\n");
    if (route->body_kind == BODY_TEXT)
        buffer_append_c(page->out, "\nBody: the text as it is, or `multipart/form-data` with one `file`.\n");
    if (route->body_kind == BODY_RAW)
        buffer_append_c(page->out, "\nBody: bytes, as `application/offset+octet-stream`.\n");
    if (!route->path_in && !route->query_in && !route->headers_in && !route->body_in)
        return;
    buffer_append_c(page->out, "\n| Input (\\* required) | in | type | |\n|---|---|---|---|\n");
    put_rows(page, route->path_in, "path", true);
    put_rows(page, route->query_in, "query", true);
    put_rows(page, route->headers_in, "header", true);
    put_rows(page, route->body_in, route->body_kind == BODY_JSON ? "body" : "form", true);
}

static void put_output(struct page *page, const struct route *route)
{
    buffer_format(page->out, "\nAnswers %d", route->status ? route->status : 200);
    if (route->job_status)
        buffer_format(page->out, " (%d when a job does it)", route->job_status);
    if (route->output) {
        buffer_append_c(page->out, route->output_list ? ", a list of " : ": ");
        put_link(page, route->output);
    } else if (route->answer_type) {
        buffer_format(page->out, ", `%s`", route->answer_type);
    }
    buffer_append_c(page->out, ".\n");
}

static bool of_every_call(enum error_code code)
{
    return code == ERROR_INTERNAL_ERROR || code == ERROR_DATABASE_BUSY || code == ERROR_STORAGE_FULL;
}

static bool is_among(const enum error_code *codes, size_t count, enum error_code code)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

// By status, each once.
static void put_errors(struct page *page, const struct route *route)
{
    enum error_code codes[32];
    size_t count = route_errors(route, codes, 32);
    const char *before = "\nErrors: ";
    for (int status = 400; status < 600; status++)
        for (size_t i = 0; i < count; i++) {
            bool listed = is_among(codes, i, codes[i]) || of_every_call(codes[i]);
            if (listed || face_status(route->face, codes[i]) != status)
                continue;
            buffer_format(page->out, "%s%d `%s`", before, status, error_info(codes[i])->name);
            before = ", ";
        }
    if (*before == ',')
        buffer_append_c(page->out, ".\n");
}

static void put_route(struct page *page, const struct route *route)
{
    static const char *const faces[] = { "plain", "envelope", "detail" };
    static const char *const callers[] = { "everyone", "everyone, or a user", "a user", "a superuser" };
    buffer_format(page->out, "\n### %s %s\n\n%s. For %s; %s face%s%s%s.\n", route->method, route->path, route->summary,
        callers[route->access], faces[route->face], condition_is_tagged(route) ? "; ETag" : "",
        condition_is_checked(route) ? "; If-Match" : "", repeat_is_possible(route) ? "; Idempotency-Key" : "");
    put_input(page, route);
    put_output(page, route);
    put_errors(page, route);
}

static const struct route *route_at(size_t *group, size_t *index)
{
    while (route_groups[*group] && *index >= route_groups[*group]->count) {
        ++*group;
        *index = 0;
    }
    return route_groups[*group] ? &route_groups[*group]->routes[(*index)++] : NULL;
}

// Every route of the tag, if this is the first one that has it.
static void put_tag(struct page *page, const struct route *first)
{
    size_t group = 0, index = 0;
    const struct route *route;
    bool begun = false;
    while ((route = route_at(&group, &index))) {
        if (!route->tag || strcmp(route->tag, first->tag) != 0)
            continue;
        if (!begun && route != first)
            return;
        if (!begun)
            buffer_format(page->out, "\n## %s\n", first->tag);
        begun = true;
        put_route(page, route);
    }
}

void markdown_write(struct buffer *out)
{
    struct page page = { .out = out };
    size_t group = 0, index = 0;
    const struct route *route;
    buffer_append_c(out, intro);
    while ((route = route_at(&group, &index)))
        if (route->tag)
            put_tag(&page, route);
    buffer_append_c(out, "\n## Objects\n");
    for (size_t i = 0; i < page.shape_count; i++) { // a table may add to them
        buffer_format(out, "\n### %s\n\n| Field | type | |\n|---|---|---|\n", page.shapes[i]->name);
        put_rows(&page, page.shapes[i], NULL, false);
    }
}
