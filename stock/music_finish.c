// SPDX-License-Identifier: GPL-3.0-or-later
// Mastering of a loop: every filter goes round once before it counts, so that it comes to the start in the state in
// which it leaves the end.
#include <math.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "engine/limiter.h"
#include "engine/loudness.h"
#include "filter.h"
#include "music.h"

static const double target_lufs = -16, ceiling = 0.77;
enum { WARM_UP = 2 * AUDIO_RATE, LEVEL_PASSES = 4 };

static void filter_loop(struct filter prototype, float *samples, size_t frames)
{
    for (int channel = 0; channel < 2; channel++) {
        struct filter filter = prototype;
        for (size_t i = frames - WARM_UP; i < frames; i++)
            filter_step(&filter, samples[2 * i + (size_t)channel]);
        for (size_t i = 0; i < frames; i++)
            samples[2 * i + (size_t)channel] = (float)filter_step(&filter, samples[2 * i + (size_t)channel]);
    }
}

// A soft knee, as tape has it; `drive` 1 does little.
static void saturate(float *samples, size_t frames, double drive)
{
    for (size_t i = 0; i < 2 * frames; i++)
        samples[i] = (float)(tanh(samples[i] * drive) / drive);
}

static double peak_of(const float *samples, size_t frames)
{
    double peak = 1e-9;
    for (size_t i = 0; i < 2 * frames; i++)
        peak = fmax(peak, fabs(samples[i]));
    return peak;
}

static void scale(float *samples, size_t frames, double factor)
{
    for (size_t i = 0; i < 2 * frames; i++)
        samples[i] = (float)(samples[i] * factor);
}

// The pitch of a worn tape: whole waves fit into the loop.
static void wobble(struct arena *arena, float *samples, size_t frames)
{
    float *copy = arena_copy(arena, samples, frames * 2 * sizeof *copy);
    double seconds = (double)frames / AUDIO_RATE, slow = round(seconds * 0.55), quick = round(seconds * 4.7);
    for (size_t i = 0; i < frames; i++) {
        double turn = 2 * M_PI * (double)i / (double)frames;
        double delay = 200 + 90 * sin(turn * slow) + 5 * sin(turn * quick);
        double at = (double)(i + frames) - delay;
        size_t whole = (size_t)at;
        double part = at - (double)whole;
        for (size_t channel = 0; channel < 2; channel++) {
            float here = copy[2 * (whole % frames) + channel], there = copy[2 * ((whole + 1) % frames) + channel];
            samples[2 * i + channel] = (float)(here + part * (there - here));
        }
    }
}

// Dust and scratches of a record.
static void crackle(const struct piece *piece, float *samples, size_t frames)
{
    struct chance chance = chance_of(piece->slug, "dust");
    struct filter hiss = filter_of(FILTER_BAND, 3200, 0.4);
    for (size_t i = 0; i < frames; i++) {
        double noise = 0.0022 * filter_step(&hiss, chance_bell(&chance));
        samples[2 * i] += (float)noise;
        samples[2 * i + 1] += (float)noise;
    }
    size_t count = frames / AUDIO_RATE * 9;
    for (size_t n = 0; n < count; n++) {
        size_t at = (size_t)(chance_unit(&chance) * (double)frames), length = 8 + (size_t)chance_below(&chance, 30);
        double level = 0.035 * pow(chance_unit(&chance), 3) + 0.004, side = chance_between(&chance, 0.2, 0.8);
        for (size_t i = 0; i < length; i++) {
            double value = level * chance_bell(&chance) * exp(-4.0 * (double)i / (double)length);
            samples[2 * ((at + i) % frames)] += (float)(value * side);
            samples[2 * ((at + i) % frames) + 1] += (float)(value * (1 - side));
        }
    }
}

// Two to one above the threshold, slowly: what is loud for long comes down, hits stay.
static void compress(float *samples, size_t frames, double threshold)
{
    double level = 0, attack = 1 - exp(-1 / (0.02 * AUDIO_RATE)), release = 1 - exp(-1 / (0.35 * AUDIO_RATE));
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = round ? 0 : frames - WARM_UP; i < frames; i++) {
            double power = (double)samples[2 * i] * samples[2 * i] + (double)samples[2 * i + 1] * samples[2 * i + 1];
            level += (power > level ? attack : release) * (power - level);
            double rms = sqrt(level / 2), gain = rms > threshold ? pow(threshold / rms, 0.5) : 1;
            if (!round)
                continue;
            samples[2 * i] = (float)(samples[2 * i] * gain);
            samples[2 * i + 1] = (float)(samples[2 * i + 1] * gain);
        }
    }
}

