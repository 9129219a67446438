// SPDX-License-Identifier: GPL-3.0-or-later
// The peak between samples is found by interpolating four times. The gain that each sample needs is held over a
// window (a minimum) and then averaged over another, so that it moves smoothly and is low enough in time.
#include "engine/limiter.h"

#include <math.h>
#include <string.h>

enum { PHASES = 4, RING = 512 }; // RING: a power of two above two windows

struct limiter {
    float ceiling;
    float taps[PHASES][LIMITER_TAPS];
    float history[LIMITER_TAPS][2]; // newest last
    float pairs[RING][2];           // waiting for their gain
    float needed[RING], held[RING]; // gain of each sample; its minimum over the window before
    size_t count;                   // pairs so far
    size_t last_below;              // the last one that needed less than 1, counted from 1
};

struct limiter *limiter_new(struct arena *arena, float ceiling)
{
    struct limiter *limiter = ARENA_NEW(arena, struct limiter);
    limiter->ceiling = ceiling;
    for (int phase = 0; phase < PHASES; phase++) {
        for (int tap = 0; tap < LIMITER_TAPS; tap++) {
            double at = tap - (LIMITER_TAPS / 2 - 1) - (double)phase / PHASES;
            double window = 0.5 + 0.5 * cos(M_PI * at / (LIMITER_TAPS / 2));
            double sinc = fabs(at) < 1e-9 ? 1 : sin(M_PI * at) / (M_PI * at);
            limiter->taps[phase][tap] = (float)(sinc * window);
        }
    }
    for (int i = 0; i < RING; i++)
        limiter->needed[i] = limiter->held[i] = 1;
    return limiter;
}

// The largest level around the sample in the middle of the history.
static float peak(const struct limiter *limiter)
{
    float most = 0;
    for (int phase = 0; phase < PHASES; phase++) {
        float left = 0, right = 0;
        for (int tap = 0; tap < LIMITER_TAPS; tap++) {
            left += limiter->taps[phase][tap] * limiter->history[tap][0];
            right += limiter->taps[phase][tap] * limiter->history[tap][1];
        }
        most = fmaxf(most, fmaxf(fabsf(left), fabsf(right)));
    }
    return most;
}

static bool is_loud(const struct limiter *limiter)
{
    // Interpolation cannot make more than this out of quieter samples.
    float quiet = limiter->ceiling * 0.4f;
    for (int i = 0; i < LIMITER_TAPS; i++)
        if (fabsf(limiter->history[i][0]) > quiet || fabsf(limiter->history[i][1]) > quiet)
            return true;
    return false;
}

static float gain_of(struct limiter *limiter, size_t at)
{
    // Nothing was loud for two windows: no need to look.
    if (limiter->last_below == 0 || at + 1 > limiter->last_below + 2 * (size_t)LIMITER_WINDOW)
        return 1;
    float least = 1, sum = 0;
    for (size_t i = 0; i < LIMITER_WINDOW; i++)
        least = fminf(least, limiter->needed[(at - i) % RING]);
    limiter->held[at % RING] = least;
    for (size_t i = 0; i < LIMITER_WINDOW; i++)
        sum += limiter->held[(at - i) % RING];
    return sum / LIMITER_WINDOW;
}

void limiter_step(struct limiter *limiter, const float in[2], float ret_out[2])
{
    memmove(limiter->history[0], limiter->history[1], sizeof limiter->history - sizeof limiter->history[0]);
    memcpy(limiter->history[LIMITER_TAPS - 1], in, sizeof limiter->history[0]);
    size_t at = limiter->count++;
    float level = is_loud(limiter) ? peak(limiter) : 0;
    memcpy(limiter->pairs[at % RING], limiter->history[LIMITER_TAPS / 2 - 1], sizeof limiter->pairs[0]);
    limiter->needed[at % RING] = level > limiter->ceiling ? limiter->ceiling / level : 1;
    limiter->held[at % RING] = 1;
    if (level > limiter->ceiling)
        limiter->last_below = at + 1;
    float gain = gain_of(limiter, at);
    const float *pair = limiter->pairs[(at + RING - (LIMITER_WINDOW - 1)) % RING];
    ret_out[0] = pair[0] * gain;
    ret_out[1] = pair[1] * gain;
}
