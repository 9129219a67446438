// SPDX-License-Identifier: GPL-3.0-or-later
// Transcription jobs as document 003 has them.
#include "api/transcribe.h"

#include "base/language.h"
#include "domain/job.h"
#include "domain/media.h"
#include "domain/transcription.h"

struct start_in {
    str media_id, language, engine;
    struct opt_int speakers;
};
static const struct field start_fields[] = {
    FIELD_AS(
        struct start_in, media_id, "mediaId", .required = true, .format = FORMAT_UUID, .doc = "Media to transcribe"),
    FIELD(struct start_in, language, .min = 1, .max = 16, .doc = "ISO 639-1 code; left out: detected where possible"),
    FIELD(struct start_in, engine, .min = 1, .max = 32, .doc = "Speech engine; left out: the best that is set up"),
    FIELD(struct start_in, speakers, .min = 1, .max = 20, .doc = "How many people speak; left out: found out"),
};
static const struct shape start_shape = SHAPE("TranscriptionStart", struct start_in, start_fields);

struct path {
    str job_id;
};
static const struct field path_fields[] = {
    FIELD_AS(struct path, job_id, "jobId", .required = true, .format = FORMAT_UUID, .doc = "Transcription job"),
};
static const struct shape path_shape = SHAPE("TranscribePath", struct path, path_fields);

struct word {
    str text;
    double start, end;
    struct opt_number confidence;
};
static const struct field word_fields[] = {
    FIELD(struct word, text),
    FIELD_AS(struct word, start, "startTime", .doc = "Seconds"),
    FIELD_AS(struct word, end, "endTime", .doc = "Seconds"),
    FIELD(struct word, confidence, .doc = "0 to 1"),
};
static const struct shape word_shape = SHAPE("TranscribedWord", struct word, word_fields);

struct segment_answer {
    str id, text;
    double start, end;
    struct list words;
};
static const struct field segment_fields[] = {
    FIELD(struct segment_answer, id),
    FIELD(struct segment_answer, text),
    FIELD_AS(struct segment_answer, start, "startTime", .doc = "Seconds"),
    FIELD_AS(struct segment_answer, end, "endTime", .doc = "Seconds"),
    FIELD(struct segment_answer, words, .shape = &word_shape),
};
static const struct shape segment_shape = SHAPE("TranscribedSegment", struct segment_answer, segment_fields);

struct result {
    str id, media_id, language;
    struct list segments;
    time_us created_at, updated_at;
};
static const struct field result_fields[] = {
    FIELD(struct result, id, .format = FORMAT_UUID),
    FIELD_AS(struct result, media_id, "mediaId", .format = FORMAT_UUID),
    FIELD(struct result, language),
    FIELD(struct result, segments, .shape = &segment_shape),
    FIELD_AS(struct result, created_at, "createdAt", .format = FORMAT_DATE_TIME_MS),
    FIELD_AS(struct result, updated_at, "updatedAt", .format = FORMAT_DATE_TIME_MS),
};
static const struct shape result_shape = SHAPE("TranscribedResult", struct result, result_fields);

struct status {
    str job_id, media_id, status;
    int64_t progress;
    time_us created_at, completed_at;
    struct result *result;
    str error;
};
static const struct field started_fields[] = {
    FIELD_AS(struct status, job_id, "jobId", .format = FORMAT_UUID),
    FIELD_AS(struct status, media_id, "mediaId", .format = FORMAT_UUID),
    FIELD(struct status, status),
    FIELD(struct status, progress, .doc = "0 to 100"),
    FIELD_AS(struct status, created_at, "createdAt", .format = FORMAT_DATE_TIME_MS),
};
static const struct shape started_shape = SHAPE("TranscribeStarted", struct status, started_fields);
static const struct field status_fields[] = {
    FIELD_AS(struct status, job_id, "jobId", .format = FORMAT_UUID),
    FIELD_AS(struct status, media_id, "mediaId", .format = FORMAT_UUID),
    FIELD(struct status, status, .doc = "pending, processing, completed, failed or cancelled"),
    FIELD(struct status, progress, .doc = "0 to 100"),
    FIELD_AS(struct status, created_at, "createdAt", .format = FORMAT_DATE_TIME_MS),
    FIELD_AS(struct status, completed_at, "completedAt", .format = FORMAT_DATE_TIME_MS),
    FIELD(struct status, result, .shape = &result_shape),
    FIELD(struct status, error, .doc = "Why it failed"),
};
static const struct shape status_shape = SHAPE("TranscribeStatus", struct status, status_fields);

