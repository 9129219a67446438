// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/face.h"

static void write_output(struct json_out *out, const struct api_call *call)
{
    const struct route *route = call->route;
    if (!route->output_list) {
        shape_write(out, route->output, call->output);
        return;
    }
    const struct list *list = call->output;
    json_array_begin(out);
    for (size_t i = 0; i < list->count; i++)
        shape_write(out, route->output, (const char *)list->items + i * route->output->size);
    json_array_end(out);
}

static void put(struct json_out *out, const char *key, str value)
{
    json_key(out, key);
    json_put_str(out, value);
}

static void write_warnings(struct json_out *out, const struct warnings *warnings)
{
    json_key(out, "warnings");
    json_array_begin(out);
    for (size_t i = 0; i < warnings->count; i++) {
        json_object_begin(out);
        put(out, "field", warnings->items[i].field);
        put(out, "message", warnings->items[i].message);
        json_object_end(out);
    }
    json_array_end(out);
}

static void envelope(struct json_out *out, struct api_call *call)
{
    json_object_begin(out);
    json_key(out, "success");
    json_put_bool(out, true);
    if (call->message)
        put(out, "message", str_of(call->message));
    if (call->route->output) {
        json_key(out, "data");
        size_t start = call->answer.size;
        write_output(out, call);
        if (call->warnings.count && call->answer.size > start) {
            call->answer.size--; // reopens the object that was just closed
            out->comma = call->answer.data[call->answer.size - 1] != '{';
            write_warnings(out, &call->warnings);
            json_object_end(out);
        }
    }
    json_object_end(out);
}

void face_success(struct api_call *call)
{
    if (call->answer_type)
        return;
    struct json_out out = { .buffer = &call->answer };
    if (call->route->face == FACE_ENVELOPE)
        envelope(&out, call);
    else if (call->route->output)
        write_output(&out, call);
}

// One list of problems, however the error came.
static struct problems gather(error why, const struct problems *problems)
{
    struct problems all = { 0 };
    if (problems && problems->count)
        return *problems;
    if (why.field)
        all = (struct problems) {
            { { STR("body"), str_of(why.field), str_of(why.message), STR("value_error"), STR_NONE, false } }, 1
        };
    return all;
}

static void plain(struct json_out *out, error why, int status, const struct problems *problems)
{
    const char *name = status == 404                     ? "NOT_FOUND"
                       : why.code == ERROR_UNPROCESSABLE ? "VALIDATION_ERROR"
                                                         : error_info(why.code)->name;
    json_object_begin(out);
    put(out, "code", str_of(name));
    put(out, "message", str_of(why.message));
    json_key(out, "details");
    json_object_begin(out);
    if (problems->count) {
        put(out, "field", problems->items[0].field);
        put(out, "reason", problems->items[0].reason);
    }
    json_object_end(out);
    json_object_end(out);
}

static void envelope_error(struct json_out *out, error why, int status, const struct problems *problems)
{
    json_object_begin(out);
    json_key(out, "success");
    json_put_bool(out, false);
    put(out, "error", why.code == ERROR_UNPROCESSABLE ? STR("VALIDATION_ERROR") : str_of(error_info(why.code)->name));
    put(out, "message", str_of(why.message));
    bool told = status == 400 || (problems->count && problems->items[0].current.data);
    if (told && problems->count) {
        json_key(out, "details");
        json_array_begin(out);
        for (size_t i = 0; i < problems->count; i++) {
            json_object_begin(out);
            put(out, "field", problems->items[i].field);
            put(out, "reason", problems->items[i].reason);
            if (problems->items[i].current.data) {
                json_key(out, "current");
                json_put_raw(out, problems->items[i].current);
            }
            json_object_end(out);
        }
        json_array_end(out);
    }
    json_object_end(out);
}

static void put_locations(struct json_out *out, const struct problems *problems)
{
    json_array_begin(out);
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        json_object_begin(out);
        json_key(out, "loc");
        json_array_begin(out);
        json_put_str(out, problem->place);
        json_put_str(out, problem->field);
        json_array_end(out);
        put(out, "msg", problem->reason);
        put(out, "type", problem->type);
        json_object_end(out);
    }
    json_array_end(out);
}

static void detail(struct json_out *out, error why, int status, const struct problems *problems)
{
    json_object_begin(out);
    json_key(out, "detail");
    if (status == 422) {
        put_locations(out, problems);
    } else if (status == 400 && problems->count) {
        json_put_str(out, STR("Validation Error"));
        json_key(out, "errors");
        put_locations(out, problems);
    } else {
        json_put_str(out, status == 404 ? STR("Item not found") : str_of(why.message));
    }
    json_object_end(out);
}

// As OpenAI's public reference has it; clients choose their exception by the status.
static void openai(struct json_out *out, error why, int status, const struct problems *problems)
{
    const char *type = status == 401   ? "authentication_error"
                       : status == 403 ? "permission_error"
                       : status == 429 ? "rate_limit_error"
                       : status >= 500 ? "server_error"
                                       : "invalid_request_error";
    char code[64];
    size_t size = 0;
    enum error_code named = why.code == ERROR_UNPROCESSABLE ? ERROR_VALIDATION_ERROR : why.code;
    for (const char *at = error_info(named)->name; *at && size < sizeof code; at++)
        code[size++] = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    json_object_begin(out);
    json_key(out, "error");
    json_object_begin(out);
    put(out, "message", str_of(why.message));
    put(out, "type", str_of(type));
    put(out, "param", problems->count ? problems->items[0].field : STR_NONE);
    put(out, "code", status == 401 ? STR("invalid_api_key") : (str) { code, size });
    json_object_end(out);
    json_object_end(out);
}

// In the detail face what is well-formed but not acceptable is 422; the other faces say 400 or 409. CONFLICT is of the
// request itself, not of a value in it.
static int status_in(enum face face, error why, const struct problems *problems)
{
    int status = error_info(why.code)->status;
    if (face != FACE_DETAIL)
        return status == 422 ? 400 : status;
    return status == 409 && problems->count && why.code != ERROR_CONFLICT ? 422
           : why.code == ERROR_LAST_SUPERUSER                             ? 422
                                                                          : status;
}

int face_status(enum face face, enum error_code code)
{
    struct problems named = { .count = 1 };
    return status_in(face, (error) { .code = code }, &named);
}

int face_error(enum face face, error why, const struct problems *problems, struct buffer *body)
{
    struct json_out out = { .buffer = body };
    struct problems all = gather(why, problems);
    int status = status_in(face, why, &all);
    if (status == 422 && all.count == 0)
        all = (struct problems) {
            { { STR("body"), STR("__root__"), str_of(why.message), STR("value_error"), STR_NONE, true } }, 1
        };
    if (face == FACE_PLAIN)
        plain(&out, why, status, &all);
    else if (face == FACE_ENVELOPE)
        envelope_error(&out, why, status, &all);
    else if (face == FACE_OPENAI)
        openai(&out, why, status, &all);
    else
        detail(&out, why, status, &all);
    return status;
}
