// SPDX-License-Identifier: GPL-3.0-or-later
// Backups of database, files and keys. A folder holds many of them, and every stored file once, for all:
//
//   FOLDER/kinora-backups            what it is; locked by who works in it
//   FOLDER/blobs/XX/ID               stored files as they are, sealed (docs/blob-format.md), never changed
//   FOLDER/NAME/files                a line each: id, SHA-256 and size of the sealed bytes; sorted by id
//   FOLDER/NAME/manifest.json        written last, in one step: without it the backup is half made
//   FOLDER/NAME/verified.json        when it was last found to be whole
//
// The database is an export (database_export.h) and stored like a file: compressed, and sealed by the master key.
#pragma once

#include "base/json.h"
#include "blob/blob.h"
#include "db/db.h"

struct backup_manifest {
    str name, program, fingerprint; // fingerprint: of the master key
    int64_t schema, taken_us;
    int64_t tables, rows;
    const json_t *sums;                             // of the tables: {"NAME": {"rows": …, "digest": "…"}}
    str database_id, database_key, database_sha256; // key and hash are bytes: sealed, of the plain export
    int64_t database_bytes, database_stored_bytes;
    int64_t files, file_bytes, new_files, new_bytes; // bytes as stored; new: that no earlier backup here had
    int64_t missing;                                 // files that were missing when it was made
    str files_sha256;                                // of the list
    str sealed_master_key; // under a passphrase (crypt/recovery.h); STR_NONE: it is not in here
    int64_t verified_us;   // 0: not yet
};

// Hears how much is done, 0..1, and says whether to go on; a call ends with CANCELLED when it says no.
struct backup_watch {
    bool (*go_on)(void *context, double done);
    void *context;
};

// What is backed up, borrowed.
struct backup_source {
    struct db_pool *db;
    struct blob_store *blobs;
    const struct keyring *keyring;
};

// Makes one, while others change everything. The folder is made. `passphrase` other than STR_NONE: with the master key,
// sealed by it. CONFLICT while the master key is being changed, UNAVAILABLE while another backup is under way there.
MUST_USE error backup_create(struct arena *arena, const struct backup_source *source, const char *folder,
    str passphrase, const struct backup_watch *watch, struct backup_manifest *ret_manifest);
// Whole ones, oldest first (struct backup_manifest), and how many are half made. NOT_FOUND when there is no such
// folder.
MUST_USE error backup_list(struct arena *arena, const char *folder, struct list *ret_manifests, int64_t *ret_half_made);
// The one of this name, or the newest (STR_NONE): NOT_FOUND.
MUST_USE error backup_find(struct arena *arena, const char *folder, str name, struct backup_manifest *ret_manifest);
// Removes all but the newest `keep` (and the newest verified one), what is half made, and files that none left names.
MUST_USE error backup_prune(const char *folder, int64_t keep, int64_t *ret_removed);

struct backup_check {
    const struct backup_manifest *manifest;
    const struct keyring *keyring;
    const char *scratch; // folder in which the database is restored, and then removed
    int64_t sample;      // stored files to open, hash and compare, chosen at random; below 0: all
    void (*finding)(void *context, const char *what, const char *id); // may be NULL
    void *finding_context;
    // Set by backup_verify:
    int64_t opened, missing, damaged;
};
// Restores the database and compares every table with what it was, looks for every stored file and opens some or all.
// DATA_CORRUPT says what is wrong with it; CONFLICT for another master key. When all is well, that is noted there; `db`
// (may be NULL) is told too.
MUST_USE error backup_verify(
    const char *folder, struct backup_check *check, const struct backup_watch *watch, struct db_pool *db);

struct backup_target {
    struct db_pool *db; // empty
    struct blob_store *blobs;
    const struct keyring *keyring;
    str console_user; // who restores: the audit log that comes back says so
};
// Files first, each compared with its hash, then the database in one change. A second run uses what the first has done.
MUST_USE error backup_restore(const char *folder, const struct backup_manifest *manifest,
    const struct backup_target *target, const struct backup_watch *watch);
// CONFLICT, in a sentence, when the keyring is not that of the backup.
MUST_USE error backup_check_key(
    struct arena *arena, const struct backup_manifest *manifest, const struct keyring *keyring);

struct scope;
// In a change: queues the job "backup" when the settings want one and it is time. CONFLICT when another server has just
// done so.
MUST_USE error backup_schedule(struct scope *scope);
// Whether that may be: a cheap look.
MUST_USE error backup_is_due(struct scope *scope, bool *ret_due);
