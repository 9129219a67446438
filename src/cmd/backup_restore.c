// SPDX-License-Identifier: GPL-3.0-or-later
// kinora backup restore. A mark in the data folder keeps every program from starting on it until all is there; the
// database comes last, in one change. So a restore that is killed leaves nothing that looks whole, and a second one
// goes on with what the first has copied.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/settings.h"
#include "cmd/backup.h"
#include "cmd/data_folder.h"
#include "cmd/keys.h"
#include "cmd/progress.h"
#include "cmd/stores.h"
#include "crypt/recovery.h"
#include "db/db.h"

// The key ---------------------------------------------------------------------------------------------

static error open_sealed(
    struct arena *arena, const struct backup_manifest *manifest, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    str passphrase;
    if (!manifest->sealed_master_key.data)
        return error_make(ERROR_NOT_FOUND, NULL, "The master key is not in the backup %.*s", STR_ARGS(manifest->name));
    TRY(password_read(arena, &passphrase));
    return recovery_open(manifest->sealed_master_key, passphrase, ret_key);
}

error backup_key_at_hand(const struct call *call, const struct backup_manifest *manifest, struct keyring **ret_keyring)
{
    const struct backup_values *values = call->values;
    unsigned char key[CRYPT_KEY_SIZE];
    const char *directory, *path;
    data_folder_keys(call->arena, &directory, &path);
    if (values->recovery_kit || values->passphrase) {
        TRY(values->recovery_kit ? keys_read_kit(call->arena, values->recovery_kit, key)
                                 : open_sealed(call->arena, manifest, key));
        error made = keyring_of(key, ret_keyring);
        explicit_bzero(key, sizeof key);
        TRY(made);
    } else {
        const char *file = path ? path : str_format(call->arena, "%s/master.key", directory).data;
        if (access(file, F_OK) != 0)
            return error_make(ERROR_NOT_FOUND, NULL,
                "The master key %.*s is needed and there is none in %s: give its recovery kit with --recovery-kit "
                "FILE%s",
                STR_ARGS(manifest->fingerprint), file,
                manifest->sealed_master_key.data ? ", or --passphrase for the one in the backup" : "");
        TRY(keyring_open(directory, path, ret_keyring));
    }
    error right = backup_check_key(call->arena, manifest, *ret_keyring);
    if (error_is(right))
        keyring_close(TAKE(*ret_keyring));
    return right;
}

// The data folder -------------------------------------------------------------------------------------