// Quiet sections come closer to the loud ones, as a hand on the fader would do it: half of what they lack in level,
// over seconds and all around the loop.
static void ride(struct arena *arena, float *samples, size_t frames)
{
    enum { BLOCK = AUDIO_RATE / 4, REACH = 8 };
    size_t count = frames / BLOCK;
    double *levels = ARENA_ARRAY(arena, double, count + 1), *gains = ARENA_ARRAY(arena, double, count + 1), mean = 0;
    for (size_t i = 0; i < count * BLOCK; i++)
        levels[i / BLOCK] += (double)samples[2 * i] * samples[2 * i] + (double)samples[2 * i + 1] * samples[2 * i + 1];
    for (size_t i = 0; i < count; i++)
        mean += levels[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        double around = 1e-9 * mean, weights = 0;
        for (size_t k = 0; k <= 2 * REACH; k++) {
            double weight = 1 - fabs((double)k - REACH) / (REACH + 1.0);
            around += weight * levels[(i + count + k - REACH) % count];
            weights += weight;
        }
        gains[i] = fmin(fmax(pow(mean * weights / around, 0.25), 0.8), 3);
    }
    for (size_t i = 0; i < frames; i++) {
        double at = (double)i / (double)frames * (double)count;
        size_t block = (size_t)at % count;
        double gain = gains[block] + (at - floor(at)) * (gains[(block + 1) % count] - gains[block]);
        samples[2 * i] = (float)(samples[2 * i] * gain);
        samples[2 * i + 1] = (float)(samples[2 * i + 1] * gain);
    }
}

static double loudness_of(const float *samples, size_t frames)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct loudness *loudness = loudness_new(arena);
    loudness_add(loudness, samples, frames);
    return loudness_value(loudness);
}

static void limit(struct arena *arena, float *samples, size_t frames)
{
    struct limiter *limiter = limiter_new(arena, (float)ceiling);
    float *copy = arena_copy(arena, samples, frames * 2 * sizeof *copy), pair[2];
    for (size_t i = frames - WARM_UP; i < frames; i++)
        limiter_step(limiter, copy + 2 * i, pair);
    for (size_t i = 0; i < frames + LIMITER_DELAY; i++) {
        limiter_step(limiter, copy + 2 * (i % frames), pair);
        if (i >= LIMITER_DELAY)
            memcpy(samples + 2 * (i - LIMITER_DELAY), pair, sizeof pair);
    }
}

static void level(struct arena *arena, float *samples, size_t frames)
{
    for (int pass = 0; pass < LEVEL_PASSES; pass++) {
        double missing = target_lufs - loudness_of(samples, frames);
        if (pass && fabs(missing) < 0.25)
            return;
        scale(samples, frames, pow(10, missing / 20));
        if (peak_of(samples, frames) > ceiling * 0.9)
            limit(arena, samples, frames);
    }
}

void music_finish(struct arena *arena, const struct piece *piece, float *samples, size_t frames)
{
    filter_loop(filter_of(FILTER_HIGH, 32, 0.7), samples, frames);
    scale(samples, frames, pow(10, (-18 - loudness_of(samples, frames)) / 20));
    if (piece->finish == FINISH_LOFI) {
        wobble(arena, samples, frames);
        saturate(samples, frames, 1.8);
        filter_loop(filter_of(FILTER_LOW, 6800, 0.6), samples, frames);
        filter_loop(filter_of(FILTER_SHELF_LOW, 140, 2.5), samples, frames);
        crackle(piece, samples, frames);
    } else if (piece->finish == FINISH_WARM) {
        saturate(samples, frames, 1.3);
        filter_loop(filter_of(FILTER_SHELF_HIGH, 5500, -3), samples, frames);
        filter_loop(filter_of(FILTER_SHELF_LOW, 180, 1.5), samples, frames);
    } else
        filter_loop(filter_of(FILTER_SHELF_HIGH, 7000, 1.5), samples, frames);
    ride(arena, samples, frames);
    compress(samples, frames, 0.13);
    level(arena, samples, frames);
}
