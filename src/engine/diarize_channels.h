// SPDX-License-Identifier: GPL-3.0-or-later
// Two-channel recordings with one person a channel, as of telephone calls and interviews with two microphones.
#pragma once

#include "engine/diarize.h"

// Whether the channels (levels of each, asr_voice.h) belong to two persons: whenever somebody speaks one of them is far
// louder, and both are for a while.
bool channels_are_persons(const int8_t *left, const int8_t *right, size_t count);
// Their turns by begin, voice 0 is the left one; both may speak at a time. What a microphone hears of the other
// person is not theirs. In the arena.
void channels_turns(struct arena *arena, const int8_t *left, const int8_t *right, size_t count,
    struct diarize_turn **ret_turns, size_t *ret_count);
