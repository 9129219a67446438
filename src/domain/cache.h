// SPDX-License-Identifier: GPL-3.0-or-later
// What can be made again from its key: spoken sentences, encoded pieces of films. A key is a hash of all that decides
// the bytes, so an entry never grows stale; the least recently used ones go when there are too many.
#pragma once

#include "domain/scope.h"

struct cache_entry {
    str key, blob_id;
    struct raw_json facts; // what the engine said of it
    int64_t size_bytes;
};

MUST_USE error cache_get(struct scope *scope, str key, struct cache_entry *ret_entry, bool *ret_found);
// In a change: it was used just now.
MUST_USE error cache_touch(struct scope *scope, str key);
// In a change: lists the blob and puts it under the key, in place of another. It goes with the acting user's account.
MUST_USE error cache_put(struct scope *scope, str key, const struct blob_info *blob, const json_t *facts);
// In a change: forgets an entry that nobody will ask for again; the sweeper removes its bytes. Not there: all is well.
MUST_USE error cache_drop(struct scope *scope, str key);
// In a change: drops the least recently used entries (at most 1000 at a time) until the rest is within `size_max`
// bytes. *ret_blobs: a list of str, whose bytes may be removed after the change.
MUST_USE error cache_evict(struct scope *scope, int64_t size_max, struct list *ret_blobs);
