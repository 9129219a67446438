// SPDX-License-Identifier: GPL-3.0-or-later
// Token buckets in memory, for the requests of a user to this server.
#pragma once

#include "base/error.h"

struct limiter;
struct limiter *limiter_new(void);
void limiter_free(struct limiter *limiter);
// Takes one of `burst`, refilled at `per_second`; false when none is left, then *ret_wait_seconds says how long.
bool limiter_take(struct limiter *limiter, str key, double per_second, double burst, int64_t *ret_wait_seconds);
