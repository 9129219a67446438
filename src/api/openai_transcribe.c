// SPDX-License-Identifier: GPL-3.0-or-later
// POST /v1/audio/transcriptions as OpenAI's public reference describes it. The file and its transcript are nobody's
// library: both go when the answer is given.
#include <math.h>
#include <string.h>

#include "api/face.h"
#include "api/openai_models.h"
#include "api/transcribe.h"
#include "api/upload.h"
#include "api/waiting.h"
#include "base/language.h"
#include "domain/job.h"
#include "domain/job_input.h"
#include "domain/transcript.h"

enum { RESULT_BYTES_MAX = 256 << 20 }; // as a job has for it

static const char *const formats[] = { "json", "text", "srt", "verbose_json", "vtt" };
enum format { FORMAT_JSON, FORMAT_TEXT, FORMAT_SRT, FORMAT_VERBOSE, FORMAT_VTT };

// What a call asks for.
struct wish {
    str model, language;
    enum format format;
    bool words, segments; // granularities that were asked for
    struct blob_info blob;
    json_t *params; // of the job
    str job_id;
};

static error take_format(struct wish *wish, str value)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (str_equal_c(value, formats[i])) {
            wish->format = (enum format)i;
            return OK;
        }
    return error_make(ERROR_VALIDATION_ERROR, "response_format",
        "response_format is json, text, srt, verbose_json or vtt, not \"%.*s\"", STR_ARGS(value));
}

static error take_granularity(struct wish *wish, str value)
{
    bool word = str_equal(value, STR("word"));
    if (!word && !str_equal(value, STR("segment")))
        return error_make(ERROR_VALIDATION_ERROR, "timestamp_granularities",
            "timestamp_granularities are word and segment, not \"%.*s\"", STR_ARGS(value));
    *(word ? &wish->words : &wish->segments) = true;
    return OK;
}

// What does not concern our engines (prompt, temperature, ...) is passed over.
static error take_field(struct api_call *call, void *state, str name, str value)
{
    (void)call;
    struct wish *wish = state;
    if (!str_is_utf8(value) || memchr(value.data, 0, value.size))
        return error_make(ERROR_VALIDATION_ERROR, name.data, "A form field is text in UTF-8");
    if (str_equal(name, STR("model")))
        wish->model = value;
    else if (str_equal(name, STR("language")) && value.size)
        wish->language = value;
    else if (str_equal(name, STR("response_format")))
        return take_format(wish, value);
    else if (str_equal(name, STR("timestamp_granularities[]")) || str_equal(name, STR("timestamp_granularities")))
        return take_granularity(wish, value);
    else if (str_equal(name, STR("stream")) && str_equal_fold(value, STR("true")))
        return error_make(ERROR_VALIDATION_ERROR, "stream", "Transcripts are not streamed; leave stream out");
    return OK;
}

static error complete(struct api_call *call, void *state)
{
    struct wish *wish = state;
    str engine;
    if (!wish->model.size)
        return error_make(ERROR_VALIDATION_ERROR, "model", "The form must name a model");
    TRY(openai_asr_model(call->app, wish->model, &engine));
    return transcribe_params(call, wish->language, engine, &wish->params);
}

// The answer

static str text_of(struct arena *arena, const struct transcript *transcript)
{
    str *texts = ARENA_ARRAY(arena, str, transcript->segment_count);
    for (size_t i = 0; i < transcript->segment_count; i++)
        texts[i] = transcript->segments[i].text;
    return str_join(arena, texts, transcript->segment_count, STR(" "));
}

static void put_number(struct json_out *out, const char *key, double value)
{
    json_key(out, key);
    json_put_number(out, (double)llround(value * 1000) / 1000);
}

// Of the words' confidences.
static double mean_logarithm(const struct transcript_segment *segment)
{
    double sum = 0;
    for (size_t i = 0; i < segment->word_count; i++)
        sum += log(fmax(segment->words[i].confidence, 1e-6));
    return segment->word_count ? sum / (double)segment->word_count : 0;
}

