// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/voicing.h"

#include <math.h>

// At 4 kHz: a pitch stands out there, and it costs a sixteenth.
enum {
    THINNING = 4,
    SIZE = VOICING_WINDOW / THINNING,
    LAG_LEAST = 4000 / 400,
    LAG_MOST = 4000 / 60,
    SPAN = SIZE - LAG_MOST
};

#define ENERGY_LEAST 1e-8F // keeps digital silence from having a pitch

float voicing_of(const float *samples)
{
    float thin[SIZE], mean = 0, best = 0, energy = 0, moved = 0;
    for (int i = 0; i < SIZE; i++) {
        float sum = 0;
        for (int k = 0; k < THINNING; k++)
            sum += samples[i * THINNING + k];
        thin[i] = isfinite(sum) ? sum / THINNING : 0;
        mean += thin[i] / SIZE;
    }
    for (int i = 0; i < SIZE; i++)
        thin[i] -= mean;
    for (int i = 0; i < SPAN; i++) {
        energy += thin[i] * thin[i];
        moved += thin[i + LAG_LEAST] * thin[i + LAG_LEAST];
    }
    for (int lag = LAG_LEAST; lag < LAG_MOST; lag++) {
        float product = 0;
        for (int i = 0; i < SPAN; i++)
            product += thin[i] * thin[i + lag];
        best = fmaxf(best, product / (sqrtf(energy * fmaxf(moved, 0)) + ENERGY_LEAST));
        moved += thin[lag + SPAN] * thin[lag + SPAN] - thin[lag] * thin[lag];
    }
    return fminf(best, 1);
}
