// SPDX-License-Identifier: GPL-3.0-or-later
// The data folder that --data names: its lock, its database, its keys.
#pragma once

#include "blob/blob.h"
#include "db/db.h"

// UNAVAILABLE with a sentence when it cannot be made; one that is there is OK.
MUST_USE error data_folder_make(const char *path);
// One program that changes everything at a time: the lock ends with the process, however it ends. Makes the folder.
// UNAVAILABLE when another Kinora runs on it, or a restore has not come to its end there. The descriptor is the
// caller's to close.
MUST_USE error data_folder_lock(struct arena *arena, int *ret_lock);
// The same for the restore itself, and the mark that keeps all others away.
MUST_USE error data_folder_lock_any(struct arena *arena, int *ret_lock);
bool data_folder_is_half_restored(struct arena *arena);
MUST_USE error data_folder_mark_restoring(struct arena *arena, bool restoring); // on disk when this returns
// UNAVAILABLE while it is half restored, for programs that need no lock.
MUST_USE error data_folder_check(struct arena *arena);
// The database of the settings as a URL: database_url, the PostgreSQL of postgres_host and its kin, or kinora.db in the
// folder. It may hold a password.
const char *data_folder_database(struct arena *arena);
bool data_folder_has_own_database(void); // kinora.db
// Where the master key is: the two arguments of keyring_open. *ret_path is NULL when no file is set.
void data_folder_keys(struct arena *arena, const char **ret_directory, const char **ret_path);
// Makes the keys that users and files are to have and do not have yet, since they came before there were any. What is
// damaged is logged and left.
MUST_USE error data_folder_complete_keys(struct db_pool *pool, struct blob_store *blobs);
