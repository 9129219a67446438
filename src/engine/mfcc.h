// SPDX-License-Identifier: GPL-3.0-or-later
// How a voice sounds: mel frequency cepstra (Davis and Mermelstein, 1980) of 16 kHz sound.
#pragma once

#include <stddef.h>

enum {
    MFCC_RATE = 16000,
    MFCC_HOP = 160,    // samples from frame to frame: 10 ms
    MFCC_WINDOW = 400, // samples of one frame
    MFCC_SIZE = 19,    // coefficients of a frame: 1 to 16, without the loudness
};

struct mfcc; // tables, about 40 KB

// The caller's, to be freed; never NULL.
struct mfcc *mfcc_new(void);
void mfcc_free(struct mfcc *mfcc); // NULL is allowed
// Coefficients of one frame of MFCC_WINDOW samples of -1..1. What is not a finite number counts as silence.
void mfcc_frame(struct mfcc *mfcc, const float *samples, float ret_coefficients[MFCC_SIZE]);
