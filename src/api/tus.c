// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that survive a broken line, a reload and a crash of either side: the tus protocol 1.0.0 with its extensions
// creation, creation-with-upload, checksum, expiration and termination (https://tus.io/protocols/resumable-upload).
// The upload's id is the id of the file that it becomes.
#include "api/input.h"
#include "api/tus_header.h"
#include "api/tus_receive.h"
#include "base/id.h"
#include "base/settings.h"
#include "crypt/checksum.h"

#define VERSION "1.0.0"
#define EXTENSIONS "creation,creation-with-upload,checksum,expiration,termination"
static const char body_type[] = "application/offset+octet-stream";

struct path {
    str upload_id;
};
static const struct field path_fields[] = {
    FIELD(struct path, upload_id, .required = true, .format = FORMAT_UUID, .doc = "Upload, and the file it becomes"),
};
static const struct shape path_shape = SHAPE("TusPath", struct path, path_fields);

struct headers {
    str version, metadata, checksum, method;
    struct opt_int length, offset;
};
#define VERSION_FIELD                                                                                                  \
    FIELD_AS(struct headers, version, "Tus-Resumable", .required = true, .doc = "Version of the protocol: " VERSION)
#define CHECKSUM_FIELD                                                                                                 \
    FIELD_AS(struct headers, checksum, "Upload-Checksum", .max = 256,                                                  \
        .doc = "Algorithm and digest of the body, as base64; without a match nothing of it counts")
#define OFFSET_FIELD                                                                                                   \
    FIELD_AS(struct headers, offset, "Upload-Offset", .max = 9e15, .doc = "Bytes that the upload has; required")
static const struct field any_fields[] = { VERSION_FIELD };
static const struct shape any_shape = SHAPE("TusHeaders", struct headers, any_fields);
static const struct field create_fields[] = {
    VERSION_FIELD,
    FIELD_AS(struct headers, length, "Upload-Length", .max = 9e15, .doc = "Bytes of the whole file; required"),
    FIELD_AS(struct headers, metadata, "Upload-Metadata", .max = TUS_METADATA_MAX,
        .doc = "filename, and transcribe (false turns it off), as base64"),
    CHECKSUM_FIELD,
};
static const struct shape create_shape = SHAPE("TusCreateHeaders", struct headers, create_fields);
static const struct field patch_fields[] = { VERSION_FIELD, OFFSET_FIELD, CHECKSUM_FIELD };
static const struct shape patch_shape = SHAPE("TusPatchHeaders", struct headers, patch_fields);
static const struct field override_fields[] = {
    VERSION_FIELD,
    FIELD_AS(struct headers, method, "X-HTTP-Method-Override", .max = 16, .doc = "PATCH or DELETE; required"),
    OFFSET_FIELD,
    CHECKSUM_FIELD,
};
static const struct shape override_shape = SHAPE("TusOverrideHeaders", struct headers, override_fields);

static error begin(struct api_call *call)
{
    exchange_header(call->exchange, "Tus-Resumable", STR(VERSION));
    if (str_equal_c(http_header(exchange_request(call->exchange), "Tus-Resumable"), VERSION))
        return OK;
    exchange_header(call->exchange, "Tus-Version", STR(VERSION));
    return error_make(ERROR_UNSUPPORTED_VERSION, "Tus-Resumable", "This server speaks version " VERSION " of tus");
}

static error options(struct api_call *call)
{
    struct exchange *exchange = call->exchange;
    exchange_header(exchange, "Tus-Resumable", STR(VERSION));
    exchange_header(exchange, "Tus-Version", STR(VERSION));
    exchange_header(exchange, "Tus-Extension", STR(EXTENSIONS));
    exchange_header(exchange, "Tus-Checksum-Algorithm", STR(CHECKSUM_NAMES));
    exchange_header(
        exchange, "Tus-Max-Size", str_format(call->scope.arena, "%lld", (long long)SETTING_NOW(max_upload_bytes)));
    return OK;
}

static error check_type(const struct http_request *request)
{
    return str_equal_fold(input_media_type(request), str_of(body_type))
               ? OK
               : error_make(ERROR_WRONG_BODY_TYPE, "Content-Type", "The body must be %s", body_type);
}

static error receive(struct api_call *call, const struct resumable *upload, str checksum)
{
    struct tus_receive what = { .upload = *upload };
    if (checksum.data)
        TRY(tus_header_checksum(call->scope.arena, checksum, &what.checksum, &what.digest));
    tus_receive_start(call, &what);
    return OK;
}

static error check_length(const struct headers *headers)
{
    if (!headers->length.set)
        return error_make(ERROR_VALIDATION_ERROR, "Upload-Length", "Upload-Length, the size of the file, is required");
    if (headers->length.value == 0)
        return error_make(ERROR_UNSUPPORTED_MEDIA, "Upload-Length", "The file is empty");
    if (headers->length.value > SETTING_NOW(max_upload_bytes))
        return error_make(ERROR_BODY_TOO_LARGE, "Upload-Length", "A file may have at most %lld bytes",
            (long long)SETTING_NOW(max_upload_bytes));
    return OK;
}

struct creation {
    struct scope scope;
    const struct resumable *upload;
};

static error create_change(struct db *db, void *context)
{
    struct creation *creation = context;
    creation->scope.db = db;
    return resumable_add(&creation->scope, creation->upload);
}

