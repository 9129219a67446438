// SPDX-License-Identifier: GPL-3.0-or-later
// pocketsphinx with the American English model.
#pragma once

#include "base/error.h"

struct sphinx_word {
    const char *text;              // in the arena
    double start, end, confidence; // seconds from the first sample; 0..1
};

// Loads the model once per process, about 100 MB in a quarter of a second; the zygote does it before it forks.
MUST_USE error sphinx_load(void);
// Recognizes one utterance, `count` 16 kHz mono samples after `before` others: from those it only learns what noise
// there is, which it takes away. The mean of the cepstra is that of the utterance. The same samples give the same
// words, whatever was asked before.
MUST_USE error sphinx_decode(struct arena *arena, const int16_t *samples, size_t before, size_t count,
    struct sphinx_word **ret_words, size_t *ret_count);
