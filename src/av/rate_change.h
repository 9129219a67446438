// SPDX-License-Identifier: GPL-3.0-or-later
// Mono samples of one rate as those of another, block by block.
#pragma once

#include "base/error.h"

struct rate_change;

// Rates in Hz. LIMIT_EXCEEDED without memory, ENGINE_FAILED for a rate that cannot be.
MUST_USE error rate_change_open(int from, int to, struct rate_change **ret_change);
// *ret_samples are the change's own, until the next call; what its filter still needs comes with the next block, and
// with an empty one, which is the end.
MUST_USE error rate_change_add(
    struct rate_change *change, const int16_t *samples, size_t count, const float **ret_samples, size_t *ret_count);
void rate_change_close(struct rate_change *change); // NULL is allowed
void rate_change_cleanup(struct rate_change **change);
#define RATE_CHANGE_AUTO __attribute__((cleanup(rate_change_cleanup)))
