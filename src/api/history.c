// SPDX-License-Identifier: GPL-3.0-or-later
// Undo, redo, the log and the versions of a video: Kinora's addition to document 001.
#include "api/scene_shapes.h"
#include "domain/undo.h"
#include "domain/version.h"

struct path {
    str videoId, versionId;
};
static const struct field path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
};
static const struct shape path_shape = SHAPE("HistoryPath", struct path, path_fields);
static const struct field version_path_fields[] = {
    FIELD(struct path, videoId, .required = true, .format = FORMAT_UUID, .doc = "Video"),
    FIELD(struct path, versionId, .required = true, .format = FORMAT_UUID, .doc = "Version"),
};
static const struct shape version_path_shape = SHAPE("VersionPath", struct path, version_path_fields);

struct version_in {
    str name;
};
static const struct field in_fields[] = {
    FIELD(struct version_in, name, .required = true, .min = 1, .max = 255, .doc = "Name in lists"),
};
static const struct shape in_shape = SHAPE("VersionInput", struct version_in, in_fields);

struct one_change {
    struct history_entry *change;
};
static const struct field change_fields[] = {
    FIELD(struct one_change, change, .required = true, .shape = &history_entry_shape),
};
static const struct shape change_shape = SHAPE("HistoryData", struct one_change, change_fields);
struct many_changes {
    struct list changes;
    struct pagination *pagination;
};
static const struct field changes_fields[] = {
    FIELD(struct many_changes, changes, .shape = &history_entry_shape),
    FIELD(struct many_changes, pagination, .required = true, .shape = &pagination_shape),
};
static const struct shape changes_shape = SHAPE("HistoryPage", struct many_changes, changes_fields);
struct one_version {
    struct version *version;
};
static const struct field version_fields[] = {
    FIELD(struct one_version, version, .required = true, .shape = &version_shape),
};
static const struct shape one_version_shape = SHAPE("VersionData", struct one_version, version_fields);
struct many_versions {
    struct list versions;
};
static const struct field versions_fields[] = { FIELD(struct many_versions, versions, .shape = &version_shape) };
static const struct shape versions_shape = SHAPE("VersionList", struct many_versions, versions_fields);

static str video_of(const struct api_call *call)
{
    return ((const struct path *)call->path)->videoId;
}

static error run(struct api_call *call, bool again)
{
    struct one_change *out = call->output;
    out->change = ARENA_NEW(call->scope.arena, struct history_entry);
    return undo_run(&call->scope, video_of(call), again, out->change);
}

static error undo(struct api_call *call)
{
    return run(call, false);
}

static error redo(struct api_call *call)
{
    return run(call, true);
}

static error list_changes(struct api_call *call)
{
    struct many_changes *out = call->output;
    int64_t offset, limit, total;
    page_settle(call->query, &offset, &limit);
    TRY(history_list(&call->scope, video_of(call), offset, limit, &out->changes, &total));
    out->pagination = page_answer(call->scope.arena, call->query, total);
    return OK;
}

static struct version *fresh(struct api_call *call)
{
    struct one_version *out = call->output;
    out->version = ARENA_NEW(call->scope.arena, struct version);
    return out->version;
}

static error add_version(struct api_call *call)
{
    return version_add(&call->scope, video_of(call), ((struct version_in *)call->body)->name, fresh(call));
}

static error list_versions(struct api_call *call)
{
    return version_list(&call->scope, video_of(call), &((struct many_versions *)call->output)->versions);
}

static error restore_version(struct api_call *call)
{
    return version_restore(&call->scope, video_of(call), ((struct path *)call->path)->versionId, fresh(call));
}

static const struct route routes[] = {
    { "POST", "/api/v1/videos/{videoId}/undo", "History", "Take your last change of a video back", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &change_shape, .message = "Change undone",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_NOTHING_TO_UNDO, ERROR_UNDO_CONFLICT),
        .handle = undo },
    { "POST", "/api/v1/videos/{videoId}/redo", "History", "Do again what you took back last", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &change_shape, .message = "Change done again",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_NOTHING_TO_REDO, ERROR_UNDO_CONFLICT),
        .handle = redo },
    { "GET", "/api/v1/videos/{videoId}/history", "History", "List who changed what in a video, newest first",
        FACE_ENVELOPE, ACCESS_USER, LANE_READ, .path_in = &path_shape, .query_in = &page_query_shape,
        .output = &changes_shape, .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = list_changes },
    { "POST", "/api/v1/videos/{videoId}/versions", "History", "Name a video's present state", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, BODY_JSON, .path_in = &path_shape, .body_in = &in_shape, .output = &one_version_shape,
        .status = 201, .message = "Version saved successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_READ_ONLY, ERROR_LIMIT_EXCEEDED), .handle = add_version },
    { "GET", "/api/v1/videos/{videoId}/versions", "History", "List a video's versions, newest first", FACE_ENVELOPE,
        ACCESS_USER, LANE_READ, .path_in = &path_shape, .output = &versions_shape,
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND), .handle = list_versions },
    { "POST", "/api/v1/videos/{videoId}/versions/{versionId}/restore", "History", "Return to a version; undo works",
        FACE_ENVELOPE, ACCESS_USER, LANE_WRITE, .path_in = &version_path_shape, .output = &one_version_shape,
        .message = "Version restored successfully",
        .errors = ERRORS(ERROR_VIDEO_NOT_FOUND, ERROR_VERSION_NOT_FOUND, ERROR_READ_ONLY), .handle = restore_version },
};
const struct route_group route_group_history = ROUTE_GROUP(routes);
