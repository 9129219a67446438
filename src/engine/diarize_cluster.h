// SPDX-License-Identifier: GPL-3.0-or-later
// Agglomerative clustering by the Bayesian information criterion (Chen and Gopalakrishnan, 1998).
#pragma once

#include "base/arena.h"
#include "engine/gaussian.h"

// How far two sets of frames are from being one voice: below 0 one Gaussian describes both well enough.
double cluster_distance(const struct gaussian *a, const struct gaussian *b);
// Joins the nearest two until they are too far apart and at most `most` are left, or `least` are left. *ret_labels[i]
// is the cluster of gaussian i, numbered from 0 in order of their first; in the arena. Gives the number of clusters.
// The gaussians are changed. Time grows with the cube of `count`, memory (4 bytes) with its square.
size_t cluster_join(
    struct arena *arena, struct gaussian *gaussians, size_t count, size_t least, size_t most, size_t **ret_labels);
