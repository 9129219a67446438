// SPDX-License-Identifier: GPL-3.0-or-later
// What job.c (people's side) and job_run.c (the runner's side) share.
#pragma once

#include "domain/job.h"

#define JOB_COLUMNS                                                                                                    \
    "number, id, kind, user_id, media_id, video_id, parent, part, stage, state, priority, params, result, "            \
    "error_code, error_message, progress, parts_total, attempts, retry_count, fence, trace_id, created_at, "           \
    "started_at, finished_at"
#define JOB_COLUMNS_OF(t)                                                                                              \
    t ".number, " t ".id, " t ".kind, " t ".user_id, " t ".media_id, " t ".video_id, " t ".parent, " t ".part, " t     \
      ".stage, " t ".state, " t ".priority, " t ".params, " t ".result, " t ".error_code, " t ".error_message, " t     \
      ".progress, " t ".parts_total, " t ".attempts, " t ".retry_count, " t ".fence, " t ".trace_id, " t               \
      ".created_at, " t ".started_at, " t ".finished_at"

// In a change: writes the event of a job's new state, and the state of the file that it transcribes.
MUST_USE error job_changed(struct scope *scope, const struct job *job);
// "transcribe:<id>", or STR_NONE without a target.
str job_unique_key(struct arena *arena, str kind, str target_id);
