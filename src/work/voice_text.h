// SPDX-License-Identifier: GPL-3.0-or-later
// A text to speak: its marks, its sentences, and how they are said. Pure.
//
// "[pause 0.5s]" is a silence of so long, "*very*" is said louder. A user's pronunciations replace whole words. In
// English, numbers, dates and abbreviations become words here; for other languages the engines' own rules do.
#pragma once

#include "base/json.h"

enum { VOICE_TEXT_MAX = 100000, VOICE_SENTENCE_BYTES = 600 }; // characters of a text; an engine's utterance

struct voice_sentence {
    double pause_s;       // silence before it
    str said;             // what an engine is given
    const size_t *origin; // of each byte of `said`: where it comes from in the text
    size_t from, to;      // bytes of the text
};
struct voice_text {
    struct voice_sentence *sentences;
    size_t count;
    double pause_s; // at the end
    bool *is_loud;  // of each byte of the text
};
// `language` is a code such as "en-us"; `pronunciations` a list of {word (folded), spoken} or NULL.
void voice_text_read(
    struct arena *arena, str text, str language, const json_t *pronunciations, struct voice_text *ret_text);
// Without marks, as people read it.
str voice_text_plain(struct arena *arena, str text);