static struct status as_status(const struct job *job)
{
    return (struct status) { .job_id = job->id,
        .media_id = job->media_id,
        .status = job_status(job),
        .progress = (int64_t)(job->progress * 100),
        .created_at = job->created_at,
        .completed_at = job->finished_at,
        .error = str_equal(job->state, STR("failed")) ? job->error_message : STR_NONE };
}

static bool has_engine(const struct app *app, str name)
{
    for (const char *const *engine = app->asr_engines; *engine; engine++)
        if (str_equal_c(name, *engine))
            return true;
    return false;
}

error transcribe_params(struct api_call *call, str language, str engine, json_t **ret_params)
{
    if (language.data && !language_is_known(language))
        return error_make(
            ERROR_UNSUPPORTED_LANGUAGE, "language", "\"%.*s\" is not an ISO 639-1 language code", STR_ARGS(language));
    if (engine.data && !has_engine(call->app, engine))
        return error_make(ERROR_VALIDATION_ERROR, "engine", "There is no speech engine \"%.*s\"", STR_ARGS(engine));
    json_t *params = json_keep(call->scope.arena, json_object());
    if (language.data)
        json_object_set_new(params, "language", json_str(language));
    if (engine.data)
        json_object_set_new(params, "engine", json_str(engine));
    *ret_params = params;
    return OK;
}

static error start(struct api_call *call)
{
    const struct start_in *in = call->body;
    struct arena *arena = call->scope.arena;
    struct media media;
    struct job job;
    json_t *params;
    TRY(transcribe_params(call, in->language, in->engine, &params));
    if (in->speakers.set)
        json_object_set_new(params, "speakers", json_integer((json_int_t)in->speakers.value));
    TRY(media_get_own(&call->scope, in->media_id, &media));
    str key = str_format(arena, "transcribe:%.*s", STR_ARGS(media.id));
    error result = job_add(&call->scope,
        &(struct job_new) { .kind = "transcribe", .media_id = media.id, .params = params, .unique_key = key }, &job);
    if (result.code == ERROR_CONFLICT)
        return error_of(ERROR_TRANSCRIPTION_IN_PROGRESS);
    TRY(result);
    *(struct status *)call->output = as_status(&job);
    return OK;
}

static error find_job(
    struct api_call *call, error (*get)(struct scope *scope, str id, struct job *ret_job), struct job *ret_job)
{
    str id = ((struct path *)call->path)->job_id;
    error result = get(&call->scope, id, ret_job);
    bool other = !error_is(result) && !str_equal(ret_job->kind, STR("transcribe"));
    if (other || result.code == ERROR_JOB_NOT_FOUND)
        return error_make(ERROR_JOB_NOT_FOUND, "jobId", "Transcription job with ID '%.*s' not found", STR_ARGS(id));
    return result;
}

static error read_words(struct arena *arena, str json, struct list *ret_words)
{
    json_t *list;
    const json_t *item;
    size_t i;
    TRY(json_read(arena, json, &list));
    struct word *words = ARENA_ARRAY(arena, struct word, json_array_size(list));
    json_array_foreach (list, i, item) {
        const json_t *confidence = json_object_get(item, "confidence");
        words[i] = (struct word) { json_get_str(item, "text"), json_get_number(item, "start", 0),
            json_get_number(item, "end", 0), { json_is_number(confidence), json_number_value(confidence) } };
    }
    *ret_words = (struct list) { words, json_array_size(list) };
    return OK;
}

