// SPDX-License-Identifier: GPL-3.0-or-later
// Where in a recording somebody speaks, by loudness alone.
#pragma once

#include <stdint.h>

#include "base/arena.h"

enum { VOICE_LEVELS_A_SECOND = 100, VOICE_LEVEL_LEAST = -100 };

struct voice_chunk {
    size_t start, end; // levels
};

// One level: loudness in dB below full scale of `count` samples of -1..1, VOICE_LEVEL_LEAST to 0.
int8_t voice_level(const float *samples, size_t count);
// Chunks of speech from pause to pause, of at most `longest` levels, in order and without overlap. The floor follows
// the surroundings, so that steady noise or a held note is silence.
size_t voice_chunks(
    struct arena *arena, const int8_t *levels, size_t count, size_t longest, struct voice_chunk **ret_chunks);
// The stretches of speech themselves, without margins and not joined: where somebody is heard, short gaps included.
size_t voice_runs(struct arena *arena, const int8_t *levels, size_t count, struct voice_chunk **ret_runs);
