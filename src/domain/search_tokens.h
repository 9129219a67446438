// SPDX-License-Identifier: GPL-3.0-or-later
// Texts as plain tokens, the same for texts and queries, on every database. Pure.
//
// A token has only a-z, 0-9 and UTF-8 bytes above 127: no database splits or folds it again. Compatibility forms, case
// and accents are folded (NFKD and case folding of Unicode by utf8proc, without the marks of alphabets; also letters
// that Unicode does not decompose: ø, ł, đ, æ, ...). Scripts without spaces between words (Han, Kana, Hangul, Thai,
// ...) are cut into overlapping pairs, with the last letter of a run once more alone, so that a single letter is found
// as the beginning of a token wherever it stands. What hyphens, apostrophes, dots and the like hold together (wi-fi,
// don't, U.S.A., 10,000) is there in its parts, and once more joined (wifi).
#pragma once

#include "base/str.h"

enum {
    SEARCH_TOKEN_BYTES = 64, // longer words are cut: no language needs more, and databases index short keys best
};

struct search_token {
    str text;          // folded
    size_t start, end; // bytes of the original
    bool is_single;    // of a script without spaces: the last letter of a run
    bool is_tail;      // the same, and there were others before it
};
// Words that are held together, as one.
struct search_joined {
    str text;
    size_t first, end; // its words
};
struct search_tokens {
    struct search_token *words;
    size_t word_count;
    struct search_joined *joined;
    size_t joined_count;
};

// Everything in the arena. Bytes that are no UTF-8 count as spaces. At most one word for each byte of the text.
void search_tokens(struct arena *arena, str text, struct search_tokens *ret_tokens);
