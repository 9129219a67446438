// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of `kinora blobs` share: everything that is stored, opened by the settings.
#pragma once

#include "cmd/commands.h"
#include "db/db.h"
#include "domain/blob_row.h"

struct blobs {
    const struct call *call;
    struct keyring *keyring;
    struct db_pool *pool;
    struct db *db; // for reading
    struct blob_store *store;
    struct arena *page;     // of the rows looked at
    bool is_server_running; // on this data folder
    str server_store;       // the object store that it knows, as stores_object_store() gives it
};

// Calls `visit` for each listed blob of a place, or of all (STR_NONE), page by page in the order of ids: rows that
// come or change place meanwhile do no harm. CANCELLED after Ctrl-C.
MUST_USE error blobs_each_row(
    struct blobs *blobs, str place, error (*visit)(void *context, const struct blob_row *row), void *context);

MUST_USE error blobs_move(struct blobs *blobs, enum blob_place target);
MUST_USE error blobs_verify(struct blobs *blobs, bool deep);
