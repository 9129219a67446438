// SPDX-License-Identifier: GPL-3.0-or-later
// How English numbers, dates, times, sums of money and abbreviations are said. Pure.
#pragma once

#include "base/str.h"

// A word of a text (no blanks), without the marks around it, and its neighbours (STR_NONE at the ends).
struct english_word {
    str word, before, after;
    bool ends_with_dot; // a full stop stands behind it, which may belong to it
    bool is_british;
};
// The words to say instead, in the arena; STR_NONE: it is said as it is written. *ret_eats: the full stop, and the word
// behind, that were said with it.
struct english_said {
    str words;
    bool eats_dot, eats_after;
};
struct english_said english_say(struct arena *arena, const struct english_word *word);
// Whether a full stop after this word is the word's own and ends no sentence.
bool english_is_abbreviation(str word, bool before_number);
