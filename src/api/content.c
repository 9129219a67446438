// SPDX-License-Identifier: GPL-3.0-or-later
// The bytes of media and rendered films: signed /content/ paths and GET /api/v1/files/{id}/content, with Range
// (RFC 9110 14), conditional requests and names that survive (RFC 8187).
#include "api/content_url.h"
#include "api/download.h"
#include "domain/derivative.h"
#include "domain/draft.h"
#include "domain/film_file.h"
#include "domain/media.h"

struct content_path {
    str id, name;
};
static const struct field path_fields[] = {
    FIELD(struct content_path, id, .required = true, .format = FORMAT_UUID, .doc = "Media file, render job or video"),
    FIELD(struct content_path, name, .required = true, .min = 1, .max = 255, .doc = "File name, for people"),
};
static const struct shape path_shape = SHAPE("ContentPath", struct content_path, path_fields);

struct file_query {
    bool download, sealed;
};
static const struct field file_query_fields[] = {
    FIELD(struct file_query, download, .doc = "Save instead of show [false]"),
    FIELD(struct file_query, sealed, .doc = "The stored bytes as they are, to be opened with the file's key [false]"),
};
static const struct shape file_query_shape = SHAPE("FileContentQuery", struct file_query, file_query_fields);

struct file_path {
    str file_id;
};
static const struct field file_fields[] = {
    FIELD(struct file_path, file_id, .required = true, .format = FORMAT_UUID, .doc = "File"),
};
static const struct shape file_shape = SHAPE("FileContentPath", struct file_path, file_fields);

static error send_media(struct api_call *call, str id, bool attachment, bool sealed)
{
    struct media media;
    struct media_blob blob;
    TRY(media_get(&call->scope, id, &media));
    TRY(media_blob_get(&call->scope, media.blob_id, &blob));
    str sealed_name = str_format(call->scope.arena, "%.*s.sealed", STR_ARGS(media.file_name));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = sealed ? STR("application/octet-stream") : media.mime_type,
                                    .file_name = sealed ? sealed_name : media.file_name,
                                    .changed_us = media.created_at.us,
                                    .attachment = attachment,
                                    .sealed = sealed });
}

static error media_content(struct api_call *call)
{
    TRY(content_become(call));
    return send_media(
        call, ((struct content_path *)call->path)->id, ((struct content_query *)call->query)->download, false);
}

// The name begins with the kind: "thumbnail.jpg".
static error derivative_content(struct api_call *call)
{
    struct media media;
    struct media_blob blob;
    struct derivative derivative;
    const struct content_path *path = call->path;
    enum derivative_kind kind;
    bool found = false;
    str rest = path->name, name = STR_NONE;
    TRY(content_become(call));
    TRY(media_get(&call->scope, path->id, &media));
    (void)str_split(&rest, '.', &name);
    if (derivative_by_name(name, &kind))
        TRY(derivative_get(&call->scope, media.id, kind, &derivative, &found));
    if (!found)
        return error_make(ERROR_NOT_FOUND, NULL, "It has not been made yet");
    TRY(media_blob_get(&call->scope, derivative.blob_id, &blob));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = derivative.mime_type,
                                    .file_name = path->name,
                                    .changed_us = derivative.created_at.us,
                                    .attachment = ((struct content_query *)call->query)->download });
}

static error render_content(struct api_call *call)
{
    struct film_file film;
    struct film_extra extra;
    struct media_blob blob;
    const struct content_path *path = call->path;
    TRY(content_become(call));
    TRY(film_file_get(&call->scope, path->id, &film));
    bool beside = film_extra_is(path->name);
    if (beside)
        TRY(film_extra_get(&call->scope, path->id, path->name, &extra));
    TRY(media_blob_get(&call->scope, beside ? extra.blob_id : film.blob_id, &blob));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = beside ? extra.mime_type : film.mime_type,
                                    .file_name = path->name,
                                    .changed_us = film.created_at.us,
                                    .attachment = ((struct content_query *)call->query)->download });
}

// The name is the draft's key; its id the video's.
static error draft_content(struct api_call *call)
{
    struct media_blob blob;
    const struct content_path *path = call->path;
    str rest = path->name, key = STR_NONE, blob_id;
    TRY(content_become(call));
    (void)str_split(&rest, '.', &key);
    TRY(draft_blob(&call->scope, path->id, key, &blob_id));
    TRY(media_blob_get(&call->scope, blob_id, &blob));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = STR("video/mp4"),
                                    .file_name = STR("draft.mp4"),
                                    .attachment = ((struct content_query *)call->query)->download });
}

static error file_content(struct api_call *call)
{
    const struct file_query *query = call->query;
    error result = send_media(call, ((struct file_path *)call->path)->file_id, query->download, query->sealed);
    return result.code == ERROR_MEDIA_NOT_FOUND ? error_of(ERROR_FILE_NOT_FOUND) : result;
}

#define CONTENT_ERRORS ERRORS(ERROR_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE, ERROR_UNAVAILABLE)

static const struct route routes[] = {
    { "GET", "/content/media/{id}/{name}", "Content", "A media file's bytes, by signed link", FACE_PLAIN, ACCESS_PUBLIC,
        LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape, .errors = CONTENT_ERRORS,
        .answer_type = "application/octet-stream", .handle = media_content },
    { "GET", "/content/derivative/{id}/{name}", "Content", "A thumbnail, poster, waveform or proxy, by signed link",
        FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape,
        .errors = CONTENT_ERRORS, .answer_type = "application/octet-stream", .handle = derivative_content },
    { "GET", "/content/render/{id}/{name}", "Content", "A rendered film, its poster or its subtitles, by signed link",
        FACE_PLAIN, ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape,
        .errors = CONTENT_ERRORS, .answer_type = "application/octet-stream", .handle = render_content },
    { "GET", "/content/draft/{id}/{name}", "Content", "A draft of a video or scene, by signed link", FACE_PLAIN,
        ACCESS_PUBLIC, LANE_STREAM, .path_in = &path_shape, .query_in = &content_query_shape, .errors = CONTENT_ERRORS,
        .answer_type = "application/octet-stream", .handle = draft_content },
    { "GET", "/api/v1/files/{file_id}/content", "Files", "A file's bytes", FACE_PLAIN, ACCESS_USER, LANE_STREAM,
        .path_in = &file_shape, .query_in = &file_query_shape,
        .errors = ERRORS(ERROR_FILE_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE, ERROR_UNAVAILABLE),
        .answer_type = "application/octet-stream", .handle = file_content },
};
const struct route_group route_group_content = ROUTE_GROUP(routes);
