// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mfcc.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"

enum { POINTS = 512, BINS = POINTS / 2 + 1, FILTERS = 24 };

#define LOWEST_HZ 120.0
#define HIGHEST_HZ 7000.0 // the band of a telephone: voices differ there, and all recordings have it
#define EMPHASIS 0.97F
#define POWER_LEAST 1e-9 // keeps digital silence finite

struct mfcc {
    float window[MFCC_WINDOW];
    float complex turns[POINTS / 2]; // e^(-2 pi i k / POINTS)
    double filters[FILTERS][BINS];
    double cosines[MFCC_SIZE][FILTERS];
};

static double mel_of(double hertz)
{
    return 1127 * log(1 + hertz / 700);
}

// Triangles of equal width on the mel scale, each reaching to the tops of its neighbours.
static void make_filters(struct mfcc *mfcc)
{
    double low = mel_of(LOWEST_HZ), step = (mel_of(HIGHEST_HZ) - low) / (FILTERS + 1);
    for (int filter = 0; filter < FILTERS; filter++)
        for (int bin = 0; bin < BINS; bin++) {
            double from_top = fabs((mel_of((double)bin * MFCC_RATE / POINTS) - low) / step - (filter + 1));
            mfcc->filters[filter][bin] = from_top < 1 ? 1 - from_top : 0;
        }
}

struct mfcc *mfcc_new(void)
{
    struct mfcc *mfcc = malloc(sizeof *mfcc);
    ASSERT(mfcc);
    for (int i = 0; i < MFCC_WINDOW; i++)
        mfcc->window[i] = (float)(0.54 - 0.46 * cos(2 * M_PI * i / (MFCC_WINDOW - 1)));
    for (int i = 0; i < POINTS / 2; i++)
        mfcc->turns[i] = (float complex)cexp(-2 * M_PI * I * i / POINTS);
    make_filters(mfcc);
    for (int i = 0; i < MFCC_SIZE; i++)
        for (int filter = 0; filter < FILTERS; filter++)
            mfcc->cosines[i][filter] = sqrt(2.0 / FILTERS) * cos(M_PI * (i + 1) * (filter + 0.5) / FILTERS);
    return mfcc;
}

void mfcc_free(struct mfcc *mfcc)
{
    free(mfcc);
}

// In place, decimation in time (Cooley and Tukey, 1965).
static void transform(const struct mfcc *mfcc, float complex *values)
{
    for (unsigned i = 1, j = 0; i < POINTS; i++) {
        unsigned bit = POINTS / 2;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            float complex kept = values[i];
            values[i] = values[j];
            values[j] = kept;
        }
    }
    for (int size = 2; size <= POINTS; size *= 2)
        for (int from = 0; from < POINTS; from += size)
            for (int k = 0; k < size / 2; k++) {
                float complex *low = &values[from + k], *high = low + size / 2;
                float complex turned = *high * mfcc->turns[k * (POINTS / size)];
                *high = *low - turned;
                *low += turned;
            }
}

void mfcc_frame(struct mfcc *mfcc, const float *samples, float ret_coefficients[MFCC_SIZE])
{
    float complex values[POINTS] = { 0 };
    float before = isfinite(samples[0]) ? samples[0] : 0;
    for (int i = 0; i < MFCC_WINDOW; i++) {
        float sample = isfinite(samples[i]) ? samples[i] : 0;
        values[i] = (sample - EMPHASIS * before) * mfcc->window[i];
        before = sample;
    }
    transform(mfcc, values);
    double power[BINS], energies[FILTERS];
    for (int bin = 0; bin < BINS; bin++) {
        double real = (double)crealf(values[bin]), imaginary = (double)cimagf(values[bin]);
        power[bin] = real * real + imaginary * imaginary;
    }
    for (int filter = 0; filter < FILTERS; filter++) {
        double sum = POWER_LEAST;
        for (int bin = 0; bin < BINS; bin++)
            sum += mfcc->filters[filter][bin] * power[bin];
        energies[filter] = log(sum);
    }
    for (int i = 0; i < MFCC_SIZE; i++) {
        double sum = 0;
        for (int filter = 0; filter < FILTERS; filter++)
            sum += mfcc->cosines[i][filter] * energies[filter];
        ret_coefficients[i] = (float)sum;
    }
}
