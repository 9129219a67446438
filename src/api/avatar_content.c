// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and talking films of avatars, by signed link: made when somebody first looks, then kept.
#include "api/content_url.h"
#include "api/download.h"
#include "domain/cache.h"

enum { AVATAR_SIGHT_VERSION = 1 };                               // raise it when the same avatar looks different
static const int64_t CHANGED_US = INT64_C(1767225600) * 1000000; // they follow from their key: no date is theirs

struct avatar_path {
    str id, name;
};
static const struct field path_fields[] = {
    FIELD(struct avatar_path, id, .required = true, .min = 1, .max = 64, .doc = "Avatar"),
    FIELD(struct avatar_path, name, .required = true, .max = 255, .doc = "thumbnail.png, preview.png or talking.mp4"),
};
static const struct shape path_shape = SHAPE("AvatarContentPath", struct avatar_path, path_fields);

static const struct {
    const char *name, *type;
} sights[] = {
    [AVATAR_THUMBNAIL] = { "thumbnail.png", "image/png" },
    [AVATAR_PREVIEW] = { "preview.png", "image/png" },
    [AVATAR_VIDEO] = { "talking.mp4", "video/mp4" },
};

struct making {
    struct scope scope;
    str key;
    struct blob_info blob;
};

static error keep(struct db *db, void *context)
{
    struct making *making = context;
    struct scope scope = making->scope;
    scope.db = db;
    return cache_put(&scope, making->key, &making->blob, json_keep(scope.arena, json_object()));
}

static error store(struct api_call *call, str bytes, struct blob_info *ret_blob)
{
    struct blob_writer *writer;
    TRY(blob_writer_open(call->app->blobs, NULL, &writer));
    error failed = blob_write(writer, bytes.data, bytes.size);
    if (error_is(failed)) {
        blob_writer_abort(writer);
        return failed;
    }
    return blob_writer_commit(writer, ret_blob);
}

static error make(struct api_call *call, str id, enum avatar_sight sight, str key)
{
    BUFFER_AUTO struct buffer bytes = { 0 };
    struct making making = { .scope = call->scope, .key = key };
    TRY(call->app->avatar_show(call->app->avatar_context, &call->scope, id, sight, &bytes));
    TRY(store(call, buffer_str(&bytes), &making.blob));
    error failed = db_write(call->app->db, keep, &making);
    if (error_is(failed) && error_is(blob_remove(call->app->blobs, making.blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "request", "A picture that is not needed could not be removed");
    return failed;
}

static str key_of(struct arena *arena, const struct avatar *avatar, enum avatar_sight sight)
{
    unsigned char hash[32];
    str decides = str_format(arena, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARGS(avatar->name), STR_ARGS(avatar->gender),
        STR_ARGS(avatar->look.text), STR_ARGS(avatar->media_id));
    crypt_sha256(decides.data, decides.size, hash);
    return str_format(arena, "avatar %d %s %.*s", AVATAR_SIGHT_VERSION, sights[sight].name,
        STR_ARGS(str_hex(arena, hash, sizeof hash)));
}

static error content(struct api_call *call)
{
    const struct avatar_path *path = call->path;
    struct avatar avatar;
    struct cache_entry entry;
    struct media_blob blob;
    bool found;
    size_t sight = 0, count = sizeof sights / sizeof *sights;
    TRY(content_become(call));
    TRY(avatar_get(&call->scope, path->id, &avatar));
    while (sight < count && !str_equal_c(path->name, sights[sight].name))
        sight++;
    if (sight == count)
        return error_make(ERROR_NOT_FOUND, "name", "There are thumbnail.png, preview.png and talking.mp4");
    str key = key_of(call->scope.arena, &avatar, (enum avatar_sight)sight);
    TRY(cache_get(&call->scope, key, &entry, &found));
    if (!found) {
        TRY(make(call, avatar.id, (enum avatar_sight)sight, key));
        TRY(cache_get(&call->scope, key, &entry, &found));
    }
    if (!found)
        return error_make(ERROR_UNAVAILABLE, NULL, "The picture is being made anew; try again");
    TRY(media_blob_get(&call->scope, entry.blob_id, &blob));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = str_of(sights[sight].type),
                                    .file_name = path->name,
                                    .changed_us = CHANGED_US,
                                    .attachment = ((struct content_query *)call->query)->download });
}

static const struct route routes[] = {
    { "GET", "/content/avatar/{id}/{name}", "Content", "An avatar's picture or talking film, by signed link",
        FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape,
        .errors = ERRORS(ERROR_NOT_FOUND, ERROR_AVATAR_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE,
            ERROR_UNAVAILABLE),
        .answer_type = "application/octet-stream", .handle = content },
};
const struct route_group route_group_avatar_content = ROUTE_GROUP(routes);
