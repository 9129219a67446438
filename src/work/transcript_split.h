// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

// Shares the chunks of asr.split out into parts, each a list of chunks in a row with `least` to `most` seconds of
// speech, as an engine wants them. The same chunks give the same parts. Arrays in the arena.
size_t transcript_split(struct arena *arena, const json_t *chunks, double least, double most, json_t ***ret_parts);