static void put_segments(struct json_out *out, const struct transcript *transcript)
{
    json_key(out, "segments");
    json_array_begin(out);
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct transcript_segment *segment = &transcript->segments[i];
        json_object_begin(out);
        json_key(out, "id");
        json_put_int(out, (int64_t)i);
        json_key(out, "seek");
        json_put_int(out, llround(segment->start * 100));
        put_number(out, "start", segment->start);
        put_number(out, "end", segment->end);
        json_key(out, "text");
        json_put_str(out, segment->text);
        json_key(out, "tokens");
        json_put_raw(out, STR("[]"));
        put_number(out, "temperature", 0);
        put_number(out, "avg_logprob", mean_logarithm(segment));
        json_object_end(out);
    }
    json_array_end(out);
}

static void put_words(struct json_out *out, const struct transcript *transcript)
{
    json_key(out, "words");
    json_array_begin(out);
    for (size_t i = 0; i < transcript->segment_count; i++)
        for (size_t k = 0; k < transcript->segments[i].word_count; k++) {
            const struct transcript_word *word = &transcript->segments[i].words[k];
            json_object_begin(out);
            json_key(out, "word");
            json_put_str(out, word->text);
            put_number(out, "start", word->start);
            put_number(out, "end", word->end);
            json_object_end(out);
        }
    json_array_end(out);
}

static void write_json(
    struct arena *arena, const struct wish *wish, const struct transcript *transcript, struct buffer *answer)
{
    struct json_out out = { .buffer = answer };
    const char *name = language_name(transcript->language);
    json_object_begin(&out);
    if (wish->format == FORMAT_VERBOSE) {
        json_key(&out, "task");
        json_put_str(&out, STR("transcribe"));
        json_key(&out, "language");
        json_put_str(&out, name ? str_lower(arena, str_of(name)) : transcript->language);
        put_number(&out, "duration", transcript->duration);
    }
    json_key(&out, "text");
    json_put_str(&out, text_of(arena, transcript));
    if (wish->format == FORMAT_VERBOSE && (wish->segments || !wish->words))
        put_segments(&out, transcript);
    if (wish->format == FORMAT_VERBOSE && wish->words)
        put_words(&out, transcript);
    json_object_end(&out);
}

static void write_answer(
    struct arena *arena, struct api_call *call, const struct wish *wish, const struct transcript *transcript)
{
    static const char *const types[] = { "application/json", "text/plain; charset=utf-8",
        "application/x-subrip; charset=utf-8", "application/json", "text/vtt; charset=utf-8" };
    call->answer_type = types[wish->format];
    if (wish->format == FORMAT_SRT || wish->format == FORMAT_VTT) {
        transcript_write(
            call->scope.arena, transcript, wish->format == FORMAT_SRT ? TRANSCRIPT_SRT : TRANSCRIPT_VTT, &call->answer);
    } else if (wish->format == FORMAT_TEXT) {
        buffer_append_str(&call->answer, text_of(arena, transcript));
        buffer_append_byte(&call->answer, '\n');
    } else {
        write_json(arena, wish, transcript, &call->answer);
    }
}

// Why a job failed, among what this route can answer.
static error failure_of(const struct job *job)
{
    static const enum error_code told[] = { ERROR_UNSUPPORTED_LANGUAGE, ERROR_NO_AUDIO, ERROR_ENGINE_MISSING };
    str message = job->error_message.data ? job->error_message : STR("The transcription was cancelled");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_equal_c(job->error_code, error_info(told[i])->name))
            return error_make(
                told[i], told[i] == ERROR_UNSUPPORTED_LANGUAGE ? "language" : NULL, "%.*s", STR_ARGS(message));
    return error_make(ERROR_ENGINE_FAILED, NULL, "%.*s", STR_ARGS(message));
}

