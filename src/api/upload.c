// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/upload.h"

#include <string.h>

#include "api/input.h"
#include "api/intake.h"
#include "api/multipart.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/quota.h"

// What stands around the file in a form: a part's head, and a text or two.
enum { FORM_SLACK = MULTIPART_FIELD_MAX + MULTIPART_HEAD_MAX };

struct upload {
    struct api_call *call;
    struct intake intake;
    struct upload_options options;
    struct multipart *multipart;
    struct blob_writer *writer; // open while the file's bytes come in
    int64_t room_bytes;         // that the user's quota has left, as of the start
    bool in_file;
    str field_name;
    struct buffer field;
};

static error part(void *context, const struct multipart_part *part)
{
    struct upload *upload = context;
    upload->in_file = part->file_name.data != NULL;
    if (!upload->in_file) {
        upload->field_name = str_copy(upload->call->scope.arena, part->name);
        upload->field.limit = MULTIPART_FIELD_MAX;
        buffer_clear(&upload->field);
        return OK;
    }
    if (upload->intake.file_name.data)
        return error_make(ERROR_VALIDATION_ERROR, "file", "One file at a time");
    upload->intake.file_name = str_copy(upload->call->scope.arena, part->file_name);
    if (!str_is_utf8(upload->intake.file_name)
        || memchr(upload->intake.file_name.data, 0, upload->intake.file_name.size))
        return error_make(ERROR_VALIDATION_ERROR, "file", "The file's name is not valid UTF-8");
    return blob_writer_open(upload->call->app->blobs, NULL, &upload->writer);
}

static error data(void *context, const char *bytes, size_t size)
{
    struct upload *upload = context;
    if (!upload->in_file) {
        buffer_append(&upload->field, bytes, size);
        return OK;
    }
    if (blob_writer_size(upload->writer) + (int64_t)size > SETTING_NOW(max_upload_bytes))
        return error_make(ERROR_BODY_TOO_LARGE, "file", "A file may have at most %lld bytes",
            (long long)SETTING_NOW(max_upload_bytes));
    if (blob_writer_size(upload->writer) + (int64_t)size > upload->room_bytes)
        return error_make(ERROR_QUOTA_EXCEEDED, "file", "The file is larger than the %lld bytes left of your quota",
            (long long)upload->room_bytes);
    TRY(blob_write(upload->writer, bytes, size));
    intake_progress(&upload->intake, blob_writer_size(upload->writer), false);
    return OK;
}

static error part_end(void *context)
{
    struct upload *upload = context;
    if (!upload->in_file && upload->options.field) {
        if (upload->field.failed)
            return error_make(ERROR_VALIDATION_ERROR, upload->field_name.data, "The form field is too long");
        str value = upload->field.size ? buffer_str(&upload->field) : STR("");
        TRY(upload->options.field(
            upload->call, upload->options.state, upload->field_name, str_copy(upload->call->scope.arena, value)));
    }
    upload->in_file = false;
    return OK;
}

static void clean(struct upload *upload)
{
    multipart_free(upload->multipart);
    upload->multipart = NULL;
    buffer_done(&upload->field);
    blob_writer_abort(TAKE(upload->writer));
}

static bool on_data(void *state, struct exchange *exchange, const char *bytes, size_t size, void *worker)
{
    (void)exchange;
    (void)worker;
    struct upload *upload = state;
    SPAN_WITHIN(upload->call->span);
    error result = multipart_feed(upload->multipart, bytes, size);
    if (!error_is(result))
        return true;
    clean(upload);
    route_finish(upload->call, result);
    return false;
}

static void on_lost(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange;
    (void)worker;
    clean(state);
}

static void discard(struct api_call *call)
{
    intake_discard(&((struct upload *)call->prepared)->intake);
}

static void settle(struct api_call *call)
{
    intake_settle(&((struct upload *)call->prepared)->intake);
}

static error record(struct api_call *call)
{
    struct upload *upload = call->prepared;
    struct media media;
    str job_id;
    TRY(intake_record(&upload->intake, &media, &job_id));
    return upload->options.answer(call, &media, job_id);
}

static error store(struct upload *upload)
{
    TRY(multipart_end(upload->multipart));
    if (!upload->writer)
        return error_make(ERROR_VALIDATION_ERROR, "file", "The body has no file");
    if (blob_writer_size(upload->writer) == 0)
        return error_make(ERROR_UNSUPPORTED_MEDIA, "file", "The file is empty");
    if (upload->options.complete)
        TRY(upload->options.complete(upload->call, upload->options.state));
    intake_progress(&upload->intake, blob_writer_size(upload->writer), true);
    return blob_writer_commit(TAKE(upload->writer), &upload->intake.blob);
}

static void on_end(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange;
    struct upload *upload = state;
    struct api_call *call = upload->call;
    SPAN_WITHIN(call->span);
    call->worker = worker;
    error result = store(upload);
    clean(upload);
    if (error_is(result)) {
        route_finish(call, result);
        return;
    }
    if (!upload->options.is_opaque)
        result = intake_probe(&upload->intake);
    bool keep = upload->options.keep && !error_is(result);
    if (keep)
        result = upload->options.keep(call, upload->options.state, &upload->intake.blob, upload->intake.probe);
    if (error_is(result)) {
        discard(call);
        route_finish(call, result);
        return;
    }
    if (keep)
        return;
    call->undo = discard;
    call->lasted = settle;
    route_change(call, record);
}

// Refuses what cannot be kept before it is sent; what nobody announced is met in data().
static error check_room(struct api_call *call, int64_t announced_bytes, int64_t slack_bytes, int64_t *ret_room_bytes)
{
    if (announced_bytes > slack_bytes)
        TRY(quota_require(&call->scope, announced_bytes - slack_bytes));
    return quota_room(&call->scope, ret_room_bytes);
}

error upload_start(struct api_call *call, const struct upload_options *options)
{
    static const struct multipart_ops ops = { part, data, part_end };
    static const struct receive_ops receive = { on_data, on_end, on_lost };
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    struct upload *upload = ARENA_NEW(arena, struct upload);
    *upload = (struct upload) { .call = call, .options = *options };
    upload->intake = (struct intake) { .call = call,
        .id = options->id.data ? str_lower(arena, options->id) : id_new(arena),
        .transcribe = options->transcribe,
        .total_bytes = options->expected_bytes ? options->expected_bytes : request->content_length };
    if (!str_equal_fold(input_media_type(request), STR("multipart/form-data")))
        return error_make(ERROR_VALIDATION_ERROR, "Content-Type", "The body must be multipart/form-data with a file");
    TRY(check_room(call, upload->intake.total_bytes, options->expected_bytes ? 0 : FORM_SLACK, &upload->room_bytes));
    str boundary = input_header_parameter(arena, http_header(request, "Content-Type"), "boundary");
    TRY(multipart_new(boundary, &ops, upload, &upload->multipart));
    intake_begin(&upload->intake);
    call->prepared = upload;
    exchange_receive(call->exchange, &receive, upload);
    return OK;
}
