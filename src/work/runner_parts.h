// SPDX-License-Identifier: GPL-3.0-or-later
// What runner.c (start, stop, what others ask), runner_broker.c (claims and completions), runner_slot.c (one attempt),
// runner_clock.c (leases) and run.c share.
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "work/job_kind.h"
#include "work/runner.h"

#define RUNNER_LEASE_US (20 * SECOND_US)
#define RUNNER_ATTEMPT_US (120 * 60 * SECOND_US)

// A kind of job in this runner. Under the runner's lock.
struct kind_slots {
    const struct job_kind *kind;
    int slots, busy;
    bool may; // there may be jobs to claim
};

struct slot {
    struct runner *runner;
    bool has_thread;
    pthread_t thread;
    struct arena *arena;
    // Under the runner's lock:
    pthread_cond_t wake;
    enum { SLOT_IDLE, SLOT_JOB, SLOT_BATCH } task;
    struct kind_slots *kind; // of the task
    struct job job;          // SLOT_JOB: its texts are in the arena
    struct run *run;         // what it works on
};

struct completion; // of runner_broker.c

struct runner {
    struct runner_options options;
    char id[37];
    struct kind_slots *kinds;
    int kind_count;
    struct slot *slots;
    int slot_count;
    pthread_mutex_t lock; // of what follows, and of the slots' and kinds' own
    pthread_cond_t work, stop, idle;
    bool due;                       // there may be a job: the broker should look
    bool freed;                     // a slot has become free
    struct completion *completions; // waiting for the broker, newest first
    bool draining, stopping;        // no more claims; runs end
    bool sealed, closed;            // the broker hands out no more; nobody completes any more
    atomic_bool ready;
    pthread_t broker, clock, sweeper;
    struct arena *clock_arena;
};

// Body of the one thread that claims jobs for free slots and completes what needs no change of its own.
void *runner_broker(void *runner);
// Body of a slot's thread.
void *runner_slot(void *slot);
// Body of the one thread that keeps leases, notices cancels and recovers jobs.
void *runner_clock(void *runner);
// Body of the one thread that sweeps blobs: soon after the start, then daily.
void *runner_sweeper(void *runner);

// In a change: tells the database that this runner lives.
MUST_USE error runner_seen(struct runner *runner, struct scope *scope);
// Completes a job or part together with those of other slots; waits for the commit.
MUST_USE error runner_complete(struct runner *runner, const struct job *job, const json_t *result, bool *ret_mine);
void runner_slot_free(struct slot *slot);
// Sleeps; false as soon as the runner stops.
bool runner_sleep(struct runner *runner, int64_t us);
bool runner_is_stopping(struct runner *runner);
// Logs when the database went away or came back.
void runner_heard(struct runner *runner, error result);
// Tells the other runs of the same job how many parts are done.
void runner_parts_done(struct runner *runner, int64_t parent, int64_t count);
// Progress of the whole job that `run` belongs to, 0..1.
double runner_progress(struct runner *runner, const struct run *run);
