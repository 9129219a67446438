// SPDX-License-Identifier: GPL-3.0-or-later
// Search over names of files, transcripts, titles of videos, scenes and their texts. Each piece of text is a row of
// search_entry: one a segment, title or scene; longer texts take more. The database finds the rows (FTS5 or a GIN
// index, over tokens of our own: search_tokens.h) and orders them roughly; the best of them are ordered here by a score
// that no database computes, so that both give the same hits in the same order.
#pragma once

#include "domain/scope.h"
#include "domain/search_query.h"

enum {
    SEARCH_RANKED_MAX =
        1000,              // rows that are scored for an answer: some 5 ms; nobody leafs further, and it bounds memory
    SEARCH_HITS_MAX = 100, // of one answer
    SEARCH_PIECE_BYTES = 500, // of a row's text: a segment of speech fits; at most 250 tokens
};

// What has rows of its own, by the id of the thing. A transcription's are one a segment, a scene's its text and those
// of its layers.
enum search_source { SEARCH_MEDIA, SEARCH_TRANSCRIPTION, SEARCH_VIDEO, SEARCH_SCENE };

// In a change, after the rows of the thing have changed (or are gone): brings its rows here in line, writing only what
// differs. Cheap when no text has changed.
MUST_USE error search_update(struct scope *scope, enum search_source source, str id);
// In changes of its own: what a migration has left to be done (everything, after the one that brings the search).
// *ret_count: the things brought in line.
MUST_USE error search_catch_up(struct db_pool *pool, int64_t *ret_count);
// In a change: leaves all of it to be done, since all rows are others now.
MUST_USE error search_find_again(struct scope *scope);

struct search_hit {
    str kind; // "media", "segment", "video", "scene", "layer"
    int64_t number;
    str media_id, transcription_id, job_id, segment_id, video_id, scene_id, layer_id; // those that apply
    struct opt_number second;                                                         // where in the media or video
    str title;                                                                        // of the media or video
    str snippet;                                                                      // HTML
    double score;
};
extern const struct shape search_hit_row_shape; // without snippet and score

struct search_options {
    str text, kind; // kind: STR_NONE: all
    int64_t offset, limit;
};
// What the actor owns or is let into (superusers too), best first; ties by newness, then by time. *ret_total counts all
// matches, of which the first SEARCH_RANKED_MAX can be had. Text without words gives nothing.
MUST_USE error search(
    struct scope *scope, const struct search_options *options, struct list *ret_hits, int64_t *ret_total);
