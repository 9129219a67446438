// SPDX-License-Identifier: GPL-3.0-or-later
// Who speaks when, by the sound of the voices alone, with no model made beforehand: a block of speech is cut at changes
// of the sound, the pieces are joined to voices (diarize_cluster.h), and the borders found anew by the likeliest
// way through mixtures trained on the voices. Voices of all blocks are then joined to speakers.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "engine/asr_voice.h"
#include "engine/gaussian.h"

enum {
    DIARIZE_SPEAKERS_MAX = 20,
    DIARIZE_BLOCK_FRAMES = 10 * 60 * 100, // of speech: what bounds the memory, about 60 MB
};

// Ten minutes of speech or less: runs one after another.
struct diarize_block {
    const struct voice_chunk *runs; // when they are heard in the recording, in order
    size_t run_count;
    const float *frames; // MFCC_SIZE a frame
    const uint8_t *core; // of each frame, whether it is loud enough to tell a voice by
    size_t frame_count;
};
struct diarize_turn {
    size_t start, end; // frames of the recording
    size_t voice;
};
struct diarize_voice {
    struct gaussian gaussian;
    size_t speaker;
};

// The voices of one block, `least` or more where there is enough speech, and their turns in order. Arrays in the arena.
void diarize_block(struct arena *arena, const struct diarize_block *block, size_t least,
    struct diarize_turn **ret_turns, size_t *ret_turn_count, struct diarize_voice **ret_voices,
    size_t *ret_voice_count);
// Joins voices of all blocks to `wanted` speakers, or with 0 to as many as there seem to be, numbered from 0 in order
// of the voices. Gives their number.
size_t diarize_join(struct arena *arena, struct diarize_voice *voices, size_t count, size_t wanted);
