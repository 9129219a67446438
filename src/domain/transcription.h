// SPDX-License-Identifier: GPL-3.0-or-later
// Transcriptions: the text of a recording, in segments with words, times and confidence.
#pragma once

#include "domain/job.h"
#include "domain/media.h"
#include "domain/transcript.h"

struct transcription {
    int64_t number;
    str id, user_id, media_id;
    int64_t media_number;
    str job_id;
    str text, language;
    struct opt_number duration; // seconds
    int64_t word_count;
    struct opt_number confidence; // 0..1
    time_us created_at, updated_at;
};
extern const struct shape transcription_row_shape;

struct segment {
    str id;
    int64_t position;
    double start_time, end_time; // seconds
    str text, speaker;
    struct raw_json words; // [{"text", "start", "end", "confidence"}]
};
extern const struct shape segment_row_shape;

// Integer id or UUID. One of a file that the actor may not read is TRANSCRIPTION_NOT_FOUND; changing one that the actor
// may only read is READ_ONLY.
MUST_USE error transcription_get(struct scope *scope, str key, struct transcription *ret_transcription);
MUST_USE error transcription_of_job(
    struct scope *scope, str job_id, struct transcription *ret_transcription, bool *ret_found);
MUST_USE error transcription_list(struct scope *scope, int64_t skip, int64_t limit, struct list *ret_transcriptions);
MUST_USE error transcription_segments(struct scope *scope, str transcription_id, struct list *ret_segments);
// Its segments and words, to be written in one of transcript.h's formats.
MUST_USE error transcription_transcript(
    struct scope *scope, const struct transcription *transcription, struct transcript *ret_transcript);
// In a change: from text a person gives (document 000); unknown media: VALIDATION_ERROR.
MUST_USE error transcription_add_text(
    struct scope *scope, int64_t media_number, str text, struct transcription *ret_transcription);
// In a change: from a job. `result` is {language, duration, confidence, segments: [{start, end, text, speaker,
// words: [...]}]}. One of the same job before is replaced.
MUST_USE error transcription_add_result(struct scope *scope, str user_id, str media_id, str job_id,
    const json_t *result, struct transcription *ret_transcription);
// What there is of a transcription job that the actor may see: TRANSCRIPTION_NOT_FOUND, or JOB_STATE_CONFLICT before
// its end.
MUST_USE error transcription_get_of_job(
    struct scope *scope, str job_id, struct job *ret_job, struct transcription *ret_transcription);
// The same to be changed: READ_ONLY when it is only shared with the actor.
MUST_USE error transcription_change_of_job(struct scope *scope, str job_id, struct transcription *ret_transcription);
// In a change, after its segments have changed: its text and count of words, the search, the event.
MUST_USE error transcription_settle(struct scope *scope, const struct transcription *transcription);
// In a change: from subtitles (struct caption), as a job that is done: the words share the time of their caption, the
// speakers keep their names. `language` may be STR_NONE.
MUST_USE error transcription_import(struct scope *scope, const struct media *media, const struct list *captions,
    str language, struct transcription *ret_transcription);
// In a change: unchanged words keep their times; the changed ones share the time of those they replace.
MUST_USE error transcription_set_text(struct scope *scope, str key, str text, struct transcription *ret_transcription);
MUST_USE error transcription_delete(struct scope *scope, str key, struct transcription *ret_transcription);
