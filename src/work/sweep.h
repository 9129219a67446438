// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that have expired, blobs that nothing uses any more, and what writers left when the program was killed.
#pragma once

#include "blob/blob.h"
#include "db/db.h"

struct sweep_result {
    int64_t jobs;                          // old jobs forgotten
    int64_t unlisted, removed, unfinished; // rows taken off the list, files without a row there, files half written
};
// What is younger may be under way and is left alone. An object store needs more patience than the disk: it dates an
// object by the beginning of its upload, and cannot tell which uploads live.
struct sweep_ages {
    int64_t local_us, s3_us;
};
extern const struct sweep_ages sweep_ages_usual; // an hour, a day
// In all places. `db` is for reading. CANCELLED when `is_stopping` (asked often) says so.
MUST_USE error sweep(struct db_pool *pool, struct db *db, struct blob_store *blobs, const struct sweep_ages *ages,
    bool (*is_stopping)(void *context), void *context, struct sweep_result *ret_result);
