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
// Recognizes one utterance of 16 kHz mono samples as a whole: the mean of its cepstra is taken from all of it. The same
// samples give the same words, whatever was asked before.
MUST_USE error sphinx_decode(
    struct arena *arena, const int16_t *samples, size_t count, struct sphinx_word **ret_words, size_t *ret_count);
