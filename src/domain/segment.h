// SPDX-License-Identifier: GPL-3.0-or-later
// Corrections of a transcript, segment by segment. Each is one change: the rows, a revision that says who did what and
// how it was before, the search, an event "transcription:updated". The text of a segment is its words joined by
// spaces, and it has exactly one speaker.
#pragma once

#include "domain/transcription.h"

enum {
    SPEAKER_NAME_MAX = 100, // letters, of ids and names: more than a line of subtitles has room for
    SPEAKERS_MAX = 100,     // told apart in an imported file: more than any cast that is named in subtitles
};

struct segment_change {
    str text, speaker; // STR_NONE: as it was
};
// SEGMENT_NOT_FOUND
MUST_USE error segment_get(struct scope *scope, const struct transcription *of, str id, struct segment *ret_segment);
// In a change: words that stay keep their times, as in transcription_set_text. VALIDATION_ERROR for a text without
// words.
MUST_USE error segment_update(struct scope *scope, const struct transcription *of, str id,
    const struct segment_change *change, struct segment *ret_segment);
// In a change: in two, the second of which begins with the word `at_word` (from 1 on), or, when that is not set, with
// the first word that begins at `at_s` or later. VALIDATION_ERROR when one of them would have no words.
MUST_USE error segment_split(struct scope *scope, const struct transcription *of, str id, struct opt_int at_word,
    double at_s, struct segment ret_two[static 2]);
// In a change: joined with the next one, under this one's id and speaker. CONFLICT for the last.
MUST_USE error segment_merge(struct scope *scope, const struct transcription *of, str id, struct segment *ret_segment);

struct speaker {
    str id, name; // name: STR_NONE until somebody gives one
    int64_t segment_count;
};
extern const struct shape speaker_shape;
// In order of their ids.
MUST_USE error segment_speakers(struct scope *scope, str transcription_id, struct list *ret_speakers);
// In a change, of a new transcription: no revision, no event.
MUST_USE error segment_put_name(struct scope *scope, str transcription_id, str speaker, str name);
// In a change: SPEAKER_NOT_FOUND when no segment is this speaker's.
MUST_USE error segment_name_speaker(
    struct scope *scope, const struct transcription *of, str id, str name, struct speaker *ret_speaker);

struct segment_revision {
    int64_t number;
    str user_id, kind;               // "text", "segment", "split", "merge", "speaker"
    struct raw_json change, inverse; // {segments: [as they became], removed: [ids]}; the same to go back
    time_us created_at;
};
extern const struct shape segment_revision_shape;
// Newest first.
MUST_USE error segment_revisions(struct scope *scope, str transcription_id, int64_t skip, int64_t limit,
    struct list *ret_revisions, int64_t *ret_total);
MUST_USE error segment_newest_revision(struct scope *scope, str transcription_id, int64_t *ret_number); // 0: none
// In a change: writes down that the segments `before` became `after`; those that are the same are left out.
MUST_USE error segment_record(struct scope *scope, const struct transcription *of, const char *kind,
    const struct list *before, const struct list *after);
