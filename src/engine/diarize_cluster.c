// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/diarize_cluster.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

// The weight of the price of a further voice; 1 would be the theory, for frames that do not depend on their neighbours.
#define PRICE_WEIGHT 1.65

struct clusters {
    struct gaussian *gaussians;
    double *misfits;
    float *distances; // of i and j < i at i * (i - 1) / 2 + j
    bool *ended;      // joined to one of a lower number
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

static float *between(const struct clusters *clusters, size_t high, size_t low)
{
    return &clusters->distances[high * (high - 1) / 2 + low];
}

static void measure(struct clusters *clusters, size_t i, size_t j)
{
    size_t high = i > j ? i : j, low = i > j ? j : i;
    *between(clusters, high, low) = (float)distance(
        &clusters->gaussians[high], clusters->misfits[high], &clusters->gaussians[low], clusters->misfits[low]);
}

static struct cluster_join nearest(const struct clusters *clusters)
{
    struct cluster_join join = { .distance = INFINITY };
    float least = INFINITY;
    for (size_t i = 0; i < clusters->count; i++)
        for (size_t j = 0; j < i && !clusters->ended[i]; j++)
            if (!clusters->ended[j] && *between(clusters, i, j) < least) {
                least = *between(clusters, i, j);
                join = (struct cluster_join) { i, j, (double)least };
            }
    return join;
}

static void join_two(struct clusters *clusters, struct cluster_join join)
{
    gaussian_merge(&clusters->gaussians[join.low], &clusters->gaussians[join.high]);
    clusters->misfits[join.low] = gaussian_misfit(&clusters->gaussians[join.low]);
    clusters->ended[join.high] = true;
    for (size_t i = 0; i < clusters->count; i++)
        if (!clusters->ended[i] && i != join.low)
            measure(clusters, i, join.low);
}

struct cluster_join *cluster_joins(struct arena *arena, struct gaussian *gaussians, size_t count)
{
    ARENA_AUTO struct arena *scratch = arena_new(SIZE_MAX);
    struct clusters clusters = { .gaussians = gaussians,
        .misfits = ARENA_ARRAY(scratch, double, count),
        .distances = ARENA_ARRAY(scratch, float, count *(count - 1) / 2),
        .ended = ARENA_ARRAY(scratch, bool, count),
        .count = count };
    for (size_t i = 0; i < count; i++) {
        clusters.misfits[i] = gaussian_misfit(&gaussians[i]);
        for (size_t j = 0; j < i; j++)
            measure(&clusters, i, j);
    }
    struct cluster_join *joins = ARENA_ARRAY(arena, struct cluster_join, count);
    for (size_t i = 0; i + 1 < count; i++) {
        joins[i] = nearest(&clusters);
        join_two(&clusters, joins[i]);
    }
    return joins;
}

size_t cluster_number(const struct cluster_join *joins, size_t count, size_t least, size_t most)
{
    size_t left = count;
    while (left > least && left > 1 && (joins[count - left].distance < 0 || left > most))
        left--;
    return left;
}

void cluster_labels(const struct cluster_join *joins, size_t count, size_t clusters, size_t *ret_labels)
{
    for (size_t i = 0; i < count; i++)
        ret_labels[i] = i;
    for (size_t i = 0; i < count - clusters; i++)
        ret_labels[joins[i].high] = joins[i].low;
    for (size_t i = 0, next = 0; i < count; i++) // what i was joined to comes before it and has its number already
        ret_labels[i] = ret_labels[i] == i ? next++ : ret_labels[ret_labels[i]];
}
