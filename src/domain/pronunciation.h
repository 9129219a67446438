// SPDX-License-Identifier: GPL-3.0-or-later
// How a user wants words to be spoken: whole words, whatever their case and accents, in every text of theirs.
#pragma once

#include "domain/scope.h"

enum { PRONUNCIATIONS_MAX = 1000 }; // of a user: each sentence is held against all of them

struct pronunciation {
    str id, word, spoken;
    time_us created_at;
};
extern const struct shape pronunciation_shape;

// The actor's, by word.
MUST_USE error pronunciation_list(struct scope *scope, struct list *ret_list);
// In a change: a word has one; another takes its place. VALIDATION_ERROR for what is not one word, and above the limit.
MUST_USE error pronunciation_put(struct scope *scope, str word, str spoken, struct pronunciation *ret_pronunciation);
// In a change: PRONUNCIATION_NOT_FOUND.
MUST_USE error pronunciation_delete(struct scope *scope, str id);
// The actor's as speaking wants them: a list of {word (folded), spoken}.
MUST_USE error pronunciation_words(struct scope *scope, const json_t **ret_words);
