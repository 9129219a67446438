// SPDX-License-Identifier: GPL-3.0-or-later
// Media files: document 000 (plain, integer ids) and document 004's files (plain, UUIDs).
#include "domain/media.h"

#include "api/media_shapes.h"
#include "api/transcribe.h"
#include "api/upload.h"
#include "domain/job.h"

struct media_path {
    str media_id, file_id;
};
static const struct field media_path_fields[] = {
    FIELD(struct media_path, media_id, .required = true, .doc = "Integer id or UUID"),
};
static const struct shape media_path_shape = SHAPE("MediaPath", struct media_path, media_path_fields);
static const struct field file_path_fields[] = {
    FIELD(struct media_path, file_id, .required = true, .format = FORMAT_UUID, .doc = "File"),
};
static const struct shape file_path_shape = SHAPE("FilePath", struct media_path, file_path_fields);

struct media_in {
    str file_name, file_path;
};
static const struct field media_in_fields[] = {
    FIELD(struct media_in, file_name, .min = 1, .max = 255, .doc = "Name, without folders"),
    FIELD(struct media_in, file_path, .min = 1, .max = 1024, .doc = "Folder and name inside your library, relative"),
};
static const struct shape media_in_shape = SHAPE("MediaFileUpdate", struct media_in, media_in_fields);

