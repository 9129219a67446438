// SPDX-License-Identifier: GPL-3.0-or-later
// The web app and the pages that show the API: files that are part of the program, under a strict content security
// policy.
#include "api/web.h"

#include "api/route.h"

struct path {
    str name;
};
static const struct field path_fields[] = {
    FIELD(struct path, name, .required = true, .min = 1, .max = 64, .doc = "File of the web page"),
};
static const struct shape path_shape = SHAPE("WebPath", struct path, path_fields);

// Whether the client takes the coding; "gzip;q=0" is not told apart, since nobody says so.
static bool takes(const struct http_request *request, str coding)
{
    str rest = http_header(request, "Accept-Encoding"), part;
    while (str_split(&rest, ',', &part)) {
        str name = STR_NONE;
        (void)str_split(&part, ';', &name);
        if (str_equal(str_trim(name), coding))
            return true;
    }
    return false;
}

static const struct web_bytes *choose(struct exchange *exchange, const struct web_file *file)
{
    const struct http_request *request = exchange_request(exchange);
    exchange_header(exchange, "Vary", STR("Accept-Encoding"));
    if (file->brotli.data && takes(request, STR("br"))) {
        exchange_header(exchange, "Content-Encoding", STR("br"));
        return &file->brotli;
    }
    if (file->gzip.data && takes(request, STR("gzip"))) {
        exchange_header(exchange, "Content-Encoding", STR("gzip"));
        return &file->gzip;
    }
    return &file->plain;
}

static const struct web_file *find(const struct app *app, str name)
{
    for (size_t i = 0; i < sizeof app->web / sizeof *app->web; i++)
        for (const struct web_file *file = app->web[i]; file->name; file++)
            if (str_equal_c(name, file->name))
                return file;
    return NULL;
}

#define POLICY                                                                                                         \
    "default-src 'none'; script-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self';"   \
    " form-action 'none'; frame-ancestors 'none'; base-uri 'none'; style-src 'self'"
// ReDoc makes its style sheets, and the worker of its search, as it runs.
#define REFERENCE_POLICY POLICY " 'unsafe-inline'; worker-src blob:"

static error give(struct api_call *call, str name, const char *policy)
{
    const struct web_file *file = find(call->app, name);
    if (!file)
        return error_make(ERROR_NOT_FOUND, NULL, "There is nothing at this path");
    struct exchange *exchange = call->exchange;
    const struct web_bytes *bytes = choose(exchange, file);
    bool known = str_equal_c(http_header(exchange_request(exchange), "If-None-Match"), bytes->etag);
    struct buffer body = { 0 };
    if (!known)
        buffer_append(&body, bytes->data, bytes->size);
    exchange_header(exchange, "Content-Type", str_of(file->type));
    exchange_header(exchange, "ETag", str_of(bytes->etag));
    exchange_header(
        exchange, "Cache-Control", file->immutable ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
    exchange_header(exchange, "Content-Security-Policy", str_of(policy));
    exchange_answer(exchange, known ? 304 : 200, &body);
    return OK;
}

static error page(struct api_call *call)
{
    return give(call, STR("index.html"), POLICY);
}

static error file(struct api_call *call)
{
    return give(call, ((struct path *)call->path)->name, POLICY);
}

static error docs(struct api_call *call)
{
    return give(call, STR("docs.html"), REFERENCE_POLICY);
}

static error redoc(struct api_call *call)
{
    return give(call, STR("redoc.html"), REFERENCE_POLICY);
}

// What has no tag is no part of the API documents.
static const struct route routes[] = {
    { "GET", "/", NULL, "The web page", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .answer_type = "text/html",
        .handle = page },
    { "GET", "/web/{name}", NULL, "Its files", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape,
        .answer_type = "text/html", .errors = ERRORS(ERROR_NOT_FOUND), .handle = file },
    { "GET", "/api/v1/docs", "System", "Swagger UI: this document, to try its calls", FACE_PLAIN, ACCESS_PUBLIC,
        LANE_STREAM, .answer_type = "text/html", .handle = docs },
    { "GET", "/api/v1/redoc", "System", "ReDoc: this document, to read", FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM,
        .answer_type = "text/html", .handle = redoc },
};
const struct route_group route_group_web = ROUTE_GROUP(routes);
