// SPDX-License-Identifier: GPL-3.0-or-later
// An export in the place of all that is there: in one change, which happens as a whole or not at all.
#pragma once

#include "domain/scope.h"

struct database_import {
    int file;                // open for reading
    const char *fingerprint; // of this installation's master key
    bool allow_foreign_keys; // the export may come from one with another
    // Set by the change.
    int64_t tables, rows;
};
// In a change (db_write; context: struct database_import), which may run again. Identities go on behind the largest
// that was ever given; sessions end, jobs that had not ended are cancelled, the search is to be brought in line
// (search_catch_up). VALIDATION_ERROR with the line for a file that is refused.
MUST_USE error database_import(struct db *db, void *import);

struct missing_blob {
    str id, place;
};
// Blobs that the database lists and the store does not have, at most `limit`; *ret_count: all of them.
MUST_USE error database_missing_blobs(struct scope *scope, int64_t limit, struct list *ret_missing, int64_t *ret_count);