struct page {
    struct opt_int skip, limit, offset;
    str media_type;
};
static const struct field skip_fields[] = {
    FIELD(struct page, skip, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct page, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
};
static const struct shape skip_shape = SHAPE("MediaPage", struct page, skip_fields);
static const char *const media_types[] = { "audio", "video", "image", "gif", NULL };
static const struct field offset_fields[] = {
    FIELD(struct page, offset, .max = 1e9, .doc = "How many to pass over [0]"),
    FIELD(struct page, limit, .min = 1, .max = 1000, .doc = "How many at the most [100]"),
    FIELD(struct page, media_type, .allowed = media_types, .doc = "Only files of this type; image takes in gif"),
};
static const struct shape offset_shape = SHAPE("FilePage", struct page, offset_fields);

struct upload_query {
    str file_id;
    struct opt_bool transcribe;
    str language, engine;
    struct opt_int speakers, size;
};
static const struct field upload_fields[] = {
    FIELD(
        struct upload_query, file_id, .format = FORMAT_UUID, .doc = "Id of your choice, to follow the upload's events"),
    FIELD(struct upload_query, transcribe, .doc = "Start a transcription at once [true]"),
    FIELD(struct upload_query, language, .min = 1, .max = 16, .doc = "Of the transcription: ISO 639-1 code"),
    FIELD(struct upload_query, engine, .min = 1, .max = 32, .doc = "Of the transcription: speech engine"),
    FIELD(struct upload_query, speakers, .min = 1, .max = 20, .doc = "Of the transcription: how many people speak"),
    FIELD(struct upload_query, size, .max = 1e15, .doc = "Bytes to expect, for progress without a Content-Length"),
};
static const struct shape upload_shape = SHAPE("UploadQuery", struct upload_query, upload_fields);

struct file_list {
    struct list files;
    int64_t total;
};
static const struct field list_fields[] = {
    FIELD(struct file_list, files, .shape = &file_answer_shape),
    FIELD(struct file_list, total, .doc = "Of all pages"),
};
static const struct shape list_shape = SHAPE("FileList", struct file_list, list_fields);

struct deleted {
    str message;
    int64_t media_id;
    str id;
};
static const struct field media_deleted_fields[] = {
    FIELD(struct deleted, message),
    FIELD(struct deleted, media_id, .doc = "Integer id of the file that is gone"),
};
static const struct shape media_deleted_shape = SHAPE("MediaFileDeleted", struct deleted, media_deleted_fields);
static const struct field file_deleted_fields[] = {
    FIELD(struct deleted, message),
    FIELD(struct deleted, id, .format = FORMAT_UUID, .doc = "Of the file that is gone"),
};
static const struct shape file_deleted_shape = SHAPE("FileDeleted", struct deleted, file_deleted_fields);

static error get_media(struct api_call *call)
{
    struct media media;
    TRY(media_get(&call->scope, ((struct media_path *)call->path)->media_id, &media));
    *(struct media_answer *)call->output = media_answer(call, &media);
    return OK;
}

static error get_file(struct api_call *call)
{
    struct media media;
    struct job job;
    bool transcribed;
    struct file_answer *out = call->output;
    error result = media_get(&call->scope, ((struct media_path *)call->path)->file_id, &media);
    if (result.code == ERROR_MEDIA_NOT_FOUND)
        return error_of(ERROR_FILE_NOT_FOUND);
    TRY(result);
    TRY(job_newest_of_media(&call->scope, media.id, "transcribe", &job, &transcribed));
    *out = file_answer(call, &media);
    if (transcribed)
        out->job_id = job.id;
    return OK;
}

static error list_media(struct api_call *call)
{
    const struct page *page = call->query;
    struct list rows, *out = call->output;
    int64_t total;
    int64_t limit = page->limit.set ? page->limit.value : 100;
    TRY(media_list(&call->scope, STR_NONE, page->skip.value, limit, &rows, &total));
    struct media_answer *items = ARENA_ARRAY(call->scope.arena, struct media_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = media_answer(call, &((struct media *)rows.items)[i]);
    *out = (struct list) { items, rows.count };
    return OK;
}

static error list_files(struct api_call *call)
{
    const struct page *page = call->query;
    struct file_list *out = call->output;
    struct list rows;
    int64_t limit = page->limit.set ? page->limit.value : 100;
    TRY(media_list(&call->scope, page->media_type, page->offset.value, limit, &rows, &out->total));
    struct file_answer *items = ARENA_ARRAY(call->scope.arena, struct file_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        items[i] = file_answer(call, &((struct media *)rows.items)[i]);
    out->files = (struct list) { items, rows.count };
    return OK;
}

static error update_media(struct api_call *call)
{
    const struct media_in *in = call->body;
    struct media media;
    if (!in->file_name.data && !in->file_path.data)
        return error_make(ERROR_VALIDATION_ERROR, "body", "The body changes nothing");
    TRY(media_update(&call->scope, ((struct media_path *)call->path)->media_id, in->file_name, in->file_path, &media));
    *(struct media_answer *)call->output = media_answer(call, &media);
    return OK;
}

// The record goes first: a blob without a record is swept later, a record without its blob would be damage.
static error delete_it(struct api_call *call, str key, struct media *ret_media)
{
    str free_blob;
    TRY(media_delete(&call->scope, key, ret_media, &free_blob));
    return OK;
}

static error delete_media(struct api_call *call)
{
    struct media media;
    TRY(delete_it(call, ((struct media_path *)call->path)->media_id, &media));
    *(struct deleted *)call->output = (struct deleted) { STR("Media file deleted"), media.number, media.id };
    return OK;
}

static error delete_file(struct api_call *call)
{
    struct media media;
    TRY(delete_it(call, ((struct media_path *)call->path)->file_id, &media));
    *(struct deleted *)call->output = (struct deleted) { STR("File deleted"), media.number, media.id };
    return OK;
}

static error answer_media(struct api_call *call, const struct media *media, str job_id)
{
    (void)job_id;
    *(struct media_answer *)call->output = media_answer(call, media);
    return OK;
}

static error answer_file(struct api_call *call, const struct media *media, str job_id)
{
    struct file_answer *out = call->output;
    *out = file_answer(call, media);
    out->job_id = job_id;
    return OK;
}

static error upload_media(struct api_call *call)
{
    return upload_start(call, &(struct upload_options) { .answer = answer_media });
}

static error upload_file(struct api_call *call)
{
    const struct upload_query *query = call->query;
    struct media media;
    if (query->file_id.data) {
        error taken = media_get(&call->scope, query->file_id, &media);
        if (!error_is(taken))
            return error_of(ERROR_FILE_EXISTS);
        if (taken.code != ERROR_MEDIA_NOT_FOUND)
            return taken;
    }
    json_t *params;
    TRY(transcribe_params(call, query->language, query->engine, &params));
    if (query->speakers.set)
        json_object_set_new(params, "speakers", json_integer((json_int_t)query->speakers.value));
    bool transcribe = !query->transcribe.set || query->transcribe.value;
    return upload_start(call, &(struct upload_options) { .id = query->file_id,
                                  .transcribe = transcribe ? params : NULL,
                                  .expected_bytes = query->size.value,
                                  .answer = answer_file });
}

#define UPLOAD_ERRORS                                                                                                  \
    ERRORS(ERROR_UNSUPPORTED_MEDIA, ERROR_UPLOAD_INCOMPLETE, ERROR_BODY_TOO_LARGE, ERROR_QUOTA_EXCEEDED,               \
        ERROR_UNAVAILABLE, ERROR_STORAGE_FULL)

static const struct route routes[] = {
    { "POST", "/mediafiles", "Media files", "Upload a file", FACE_PLAIN, ACCESS_USER, LANE_STREAM, BODY_UPLOAD,
        .output = &media_answer_shape, .status = 201, .errors = UPLOAD_ERRORS, .handle = upload_media },
    { "GET", "/mediafiles", "Media files", "List your files and those shared with you", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .query_in = &skip_shape, .output = &media_answer_shape, .output_list = true, .handle = list_media },
    { "GET", "/mediafiles/{media_id}", "Media files", "Show a file", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .path_in = &media_path_shape, .output = &media_answer_shape, .errors = ERRORS(ERROR_MEDIA_NOT_FOUND),
        .handle = get_media },
    { "PUT", "/mediafiles/{media_id}", "Media files", "Rename or move a file", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        BODY_JSON, .path_in = &media_path_shape, .body_in = &media_in_shape, .output = &media_answer_shape,
        .errors = ERRORS(ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY), .handle = update_media },
    { "DELETE", "/mediafiles/{media_id}", "Media files", "Delete a file", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .path_in = &media_path_shape, .output = &media_deleted_shape,
        .errors = ERRORS(ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY), .audit = "media.delete", .audit_object = "media",
        .handle = delete_media },
    { "POST", "/api/v1/files/upload", "Files", "Upload a file for transcription", FACE_PLAIN, ACCESS_USER, LANE_STREAM,
        BODY_UPLOAD, .query_in = &upload_shape, .output = &file_answer_shape, .status = 201,
        .errors = ERRORS(ERROR_UNSUPPORTED_MEDIA, ERROR_UPLOAD_INCOMPLETE, ERROR_BODY_TOO_LARGE, ERROR_QUOTA_EXCEEDED,
            ERROR_UNAVAILABLE, ERROR_STORAGE_FULL, ERROR_FILE_EXISTS, ERROR_UNSUPPORTED_LANGUAGE),
        .handle = upload_file },
    { "GET", "/api/v1/files", "Files", "List your files and those shared with you", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .query_in = &offset_shape, .output = &list_shape, .handle = list_files },
    { "GET", "/api/v1/files/{file_id}", "Files", "Show a file", FACE_PLAIN, ACCESS_USER, LANE_READ,
        .path_in = &file_path_shape, .output = &file_answer_shape, .errors = ERRORS(ERROR_FILE_NOT_FOUND),
        .handle = get_file },
    { "DELETE", "/api/v1/files/{file_id}", "Files", "Delete a file", FACE_PLAIN, ACCESS_USER, LANE_WRITE,
        .path_in = &file_path_shape, .output = &file_deleted_shape,
        .errors = ERRORS(ERROR_FILE_NOT_FOUND, ERROR_READ_ONLY), .audit = "media.delete", .audit_object = "media",
        .handle = delete_file },
};
const struct route_group route_group_media = ROUTE_GROUP(routes);
