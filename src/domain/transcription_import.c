// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "domain/caption_file.h"
#include "domain/segment.h"
#include "domain/word_align.h"

// Whose captions they are, in order of appearance; those without a name are somebody, too.
struct speakers {
    str names[SPEAKERS_MAX];
    size_t count;
};

static size_t speaker_of(struct speakers *speakers, str name)
{
    size_t i = 0;
    while (i < speakers->count && !str_equal(speakers->names[i], name))
        i++;
    if (i == speakers->count && speakers->count < SPEAKERS_MAX)
        speakers->names[speakers->count++] = name;
    return i < SPEAKERS_MAX ? i : SPEAKERS_MAX - 1;
}

static str speaker_id(struct arena *arena, size_t index)
{
    return str_format(arena, "speaker_%zu", index + 1);
}

static error add_segment(struct arena *arena, const struct caption *caption, str speaker, json_t *segments)
{
    struct segment segment = {
        .start_time = caption->start, .end_time = caption->end, .text = caption->text, .words = { STR("[]") }
    };
    json_t *words, *object = json_object();
    json_array_append_new(segments, object);
    TRY(word_align(arena, caption->text, &(struct list) { &segment, 1 }));
    TRY(json_read(arena, segment.words.text, &words));
    json_object_set_new(object, "start", json_real(caption->start));
    json_object_set_new(object, "end", json_real(caption->end));
    json_object_set_new(object, "text", json_str(segment.text));
    json_object_set_new(object, "speaker", json_str(speaker));
    json_object_set(object, "words", words);
    return OK;
}

static error add_job(struct scope *scope, const struct media *media, str language, struct job *ret_job)
{
    json_t *params = json_keep(scope->arena, json_object());
    json_object_set_new(params, "engine", json_string("import"));
    json_object_set_new(params, "language", json_str(language));
    return job_add_done(
        scope, &(struct job_new) { .kind = "transcribe", .media_id = media->id, .params = params }, ret_job);
}

error transcription_import(struct scope *scope, const struct media *media, const struct list *captions, str language,
    struct transcription *ret_transcription)
{
    struct arena *arena = scope->arena;
    const struct caption *all = captions->items;
    struct speakers speakers = { .count = 0 };
    struct job job;
    json_t *result = json_keep(arena, json_object()), *segments = json_array();
    double duration = media->duration.value;
    json_object_set_new(result, "segments", segments);
    for (size_t i = 0; i < captions->count; i++) {
        TRY(add_segment(arena, &all[i], speaker_id(arena, speaker_of(&speakers, all[i].speaker)), segments));
        duration = fmax(duration, all[i].end);
    }
    json_object_set_new(result, "duration", json_real(duration));
    if (language.data)
        json_object_set_new(result, "language", json_str(language));
    TRY(add_job(scope, media, language, &job));
    TRY(transcription_add_result(scope, media->user_id, media->id, job.id, result, ret_transcription));
    for (size_t i = 0; i < speakers.count; i++)
        if (speakers.names[i].data)
            TRY(segment_put_name(scope, ret_transcription->id, speaker_id(arena, i), speakers.names[i]));
    return OK;
}
