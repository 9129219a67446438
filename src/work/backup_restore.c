// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "domain/audit.h"
#include "work/backup_read.h"

error backup_export_open(
    struct backup_folder *folder, const struct backup_manifest *manifest, struct backup_export *ret_export)
{
    const unsigned char *key = (const unsigned char *)manifest->database_key.data;
    error whole = blob_check(folder->blobs, str_to_c(folder->arena, manifest->database_id), key,
        manifest->database_bytes, (const unsigned char *)manifest->database_sha256.data);
    if (whole.code == ERROR_DATA_CORRUPT || whole.code == ERROR_NOT_FOUND)
        return error_make(ERROR_DATA_CORRUPT, NULL, "The database in the backup %.*s is %s", STR_ARGS(manifest->name),
            whole.code == ERROR_NOT_FOUND ? "missing" : "damaged");
    TRY(whole);
    ret_export->at = 0;
    return blob_reader_open(folder->blobs, str_to_c(folder->arena, manifest->database_id), key, &ret_export->reader);
}

error backup_export_read(void *context, void *room, size_t size, size_t *ret_got)
{
    struct backup_export *export = context;
    TRY(blob_read(export->reader, export->at, room, size, ret_got));
    export->at += (int64_t)*ret_got;
    return OK;
}

error backup_export_rewind(void *context)
{
    ((struct backup_export *)context)->at = 0;
    return OK;
}

void backup_export_close(struct backup_export *export)
{
    blob_reader_close(TAKE(export->reader));
}

// What a restore before this one put there is looked at, not copied again.
static error restore_file(struct backup_folder *folder, const struct backup_target *target,
    const struct backup_file *file, struct backup_progress *progress)
{
    enum blob_place place = blob_store_place_of_new(target->blobs);
    unsigned char sha256[32];
    int64_t size, before = progress->done;
    error there = blob_stored_size(target->blobs, place, file->id, &size);
    if (error_is(there) && there.code != ERROR_NOT_FOUND)
        return there;
    error read = !error_is(there) && size == file->stored_bytes
                     ? blob_stored_sha256(target->blobs, file->id, backup_tell, progress, sha256)
                     : error_of(ERROR_NOT_FOUND);
    if (error_is(read) && read.code == ERROR_CANCELLED)
        return read;
    if (error_is(read) || memcmp(sha256, file->sha256, sizeof sha256) != 0) {
        TRY(blob_remove_at(target->blobs, place, file->id));
        read = blob_copy_to(folder->blobs, file->id, target->blobs, backup_tell, progress, sha256);
    }
    progress->done = before + file->stored_bytes;
    if (read.code == ERROR_NOT_FOUND || (!error_is(read) && memcmp(sha256, file->sha256, sizeof sha256) != 0))
        return error_make(ERROR_DATA_CORRUPT, file->id,
            "The stored file %s is %s in the backup. Restore another one: kinora backup list names them", file->id,
            error_is(read) ? "missing" : "damaged");
    return read;
}

static error restore_files(struct backup_folder *folder, const struct backup_manifest *manifest,
    const struct backup_target *target, const struct backup_watch *watch)
{
    BACKUP_FILES_AUTO struct backup_files files = { 0 };
    struct backup_progress progress = { .watch = watch, .total = manifest->file_bytes };
    const char *path = backup_path(folder->arena, folder->path, manifest->name, "files");
    struct backup_file file;
    bool more = true;
    TRY(backup_files_check(path, manifest->files_sha256));
    TRY(backup_files_open(path, &files));
    while (more) {
        TRY(backup_files_next(&files, &file, &more));
        if (more && !file.missing)
            TRY(restore_file(folder, target, &file, &progress));
    }
    return OK;
}

struct comeback {
    struct database_restore restore;
    const struct backup_manifest *manifest;
    str console_user;
    struct arena *arena;
};

// The log that comes back is that of another moment: it says from when, and who has put it there.
static error restore_and_tell(struct db *db, void *context)
{
    struct comeback *comeback = context;
    struct scope scope = { .arena = comeback->arena, .db = db };
    TRY(database_restore(db, &comeback->restore));
    return audit_add(&scope, &(struct audit_new) { .action = STR("backup.restore"),
                                 .object_kind = STR("backup"),
                                 .object_id = comeback->manifest->name,
                                 .outcome = STR("ok"),
                                 .console = comeback->console_user });
}

static error restore_database(
    struct backup_folder *folder, const struct backup_manifest *manifest, const struct backup_target *target)
{
    struct backup_export export = { 0 };
    TRY(backup_export_open(folder, manifest, &export));
    struct comeback comeback = { .restore = { backup_export_read, backup_export_rewind, &export,
                                     .fingerprint = str_to_c(folder->arena, manifest->fingerprint),
                                     .place = blob_place_name(blob_store_place_of_new(target->blobs)) },
        .manifest = manifest,
        .console_user = target->console_user,
        .arena = folder->arena };
    error result = db_write(target->db, restore_and_tell, &comeback);
    backup_export_close(&export);
    TRY(result);
    return comeback.restore.rows == manifest->rows
               ? OK
               : error_make(ERROR_DATA_CORRUPT, NULL, "The database in the backup has %lld rows in place of %lld",
                   (long long)comeback.restore.rows, (long long)manifest->rows);
}

error backup_restore(const char *path, const struct backup_manifest *manifest, const struct backup_target *target,
    const struct backup_watch *watch)
{
    BACKUP_FOLDER_AUTO struct backup_folder folder = { 0 };
    TRY(backup_folder_open(path, target->keyring, false, &folder));
    TRY(backup_check_key(folder.arena, manifest, target->keyring));
    TRY(backup_check_seal(folder.arena, path, manifest, target->keyring));
    TRY(restore_files(&folder, manifest, target, watch));
    return restore_database(&folder, manifest, target);
}
