// SPDX-License-Identifier: GPL-3.0-or-later
// The one queue. A job may fan out into parts (its stage goes start -> parts -> join); parts are rows of the same
// table with a parent. Only the holder of the newest fence may change a running job.
#pragma once

#include "domain/scope.h"

enum {
    JOB_ATTEMPTS_MAX = 3,
    JOB_LOSSES_MAX = 5, // of runners that died with it: rarely its own fault, but it may be
};

struct job {
    int64_t number;
    str id, kind, user_id, media_id, video_id;
    struct opt_int parent;
    int64_t part;
    str stage; // "start", "part", "join"
    str state; // "pending", "processing", "waiting" (for parts), "completed", "failed", "cancelled"
    int64_t priority;
    struct raw_json params, result;
    str error_code, error_message;
    double progress; // 0..1
    int64_t parts_total, attempts, losses, retry_count, fence;
    str trace_id;
    str parent_span; // of what queued it (span_origin); STR_NONE: it was not traced
    time_us created_at, started_at, finished_at;
    str title;            // the file's name or the video's title; only of job_get and job_list
    int64_t owner_number; // these two only of job_claim
    str owner_plan;
};
extern const struct shape job_row_shape;

struct job job_copy(struct arena *arena, const struct job *job);
// What a person sees: waiting for parts, or for joining them, counts as processing.
str job_status(const struct job *job);

struct job_new {
    const char *kind;
    str media_id, video_id;
    json_t *params;
    const json_t *result; // of job_add_done; NULL: {}
    str unique_key;       // at most one unfinished job of this key: else CONFLICT
    int64_t priority;
    const int64_t *needed; // numbers of jobs that must have ended, well or not, before this one may begin
    size_t needed_count;
};
// In a change.
MUST_USE error job_add(struct scope *scope, const struct job_new *job, struct job *ret_job);
// In a change: one whose work was done elsewhere, completed from the start.
MUST_USE error job_add_done(struct scope *scope, const struct job_new *job, struct job *ret_job);
MUST_USE error job_get(struct scope *scope, str id, struct job *ret_job); // JOB_NOT_FOUND, for another user's too
// A transcription of a file that the actor may read, or a job of the actor's.
MUST_USE error job_get_readable(struct scope *scope, str id, struct job *ret_job);
// A job of a video, for everyone who may open it: JOB_NOT_FOUND.
MUST_USE error job_get_of_video(struct scope *scope, str id, struct job *ret_job);
struct job_filter {
    str status, kind;
    str video_id; // of a video that the actor may open: its jobs, whoever started them
    int64_t limit, offset;
};
// The actor's, without parts, newest first.
MUST_USE error job_list(
    struct scope *scope, const struct job_filter *filter, struct list *ret_jobs, int64_t *ret_total);
// This job's place among those of its kind that have not begun, from 1; 0 when it is not pending.
MUST_USE error job_queue_position(struct scope *scope, const struct job *job, int64_t *ret_position);
// Newest render of a video; *ret_found false when there is none.
MUST_USE error job_newest_of_video(struct scope *scope, str video_id, struct job *ret_job, bool *ret_found);
// Newest job of a kind for a media file; *ret_found false when there is none.
MUST_USE error job_newest_of_media(
    struct scope *scope, str media_id, const char *kind, struct job *ret_job, bool *ret_found);
// In a change. A finished job: JOB_ALREADY_COMPLETED, _FAILED or _CANCELLED. A running one ends at once for everyone
// who asks; its runner notices by its fence.
MUST_USE error job_cancel(struct scope *scope, const struct job *job, struct job *ret_job);
// In a change. JOB_NOT_FAILED unless failed; a fresh set of attempts.
MUST_USE error job_retry(struct scope *scope, const struct job *job, struct job *ret_job);

// Queues: the jobs of one kind -----------------------------------------------------------------------
struct job_queue {
    str kind;
    int64_t pending, processing, failed; // whole jobs
    bool paused;
    time_us oldest_at; // when the oldest pending one was made
};
extern const struct shape job_queue_shape;
// Of every kind that has unfinished or failed jobs or is paused, by name.
MUST_USE error job_queues(struct scope *scope, struct list *ret_queues);
// In a change: no job of the kind begins until it is resumed; what runs goes on. Twice is the same as once.
MUST_USE error job_queue_pause(struct scope *scope, str kind);
MUST_USE error job_queue_resume(struct scope *scope, str kind);
// In a change: forgets jobs that completed or were cancelled this long ago and that nothing refers to.
MUST_USE error job_tidy(struct scope *scope, int64_t age_us, int64_t *ret_count);