// What may stand in a folder that counts as empty: what somebody has put there for the server to come.
static bool is_preparation(const char *name)
{
    static const char *const names[] = { ".", "..", "keys", "lock", "lost+found", "kinora.conf", "tls", "tools" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static error is_empty(bool *ret_empty)
{
    DIR *folder = opendir(settings.data);
    *ret_empty = true;
    if (!folder)
        return errno == ENOENT ? OK : error_system("open", settings.data, errno);
    for (struct dirent *entry; (entry = readdir(folder));)
        *ret_empty = *ret_empty && is_preparation(entry->d_name);
    closedir(folder);
    return OK;
}

static error move_aside(struct arena *arena)
{
    str time = clock_text(arena, clock_now_us());
    const char *aside = str_format(arena, "%s.before-%.*s", settings.data, STR_ARGS(time)).data;
    if (rename(settings.data, aside) != 0)
        return error_make(ERROR_UNAVAILABLE, "data",
            "The data folder %s cannot be moved aside (%s): move what is in it away yourself, and run this again",
            settings.data, strerror(errno));
    TRY(data_folder_make(settings.data));
    const char *settings_file = str_format(arena, "%s/kinora.conf", settings.data).data;
    if (link(str_format(arena, "%s/kinora.conf", aside).data, settings_file) != 0 && errno != ENOENT)
        return error_system("keep", settings_file, errno);
    fprintf(stderr, "What was in %s is in %s now\n", settings.data, aside);
    return OK;
}

// The lock stands in the folder that is moved, hence the second one.
static error prepare_folder(const struct call *call, int *ret_lock)
{
    const struct backup_values *values = call->values;
    bool empty, again = data_folder_is_half_restored(call->arena);
    TRY(is_empty(&empty));
    if (!empty && !again && !values->force)
        return error_make(ERROR_CONFLICT, "data",
            "The data folder %s is not empty. Name another with --data, or give --force: then it is moved aside",
            settings.data);
    TRY(data_folder_lock_any(call->arena, ret_lock));
    if (!empty && !again) {
        int old = *ret_lock;
        error moved = move_aside(call->arena);
        if (!error_is(moved))
            moved = data_folder_lock_any(call->arena, ret_lock);
        close(old);
        TRY(moved);
    }
    return data_folder_mark_restoring(call->arena, true);
}

// A database file that a restore before this one began.
static void remove_database_file(struct arena *arena)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        unlink(str_format(arena, "%s/kinora.db%s", settings.data, endings[i]).data);
}

static error check_database(struct db_pool *pool)
{
    struct db *db;
    int version;
    TRY(db_connect(pool, &db));
    error result = db_schema_version(db, &version);
    db_disconnect(db);
    TRY(result);
    return version ? error_make(ERROR_CONFLICT, "database_url",
               "The database is not empty (schema version %d): name an empty one with --database-url", version)
                   : OK;
}

// All of it -------------------------------------------------------------------------------------------

static error restore_into(const struct call *call, const char *folder, const struct backup_manifest *manifest,
    const struct backup_target *target)
{
    struct progress progress;
    const struct backup_watch watch = { backup_go_on, &progress };
    const char *directory, *path;
    data_folder_keys(call->arena, &directory, &path);
    TRY(blob_store_check(target->blobs));
    TRY(keyring_put(target->keyring, directory, path));
    progress_begin(&progress, "Restoring");
    error result = backup_restore(folder, manifest, target, &watch);
    progress_end(&progress);
    return result;
}

static error open_and_restore(
    const struct call *call, const char *folder, const struct backup_manifest *manifest, struct backup_target *target)
{
    TRY(db_open(&(struct db_options) { data_folder_database(call->arena) }, &target->db));
    TRY(check_database(target->db));
    TRY(stores_open_blobs(call->arena, target->keyring, &target->blobs));
    return restore_into(call, folder, manifest, target);
}

static error restore(const struct call *call, const char *folder, const struct backup_manifest *manifest)
{
    struct backup_target target = { .console_user = console_user(call->arena) };
    struct keyring *keyring = NULL;
    int lock = -1;
    TRY(backup_key_at_hand(call, manifest, &keyring));
    target.keyring = keyring;
    error result = prepare_folder(call, &lock);
    if (!error_is(result)) {
        if (data_folder_has_own_database())
            remove_database_file(call->arena);
        result = open_and_restore(call, folder, manifest, &target);
    }
    if (error_is(result))
        result.message = str_copy(call->arena, str_of(result.message)).data;
    blob_store_close(target.blobs);
    if (target.db)
        db_close(target.db);
    keyring_close(keyring);
    if (!error_is(result))
        result = data_folder_mark_restoring(call->arena, false);
    if (lock >= 0)
        close(lock);
    return result;
}

error backup_restore_command(const struct call *call, const char *folder)
{
    const struct backup_values *values = call->values;
    struct backup_manifest manifest;
    TRY(backup_find(call->arena, folder, str_of(values->name), &manifest));
    error result = restore(call, folder, &manifest);
    if (result.code == ERROR_CANCELLED)
        return error_make(ERROR_CANCELLED, NULL,
            "interrupted; the data folder is half restored and starts nothing: run this again to go on");
    TRY(result);
    fprintf(stderr, "Restored the backup %.*s of %.*s into %s: %lld rows, %lld files. Everybody signs in again\n",
        STR_ARGS(manifest.name), STR_ARGS(clock_text(call->arena, manifest.taken_us)), settings.data,
        (long long)manifest.rows, (long long)manifest.files);
    if (manifest.missing)
        fprintf(
            stderr, "warning: %lld files were missing already when the backup was made\n", (long long)manifest.missing);
    return OK;
}
