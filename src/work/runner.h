// SPDX-License-Identifier: GPL-3.0-or-later
// The job runner: claims jobs from the queue (domain/job.h), runs them by their kind (work/job_kind.h) in slots of one
// thread each, and keeps what it holds alive with heartbeats. Several runners may share a database.
#pragma once

#include "blob/blob.h"
#include "db/db.h"
#include "net/child.h"
#include "net/hub.h"

struct runner;
struct job_kind;

enum { RUNNER_SLOTS_MAX = 256 }; // of a kind: each is a thread

struct runner_options {
    struct db_pool *db; // these five are borrowed and must outlive the runner
    struct blob_store *blobs;
    struct hub *hub; // told of progress; may be NULL
    struct zygote *plain, *speech;
    const char *scratch_directory;
    int slots;                           // of each kind at a time (jobs and parts), at least 1
    const char *slots_of_kinds;          // "render=1,download=4" for those kinds instead; may be NULL
    int64_t attempt_us;                  // that one attempt at a job or part may take; 0: two hours
    bool alone;                          // the only runner of this database: what others claimed is taken back at once
    const struct job_kind *const *kinds; // NULL-terminated; NULL: job_kind_list of work/job_kind.h
};

// Fails when jobs of a runner before cannot be taken back or slots_of_kinds is wrong (USAGE); a database that goes away
// later is waited for.
MUST_USE error runner_start(const struct runner_options *options, struct runner **ret_runner);
// Takes no new work from now on, and waits until what runs has ended or the time is over.
void runner_drain(struct runner *runner, int64_t wait_us);
// Ends what runs (within a second), gives those jobs back, joins the threads. NULL is allowed.
void runner_stop(struct runner *runner);
// Something was committed: look for work now. Cheap, from any thread.
void runner_wake(struct runner *runner);
// The database answered it last time.
bool runner_ready(struct runner *runner);
