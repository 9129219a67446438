// SPDX-License-Identifier: GPL-3.0-or-later
// Sums of frames of mfcc.h, which merge by addition, and what a full-covariance Gaussian says of them.
#pragma once

#include "engine/mfcc.h"

struct gaussian {
    double count;                                         // frames
    double sum[MFCC_SIZE], squares[MFCC_SIZE][MFCC_SIZE]; // squares: the lower triangle
};

void gaussian_add(struct gaussian *gaussian, const float *frames, size_t count);
void gaussian_merge(struct gaussian *gaussian, const struct gaussian *other);
// count / 2 * ln |covariance|: how badly one Gaussian describes its frames. Of a few frames, the covariance is mended
// by a little on its diagonal.
double gaussian_misfit(const struct gaussian *gaussian);
// What a second Gaussian costs by the Bayesian information criterion, in the same unit, for `count` frames.
double gaussian_price(double count);
