// SPDX-License-Identifier: GPL-3.0-or-later
// The web page: files that are part of the program, under a strict content security policy.
#include "api/web.h"

#include "api/route.h"

struct path {
    str name;
};
static const struct field path_fields[] = {
    FIELD(struct path, name, .required = true, .min = 1, .max = 64, .doc = "File of the web page"),
};
static const struct shape path_shape = SHAPE("WebPath", struct path, path_fields);

static const struct {
    const char *ending, *type;
} types[] = { { ".html", "text/html; charset=utf-8" }, { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" }, { ".svg", "image/svg+xml" } };

static str type_of(str name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ends(name, str_of(types[i].ending)))
            return str_of(types[i].type);
    return STR("application/octet-stream");
}

static error give(struct api_call *call, str name)
{
    const struct web_file *file = web_files;
    while (file->name && !str_equal_c(name, file->name))
        file++;
    if (!file->name)
        return error_make(ERROR_NOT_FOUND, NULL, "There is nothing at this path");
    struct exchange *exchange = call->exchange;
    bool known = str_equal_c(http_header(exchange_request(exchange), "If-None-Match"), file->etag);
    struct buffer body = { 0 };
    if (!known)
        buffer_append(&body, file->bytes, file->size);
    exchange_header(exchange, "Content-Type", type_of(name));
    exchange_header(exchange, "ETag", str_of(file->etag));
    exchange_header(exchange, "Cache-Control", STR("no-cache"));
    exchange_header(exchange, "X-Content-Type-Options", STR("nosniff"));
    exchange_header(exchange, "Referrer-Policy", STR("no-referrer"));
    exchange_header(exchange, "Content-Security-Policy",
        STR("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' "
            "blob:;"
            " connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"));
    exchange_answer(exchange, known ? 304 : 200, &body);
    return OK;
}

static error page(struct api_call *call)
{
    return give(call, STR("index.html"));
}

static error file(struct api_call *call)
{
    return give(call, ((struct path *)call->path)->name);
}

// Without a tag: these are no part of the API documents.
static const struct route routes[] = {
    { "GET", "/", NULL, "The web page", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .answer_type = "text/html",
        .handle = page },
    { "GET", "/web/{name}", NULL, "Its files", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape,
        .answer_type = "text/html", .errors = ERRORS(ERROR_NOT_FOUND), .handle = file },
};
const struct route_group route_group_web = ROUTE_GROUP(routes);
