// SPDX-License-Identifier: GPL-3.0-or-later
// pocketsphinx with the American English model.
#pragma once

#include "base/error.h"

struct sphinx_word {
    const char *text;              // in the arena
    double start, end, confidence; // seconds from the first sample; 0..1
};

enum { SPHINX_WARPS = 3 };

// What has been learned of a speaker: zero at first, the recognizer's own afterwards.
struct sphinx_voice {
    unsigned heard;              // utterances that all warps were tried on
    double scores[SPHINX_WARPS]; // of these
};

// Loads the model once per process, about 100 MB in a quarter of a second; the zygote does it before it forks.
MUST_USE error sphinx_load(void);
// Recognizes one utterance of 16 kHz mono samples. Utterances with one `voice` are taken for one speaker's: on the
// first it is tried how much longer or shorter the vocal tract is than that of the model's speakers (vocal tract length
// normalization, Lee and Rose, 1996). The same samples with the same voice give the same words, whatever was asked
// before.
MUST_USE error sphinx_decode(struct arena *arena, struct sphinx_voice *voice, const int16_t *samples, size_t count,
    struct sphinx_word **ret_words, size_t *ret_count);
