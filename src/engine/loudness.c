// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/loudness.h"

#include <math.h>

#include "av/audio_encoder.h"
#define error ebur128_error // the library's header names an enum like our type
#include <ebur128.h>
#undef error

struct loudness {
    ebur128_state *meter;
};

static void done(void *pointer)
{
    struct loudness *loudness = pointer;
    ebur128_destroy(&loudness->meter);
}

struct loudness *loudness_new(struct arena *arena)
{
    struct loudness *loudness = ARENA_NEW(arena, struct loudness);
    loudness->meter = ebur128_init(2, AUDIO_RATE, EBUR128_MODE_I);
    ASSERT(loudness->meter);
    arena_defer(arena, done, loudness);
    return loudness;
}

void loudness_add(struct loudness *loudness, const float *samples, size_t frames)
{
    ebur128_add_frames_float(loudness->meter, samples, frames);
}

double loudness_value(const struct loudness *loudness)
{
    double value = -HUGE_VAL;
    ebur128_loudness_global(loudness->meter, &value);
    return value;
}
