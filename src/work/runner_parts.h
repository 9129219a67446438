// SPDX-License-Identifier: GPL-3.0-or-later
// What runner.c (slots), runner_clock.c (heartbeats) and run.c (one attempt) share.
#pragma once

#include <pthread.h>

#include "base/clock.h"
#include "work/job_kind.h"
#include "work/runner.h"

#define RUNNER_LEASE_US (30 * SECOND_US)
#define RUNNER_ATTEMPT_US (120 * 60 * SECOND_US)
enum { RUNNER_DOWNLOADS_MAX = 64 }; // as the setting max_concurrent_downloads

struct slot {
    struct runner *runner;
    enum job_lane lane;
    pthread_t thread;
    struct run *run; // what it works on; changed and read under runner->lock
};

struct runner {
    struct runner_options options;
    char id[37];
    pthread_mutex_t lock; // of the slots' runs, `due` and `stopping`
    pthread_cond_t work[JOB_LANES], stop;
    bool due[JOB_LANES]; // there may be a job: one idle slot should look
    bool stopping;
    atomic_bool ready;
    struct slot *slots; // those for work, then those for downloads; room for all
    int slot_count;     // of them, those that have a thread; grows only, under the lock
    pthread_t clock, sweeper;
    struct arena *clock_arena;
};

// Body of the one thread that keeps leases, notices cancels and recovers jobs.
void *runner_clock(void *runner);
// Body of the one thread that sweeps blobs: soon after the start, then daily.
void *runner_sweeper(void *runner);
// Starts slots for downloads until there are as many as the setting wants. From the clock's thread, and at the start.
void runner_grow(struct runner *runner);
// Sleeps; false as soon as the runner stops.
bool runner_sleep(struct runner *runner, int64_t us);
bool runner_is_stopping(struct runner *runner);
// Logs when the database went away or came back.
void runner_heard(struct runner *runner, error result);
// Tells the other runs of the same job how many parts are done.
void runner_parts_done(struct runner *runner, int64_t parent, int64_t count);
// Progress of the whole job that `run` belongs to, 0..1.
double runner_progress(struct runner *runner, const struct run *run);
