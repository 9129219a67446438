// SPDX-License-Identifier: GPL-3.0-or-later
// Uploads that have expired, blobs that nothing uses any more, and what writers left when the program was killed.
#pragma once

#include "blob/blob.h"
#include "db/db.h"

struct sweep_result {
    int64_t unlisted, removed, unfinished; // rows taken off the list, files without a row, files half written
};
// Leaves everything alone that is younger than an hour: it may be under way. `db` is for reading. CANCELLED when
// `is_stopping` (asked often) says so.
MUST_USE error sweep(struct db_pool *pool, struct db *db, struct blob_store *blobs, bool (*is_stopping)(void *context),
    void *context, struct sweep_result *ret_result);
