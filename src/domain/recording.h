// SPDX-License-Identifier: GPL-3.0-or-later
// A transcribed recording becomes a project document, like a story: scenes of up to about 10 s that are cut at the ends
// of sentences and at pauses, each with its part of the recording and the words for captions. Pure.
#pragma once

#include "domain/transcript.h"

struct recording {
    str media_id, title;
    bool is_film;
    double width, height; // pixels of a film
    const struct transcript *transcript;
};
// `segments` holds the indexes of those to take, in this order (borrowed), or {"segment": index, "without": [indexes of
// its words that are cut out]}; NULL: all. VALIDATION_ERROR about "segments"
// for an index that is none, and when nothing is left. The document is freed with the arena.
MUST_USE error recording_document(
    struct arena *arena, const struct recording *recording, const json_t *segments, json_t **ret_document);
