// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a moment of sound has a pitch of a human voice, as a vowel has and a rustle or a breath has not.
#pragma once

enum { VOICING_WINDOW = 960 }; // samples at 16 kHz

// 0 for noise to 1 for a perfect period of 60 to 400 Hz: the highest normalized autocorrelation in VOICING_WINDOW
// samples of -1..1.
float voicing_of(const float *samples);
