// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of backup.h share: the folder, its files, a list of stored files.
#pragma once

#include <stdio.h>

#include "work/backup.h"

struct backup_folder {
    struct arena *arena;
    const char *path;
    int lock;
    struct blob_store *blobs; // the stored files in it
};
// `keyring` opens what is in there; NULL where nothing is opened. `changes`: alone, and the folder is made when it is
// not there; otherwise beside others that only read. UNAVAILABLE while that cannot be. Zeroed, it may be closed.
MUST_USE error backup_folder_open(
    const char *path, const struct keyring *keyring, bool changes, struct backup_folder *ret_folder);
void backup_folder_close(struct backup_folder *folder);
#define BACKUP_FOLDER_AUTO __attribute__((cleanup(backup_folder_close)))

const char *backup_path(struct arena *arena, const char *folder, str name, const char *file); // file NULL: the backup
// A file of a backup in one step, on disk when this returns.
MUST_USE error backup_write_file(struct arena *arena, const char *folder, str name, const char *file, str text);
// The manifest with its seal, which shows when somebody without the master key has changed it.
MUST_USE error backup_write_manifest(
    struct arena *arena, const char *folder, const struct backup_manifest *manifest, const struct keyring *keyring);
// DATA_CORRUPT unless it was sealed by this master key just so.
MUST_USE error backup_check_seal(
    struct arena *arena, const char *folder, const struct backup_manifest *manifest, const struct keyring *keyring);
// Every name of a backup there, whole or not, in order.
MUST_USE error backup_names(struct arena *arena, const char *folder, struct list *ret_names);
MUST_USE error backup_read_manifest(
    struct arena *arena, const char *folder, str name, struct backup_manifest *ret_manifest);

// The list of stored files.
struct backup_file {
    char id[37];
    bool missing; // when the backup was made: no hash, no copy
    unsigned char sha256[32];
    int64_t stored_bytes;
};
struct backup_files {
    FILE *stream;
    struct hasher *hasher; // of all that was read or written
    int64_t count;
};
MUST_USE error backup_files_make(const char *path, struct backup_files *ret_files);
MUST_USE error backup_files_add(struct backup_files *files, const struct backup_file *file);
MUST_USE error backup_files_keep(struct backup_files *files, unsigned char ret_sha256[static 32]); // and closes
MUST_USE error backup_files_open(const char *path, struct backup_files *ret_files);
// *ret_found false at the end. DATA_CORRUPT for a line that is none.
MUST_USE error backup_files_next(struct backup_files *files, struct backup_file *ret_file, bool *ret_found);
void backup_files_close(struct backup_files *files); // zeroed is allowed
// The whole list has this hash.
MUST_USE error backup_files_check(const char *path, str sha256);
#define BACKUP_FILES_AUTO __attribute__((cleanup(backup_files_close)))

// Bytes done of a total, told to a watch: what blob_copy_to and its like call. CANCELLED when it says no.
struct backup_progress {
    const struct backup_watch *watch;
    int64_t total, done;
    error (*also)(void *context); // called with each step; may be NULL
    void *context;
};
MUST_USE error backup_tell(void *progress, int64_t bytes);
