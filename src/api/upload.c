// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/upload.h"

#include <stdio.h>
#include <string.h>

#include "api/events.h"
#include "api/input.h"
#include "api/multipart.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/settings.h"
#include "domain/job.h"
#include "net/child_blob.h"

static const int64_t PROBE_LIMIT_US = 60 * SECOND_US, PROGRESS_STEP_US = SECOND_US / 4;
enum { PROGRESS_STEP = 1 << 20 };

struct upload {
    struct api_call *call;
    struct upload_options options;
    struct multipart *multipart;
    struct blob_writer *writer; // open while the file's bytes come in
    struct blob_info blob;
    str file_name, topic;
    json_t *probe;
    int64_t total_bytes, told_bytes, told_us;
    bool in_file;
    str field_name;
    struct buffer field;
};

static void tell_progress(struct upload *upload, int64_t bytes, bool last)
{
    int64_t now = clock_mono_us();
    if (!last && bytes - upload->told_bytes < PROGRESS_STEP && now - upload->told_us < PROGRESS_STEP_US)
        return;
    upload->told_bytes = bytes;
    upload->told_us = now;
    double progress = last ? 1 : upload->total_bytes > 0 ? (double)bytes / (double)upload->total_bytes : 0;
    char text[160]; // not in the arena: a large upload tells thousands of times
    int size = snprintf(text, sizeof text, "{\"file_id\":\"%.36s\",\"progress\":%.4f,\"bytes_processed\":%lld}",
        upload->options.id.data, progress > 1 ? 1 : progress, (long long)bytes);
    hub_publish(upload->call->app->hub, upload->topic, 0, STR("upload_progress"), (str) { text, (size_t)size });
}

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
    if (upload->file_name.data)
        return error_make(ERROR_VALIDATION_ERROR, "file", "One file at a time");
    upload->file_name = str_copy(upload->call->scope.arena, part->file_name);
    if (!str_is_utf8(upload->file_name) || memchr(upload->file_name.data, 0, upload->file_name.size))
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
    if (blob_writer_size(upload->writer) + (int64_t)size > settings.max_upload_bytes)
        return error_make(
            ERROR_BODY_TOO_LARGE, "file", "A file may have at most %lld bytes", (long long)settings.max_upload_bytes);
    TRY(blob_write(upload->writer, bytes, size));
    tell_progress(upload, blob_writer_size(upload->writer), false);
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

static error probe(struct upload *upload)
{
    struct api_call *call = upload->call;
    struct blob_reader *reader;
    TRY(blob_reader_open(call->app->blobs, upload->blob.id, upload->blob.sealed_key, &reader));
    struct child_input input = child_input_of_blob(reader);
    struct child_call question = { .op = "probe",
        .params = json_keep(call->scope.arena, json_object()),
        .inputs = &input,
        .input_count = 1,
        .deadline_us = clock_mono_us() + PROBE_LIMIT_US };
    error result = warm_ask(call->app->warm, call->scope.arena, call->scope.actor.user_id, &question, &upload->probe);
    blob_reader_close(reader);
    bool unreadable = result.code == ERROR_NOT_MEDIA || result.code == ERROR_ENGINE_CRASHED
                      || result.code == ERROR_TIMED_OUT || result.code == ERROR_ENGINE_FAILED;
    if (unreadable)
        return error_make(
            ERROR_UNSUPPORTED_MEDIA, "file", "The file is not a picture, film or sound that Kinora can read");
    return result;
}

static void remove_blob(struct api_call *call)
{
    struct upload *upload = call->prepared;
    if (error_is(blob_remove(call->app->blobs, upload->blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "upload", "A file that was refused could not be removed");
}

static error record(struct api_call *call)
{
    struct upload *upload = call->prepared;
    struct media media;
    struct job job = { 0 };
    bool transcribe = upload->options.transcribe && json_get_bool(upload->probe, "has_audio", false);
    TRY(media_add(
        &call->scope, upload->options.id, upload->file_name, &upload->blob, upload->probe, transcribe, &media));
    if (transcribe) {
        str key = str_format(call->scope.arena, "transcribe:%.*s", STR_ARGS(media.id));
        TRY(job_add(&call->scope,
            &(struct job_new) {
                .kind = "transcribe", .media_id = media.id, .params = upload->options.transcribe, .unique_key = key },
            &job));
    }
    return upload->options.answer(call, &media, job.id);
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
    tell_progress(upload, blob_writer_size(upload->writer), true);
    return blob_writer_commit(TAKE(upload->writer), &upload->blob);
}

static void on_end(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange;
    struct upload *upload = state;
    struct api_call *call = upload->call;
    call->worker = worker;
    error result = store(upload);
    clean(upload);
    if (error_is(result)) {
        route_finish(call, result);
        return;
    }
    result = probe(upload);
    bool keep = upload->options.keep && !error_is(result);
    if (keep)
        result = upload->options.keep(call, upload->options.state, &upload->blob, upload->probe);
    if (error_is(result)) {
        remove_blob(call);
        route_finish(call, result);
        return;
    }
    if (keep)
        return;
    call->undo = remove_blob;
    route_change(call, record);
}

error upload_start(struct api_call *call, const struct upload_options *options)
{
    static const struct multipart_ops ops = { part, data, part_end };
    static const struct receive_ops receive = { on_data, on_end, on_lost };
    const struct http_request *request = exchange_request(call->exchange);
    struct arena *arena = call->scope.arena;
    struct upload *upload = ARENA_NEW(arena, struct upload);
    *upload = (struct upload) { .call = call, .options = *options };
    if (!upload->options.id.data)
        upload->options.id = id_new(arena);
    upload->options.id = str_lower(arena, upload->options.id);
    upload->topic = events_file_topic(arena, call->scope.actor.user_id, upload->options.id);
    upload->total_bytes = options->expected_bytes ? options->expected_bytes : request->content_length;
    if (!str_equal_fold(input_media_type(request), STR("multipart/form-data")))
        return error_make(ERROR_VALIDATION_ERROR, "Content-Type", "The body must be multipart/form-data with a file");
    str boundary = input_header_parameter(arena, http_header(request, "Content-Type"), "boundary");
    TRY(multipart_new(boundary, &ops, upload, &upload->multipart));
    call->prepared = upload;
    exchange_receive(call->exchange, &receive, upload);
    return OK;
}
