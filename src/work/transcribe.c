// SPDX-License-Identifier: GPL-3.0-or-later
// The job "transcribe" {language, engine, speakers} of a media file, or of the job's own (domain/job_input.h): speech
// is found, an engine writes down part by part what is said, and the parts are merged.
#include <string.h>

#include "domain/job_input.h"
#include "domain/media.h"
#include "domain/transcript_speakers.h"
#include "domain/transcription.h"
#include "work/asr_engine.h"
#include "work/job_kind.h"
#include "work/transcript_split.h"

static error open_media(struct run *run, struct child_input *ret_input)
{
    struct media media;
    const struct job *job = run->job.parent.set ? &run->parent : &run->job;
    if (!job->media_id.data) {
        str blob_id;
        TRY(job_input_get(&run->scope, job->id, &blob_id));
        return run_input(run, blob_id, ret_input);
    }
    TRY(media_get(&run->scope, job->media_id, &media));
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
        json_object_set_new(object, "speaker", json_str(segment->speaker));
        json_object_set_new(object, "words", words_json(segment, &confidence, &count));
        json_array_append_new(segments, object);
    }
    if (count)
        json_object_set_new(result, "confidence", json_real(confidence / (double)count));
    return result;
}

// `speakers` is the result of asr.speakers, or NULL.
static error finish(struct run *run, str engine, str language, const json_t *const *parts, size_t count,
    const json_t *speakers, double duration)
{
    struct arena *arena = run->scope.arena;
    struct transcript transcript;
    TRY(transcript_merge(arena, parts, count, duration, &transcript));
    TRY(transcript_set_speakers(arena, &transcript, speakers));
    if (!transcript.language.data) // nothing was heard
        transcript.language = language;
    json_t *result = result_json(arena, &transcript);
    if (!run->job.media_id.data) // nobody's library: who asked takes the result from the job
        return run_complete(run, result, NULL, NULL);
    json_t *facts = json_keep(arena, json_object());
    json_object_set_new(facts, "duration", json_real(duration));
    json_object_set_new(facts, "engine", json_str(engine));
    json_object_set_new(facts, "segments", json_integer((json_int_t)transcript.segment_count));
    return run_complete(run, facts, write_result, result);
}

// The first part finds the speakers, beside the others that find the words.
static json_t *speakers_params(struct run *run)
{
    json_t *params = json_keep(run->scope.arena, json_object());
    json_object_set_new(params, "speakers", json_integer((json_int_t)json_get_int(run->params, "speakers", 0)));
    return params;
}

static error find_speakers(struct run *run)
{
    struct child_input input;
    json_t *found;
    TRY(open_media(run, &input));
    struct child_call call = { .op = "asr.speakers", .params = run->params, .inputs = &input, .input_count = 1 };
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &found));
    return run_complete(run, found, NULL, NULL);
}

static error start(struct run *run)
{
    struct arena *arena = run->scope.arena;
    const struct asr_engine *engine;
    struct child_input input;
    TRY(asr_choose(arena, json_get_str(run->params, "engine"), json_get_str(run->params, "language"), &engine));
    TRY(open_media(run, &input));
    struct child_call call = { .op = "asr.split",
        .params = json_keep(arena, json_pack("{s:i}", "chunk_max", 15)),
        .inputs = &input,
        .input_count = 1 };
    json_t *split, **parts;
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &split));
    double duration = json_get_number(split, "duration", 0);
    size_t count = transcript_split(
        arena, json_object_get(split, "chunks"), engine->part_least, engine->part_most, &parts);
    str language = json_get_str(run->params, "language");
    if (!count)
        return finish(
            run, str_of(engine->name), language.data ? language : asr_only_language(engine), NULL, 0, NULL, duration);
    for (size_t i = 0; i < count; i++) {
        json_t *params = json_keep(arena, json_object());
        json_object_set(params, "language", json_object_get(run->params, "language"));
        json_object_set_new(params, "engine", json_string(engine->name));
        json_object_set_new(params, "duration", json_real(duration));
        json_object_set(params, "chunks", parts[i]);
        parts[i] = params;
    }
    json_t **all = ARENA_ARRAY(arena, json_t *, count + 1);
    all[0] = speakers_params(run);
    memcpy(all + 1, parts, count * sizeof *parts);
    return run_fan_out(run, all, count + 1, NULL);
}

struct asking {
    struct run *run;
    const struct asr_engine *engine;
};

static error ask(void *context, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    (void)arena; // the run's own
    const struct asking *asking = context;
    return run_ask(asking->run, asking->engine->zygote, call, ret_result);
}

static void tell(void *context, double done)
{
    run_progress(((const struct asking *)context)->run, done);
}

static error part(struct run *run)
{
    if (json_object_get(run->params, "speakers"))
        return find_speakers(run);
    struct asking asking = { .run = run };
    struct child_input input;
    str language = json_get_str(run->params, "language");
    TRY(asr_choose(run->scope.arena, json_get_str(run->params, "engine"), language, &asking.engine));
    TRY(open_media(run, &input));
    struct asr_asker asker = { .context = &asking,
        .ask = ask,
        .progress = tell,
        .cancelled = &run->cancelled,
        .deadline_us = run->scope.deadline_us,
        .engine_path = run_engine_path(run),
        .threads = run_threads(run) };
    struct asr_task task = { .arena = run->scope.arena,
        .asker = &asker,
        .audio = &input,
        .chunks = json_object_get(run->params, "chunks"),
        .language = language };
    json_t *heard;
    TRY(asking.engine->transcribe(&task, &heard));
    json_object_set(heard, "duration", json_object_get(run->params, "duration"));
    json_object_set_new(heard, "engine", json_string(asking.engine->name));
    return run_complete(run, heard, NULL, NULL);
}

static error join(struct run *run)
{
    const json_t **parts;
    size_t count;
    TRY(run_results(run, &parts, &count));
    if (count < 2)
        return error_make(ERROR_INTERNAL_ERROR, NULL, "The parts of the transcription are lost");
    return finish(run, json_get_str(parts[1], "engine"), json_get_str(run->params, "language"), parts + 1, count - 1,
        parts[0], json_get_number(parts[1], "duration", 0));
}

const struct job_kind transcribe_kind = { "transcribe", start, part, join };
