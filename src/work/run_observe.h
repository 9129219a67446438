// SPDX-License-Identifier: GPL-3.0-or-later
// What the metrics hear of jobs.
#pragma once

#include "work/run.h"

// A run was completed with this result (may be NULL): how long its job took, and for how long a recording or film.
void run_observe_completed(const struct run *run, const json_t *result);
// An attempt at a job or a part has ended, well or not.
void run_observe_attempt(const struct run *run, int64_t started_us);
