// SPDX-License-Identifier: GPL-3.0-or-later
// What job.c (people's side) and job_run.c (the runner's side) share.
#pragma once

#include "domain/job.h"

#define JOB_COLUMNS                                                                                                    \
    "number, id, kind, user_id, media_id, video_id, parent, part, stage, state, priority, params, result, "            \
    "error_code, error_message, progress, parts_total, attempts, losses, retry_count, fence, trace_id, parent_span, "  \
    "created_at, "                                                                                                     \
    "started_at, finished_at"
#define JOB_COLUMNS_OF(t)                                                                                              \
    t ".number, " t ".id, " t ".kind, " t ".user_id, " t ".media_id, " t ".video_id, " t ".parent, " t ".part, " t     \
      ".stage, " t ".state, " t ".priority, " t ".params, " t ".result, " t ".error_code, " t ".error_message, " t     \
      ".progress, " t ".parts_total, " t ".attempts, " t ".losses, " t ".retry_count, " t ".fence, " t ".trace_id, " t \
      ".parent_span, " t ".created_at, " t ".started_at, " t ".finished_at"

// Asked once a statement and not once a row.
#define JOB_NOW "(SELECT now_us())"
#define JOB_CLAIMED                                                                                                    \
    "state = 'processing', attempts = attempts + 1, fence = fence + 1, runner_id = $1, lease_until = " JOB_NOW         \
    " + $2, started_at = coalesce(started_at, " JOB_NOW ")"
// Those of a kind that may begin now, the first ones.
#define JOB_NEXT(kind, limit) "SELECT number" JOB_NEXT_FROM(kind, limit)
// The same for PostgreSQL, locked: a locked row stays at its place until the change is over.
#define JOB_NEXT_LOCKED(kind, limit)                                                                                   \
    "SELECT job.ctid AS place" JOB_NEXT_FROM(kind, limit) " FOR UPDATE OF job SKIP LOCKED"
#define JOB_NEXT_FROM(kind, limit)                                                                                     \
    " FROM job WHERE job.kind = " kind " AND state = 'pending' AND run_after <= " JOB_NOW                              \
    " AND (NOT EXISTS (SELECT 1 FROM job_need)"                                                                        \
    " OR NOT EXISTS (SELECT 1 FROM job_need WHERE job_need.job = job.number))"                                         \
    " AND NOT EXISTS (SELECT 1 FROM job_pause WHERE job_pause.kind = " kind ")"                                        \
    " ORDER BY priority DESC, number LIMIT " limit

// In a change: what has just ended holds no other job back any more, and its event is written.
MUST_USE error job_ended(struct scope *scope, const struct job *jobs, size_t count);
// In a change: progress of a job with parts; without any left to do it goes on.
MUST_USE error job_wake_parent(struct scope *scope, int64_t number);
MUST_USE error job_end_parts(struct scope *scope, int64_t number);
// In a change: writes the events of new states (none for parts), and the states of files that are transcribed.
MUST_USE error job_changed_all(struct scope *scope, const struct job *jobs, size_t count);
// "transcribe:<id>", or STR_NONE without a target.
str job_unique_key(struct arena *arena, str kind, str target_id);
