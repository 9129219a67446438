// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/voicing.h"

#include <math.h>
#include <string.h>

// At 4 kHz: a pitch stands out there, and it costs a sixteenth.
enum {
    THINNING = 4,
    SIZE = VOICING_WINDOW / THINNING,
    LAG_LEAST = 4000 / 400,
    LAG_MOST = 4000 / 60,
    SPAN = SIZE - LAG_MOST
};

#define VOICED_LEAST 0.7F  // of a vowel
#define POWER_LEAST 1e-6F  // -60 dB; below, nobody asks for the pitch
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

bool voicing_hear(struct voicing *voicing, const float *samples, size_t count)
{
    float power = 0;
    float *middle = voicing->window + VOICING_WINDOW / 2;
    memmove(voicing->window, voicing->window + VOICING_HOP, (VOICING_WINDOW - VOICING_HOP) * sizeof *samples);
    memset(voicing->window + VOICING_WINDOW - VOICING_HOP, 0, VOICING_HOP * sizeof *samples);
    memcpy(voicing->window + VOICING_WINDOW - VOICING_HOP, samples, count * sizeof *samples);
    for (int i = 0; i < VOICING_HOP; i++)
        power += middle[i] * middle[i];
    return power >= POWER_LEAST * VOICING_HOP && voicing_of(voicing->window) >= VOICED_LEAST;
}
