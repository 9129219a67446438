// SPDX-License-Identifier: GPL-3.0-or-later
// Where the data of a data folder is, by the settings: what `serve` and the commands beside it open alike.
#pragma once

#include "base/error.h"
#include "blob/blob.h"

// The database: the setting, or DATA/kinora.db.
const char *stores_database_url(struct arena *arena);
// The local directory, and the object store when there is one. USAGE names a setting that cannot be; nothing is asked.
MUST_USE error stores_open_blobs(struct arena *arena, const struct keyring *keyring, struct blob_store **ret_store);
// Endpoint, bucket and prefix in one line, "" without an object store: whether two processes mean the same one.
str stores_object_store(struct arena *arena);
