// SPDX-License-Identifier: GPL-3.0-or-later
// Sound of another speed or pitch, each without the other, by Rubber Band: 48 kHz stereo, interleaved floats.
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct stretch;

// Gives the next `frames` pairs of the plain sound, all of them: silence behind its end.
typedef error (*stretch_pull)(void *context, float *ret_samples, size_t frames);

// `speed` and `pitch` are factors, 1 the sound's own. `fine` is the better and much slower of the library's two
// engines. Lives in the arena.
struct stretch *stretch_new(
    struct arena *arena, double speed, double pitch, bool fine, stretch_pull pull, void *context);
// The next `frames` pairs; the first is the first of the plain sound. Errors of `pull`.
MUST_USE error stretch_read(struct stretch *stretch, float *ret_samples, size_t frames);
