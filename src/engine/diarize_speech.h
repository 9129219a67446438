// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the stretches that are loud enough are a voice, rather than a rustle, a breath or a slamming door.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "engine/asr_voice.h"

// Drops from `runs` (of asr_voice.h) what has far less pitch than the recording's speech has on the whole, and gives
// how many are left. `voiced` says of each level whether there was a pitch. (*ret_core)[i], in the arena, is 1 for the
// levels of the kept runs that are loud enough to tell a voice by.
size_t diarize_speech(struct arena *arena, const int8_t *levels, const uint8_t *voiced, size_t count,
    struct voice_chunk *runs, size_t run_count, uint8_t **ret_core);