static error read_result(struct api_call *call, const struct job *job, struct result **ret_result)
{
    struct arena *arena = call->scope.arena;
    struct transcription row;
    struct list rows;
    bool found;
    TRY(transcription_of_job(&call->scope, job->id, &row, &found));
    if (!found)
        return OK;
    TRY(transcription_segments(&call->scope, row.id, &rows));
    struct segment_answer *segments = ARENA_ARRAY(arena, struct segment_answer, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const struct segment *segment = &((struct segment *)rows.items)[i];
        segments[i] = (struct segment_answer) { .id = str_format(arena, "seg-%zu", i + 1),
            .text = segment->text,
            .start = segment->start_time,
            .end = segment->end_time };
        TRY(read_words(arena, segment->words.text, &segments[i].words));
    }
    struct result *result = ARENA_NEW(arena, struct result);
    *result = (struct result) { row.id, row.media_id, row.language, { segments, rows.count }, row.created_at,
        row.updated_at };
    *ret_result = result;
    return OK;
}

static error get_status(struct api_call *call)
{
    struct job job;
    struct status *out = call->output;
    TRY(find_job(call, job_get_readable, &job));
    *out = as_status(&job);
    return str_equal(job.state, STR("completed")) ? read_result(call, &job, &out->result) : OK;
}

static error retry(struct api_call *call)
{
    struct job job, again;
    TRY(find_job(call, job_get, &job));
    error result = job_retry(&call->scope, &job, &again);
    if (result.code == ERROR_CONFLICT)
        return error_of(ERROR_TRANSCRIPTION_IN_PROGRESS);
    TRY(result);
    *(struct status *)call->output = as_status(&again);
    return OK;
}

static error cancel(struct api_call *call)
{
    struct job job;
    TRY(find_job(call, job_get, &job));
    return job_cancel(&call->scope, &job, &job);
}

static const struct route routes[] = {
    { "POST", "/api/transcription/start", "Transcription jobs", "Start a transcription", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, BODY_JSON, .body_in = &start_shape, .output = &started_shape, .status = 202,
        .errors = ERRORS(
            ERROR_MEDIA_NOT_FOUND, ERROR_READ_ONLY, ERROR_TRANSCRIPTION_IN_PROGRESS, ERROR_UNSUPPORTED_LANGUAGE),
        .handle = start },
    { "GET", "/api/transcription/{jobId}/status", "Transcription jobs", "State and result", FACE_ENVELOPE, ACCESS_USER,
        LANE_READ, .path_in = &path_shape, .output = &status_shape, .errors = ERRORS(ERROR_JOB_NOT_FOUND),
        .handle = get_status },
    { "POST", "/api/transcription/{jobId}/retry", "Transcription jobs", "Retry a failed job", FACE_ENVELOPE,
        ACCESS_USER, LANE_WRITE, .path_in = &path_shape, .output = &started_shape, .status = 202,
        .errors = ERRORS(ERROR_JOB_NOT_FOUND, ERROR_JOB_NOT_FAILED, ERROR_TRANSCRIPTION_IN_PROGRESS), .handle = retry },
    { "DELETE", "/api/transcription/{jobId}", "Transcription jobs", "Cancel a job", FACE_ENVELOPE, ACCESS_USER,
        LANE_WRITE, .path_in = &path_shape, .message = "Transcription job cancelled",
        .errors = ERRORS(
            ERROR_JOB_NOT_FOUND, ERROR_JOB_ALREADY_COMPLETED, ERROR_JOB_ALREADY_CANCELLED, ERROR_JOB_ALREADY_FAILED),
        .handle = cancel },
};
const struct route_group route_group_transcribe = ROUTE_GROUP(routes);
