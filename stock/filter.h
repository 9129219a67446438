// SPDX-License-Identifier: GPL-3.0-or-later
// Filters of second order (R. Bristow-Johnson, Cookbook formulae for audio equalizer biquad filters), at 48 kHz.
#pragma once

#include <stddef.h>

struct filter {
    double b0, b1, b2, a1, a2, z1, z2;
};

enum filter_kind { FILTER_LOW, FILTER_HIGH, FILTER_BAND, FILTER_SHELF_LOW, FILTER_SHELF_HIGH };

// `q` of the shelves: gain in dB.
struct filter filter_of(enum filter_kind kind, double hertz, double q);
// Changes the frequency and keeps the state, for sweeps.
void filter_tune(struct filter *filter, enum filter_kind kind, double hertz, double q);
static inline double filter_step(struct filter *filter, double in)
{
    double out = filter->b0 * in + filter->z1;
    filter->z1 = filter->b1 * in - filter->a1 * out + filter->z2;
    filter->z2 = filter->b2 * in - filter->a2 * out;
    return out;
}
