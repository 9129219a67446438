// SPDX-License-Identifier: GPL-3.0-or-later
// A file that only a job is about, and nobody's library: it goes with the job, once somebody has had its result.
#pragma once

#include "blob/blob.h"
#include "domain/scope.h"

// In a change: lists the blob as the job's.
MUST_USE error job_input_add(struct scope *scope, str job_id, const struct blob_info *blob);
MUST_USE error job_input_get(struct scope *scope, str job_id, str *ret_blob_id); // JOB_NOT_FOUND without one
// In a change: forgets the job with its result, and takes the blob off the list. One under way ends: it is no longer
// its runner's. What is gone is OK.
MUST_USE error job_input_remove(struct scope *scope, str job_id);
// In a change: the same for those of before `before_us`, which nobody waits for any more.
MUST_USE error job_input_remove_old(struct scope *scope, int64_t before_us);
