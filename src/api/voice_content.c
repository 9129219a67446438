// SPDX-License-Identifier: GPL-3.0-or-later
// Voiceovers and samples of voices, by signed link. A sample is made when somebody first wants to hear it, then kept.
#include "api/content_url.h"
#include "api/download.h"
#include "domain/cache.h"
#include "domain/voice_file.h"

enum { SAMPLE_VERSION = 1 };                                     // raise it when the same voice sounds different
static const int64_t CHANGED_US = INT64_C(1767225600) * 1000000; // they follow from their key: no date is theirs

struct file_path {
    str id, name;
};
static const struct field voice_fields[] = {
    FIELD(struct file_path, id, .required = true, .format = FORMAT_UUID, .doc = "Job of the voiceover"),
    FIELD(struct file_path, name, .required = true, .min = 1, .max = 255, .doc = "File name, for people"),
};
static const struct shape voice_shape = SHAPE("VoiceContentPath", struct file_path, voice_fields);
static const struct field sample_fields[] = {
    FIELD(struct file_path, id, .required = true, .min = 1, .max = 200, .doc = "Voice"),
    FIELD(struct file_path, name, .required = true, .min = 1, .max = 255, .doc = "File name, for people"),
};
static const struct shape sample_shape = SHAPE("VoiceSamplePath", struct file_path, sample_fields);

static error send(struct api_call *call, str blob_id, int64_t changed_us)
{
    struct media_blob blob;
    TRY(media_blob_get(&call->scope, blob_id, &blob));
    return download_start(call, &(struct download) { .blob = &blob,
                                    .mime_type = STR("audio/mpeg"),
                                    .file_name = ((struct file_path *)call->path)->name,
                                    .changed_us = changed_us,
                                    .attachment = ((struct content_query *)call->query)->download });
}

static error voiceover(struct api_call *call)
{
    struct job job;
    str blob_id;
    TRY(content_become(call));
    TRY(voice_file_get(&call->scope, ((struct file_path *)call->path)->id, &job, &blob_id));
    return send(call, blob_id, job.created_at.us);
}

struct making {
    struct scope scope;
    str key;
    struct blob_info blob;
};

static error keep(struct db *db, void *context)
{
    struct making *making = context;
    making->scope.db = db;
    return cache_put(&making->scope, making->key, &making->blob, json_keep(making->scope.arena, json_object()));
}

static error make(struct api_call *call, const struct voice *voice, str key)
{
    BUFFER_AUTO struct buffer file = { 0 };
    struct making making = { .scope = call->scope, .key = key };
    struct voice_wish wish = { .voice_id = voice->id,
        .text = call->app->voice_sample_text(call->scope.arena, voice),
        .speed = 1,
        .pitch = 1,
        .volume = 1 };
    struct blob_writer *writer;
    json_t *result;
    TRY(call->app->voice_speak(call->app->voice_context, &call->scope, &wish, &file, &result));
    TRY(blob_writer_open(call->app->blobs, NULL, &writer));
    error failed = blob_write(writer, file.data, file.size);
    if (error_is(failed)) {
        blob_writer_abort(writer);
        return failed;
    }
    TRY(blob_writer_commit(writer, &making.blob));
    failed = db_write(call->app->db, keep, &making);
    if (error_is(failed) && error_is(blob_remove(call->app->blobs, making.blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "request", "A sample that is not needed could not be removed");
    return failed;
}

static error sample(struct api_call *call)
{
    const struct voice *voice = NULL;
    struct list all;
    struct cache_entry entry;
    bool found;
    str id = ((struct file_path *)call->path)->id;
    TRY(content_become(call));
    TRY(call->app->voice_list(call->app->voice_context, &call->scope, &all));
    for (size_t i = 0; i < all.count && !voice; i++)
        if (str_equal(((struct voice *)all.items)[i].id, id))
            voice = &((struct voice *)all.items)[i];
    if (!voice)
        return error_make(ERROR_VOICE_NOT_FOUND, "id", "Voice with ID '%.*s' not found", STR_ARGS(id));
    str key = str_format(call->scope.arena, "voice sample %d %.*s", SAMPLE_VERSION, STR_ARGS(id));
    TRY(cache_get(&call->scope, key, &entry, &found));
    if (!found) {
        TRY(make(call, voice, key));
        TRY(cache_get(&call->scope, key, &entry, &found));
    }
    if (!found)
        return error_make(ERROR_UNAVAILABLE, NULL, "The sample is being made anew; try again");
    return send(call, entry.blob_id, CHANGED_US);
}

static const struct route routes[] = {
    { "GET", "/content/voice/{id}/{name}", "Content", "A voiceover, by signed link", FACE_PLAIN, ACCESS_PUBLIC,
        LANE_STREAM, .path_in = &voice_shape, .query_in = &content_query_shape,
        .errors = ERRORS(
            ERROR_NOT_FOUND, ERROR_JOB_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE, ERROR_UNAVAILABLE),
        .answer_type = "application/octet-stream", .handle = voiceover },
    { "GET", "/content/voice-sample/{id}/{name}", "Content", "What a voice sounds like, by signed link", FACE_PLAIN,
        ACCESS_PUBLIC, LANE_STREAM, .path_in = &sample_shape, .query_in = &content_query_shape,
        .errors = ERRORS(ERROR_NOT_FOUND, ERROR_VOICE_NOT_FOUND, ERROR_STALE_REVISION, ERROR_RANGE_NOT_SATISFIABLE,
            ERROR_ENGINE_FAILED, ERROR_UNAVAILABLE),
        .answer_type = "application/octet-stream", .handle = sample },
};
const struct route_group route_group_voice_content = ROUTE_GROUP(routes);
