// SPDX-License-Identifier: GPL-3.0-or-later
// What a mouth does: shapes for the sounds of speech, and when they are seen. Pure: phonemes or loudness in, shapes
// out. The classes follow the usual visemes of animation (closed, lip on teeth, rounded, spread, ...).
#pragma once

#include <jansson.h>

#include "base/arena.h"
#include "base/error.h"

// All 0 to about 1.
struct mouth {
    double width; // of the widest smile
    double open, round, teeth, tongue;
    double smile; // corners up
};

enum viseme {
    VISEME_REST,
    VISEME_CLOSED, // m b p
    VISEME_LIP,    // f v
    VISEME_WIDE,   // a
    VISEME_MIDDLE, // e
    VISEME_SPREAD, // i
    VISEME_ROUND,  // o
    VISEME_SMALL,  // u w
    VISEME_R,
    VISEME_TONGUE, // l th
    VISEME_TEETH,  // s t d n
    VISEME_HUSH,   // sh ch
    VISEME_THROAT, // k g h
    VISEME_COUNT
};

// ARPABET in lower case (flite) and espeak-ng's mnemonics; VISEME_REST for silence.
enum viseme viseme_of(str phoneme);
struct mouth viseme_mouth(enum viseme viseme);
bool viseme_is_vowel(enum viseme viseme);

struct viseme_time {
    double start, end; // seconds
    enum viseme viseme;
};

// What a voice or a sound makes of the mouth, on one clock.
struct speaking {
    const struct viseme_time *times; // in order; NULL: none
    size_t count;
    const float *levels; // loudness, 0 to 1, in place of times; NULL: none
    size_t level_count;
    double level_step, level_start; // seconds
};

enum { VISEMES_MAX = 200000 }; // of a scene: hours of speech

// Phonemes [{phoneme, start, end}] become times, moved by `shift` seconds. VALIDATION_ERROR when they make no sense.
MUST_USE error visemes_read(struct arena *arena, const json_t *phonemes, double shift, struct speaking *ret_speaking);
enum viseme speaking_viseme(const struct speaking *speaking, double time);
// The mouth at a moment: shapes flow into each other within one to two frames.
struct mouth speaking_mouth(const struct speaking *speaking, double time);
// How much is being said around a moment, 0 to 1, smooth.
double speaking_share(const struct speaking *speaking, double time);
// Weight on what is said just now, 0 to 1: comes with some of the vowels and with the start of each phrase.
double speaking_accent(const struct speaking *speaking, double time, double *ret_side);
