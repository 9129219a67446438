// SPDX-License-Identifier: GPL-3.0-or-later
// The job "transcribe" {language, engine} of a media file: speech is found, decoded in parts, and merged.
#include "domain/media.h"
#include "domain/transcript.h"
#include "domain/transcription.h"
#include "work/job_kind.h"
#include "work/transcript_split.h"

static str param(const json_t *params, const char *name, str fallback)
{
    str value = json_get_str(params, name);
    return value.size ? value : fallback;
}

static error open_media(struct run *run, struct child_input *ret_input)
{
    struct media media;
    TRY(media_get(&run->scope, run->job.media_id, &media));
    if (!media.has_audio)
        return error_of(ERROR_NO_AUDIO);
    return run_input(run, media.blob_id, ret_input);
}

static error write_result(struct scope *scope, const struct run *run, void *context)
{
    struct transcription row;
    return transcription_add_result(scope, run->job.user_id, run->job.media_id, run->job.id, context, &row);
}

static json_t *words_json(const struct transcript_segment *segment, double *confidence, size_t *count)
{
    json_t *words = json_array();
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct transcript_word *word = &segment->words[i];
        json_t *object = json_object();
        json_object_set_new(object, "text", json_str(word->text));
        json_object_set_new(object, "start", json_real(word->start));
        json_object_set_new(object, "end", json_real(word->end));
        json_object_set_new(object, "confidence", json_real(word->confidence));
        json_array_append_new(words, object);
        *confidence += word->confidence;
        ++*count;
    }
    return words;
}

static json_t *result_json(struct arena *arena, const struct transcript *transcript)
{
    json_t *result = json_keep(arena, json_object()), *segments = json_array();
    double confidence = 0;
    size_t count = 0;
    json_object_set_new(result, "language", json_str(transcript->language));
    json_object_set_new(result, "duration", json_real(transcript->duration));
    json_object_set_new(result, "segments", segments);
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct transcript_segment *segment = &transcript->segments[i];
        json_t *object = json_object();
        json_object_set_new(object, "start", json_real(segment->start));
        json_object_set_new(object, "end", json_real(segment->end));
        json_object_set_new(object, "text", json_str(segment->text));
        json_object_set_new(object, "speaker", json_string("speaker_1"));
        json_object_set_new(object, "words", words_json(segment, &confidence, &count));
        json_array_append_new(segments, object);
    }
    if (count)
        json_object_set_new(result, "confidence", json_real(confidence / (double)count));
    return result;
}

static error finish(struct run *run, const json_t *const *parts, size_t count, str language, double duration)
{
    struct arena *arena = run->scope.arena;
    struct transcript transcript;
    TRY(transcript_merge(arena, parts, count, duration, &transcript));
    if (!transcript.language.data)
        transcript.language = language;
    json_t *result = result_json(arena, &transcript), *facts = json_keep(arena, json_object());
    json_object_set_new(facts, "duration", json_real(duration));
    json_object_set_new(facts, "segments", json_integer((json_int_t)transcript.segment_count));
    return run_complete(run, facts, write_result, result);
}

static error start(struct run *run)
{
    struct arena *arena = run->scope.arena;
    struct child_input input;
    TRY(open_media(run, &input));
    struct child_call call = { .op = "asr.split",
        .params = json_keep(arena, json_pack("{s:i}", "chunk_max", 15)),
        .inputs = &input,
        .input_count = 1 };
    json_t *split, **parts;
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &split));
    str language = param(run->params, "language", STR("en")),
        engine = param(run->params, "engine", STR("pocketsphinx"));
    double duration = json_get_number(split, "duration", 0);
    size_t count = transcript_split(arena, json_object_get(split, "chunks"), &parts);
    if (!count)
        return finish(run, NULL, 0, language, duration);
    for (size_t i = 0; i < count; i++) {
        json_t *params = json_keep(arena, json_object());
        json_object_set_new(params, "language", json_str(language));
        json_object_set_new(params, "engine", json_str(engine));
        json_object_set_new(params, "duration", json_real(duration));
        json_object_set(params, "chunks", parts[i]);
        parts[i] = params;
    }
    return run_fan_out(run, parts, count, NULL);
}

static error part(struct run *run)
{
    struct child_input input;
    TRY(open_media(run, &input));
    struct child_call call = { .op = "asr.decode", .params = run->params, .inputs = &input, .input_count = 1 };
    json_t *decoded;
    TRY(run_ask(run, ZYGOTE_SPEECH, &call, &decoded));
    json_object_set(decoded, "duration", json_object_get(run->params, "duration"));
    return run_complete(run, decoded, NULL, NULL);
}

static error join(struct run *run)
{
    const json_t **parts;
    size_t count;
    TRY(run_results(run, &parts, &count));
    return finish(run, parts, count, param(run->params, "language", STR("en")),
        json_get_number(count ? parts[0] : NULL, "duration", 0));
}

const struct job_kind transcribe_kind = { "transcribe", start, part, join };
