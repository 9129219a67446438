// SPDX-License-Identifier: GPL-3.0-or-later
// What a person asks for: words (all must be there), "phrases", beginnings*, and -what must not be there. Pure.
//
// Any text is a query: what makes no sense in it is passed over. It is matched by the databases, in the language of
// each, and once more here, for the score and the marks: from the same tokens, so all agree.
#pragma once

#include "domain/search_tokens.h"

enum {
    SEARCH_QUERY_LETTERS_MAX = 500, // of the text: more than people type or paste to find something
    SEARCH_TERMS_MAX = 16,          // further words are passed over; each costs the database a look into its index
    SEARCH_PHRASE_MAX = 32,         // words of one phrase
    SEARCH_SNIPPET_BYTES = 200,     // about two lines, without the marks
};

struct search_term {
    str words[SEARCH_PHRASE_MAX]; // next to each other
    size_t count;
    str joined; // as good as the words: wifi for wi-fi; STR_NONE: none
    bool is_prefix, is_negative;
};
struct search_query {
    struct search_term terms[SEARCH_TERMS_MAX];
    size_t count;
    size_t positive_count; // 0: it finds nothing
};
void search_query_parse(struct arena *arena, str text, struct search_query *ret_query);
// With a positive term: for SQLite's FTS5, whose table has the columns `words` and `joined`.
str search_query_fts5(struct arena *arena, const struct search_query *query);
// The same as text of a tsquery; the joined words stand in the tsvector far behind the others.
str search_query_tsquery(struct arena *arena, const struct search_query *query);

// The words, or the joined forms, with spaces between: what FTS5's columns hold.
str search_words_text(struct arena *arena, const struct search_tokens *tokens);
str search_joined_text(struct arena *arena, const struct search_tokens *tokens);
// Text of a tsvector: the words at 1, 2, 3, ..., joined forms from 10000 on, no two of them neighbours. Good for texts
// of up to 255 words: PostgreSQL keeps no more places of one word.
str search_tsvector(struct arena *arena, const struct search_tokens *tokens);

struct search_match {
    size_t first, end; // words
    size_t term;
};
// Where the positive terms stand, in order of their first words. Everything in the arena.
size_t search_matches(struct arena *arena, const struct search_query *query, const struct search_tokens *tokens,
    struct search_match **ret_matches);
// 0..1: how often the terms are there, how close to each other, how much of the text they are. The same for the same
// text and query everywhere.
double search_score(const struct search_query *query, const struct search_tokens *tokens,
    const struct search_match *matches, size_t count);
// The part of the text around the first dense group of matches, safe as HTML, the matches between <mark> and </mark>;
// "…" where it was cut.
str search_snippet(struct arena *arena, str text, const struct search_tokens *tokens,
    const struct search_match *matches, size_t count);
