// SPDX-License-Identifier: GPL-3.0-or-later
// A video as a file for other programs and other servers: its document, a timeline, or all of it with its assets.
#include "api/download.h"
#include "api/zip_stream.h"
#include "domain/avatar.h"
#include "domain/otio.h"
#include "domain/package.h"
#include "domain/project.h"
#include "domain/video.h"

enum { PROJECT_VERSION = 1, NAME_BYTES_MAX = 200 };

struct path {
    str videoId;
};
static const struct field path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape path_shape = SHAPE("ExportPath", struct path, path_fields);

static const char *const formats[] = { "zip", "json", "otio", NULL };
struct query {
    str format;
};
static const struct field query_fields[] = {
    FIELD(struct query, format, .allowed = formats,
        .doc = "zip: the document with its assets; json: the document; otio: a timeline of OpenTimelineIO [zip]"),
};
static const struct shape query_shape = SHAPE("ExportQuery", struct query, query_fields);

// What goes along: files in the order of their first use, and what "assets" says of them.
struct packing {
    struct api_call *call;
    str video_id;
    json_t *assets, *names; // names: reference -> name of the file
    struct zip_entry *entries;
    size_t count;
};

static str entry_name(struct arena *arena, size_t number, str file_name)
{
    // The end of a long name says what kind of file it is.
    size_t from = file_name.size > NAME_BYTES_MAX ? file_name.size - NAME_BYTES_MAX : 0;
    while (from < file_name.size && (file_name.data[from] & 0xC0) == 0x80)
        from++;
    return str_format(arena, "assets/%03zu-%.*s", number, STR_ARGS(str_sub(file_name, from, file_name.size)));
}

static error add_file(struct packing *packing, str reference, str key, bool *ret_found)
{
    struct arena *arena = packing->call->scope.arena;
    struct media media;
    struct media_blob *blob = ARENA_NEW(arena, struct media_blob);
    error missing = media_get_for_video(&packing->call->scope, key, packing->video_id, &media);
    *ret_found = !error_is(missing);
    if (missing.code == ERROR_MEDIA_NOT_FOUND || missing.code == ERROR_INVALID_ID)
        return OK; // the document goes without it, and says so when it is rendered
    TRY(missing);
    TRY(media_blob_get(&packing->call->scope, media.blob_id, blob));
    if (packing->count + 1 >= PACKAGE_ENTRIES_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "A project has at most %d files", PACKAGE_ENTRIES_MAX);
    packing->entries = arena_grow(arena, packing->entries, packing->count * sizeof *packing->entries,
        (packing->count + 1) * sizeof *packing->entries);
    struct zip_entry *entry = &packing->entries[packing->count++];
    *entry = (struct zip_entry) { .name = entry_name(arena, packing->count, media.file_name), .blob = blob };
    json_array_append_new(packing->assets, json_pack("{s:o,s:o,s:o}", "id", json_str(reference), "file",
                                               json_str(entry->name), "name", json_str(media.file_name)));
    json_object_set_new(packing->names, str_to_c(arena, reference), json_str(media.file_name));
    return OK;
}

static error add_avatar(struct packing *packing, str reference)
{
    struct scope *scope = &packing->call->scope;
    struct avatar avatar;
    error missing = avatar_get_for_video(scope, reference, packing->video_id, &avatar);
    if (missing.code == ERROR_AVATAR_NOT_FOUND || missing.code == ERROR_INVALID_ID)
        return OK;
    TRY(missing);
    if (str_equal_c(avatar.source, "stock"))
        return OK;
    json_t *asset = json_pack("{s:o,s:o,s:o,s:o}", "id", json_str(reference), "name", json_str(avatar.name), "gender",
        json_str(avatar.gender), "style", json_str(avatar.style));
    json_array_append_new(packing->assets, asset);
    if (avatar.look.text.data) {
        json_t *look;
        TRY(json_read(scope->arena, avatar.look.text, &look));
        json_object_set(asset, "look", look);
        return OK;
    }
    bool found;
    json_object_set_new(asset, "media", json_str(avatar.media_id));
    return add_file(packing, avatar.media_id, avatar.media_id, &found);
}

