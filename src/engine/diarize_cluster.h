// SPDX-License-Identifier: GPL-3.0-or-later
// Agglomerative clustering by the Bayesian information criterion (Chen and Gopalakrishnan, 1998).
#pragma once

#include "base/arena.h"
#include "engine/gaussian.h"

// How far two sets of frames are from being one voice: below 0 one Gaussian describes both well enough.
double cluster_distance(const struct gaussian *a, const struct gaussian *b);
// Two clusters that become one: `high` ends, `low` goes on. Each goes by the number of its first member.
struct cluster_join {
    size_t high, low;
    double distance; // of the two, as cluster_distance
};

// The joins, always of the nearest two, that make one cluster of `count` gaussians: one less, in the arena.
// The gaussians are changed. Time grows with the cube of `count`, memory (2 bytes, until it returns) with its square.
struct cluster_join *cluster_joins(struct arena *arena, struct gaussian *gaussians, size_t count);
// How many clusters there are when the nearest two are too far apart and at most `most` are left, or `least` are left.
size_t cluster_number(const struct cluster_join *joins, size_t count, size_t least, size_t most);
// ret_labels[i] is the cluster of gaussian i when `clusters` are left, numbered from 0 in order of their first.
void cluster_labels(const struct cluster_join *joins, size_t count, size_t clusters, size_t *ret_labels);
