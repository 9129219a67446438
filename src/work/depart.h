// SPDX-License-Identifier: GPL-3.0-or-later
// Ends what deleted accounts have left (domain/departure.h): their bytes in every place, their ids in rows of others.
#pragma once

#include "blob/blob.h"
#include "db/db.h"

// How long an account has to be gone before its events are taken away: every server has then read that its sessions
// ended.
#define DEPART_GRACE_US (INT64_C(10) * 1000000)

// `db` is for reading. CANCELLED when `is_stopping` (asked often) says so; what is begun is gone on with the next time.
MUST_USE error depart(struct db_pool *pool, struct db *db, struct blob_store *blobs, int64_t grace_us,
    bool (*is_stopping)(void *context), void *context, int64_t *ret_blobs_removed);
