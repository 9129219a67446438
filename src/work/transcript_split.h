// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

// Shares the chunks of asr.split out into parts, each a list of chunks in a row with 15 to 60 s of speech: short enough
// that some machines can work on one recording, long enough that starting a child does not matter. The same chunks
// give the same parts. Arrays in the arena.
size_t transcript_split(struct arena *arena, const json_t *chunks, json_t ***ret_parts);
