// SPDX-License-Identifier: GPL-3.0-or-later
// Where stored files are, by the settings: `serve` and the commands beside it open them alike.
#pragma once

#include "base/error.h"
#include "blob/blob.h"

// The local directory, and the object store when there is one. USAGE names a setting that cannot be; nothing is asked.
MUST_USE error stores_open_blobs(struct arena *arena, const struct keyring *keyring, struct blob_store **ret_store);
// The object store of the settings alone, which must name one, with that folder for what is under way: to try it.
MUST_USE error stores_open_trial(
    struct arena *arena, const char *folder, const struct keyring *keyring, struct blob_store **ret_store);
// Endpoint, bucket and prefix in one line, "" without an object store: whether two processes mean the same one.
str stores_object_store(struct arena *arena);
