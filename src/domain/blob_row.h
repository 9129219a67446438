// SPDX-License-Identifier: GPL-3.0-or-later
// The list of stored blobs itself: where each is, for moving, verifying and sweeping. Readers look at the places
// themselves, the disk first; the list says which of two copies counts.
#pragma once

#include "domain/scope.h"

struct blob_row {
    str id, place, sha256, sealed_key;
    int64_t size_bytes, stored_bytes;
};

// Where the blob is listed to be: "local" or "s3"; STR_NONE when it is not listed.
MUST_USE error blob_row_place(struct scope *scope, str id, str *ret_place);
// The first `limit` whose id is above `after` (STR_NONE: from the beginning), of one place or of all (STR_NONE).
MUST_USE error blob_row_page(struct scope *scope, str place, str after, int64_t limit, struct list *ret_rows);
// How many are at a place, or at all of them (STR_NONE), and the bytes they take there.
MUST_USE error blob_row_count(struct scope *scope, str place, int64_t *ret_count, int64_t *ret_stored_bytes);
// In a change: it is at `to` from now on; *ret_moved is false when it is not at `from` any more.
MUST_USE error blob_row_move(struct scope *scope, str id, str from, str to, bool *ret_moved);
