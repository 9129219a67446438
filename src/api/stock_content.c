// SPDX-License-Identifier: GPL-3.0-or-later
// Files of everybody's stock, by signed link, from where they are.
#include "api/content_url.h"
#include "api/download.h"
#include "domain/stock.h"

static const int64_t CHANGED_US = INT64_C(1767225600) * 1000000; // a file's tag tells when it is another one

struct stock_path {
    str id, name;
};
static const struct field path_fields[] = {
    FIELD(struct stock_path, id, .required = true, .format = FORMAT_UUID, .doc = "Item of the stock"),
    FIELD(struct stock_path, name, .required = true, .min = 1, .max = 64,
        .doc = "content, thumbnail or waveform, with the file's ending"),
};
static const struct shape path_shape = SHAPE("StockContentPath", struct stock_path, path_fields);

static const struct {
    const char *ending, *type;
} types[] = { { ".json", "application/json" }, { ".jpg", "image/jpeg" }, { ".jpeg", "image/jpeg" },
    { ".png", "image/png" }, { ".webp", "image/webp" } };

// What stands beside the content is told by its ending.
static str type_of(const struct stock_item *item, enum stock_part part, str name)
{
    if (part == STOCK_CONTENT)
        return item->mime_type;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ends(name, str_of(types[i].ending)))
            return str_of(types[i].type);
    return STR("application/octet-stream");
}

static error content(struct api_call *call)
{
    static const char *const names[] = { "content", "thumbnail", "waveform" };
    const struct stock_path *path = call->path;
    struct arena *arena = call->scope.arena;
    struct stock_item item;
    struct plain_file plain;
    bool found;
    str rest = path->name, name;
    size_t part = 0;
    TRY(content_become(call));
    TRY(stock_find(&call->scope, path->id, &item, &found));
    (void)str_split(&rest, '.', &name);
    while (part < 3 && !str_equal_c(name, names[part]))
        part++;
    if (!found || part == 3)
        return error_make(ERROR_NOT_FOUND, NULL, "There is no such file in the stock");
    TRY(stock_open(arena, &item, (enum stock_part)part, &plain.file, &plain.size_bytes));
    plain.tag = str_format(arena, "%.*s-%zu", STR_ARGS(str_sub(item.sha256, 0, 32)), part);
    str ending = rest.data ? str_format(arena, ".%.*s", STR_ARGS(rest)) : STR("");
    return download_start(call, &(struct download) { .plain = &plain,
                                    .mime_type = type_of(&item, (enum stock_part)part, path->name),
                                    .file_name = str_format(arena, "%.*s%.*s", STR_ARGS(item.title), STR_ARGS(ending)),
                                    .changed_us = CHANGED_US,
                                    .attachment = ((struct content_query *)call->query)->download });
}

static const struct route routes[] = {
    { "GET", "/content/stock/{id}/{name}", "Content", "A file of everybody's stock, by signed link", FACE_PLAIN,
        ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape,
        .errors = ERRORS(ERROR_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE, ERROR_UNAVAILABLE),
        .answer_type = "application/octet-stream", .handle = content },
};
const struct route_group route_group_stock_content = ROUTE_GROUP(routes);