static error take_result(struct api_call *call, const struct wish *wish)
{
    ARENA_AUTO struct arena *arena = arena_new(RESULT_BYTES_MAX); // a long recording's is more than a request holds
    struct scope scope = call->scope;
    struct transcript transcript;
    struct job job;
    json_t *result;
    scope.arena = arena;
    TRY(job_get(&scope, wish->job_id, &job));
    if (!str_equal(job.state, STR("completed")))
        return failure_of(&job);
    TRY(json_read(arena, job.result.text, &result));
    TRY(transcript_merge(
        arena, (const json_t *const[]) { result }, 1, json_get_number(result, "duration", 0), &transcript));
    write_answer(arena, call, wish, &transcript);
    return arena_over(arena) ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}

// In the change that also forgets the job: so it writes its errors itself instead of undoing it.
static error finish(struct api_call *call)
{
    const struct wish *wish = call->prepared;
    error failure = take_result(call, wish);
    if (failure.code == ERROR_DATABASE_BUSY)
        return failure;
    if (error_is(failure)) {
        buffer_clear(&call->answer);
        call->status = face_error(FACE_OPENAI, failure, NULL, &call->answer);
        call->answer_type = "application/json";
    }
    return job_input_remove(&call->scope, wish->job_id);
}

// The job

static error add_job(struct db *db, void *context)
{
    struct api_call *call = context;
    struct wish *wish = call->prepared;
    struct scope scope = call->scope;
    struct job job;
    scope.db = db;
    TRY(job_add(&scope, &(struct job_new) { .kind = "transcribe", .params = wish->params }, &job));
    TRY(job_input_add(&scope, job.id, &wish->blob));
    wish->job_id = job.id;
    return waiting_add(call->app->waiting, job.id, call, finish);
}

// After the COMMIT the call may have been answered already: only a failure is ours.
static void added(void *context, error result)
{
    struct api_call *call = context;
    if (!error_is(result))
        return;
    const struct wish *wish = call->prepared;
    waiting_remove(call->app->waiting, call);
    if (error_is(blob_remove(call->app->blobs, wish->blob.id)))
        log_event(LOG_WARN, &call->scope.trace, "upload", "A file that was refused could not be removed");
    route_finish(call, result);
}

static error keep(struct api_call *call, void *state, const struct blob_info *blob, const json_t *probe)
{
    struct wish *wish = state;
    if (!json_get_bool(probe, "has_audio", false))
        return error_make(ERROR_NO_AUDIO, "file", "%s", error_info(ERROR_NO_AUDIO)->sentence);
    void *upload = call->prepared;
    wish->blob = *blob;
    call->prepared = wish;
    error result = db_write_async(call->app->db, add_job, added, call);
    if (error_is(result)) // it never began: the upload clears up
        call->prepared = upload;
    return result;
}

static error transcribe(struct api_call *call)
{
    struct wish *wish = ARENA_NEW(call->scope.arena, struct wish);
    return upload_start(
        call, &(struct upload_options) { .field = take_field, .complete = complete, .keep = keep, .state = wish });
}

static const struct route routes[] = {
    { "POST", "/v1/audio/transcriptions", "OpenAI",
        "Write down what is spoken in a file (form: file, model, language, response_format, timestamp_granularities[])",
        FACE_OPENAI, ACCESS_USER, LANE_STREAM, BODY_UPLOAD, .answer_type = "*/*",
        .errors = ERRORS(ERROR_MODEL_NOT_FOUND, ERROR_UNSUPPORTED_LANGUAGE, ERROR_UNSUPPORTED_MEDIA, ERROR_NO_AUDIO,
            ERROR_UPLOAD_INCOMPLETE, ERROR_QUOTA_EXCEEDED, ERROR_STORAGE_FULL, ERROR_ENGINE_MISSING,
            ERROR_ENGINE_FAILED, ERROR_UNAVAILABLE, ERROR_DATABASE_BUSY),
        .handle = transcribe },
};
const struct route_group route_group_openai_transcribe = ROUTE_GROUP(routes);
