// SPDX-License-Identifier: GPL-3.0-or-later
// A voice as a mixture of Gaussians with diagonal covariances.
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "engine/mfcc.h"

enum { MIXTURE_PARTS_MAX = 32 };

struct mixture {
    size_t parts;
    double base[MIXTURE_PARTS_MAX]; // ln of weight and normalization
    float means[MIXTURE_PARTS_MAX][MFCC_SIZE], precisions[MIXTURE_PARTS_MAX][MFCC_SIZE];
};

// Trains up to `parts` on the frames whose `owners` entry is `owner` (all with NULL), by some rounds of
// expectation-maximization from a start that only the frames decide; fewer parts when there are few frames. False when
// there are no frames.
bool mixture_train(
    struct mixture *mixture, const float *frames, const uint8_t *owners, uint8_t owner, size_t count, size_t parts);
// ln of the density at one frame.
double mixture_score(const struct mixture *mixture, const float *frame);