static error add_asset(void *context, enum project_asset kind, json_t *object, const char *key)
{
    struct packing *packing = context;
    str reference = json_get_str(object, key);
    const json_t *asset;
    size_t i;
    bool found;
    json_array_foreach (packing->assets, i, asset)
        if (str_equal(json_get_str(asset, "id"), reference))
            return OK;
    return kind == PROJECT_AVATAR ? add_avatar(packing, reference)
                                  : add_file(packing, reference, media_key(reference), &found);
}

// Other people's ids and times of other machines say nothing there.
static void leave_out(json_t *document)
{
    static const char *const rows[] = { "scene_id", "revision", "created_at", "updated_at" };
    json_t *scene, *layer;
    size_t i, k;
    json_array_foreach (json_object_get(document, "scenes"), i, scene)
        json_array_foreach (json_object_get(scene, "layers"), k, layer)
            for (size_t name = 0; name < sizeof rows / sizeof *rows; name++)
                json_object_del(layer, rows[name]);
}

static error pack(struct api_call *call, const struct video *video, struct packing *packing, json_t **ret_document)
{
    struct arena *arena = call->scope.arena;
    json_t *document;
    *packing = (struct packing) { .call = call,
        .video_id = video->id,
        .assets = json_keep(arena, json_array()),
        .names = json_keep(arena, json_object()) };
    TRY(video_document(&call->scope, video, &document));
    leave_out(document);
    TRY(project_each_asset(document, add_asset, packing));
    json_object_set_new(document, "kinora_project", json_integer(PROJECT_VERSION));
    *ret_document = document;
    return OK;
}

static void send_zip(struct api_call *call, const struct packing *packing, json_t *document, str title)
{
    struct arena *arena = call->scope.arena;
    struct zip_entry *entries = ARENA_ARRAY(arena, struct zip_entry, packing->count + 1);
    json_object_set(document, "assets", packing->assets);
    entries[0] = (struct zip_entry) { .name = STR(PACKAGE_DOCUMENT), .text = json_text(arena, document) };
    for (size_t i = 0; i < packing->count; i++)
        entries[i + 1] = packing->entries[i];
    zip_stream_start(call, entries, packing->count + 1, str_format(arena, "%.*s.zip", STR_ARGS(title)));
}

static error export(struct api_call *call)
{
    str format = ((struct query *)call->query)->format;
    struct arena *arena = call->scope.arena;
    struct video video;
    struct packing packing;
    json_t *document;
    TRY(video_get(&call->scope, ((struct path *)call->path)->videoId, VIDEO_READ, &video));
    TRY(pack(call, &video, &packing, &document));
    if (!format.data || str_equal_c(format, "zip")) {
        send_zip(call, &packing, document, video.title);
        return OK;
    }
    bool otio = str_equal_c(format, "otio");
    struct buffer body = { 0 };
    buffer_append_str(&body, json_text(arena, otio ? otio_write(arena, document, packing.names) : document));
    str name = str_format(arena, "%.*s.%s", STR_ARGS(video.title), otio ? "otio" : "json");
    exchange_header(call->exchange, "Content-Type", STR("application/json"));
    exchange_header(call->exchange, "Content-Disposition", download_disposition(arena, name, true));
    exchange_answer(call->exchange, 200, &body);
    return OK;
}

static const struct route routes[] = {
    { "GET", "/api/v1/videos/{videoId}/export", "Videos",
        "The video as a file: a zip with its assets, its document, or a timeline of OpenTimelineIO", FACE_ENVELOPE,
        ACCESS_USER, LANE_STREAM, .path_in = &path_shape, .query_in = &query_shape,
        .answer_type = "application/octet-stream", .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = export },
};
const struct route_group route_group_exchange_export = ROUTE_GROUP(routes);
