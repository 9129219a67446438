// SPDX-License-Identifier: GPL-3.0-or-later
// Tracks of sound into one, 48 kHz stereo float: times, fades, loops, and music that gives way to speech.
#pragma once

#include "av/source.h"

struct mixer;

struct mixer_track {
    struct source_io io;
    double start, duration;   // seconds on the mix's clock
    double start_from;        // seconds into the source
    double speed, pitch;      // factors
    bool fine;                // speed and pitch by the better of two ways
    double volume;            // factor
    double fade_in, fade_out; // seconds
    bool loop, ducking, speech;
};

enum { MIXER_BLOCK = 480 }; // frames, 10 ms

// Lives in the arena; tracks are borrowed. Errors of source_open; NO_AUDIO for a track without sound.
MUST_USE error mixer_new(struct arena *arena, const struct mixer_track *tracks, size_t count, struct mixer **ret_mixer);
// The next MIXER_BLOCK pairs; never ends, behind the tracks there is silence.
MUST_USE error mixer_read(struct mixer *mixer, float *ret_samples);
