// SPDX-License-Identifier: GPL-3.0-or-later
// Figures about the whole installation, for its administrator.
#pragma once

#include "domain/scope.h"

struct overview_jobs {
    str kind, status; // as job_status tells
    int64_t count;
};
extern const struct shape overview_jobs_shape;

struct overview {
    int64_t users, files, videos;
    int64_t file_bytes;   // as users see them
    int64_t stored_bytes; // of all blobs, compressed and sealed
    struct list jobs;     // struct overview_jobs, without parts, by kind
};

MUST_USE error overview_read(struct scope *scope, struct overview *ret_overview);

// The part that changes from minute to minute, for a look every few seconds.
struct overview_load {
    struct list jobs;   // struct overview_jobs that wait or run
    struct list places; // struct overview_place
};
struct overview_place {
    str place; // local, s3
    int64_t stored_bytes;
};
MUST_USE error overview_load(struct scope *scope, struct overview_load *ret_load);
