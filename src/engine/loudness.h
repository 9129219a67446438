// SPDX-License-Identifier: GPL-3.0-or-later
// How loud 48 kHz stereo sound is as a whole (EBU R128).
#pragma once

#include "base/arena.h"

struct loudness;

struct loudness *loudness_new(struct arena *arena);
void loudness_add(struct loudness *loudness, const float *samples, size_t frames);
// LUFS, minus infinity for silence.
double loudness_value(const struct loudness *loudness);
