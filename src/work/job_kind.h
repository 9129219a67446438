// SPDX-License-Identifier: GPL-3.0-or-later
// What a kind of job does. `start` gathers and either completes the job (run_complete) or splits it (run_fan_out);
// then each `part` completes itself with its result, and `join` completes the job from the parts' results. Any of them
// may run twice: the second run replaces the first. An error ends the attempt (see run_is_final in work/run.h).
#pragma once

#include "work/run.h"

struct job_kind {
    const char *name; // job.kind
    error (*start)(struct run *run);
    error (*part)(struct run *run); // NULL with `join` for kinds that never split
    error (*join)(struct run *run);
    // Instead of the three, for cheap work on the database alone: many jobs at once, in the very change that claims and
    // completes them, so that what it does is done exactly once. An error undoes the change; the jobs are then tried
    // one by one, and the one at fault fails.
    error (*batch)(struct scope *scope, const struct job *jobs, size_t count);
    int64_t (*most)(void); // at a time on all machines together; NULL: no limit but the slots
    bool (*able)(void);    // whether this machine can do it at all; NULL: yes
    int slots;             // at a time in a runner that was not told otherwise; 0: as many as the machine has cores
};

extern const struct job_kind backup_kind;
extern const struct job_kind derive_kind;
extern const struct job_kind download_kind;
extern const struct job_kind draft_kind;
extern const struct job_kind image_kind;
extern const struct job_kind import_kind;
extern const struct job_kind move_media_kind;
extern const struct job_kind proxy_kind;
extern const struct job_kind rekey_kind;
extern const struct job_kind render_kind;
extern const struct job_kind transcribe_kind;
extern const struct job_kind voice_kind;

extern const struct job_kind *const job_kind_list[]; // NULL-terminated
