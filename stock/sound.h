// SPDX-License-Identifier: GPL-3.0-or-later
// A stretch of stereo sound to build effects in, and what they are built of. Times in seconds, places -1 (left) to 1.
#pragma once

#include "filter.h"
#include "random.h"

struct sound {
    struct arena *arena;
    float *samples; // pairs, 48 kHz
    size_t frames;
    struct chance chance;
};

// Silence.
struct sound sound_new(struct arena *arena, const char *name, double seconds);
// Adds at a moment that may lie outside, where it is lost.
void sound_put(struct sound *sound, double seconds, double value, double side);
static inline double noise_white(struct chance *chance)
{
    return 2 * chance_unit(chance) - 1;
}
// Noise that falls by 3 dB an octave (P. Kellet's filter); zeroed at first.
struct pink {
    double stages[3];
};
double noise_pink(struct pink *pink, struct chance *chance);

// Rises for `attack`, then falls to a thousandth in `decay`.
double shape_hit(double seconds, double attack, double decay);
// 0 at both ends of 0..1, 1 at `top`.
double shape_arch(double share, double top);

// Something that rings when it is struck.
struct mode {
    double ratio, level, decay; // of the pitch; seconds
};
struct body {
    const struct mode *modes;
    size_t count;
};
extern const struct body body_bell, body_bowl, body_bar, body_wood, body_metal, body_glass, body_plate, body_drum,
    body_chime;
// Strikes it; `hard` 0..1 brightens, and adds the noise of the stroke.
void sound_strike(struct sound *sound, double start, const struct body *body, double hertz, double level, double length,
    double hard, double side);
// Band of noise whose pitch and place move; `top` is where in it the loudest moment lies.
struct sweep {
    double start, length, from_hertz, to_hertz, q, level, top, from_side, to_side;
};
void sound_sweep(struct sound *sound, struct sweep sweep);
// A tone that glides; `wave` 0 sine .. 1 saw-like.
struct glide {
    double start, length, from_hertz, to_hertz, level, attack, wave, side;
};
void sound_glide(struct sound *sound, struct glide glide);

// Changes all of it.
void sound_filter(struct sound *sound, enum filter_kind kind, double hertz, double q);
void sound_room(struct sound *sound, double seconds, double share, double damp_hertz); // adds the echo of a room
void sound_drive(struct sound *sound, double amount);
void sound_reverse(struct sound *sound);
void sound_fade(struct sound *sound, double in, double out);
// Cuts `lap` seconds off the end and lays them over the beginning: what is left goes round.
void sound_wrap(struct sound *sound, double lap);
// The highest sample becomes `peak`.
void sound_level(struct sound *sound, double peak);
