// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps stereo sound below a true peak by turning the gain down a little ahead of it.
#pragma once

#include <stddef.h>

#include "base/arena.h"

struct limiter;

// `ceiling` as a factor of full scale.
struct limiter *limiter_new(struct arena *arena, float ceiling);
// Takes and gives one pair a call; what comes out went in LIMITER_DELAY calls before.
void limiter_step(struct limiter *limiter, const float in[2], float ret_out[2]);

enum { LIMITER_WINDOW = 240, LIMITER_TAPS = 12, LIMITER_DELAY = LIMITER_WINDOW - 1 + LIMITER_TAPS / 2 };
