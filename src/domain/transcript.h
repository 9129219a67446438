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

// Subtitles: at most 2 lines of 42 characters, cut between words, at pauses and sentence ends before elsewhere, shown
// for 1 to 7 seconds where the words allow and never overlapping.
struct transcript_cue {
    double start, end;
    str text; // lines separated by \n
};
size_t transcript_cues(struct arena *arena, const struct transcript *transcript, struct transcript_cue **ret_cues);

enum transcript_format { TRANSCRIPT_TXT, TRANSCRIPT_JSON, TRANSCRIPT_SRT, TRANSCRIPT_VTT, TRANSCRIPT_TSV };
// "txt", "json", "srt", "vtt", "tsv"
bool transcript_format_of(str name, enum transcript_format *ret_format);
void transcript_write(
    struct arena *arena, const struct transcript *transcript, enum transcript_format format, struct buffer *out);
