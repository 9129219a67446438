// SPDX-License-Identifier: GPL-3.0-or-later
// A transcript: decoded parts merged into one, and written as text, JSON, subtitles or a table.
#pragma once

#include "base/json.h"

struct transcript_word {
    str text;
    double start, end; // seconds
    double confidence; // 0..1
};
struct transcript_segment {
    double start, end;
    str text;    // its words joined by spaces
    str speaker; // "speaker_1"; STR_NONE before transcript_set_speakers
    double confidence;
    struct transcript_word *words;
    size_t word_count;
    str speaker_name; // how people call the speaker; STR_NONE: not known
};
struct transcript {
    str language;
    double duration; // of the media, seconds
    struct transcript_segment *segments;
    size_t segment_count;
};

// Merges results of asr.decode, in any order, into one transcript in time order, in the language of the
// most segments; everything in the arena. ENGINE_FAILED
// when a result is not of the shape that docs/engine-ops.md gives.
MUST_USE error transcript_merge(
    struct arena *arena, const json_t *const *parts, size_t count, double duration, struct transcript *ret_transcript);

// Subtitles: cut between words, at pauses, sentence ends and changes of speaker before elsewhere, never overlapping.
// Scripts without spaces are cut between letters, but not before a closing or behind an opening mark; words longer than
// a line are cut as well. What cannot be read in its time is joined with what follows when both fit.
struct transcript_rules {
    int64_t line_letters, lines; // at most; a full-width letter counts as 21/8
    double letters_per_second;   // to be read: a cue stays longer than it is said where there is time
    double least_s, most_s;      // a cue is shown; the least where there is time
    double gap_s;                // between cues, so that the eye sees the change
};
extern const struct transcript_rules transcript_rules_default; // 42, 2, 17, 1, 7, 0.04
struct transcript_cue {
    double start, end;
    str text;                            // lines separated by \n
    const struct transcript_segment *of; // where it begins
};
size_t transcript_cues(struct arena *arena, const struct transcript *transcript, const struct transcript_rules *rules,
    struct transcript_cue **ret_cues);

enum transcript_format { TRANSCRIPT_TXT, TRANSCRIPT_JSON, TRANSCRIPT_SRT, TRANSCRIPT_VTT, TRANSCRIPT_TSV };
// "txt", "json", "srt", "vtt", "tsv"
bool transcript_format_of(str name, enum transcript_format *ret_format);
void transcript_write(
    struct arena *arena, const struct transcript *transcript, enum transcript_format format, struct buffer *out);
// The same with other rules for subtitles.
void transcript_write_by(struct arena *arena, const struct transcript *transcript, enum transcript_format format,
    const struct transcript_rules *rules, struct buffer *out);
