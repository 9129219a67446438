// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/intake.h"

#include <stdio.h>

#include "api/events.h"
#include "base/clock.h"
#include "domain/job.h"
#include "net/child_blob.h"

static const int64_t PROBE_LIMIT_US = 60 * SECOND_US, PROGRESS_STEP_US = SECOND_US / 4;
enum { PROGRESS_STEP = 1 << 20 };

void intake_begin(struct intake *intake)
{
    struct scope *scope = &intake->call->scope;
    intake->topic = events_file_topic(scope->arena, scope->actor.user_id, intake->id);
}

void intake_progress(struct intake *intake, int64_t bytes, bool last)
{
    int64_t now = clock_mono_us();
    if (!last && bytes - intake->told_bytes < PROGRESS_STEP && now - intake->told_us < PROGRESS_STEP_US)
        return;
    intake->told_bytes = bytes;
    intake->told_us = now;
    double progress = last ? 1 : intake->total_bytes > 0 ? (double)bytes / (double)intake->total_bytes : 0;
    char text[160]; // not in the arena: a large upload tells thousands of times
    int size = snprintf(text, sizeof text, "{\"file_id\":\"%.36s\",\"progress\":%.4f,\"bytes_processed\":%lld}",
        intake->id.data, progress > 1 ? 1 : progress, (long long)bytes);
    hub_publish(intake->call->app->hub, intake->topic, 0, STR("upload_progress"), (str) { text, (size_t)size });
}

error intake_probe(struct intake *intake)
{
    struct api_call *call = intake->call;
    struct blob_reader *reader;
    TRY(blob_reader_open(call->app->blobs, intake->blob.id, intake->blob.sealed_key, &reader));
    struct child_input input = child_input_of_blob(reader);
    struct child_call question = { .op = "probe",
        .params = json_keep(call->scope.arena, json_object()),
        .inputs = &input,
        .input_count = 1,
        .deadline_us = clock_mono_us() + PROBE_LIMIT_US };
    error result = warm_ask(call->app->warm, call->scope.arena, call->scope.actor.user_id, &question, &intake->probe);
    blob_reader_close(reader);
    if (result.code == ERROR_TIMED_OUT) // the file may be to blame, or a machine that is busy
        return error_make(ERROR_UNAVAILABLE, "file", "The file was not looked at in time; try again later");
    bool unreadable = result.code == ERROR_NOT_MEDIA || result.code == ERROR_ENGINE_CRASHED
                      || result.code == ERROR_ENGINE_FAILED;
    if (unreadable)
        return error_make(
            ERROR_UNSUPPORTED_MEDIA, "file", "The file is not a picture, film or sound that Kinora can read");
    return result;
}

error intake_record(struct intake *intake, struct media *ret_media, str *ret_job_id)
{
    struct scope *scope = &intake->call->scope;
    struct job job = { 0 };
    bool transcribe = intake->transcribe && json_get_bool(intake->probe, "has_audio", false);
    TRY(media_add(scope, intake->id, intake->file_name, &intake->blob, intake->probe, transcribe, ret_media));
    intake->kept_blob_id = ret_media->blob_id;
    str key = str_format(scope->arena, "transcribe:%.*s", STR_ARGS(ret_media->id));
    if (transcribe)
        TRY(job_add(scope,
            &(struct job_new) {
                .kind = "transcribe", .media_id = ret_media->id, .params = intake->transcribe, .unique_key = key },
            &job));
    *ret_job_id = job.id;
    return OK;
}

void intake_discard(struct intake *intake)
{
    if (error_is(blob_remove(intake->call->app->blobs, intake->blob.id)))
        log_event(LOG_WARN, &intake->call->scope.trace, "upload", "A file that is not needed could not be removed");
}

void intake_settle(struct intake *intake)
{
    if (!str_equal_c(intake->kept_blob_id, intake->blob.id))
        intake_discard(intake);
}
