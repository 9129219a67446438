// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mixture.h"

#include <math.h>

enum { ROUNDS = 6, FRAMES_A_PART = 120 };

#define VARIANCE_LEAST 0.02 // of the variance of all frames

struct sums {
    double weight[MIXTURE_PARTS_MAX], sum[MIXTURE_PARTS_MAX][MFCC_SIZE], squares[MIXTURE_PARTS_MAX][MFCC_SIZE];
};

static void add(struct sums *sums, size_t part, double weight, const float *frame)
{
    sums->weight[part] += weight;
    for (int i = 0; i < MFCC_SIZE; i++) {
        sums->sum[part][i] += weight * (double)frame[i];
        sums->squares[part][i] += weight * (double)frame[i] * (double)frame[i];
    }
}

static void set_part(struct mixture *mixture, size_t part, const struct sums *sums, double total, const double *least)
{
    double weight = sums->weight[part], normal = 0;
    if (weight < 1) { // nobody's: it stays where it is, and unlikely
        mixture->base[part] = -1e30;
        return;
    }
    for (int i = 0; i < MFCC_SIZE; i++) {
        double mean = sums->sum[part][i] / weight;
        double variance = fmax(sums->squares[part][i] / weight - mean * mean, least[i]);
        mixture->means[part][i] = (float)mean;
        mixture->precisions[part][i] = (float)(1 / variance);
        normal += log(2 * M_PI * variance);
    }
    mixture->base[part] = log(weight / total) - normal / 2;
}

static double part_score(const struct mixture *mixture, size_t part, const float *frame)
{
    float sum = 0;
    for (int i = 0; i < MFCC_SIZE; i++) {
        float away = frame[i] - mixture->means[part][i];
        sum += away * away * mixture->precisions[part][i];
    }
    return mixture->base[part] - (double)sum / 2;
}

// Shares of the parts in one frame; gives ln of the density.
static double score_parts(const struct mixture *mixture, const float *frame, double *shares)
{
    double best = -INFINITY, sum = 0;

    for (size_t part = 0; part < mixture->parts; part++) {
        shares[part] = part_score(mixture, part, frame);
        best = fmax(best, shares[part]);
    }
    for (size_t part = 0; part < mixture->parts; part++)
        sum += shares[part] = exp(shares[part] - best);
    for (size_t part = 0; part < mixture->parts; part++)
        shares[part] /= sum;
    return best + log(fmax(sum, 1)); // the best part itself adds 1
}

double mixture_score(const struct mixture *mixture, const float *frame)
{
    double shares[MIXTURE_PARTS_MAX];
    return score_parts(mixture, frame, shares);
}

bool mixture_train(
    struct mixture *mixture, const float *frames, const uint8_t *owners, uint8_t owner, size_t count, size_t parts)
{
    struct sums all = { 0 }, first = { 0 };
    double least[MFCC_SIZE];
    size_t mine = 0;
    for (size_t i = 0; i < count; i++)
        if (!owners || owners[i] == owner) {
            add(&all, 0, 1, frames + i * MFCC_SIZE);
            mine++;
        }
    if (!mine)
        return false;
    for (int i = 0; i < MFCC_SIZE; i++) {
        double mean = all.sum[0][i] / (double)mine;
        least[i] = fmax(VARIANCE_LEAST * (all.squares[0][i] / (double)mine - mean * mean), 1e-3);
    }
    mixture->parts = mine / FRAMES_A_PART < parts ? mine / FRAMES_A_PART : parts;
    if (!mixture->parts)
        mixture->parts = 1;
    // It begins with equal stretches of time.
    for (size_t i = 0, seen = 0; i < count; i++)
        if (!owners || owners[i] == owner)
            add(&first, seen++ * mixture->parts / mine, 1, frames + i * MFCC_SIZE);
    for (size_t part = 0; part < mixture->parts; part++)
        set_part(mixture, part, &first, (double)mine, least);
    for (int round = 0; round < ROUNDS && mixture->parts > 1; round++) {
        struct sums sums = { 0 };
        double shares[MIXTURE_PARTS_MAX];
        for (size_t i = 0; i < count; i++)
            if (!owners || owners[i] == owner) {
                score_parts(mixture, frames + i * MFCC_SIZE, shares);
                for (size_t part = 0; part < mixture->parts; part++)
                    add(&sums, part, shares[part], frames + i * MFCC_SIZE);
            }
        for (size_t part = 0; part < mixture->parts; part++)
            set_part(mixture, part, &sums, (double)mine, least);
    }
    return true;
}
