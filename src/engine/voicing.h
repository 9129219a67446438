// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a moment of sound has a pitch of a human voice, as a vowel has and a rustle or a breath has not.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    VOICING_HOP = 160,                             // samples at 16 kHz from one look to the next: 10 ms
    VOICING_WINDOW = 960,                          // samples looked at
    VOICING_LAG = VOICING_WINDOW / VOICING_HOP / 2 // hops from the middle of the window to its end
};

// 0 for noise to 1 for a perfect period of 60 to 400 Hz: the highest normalized autocorrelation in VOICING_WINDOW
// samples of -1..1.
float voicing_of(const float *samples);

struct voicing {
    float window[VOICING_WINDOW]; // zero at first
};
// Hears the next hop (fewer samples only at the end) and tells whether there was a pitch VOICING_LAG hops ago.
bool voicing_hear(struct voicing *voicing, const float *samples, size_t count);
