// SPDX-License-Identifier: GPL-3.0-or-later
// One attempt at a job or a part of one, on a thread of its own: what a job kind works with.
#pragma once

#include <stdatomic.h>

#include "domain/job.h"
#include "net/child_blob.h"

struct runner;
struct run_input;

enum { RUN_INPUTS_OPEN = 8 };

struct run {
    struct scope scope;         // the arena, a reading connection, the blobs; the actor owns the job
    struct job job, parent;     // parent: of a part only
    const json_t *params;       // the job's (a part's own), an object
    int64_t scene, scene_count; // told with the progress when scene_count is set

    // For run.c and the runner.
    struct runner *runner;
    struct child *children[2];               // by enum zygote_kind
    struct run_input *open[RUN_INPUTS_OPEN]; // the one read last first
    atomic_bool cancelled;                   // no longer ours, or the runner stops: end soon
    atomic_int progress_ppm;                 // of this run, parts in a million
    atomic_int parts_done;                   // of the parent
    double from, to;                         // of the present question in the run's progress
    int64_t told_us;                         // when progress was last published, clock_mono_us
    bool ended;                              // completed or split
    bool splits;                             // its kind does: most of the progress is the parts'
};

// Asks the engine in a sandboxed child of this run. Fills in the call's progress, cancellation and deadline; its
// progress counts as set by run_share.
MUST_USE error run_ask(struct run *run, enum zygote_kind zygote, struct child_call *call, json_t **ret_result);
// Threads that this run may keep busy: the machine's cores shared among the slots.
int run_threads(const struct run *run);
// Path of kinora-engine, borrowed.
const char *run_engine_path(const struct run *run);
// The next question's progress counts from `from` to `to` (0..1) in the progress of this run.
void run_share(struct run *run, double from, double to);
// Progress of this run, 0..1.
void run_progress(struct run *run, double done);
// CANCELLED when the run should end: to be asked in loops of one's own.
MUST_USE error run_check(const struct run *run);

// Splits the job into parts with these params (borrowed); `facts` (may be NULL) are its result until it has one.
MUST_USE error run_fan_out(struct run *run, json_t *const *parts, size_t count, const json_t *facts);
// Results of the parts in order (NULL for one without), for `join`.
MUST_USE error run_results(struct run *run, const json_t ***ret_results, size_t *ret_count);
// What is written together with the completion, in the same change; may run more than once.
typedef error (*run_commit)(struct scope *scope, const struct run *run, void *context);
// Completes the job or part with its result (borrowed, may be NULL); `commit` may be NULL. CANCELLED, and nothing
// written, when the job is no longer ours.
MUST_USE error run_complete(struct run *run, const json_t *result, run_commit commit, void *context);
// In a change, with anything of this run's: results that others may use before the run is complete. CANCELLED, and
// nothing written, when the job is no longer ours.
MUST_USE error run_write(struct run *run, run_commit commit, void *context);
// The same once the job has completed or was cancelled: what is true all the same.
MUST_USE error run_write_after(struct run *run, run_commit commit, void *context);

// A listed blob, or a file of the stock by its handle, as an input of this run's questions.
MUST_USE error run_input(struct run *run, str blob_id, struct child_input *ret_input);
void run_close_inputs(struct run *run); // by the runner, at the end
// A scratch file, closed with the run.
MUST_USE error run_scratch(struct run *run, struct scratch **ret_scratch);
// Moves what was written into a new blob, which no row knows yet.
MUST_USE error run_keep(struct run *run, struct scratch *scratch, struct blob_info *ret_blob);

// No other attempt would help: the input is at fault.
bool run_is_final(error failure);
