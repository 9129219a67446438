// SPDX-License-Identifier: GPL-3.0-or-later
// What metrics and traces hear of jobs.
#pragma once

#include "base/span.h"
#include "work/run.h"

// A run was completed with this result (may be NULL): how long its job took, and for how long a recording or film.
void run_observe_completed(const struct run *run, const json_t *result);
// An attempt at a job or a part begins: `span` continues the trace of the request that queued the job, and this thread
// works inside of it until run_observe_attempt says that the attempt has ended, well or not.
void run_observe_begin(struct run *run, struct span *span);
void run_observe_attempt(const struct run *run, int64_t started_us, error result, struct span *span);