static error create(struct api_call *call)
{
    const struct headers *headers = call->headers;
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    struct tus_metadata metadata;
    bool has_body = request->content_length != 0;
    TRY(check_length(headers));
    TRY(tus_header_metadata(arena, headers->metadata, &metadata));
    if (has_body)
        TRY(check_type(request));
    struct resumable upload = { .id = id_new(arena),
        .metadata = headers->metadata.data ? headers->metadata : STR(""),
        .length_bytes = headers->length.value,
        .expires_at = { resumable_expiry_us() } };
    TRY(db_write(call->app->db, create_change, &(struct creation) { call->scope, &upload }));
    exchange_header(call->exchange, "Location", str_format(arena, "/api/v1/files/tus/%.*s", STR_ARGS(upload.id)));
    if (has_body)
        return receive(call, &upload, headers->checksum);
    tus_receive_headers(call, &upload);
    route_finish(call, OK);
    return OK;
}

static str upload_id(const struct api_call *call)
{
    return ((const struct path *)call->path)->upload_id;
}

static error show(struct api_call *call)
{
    struct resumable upload;
    TRY(resumable_get(&call->scope, upload_id(call), &upload));
    tus_receive_headers(call, &upload);
    exchange_header(
        call->exchange, "Upload-Length", str_format(call->scope.arena, "%lld", (long long)upload.length_bytes));
    if (upload.metadata.size)
        exchange_header(call->exchange, "Upload-Metadata", upload.metadata);
    return OK;
}

static error patch(struct api_call *call)
{
    const struct headers *headers = call->headers;
    const struct http_request *request = exchange_request(call->exchange);
    struct resumable upload;
    TRY(check_type(request));
    if (!headers->offset.set)
        return error_make(ERROR_VALIDATION_ERROR, "Upload-Offset", "Upload-Offset is required");
    TRY(resumable_get(&call->scope, upload_id(call), &upload));
    if (headers->offset.value != upload.offset_bytes)
        return error_make(ERROR_UPLOAD_OFFSET, "Upload-Offset", "The upload is at offset %lld, not %lld",
            (long long)upload.offset_bytes, (long long)headers->offset.value);
    if (request->content_length > upload.length_bytes - upload.offset_bytes)
        return error_make(ERROR_BODY_TOO_LARGE, "Content-Length", "Only %lld bytes are missing",
            (long long)(upload.length_bytes - upload.offset_bytes));
    return receive(call, &upload, headers->checksum);
}

static error terminate(struct api_call *call)
{
    struct resumable upload;
    error result = resumable_get(&call->scope, upload_id(call), &upload);
    if (result.code != ERROR_UPLOAD_EXPIRED) // what has expired may still be removed
        TRY(result);
    TRY(tus_receive_remove(call, str_lower(call->scope.arena, upload_id(call))));
    route_finish(call, OK);
    return OK;
}

// For clients whose way to us knows only GET and POST.
static error override(struct api_call *call)
{
    str method = ((const struct headers *)call->headers)->method;
    if (str_equal_c(method, "PATCH"))
        return patch(call);
    if (str_equal_c(method, "DELETE"))
        return terminate(call);
    exchange_header(call->exchange, "Allow", STR("HEAD, PATCH, DELETE"));
    return error_of(ERROR_METHOD_NOT_ALLOWED);
}

#define FOUND ERROR_UNSUPPORTED_VERSION, ERROR_UPLOAD_NOT_FOUND, ERROR_UPLOAD_EXPIRED
#define KEPT                                                                                                           \
    ERROR_UNSUPPORTED_MEDIA, ERROR_WRONG_BODY_TYPE, ERROR_CHECKSUM_MISMATCH, ERROR_QUOTA_EXCEEDED, ERROR_STORAGE_FULL, \
        ERROR_UNAVAILABLE

static const struct route routes[] = {
    { "OPTIONS", "/api/v1/files/tus", "Resumable uploads", "What the server can do of tus", FACE_PLAIN, ACCESS_PUBLIC,
        LANE_READ, .status = 204, .handle = options },
    { "POST", "/api/v1/files/tus", "Resumable uploads", "Begin an upload; its bytes may come along", FACE_PLAIN,
        ACCESS_USER, LANE_STREAM, BODY_RAW, .headers_in = &create_shape, .status = 201,
        .errors = ERRORS(ERROR_UNSUPPORTED_VERSION, ERROR_LIMIT_EXCEEDED, KEPT), .begin = begin, .handle = create },
    { "HEAD", "/api/v1/files/tus/{upload_id}", "Resumable uploads", "How far an upload is", FACE_PLAIN, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .headers_in = &any_shape, .errors = ERRORS(FOUND), .begin = begin,
        .handle = show },
    { "PATCH", "/api/v1/files/tus/{upload_id}", "Resumable uploads", "Go on; the last byte makes the file", FACE_PLAIN,
        ACCESS_USER, LANE_STREAM, BODY_RAW, .path_in = &path_shape, .headers_in = &patch_shape, .status = 204,
        .errors = ERRORS(FOUND, ERROR_UPLOAD_OFFSET, KEPT), .begin = begin, .handle = patch },
    { "DELETE", "/api/v1/files/tus/{upload_id}", "Resumable uploads", "Forget an upload; a finished one's file stays",
        FACE_PLAIN, ACCESS_USER, LANE_STREAM, .path_in = &path_shape, .headers_in = &any_shape, .status = 204,
        .errors = ERRORS(ERROR_UNSUPPORTED_VERSION, ERROR_UPLOAD_NOT_FOUND), .begin = begin, .handle = terminate },
    { "POST", "/api/v1/files/tus/{upload_id}", "Resumable uploads", "PATCH or DELETE by another name", FACE_PLAIN,
        ACCESS_USER, LANE_STREAM, BODY_RAW, .path_in = &path_shape, .headers_in = &override_shape, .status = 204,
        .errors = ERRORS(FOUND, ERROR_UPLOAD_OFFSET, ERROR_METHOD_NOT_ALLOWED, KEPT), .begin = begin,
        .handle = override },
};
const struct route_group route_group_tus = ROUTE_GROUP(routes);
