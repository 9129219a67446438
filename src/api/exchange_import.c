// SPDX-License-Identifier: GPL-3.0-or-later
// A video from a file: a project with its assets (zip), a project document, or a timeline of OpenTimelineIO. What the
// file is decides its content. The work is a job; the video's id is known at once.
#include "api/upload.h"
#include "base/id.h"
#include "domain/cache.h"
#include "domain/job.h"
#include "domain/package.h"
#include "domain/project.h"

struct started {
    str job_id, video_id;
};
static const struct field started_fields[] = {
    FIELD(struct started, job_id, .format = FORMAT_UUID,
        .doc = "Job that makes the video, for GET /api/v1/jobs/{job_id}"),
    FIELD(
        struct started, video_id, .format = FORMAT_UUID, .doc = "What the video is called when the job has completed"),
};
static const struct shape started_shape = SHAPE("VideoImportStarted", struct started, started_fields);

// A file that came whole and waits in the cache for its job.
struct importing {
    struct blob_info blob;
    str key, video_id;
};

static error look(struct api_call *call, struct blob_reader *reader)
{
    int64_t size = blob_reader_size(reader);
    struct arena *arena = call->scope.arena;
    size_t got = 0;
    char head[4];
    json_t *document;
    struct warnings warnings = { 0 };
    TRY(blob_read(reader, 0, head, sizeof head, &got));
    if (package_is((str) { head, got }))
        return OK; // is opened by the job
    if (size > PACKAGE_DOCUMENT_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "file", "A document has at most %d MB", PACKAGE_DOCUMENT_MAX >> 20);
    char *text = arena_alloc_raw(arena, (size_t)size);
    size_t filled = 0;
    for (got = 1; got && filled < (size_t)size; filled += got)
        TRY(blob_read(reader, (int64_t)filled, text + filled, (size_t)size - filled, &got));
    error wrong = project_read(arena, (str) { text, filled }, &warnings, &document);
    if (wrong.code == ERROR_MALFORMED_JSON)
        return error_make(
            ERROR_VALIDATION_ERROR, "file", "The file is no zip file and no JSON: a project is either of them");
    return wrong;
}

static error check_file(struct api_call *call, const struct blob_info *blob)
{
    struct blob_reader *reader;
    TRY(blob_reader_open(call->app->blobs, blob->id, blob->sealed_key, &reader));
    error result = look(call, reader);
    blob_reader_close(reader);
    return result;
}

static error queue(struct api_call *call)
{
    const struct importing *importing = call->prepared;
    struct arena *arena = call->scope.arena;
    struct job job;
    json_t *params = json_keep(arena, json_object());
    json_object_set_new(params, "key", json_str(importing->key));
    json_object_set_new(params, "video_id", json_str(importing->video_id));
    TRY(cache_put(&call->scope, importing->key, &importing->blob, json_keep(arena, json_object())));
    TRY(job_add(&call->scope, &(struct job_new) { .kind = "import", .params = params, .priority = 1 }, &job));
    *(struct started *)call->output = (struct started) { job.id, importing->video_id };
    return OK;
}

static void discard(struct api_call *call)
{
    const struct importing *importing = call->prepared;
    if (error_is(blob_remove(call->app->blobs, importing->blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "request", "A file that is not needed could not be removed");
}

static error keep(struct api_call *call, void *state, const struct blob_info *blob, const json_t *probe)
{
    (void)probe;
    struct importing *importing = state;
    TRY(check_file(call, blob));
    importing->blob = *blob;
    importing->video_id = id_new(call->scope.arena);
    importing->key = str_format(call->scope.arena, "import:%.*s", STR_ARGS(importing->video_id));
    call->prepared = importing;
    call->undo = discard;
    route_change(call, queue);
    return OK;
}

static error import(struct api_call *call)
{
    struct importing *importing = ARENA_NEW(call->scope.arena, struct importing);
    return upload_start(call, &(struct upload_options) { .is_opaque = true, .keep = keep, .state = importing });
}

#define IMPORT_ERRORS                                                                                                  \
    ERRORS(ERROR_UNSUPPORTED_MEDIA, ERROR_UPLOAD_INCOMPLETE, ERROR_BODY_TOO_LARGE, ERROR_QUOTA_EXCEEDED,               \
        ERROR_UNAVAILABLE, ERROR_STORAGE_FULL)

static const struct route routes[] = {
    { "POST", "/api/v1/videos/import", "Videos", "Make a video from a project's file: zip, JSON or OpenTimelineIO",
        FACE_ENVELOPE, ACCESS_USER, LANE_STREAM, BODY_UPLOAD, .output = &started_shape, .status = 202,
        .message = "Video import started", .errors = IMPORT_ERRORS, .handle = import },
};
const struct route_group route_group_exchange_import = ROUTE_GROUP(routes);
