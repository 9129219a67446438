// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/diarize_cluster.h"

#include <math.h>
#include <stdint.h>

// The weight of the price of a further voice; 1 would be the theory, for frames that do not depend on their neighbours.
#define PRICE_WEIGHT 1.65

struct clusters {
    struct gaussian *gaussians;
    double *misfits;
    float *distances; // of i and j < i at i * count + j
    size_t *labels;   // i itself while it is not joined to another
    size_t count;
};

static double distance(const struct gaussian *a, double misfit_a, const struct gaussian *b, double misfit_b)
{
    struct gaussian both = *a;
    gaussian_merge(&both, b);
    return gaussian_misfit(&both) - misfit_a - misfit_b - PRICE_WEIGHT * gaussian_price(both.count);
}

double cluster_distance(const struct gaussian *a, const struct gaussian *b)
{
    return distance(a, gaussian_misfit(a), b, gaussian_misfit(b));
}

static void measure(struct clusters *clusters, size_t i, size_t j)
{
    size_t high = i > j ? i : j, low = i > j ? j : i;
    clusters->distances[high * clusters->count + low] = (float)distance(
        &clusters->gaussians[high], clusters->misfits[high], &clusters->gaussians[low], clusters->misfits[low]);
}

static double nearest(const struct clusters *clusters, size_t *ret_high, size_t *ret_low)
{
    float least = INFINITY;
    for (size_t i = 0; i < clusters->count; i++)
        for (size_t j = 0; j < i && clusters->labels[i] == i; j++)
            if (clusters->labels[j] == j && clusters->distances[i * clusters->count + j] < least) {
                least = clusters->distances[i * clusters->count + j];
                *ret_high = i;
                *ret_low = j;
            }
    return (double)least;
}

static void join(struct clusters *clusters, size_t high, size_t low)
{
    gaussian_merge(&clusters->gaussians[low], &clusters->gaussians[high]);
    clusters->misfits[low] = gaussian_misfit(&clusters->gaussians[low]);
    for (size_t i = 0; i < clusters->count; i++)
        if (clusters->labels[i] == high)
            clusters->labels[i] = low;
    for (size_t i = 0; i < clusters->count; i++)
        if (clusters->labels[i] == i && i != low)
            measure(clusters, i, low);
}

static size_t number(struct arena *arena, size_t *labels, size_t count)
{
    size_t *numbers = ARENA_ARRAY(arena, size_t, count), next = 0;
    for (size_t i = 0; i < count; i++) {
        if (labels[i] == i) // the first of its cluster
            numbers[i] = next++;
        labels[i] = numbers[labels[i]];
    }
    return next;
}

size_t cluster_join(
    struct arena *arena, struct gaussian *gaussians, size_t count, size_t least, size_t most, size_t **ret_labels)
{
    struct clusters clusters = { .gaussians = gaussians,
        .misfits = ARENA_ARRAY(arena, double, count),
        .distances = ARENA_ARRAY(arena, float, count *count),
        .labels = ARENA_ARRAY(arena, size_t, count),
        .count = count };
    for (size_t i = 0; i < count; i++) {
        clusters.labels[i] = i;
        clusters.misfits[i] = gaussian_misfit(&gaussians[i]);
        for (size_t j = 0; j < i; j++)
            measure(&clusters, i, j);
    }
    for (size_t left = count; left > least && left > 1; left--) {
        size_t high = 0, low = 0;
        if (nearest(&clusters, &high, &low) >= 0 && left <= most)
            break;
        join(&clusters, high, low);
    }
    *ret_labels = clusters.labels;
    return number(arena, clusters.labels, count);
}
