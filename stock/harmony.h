// SPDX-License-Identifier: GPL-3.0-or-later
// Chords by name, the scale that fits one, and how the voices of one go to the next.
#pragma once

#include "base/str.h"

enum { CHORD_TONES_MAX = 6 };

struct chord {
    int root, bass;                         // pitch classes, 0 = C
    int tones[CHORD_TONES_MAX], tone_count; // pitch classes: root, third, fifth, ...
    unsigned mask;                          // of the tones
    unsigned scale;                         // the home scale, bent where the chord differs
};

// "Am7", "F#m7b5", "C/E", moved up by `transpose` semitones; the home scale is C major, moved likewise. False for
// anything else.
bool chord_parse(str text, int transpose, struct chord *ret_chord);
// The chord's tone at or nearest to `pitch` (MIDI), the lower of two.
int chord_nearest(const struct chord *chord, int pitch);
// `steps` notes of the scale away from `pitch`, which is moved into the scale first.
int scale_step(unsigned scale, int pitch, int steps);
// The lowest pitch of this class at or above `low`.
int pitch_above(int pitch_class, int low);

// Puts `count` tones of the chord between `low` and `high` so that the voices move as little as can be from
// `previous` (or lie around the middle without one); notes rise.
void chord_voice(const struct chord *chord, int low, int high, int count, const int *previous, int *ret_notes);