// For the runner -----------------------------------------------------------------------------------
// Which of these kinds (JSON: a list of names) have a job that may begin now: a cheap look before job_claim. The texts
// of *ret_kinds are in the arena.
MUST_USE error job_due_kinds(struct scope *scope, str kinds, struct list *ret_kinds);
struct job_wish {
    const char *kind;
    int64_t limit; // jobs to take
    int64_t most;  // of the kind at a time, on all machines together; 0: no limit
};
// In a loose change: takes the next pending jobs of the kind, by priority, then age. None while the kind is paused.
MUST_USE error job_claim(
    struct scope *scope, str runner_id, int64_t lease_us, const struct job_wish *wish, struct list *ret_jobs);
// Whether the claim still holds: a cheap look between heartbeats. Of the job only number and fence are used.
MUST_USE error job_is_mine(struct scope *scope, const struct job *job, bool *ret_mine);
// In a change: keeps the lease and stores progress, a part's also in its parent's; *ret_mine false when the job is no
// longer ours (cancelled, taken over). Of the job only number, fence and parent are used.
MUST_USE error job_heartbeat(
    struct scope *scope, const struct job *job, double progress, int64_t lease_us, bool *ret_mine);
// In a change: adds the parts (their params) and lets the job wait for them. Completed parts of an earlier run stay
// when index and params are the same. `facts` (may be NULL) are the job's result until it has one. CANCELLED when the
// job is no longer ours.
MUST_USE error job_fan_out(
    struct scope *scope, const struct job *job, json_t *const *parts, size_t count, const json_t *facts);
// The job that a part belongs to.
MUST_USE error job_of_part(struct scope *scope, const struct job *part, struct job *ret_job);
MUST_USE error job_parts_done(struct scope *scope, int64_t number, int64_t *ret_count);
// Parts of a job in order, with their results.
MUST_USE error job_parts(struct scope *scope, const struct job *job, struct list *ret_parts);
// In a change: ends the job well and forgets its parts; *ret_mine false when it was no longer ours and nothing may be
// written.
MUST_USE error job_complete(struct scope *scope, const struct job *job, const json_t *result, bool *ret_mine);
// In a loose change that then does the work of cheap jobs itself: takes and completes the next ones of the kind, of
// which it gives number, id, owner, media, video and params; their events are not written.
MUST_USE error job_batch(struct scope *scope, const char *kind, int64_t limit, struct list *ret_jobs);
struct job_end {
    const struct job *job; // as it was claimed
    const json_t *result;  // may be NULL
    bool mine;             // set by the call
};
// In a loose change: the same for many jobs and parts.
MUST_USE error job_complete_all(struct scope *scope, struct job_end *ends, size_t count);
// In a change: the attempt keeps something that a next one builds on, so it costs no retry. *ret_mine false when the
// job is no longer ours and nothing may be kept.
MUST_USE error job_advance(struct scope *scope, const struct job *job, bool *ret_mine);
// In a change: another attempt later (exponential backoff), or failed for good when `final` or out of attempts.
MUST_USE error job_fail(struct scope *scope, const struct job *job, error why, bool final);
// In a change: gives a claimed job back untouched, for this time later (the program stops, the database is too busy).
MUST_USE error job_hand_back(struct scope *scope, const struct job *job, int64_t delay_us);
// In a change: jobs whose lease has run out become pending again (or failed, out of attempts). `runner_id` other
// than STR_NONE: also those of every other runner at once (the only server of a data folder has just started).
MUST_USE error job_recover(struct scope *scope, str runner_id, int64_t *ret_count);
// The clock that leases and pauses go by: the database's.
MUST_USE error job_clock(struct scope *scope, int64_t *ret_now_us);
// In a loose change: that clock went back. No lease lasts longer from now than `lease_us`, and no pause for hours.
MUST_USE error job_clock_went_back(struct scope *scope, int64_t lease_us);
// Average seconds that finished jobs of the kind took, or `fallback`.
MUST_USE error job_usual_seconds(struct scope *scope, const char *kind, double fallback, double *ret_seconds);
