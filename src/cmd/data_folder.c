// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/data_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/settings.h"
#include "domain/file_key.h"

enum { LOCK_TRIES = 40, LOCK_PAUSE_MS = 50 }; // two seconds

error data_folder_make(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return OK;
    return error_make(
        ERROR_UNAVAILABLE, path, "Cannot make the folder %s: %s. Choose another with --data", path, strerror(errno));
}

static const char *mark_path(struct arena *arena)
{
    return str_format(arena, "%s/restoring", settings.data).data;
}

bool data_folder_is_half_restored(struct arena *arena)
{
    return access(mark_path(arena), F_OK) == 0;
}

error data_folder_mark_restoring(struct arena *arena, bool restoring)
{
    const char *path = mark_path(arena);
    int mark = restoring ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (restoring ? mark < 0 : unlink(path) != 0)
        return error_system("mark", path, errno);
    if (mark >= 0)
        close(mark);
    return folder_sync(settings.data);
}

error data_folder_check(struct arena *arena)
{
    return data_folder_is_half_restored(arena) ? error_make(ERROR_UNAVAILABLE, "data",
               "The data folder %s is half restored from a backup: run kinora backup restore again, which goes on "
               "where it was",
               settings.data)
                                               : OK;
}

error data_folder_lock(struct arena *arena, int *ret_lock)
{
    TRY(data_folder_check(arena));
    return data_folder_lock_any(arena, ret_lock);
}

// A child that a killed program was about to begin holds its lock until the child is another program itself: a moment,
// on a busy machine a longer one. Who is truly running still runs after that.
static bool take_lock(int file)
{
    for (int tries = 0; flock(file, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK || tries == LOCK_TRIES)
            return false;
        poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return true;
}

error data_folder_lock_any(struct arena *arena, int *ret_lock)
{
    TRY(data_folder_make(settings.data));
    const char *path = str_format(arena, "%s/lock", settings.data).data;
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return error_make(ERROR_UNAVAILABLE, path,
            "Cannot write in the data folder %s: %s. Make it writable for this user or choose another with --data",
            settings.data, strerror(errno));
    if (!take_lock(lock)) {
        close(lock);
        return error_make(ERROR_UNAVAILABLE, path, "Another Kinora is running on the data folder %s", settings.data);
    }
    *ret_lock = lock;
    return OK;
}

// Every byte but letters and digits as %XX (RFC 3986, 2.1).
static const char *escaped(struct arena *arena, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc_raw(arena, 3 * strlen(text) + 1), *to = out;
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        *to++ = plain ? *at : '%';
        if (!plain) {
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    *to = 0;
    return out;
}

// The names of document 004, where a password alone means the server on this machine.
static const char *postgres_url(struct arena *arena)
{
    const char *host = *settings.postgres_host ? settings.postgres_host : "localhost";
    return str_format(arena, "postgresql://%s%s%s@%s:%lld/%s", escaped(arena, settings.postgres_user),
        *settings.postgres_password ? ":" : "", escaped(arena, settings.postgres_password), escaped(arena, host),
        (long long)settings.postgres_port, escaped(arena, settings.postgres_db))
        .data;
}

bool data_folder_has_own_database(void)
{
    return !*settings.database_url && !*settings.postgres_host && !*settings.postgres_password;
}

const char *data_folder_database(struct arena *arena)
{
    if (*settings.database_url)
        return settings.database_url;
    if (!data_folder_has_own_database())
        return postgres_url(arena);
    return str_format(arena, "sqlite://%s/kinora.db", settings.data).data;
}

void data_folder_keys(struct arena *arena, const char **ret_directory, const char **ret_path)
{
    *ret_directory = str_format(arena, "%s/keys", settings.data).data;
    *ret_path = *settings.master_key_file ? settings.master_key_file : NULL;
}

// Rows of one change: a tenth of a millisecond each, so that other changes wait for 20 ms at the most.
enum { COMPLETE_BATCH = 200, COMPLETE_BYTES = 4 << 20 };

struct completing {
    struct blob_store *blobs;
    int64_t after, users, files, damaged; // of the last change
    int64_t users_total, files_total, damaged_total;
};

static error complete(struct db *db, void *context)
{
    struct completing *completing = context;
    ARENA_AUTO struct arena *arena = arena_new(COMPLETE_BYTES);
    struct scope scope = { .arena = arena, .db = db, .blobs = completing->blobs };
    int64_t after = completing->after;
    TRY(user_key_complete(&scope, COMPLETE_BATCH, &completing->users));
    TRY(file_key_complete(&scope, COMPLETE_BATCH, &after, &completing->files, &completing->damaged));
    completing->after = after;
    return OK;
}

error data_folder_complete_keys(struct db_pool *pool, struct blob_store *blobs)
{
    struct completing completing = { .blobs = blobs };
    bool again = true;
    while (again) {
        error result = db_write(pool, complete, &completing);
        again = result.code == ERROR_CONFLICT; // another server does the same just now
        if (again)
            continue;
        TRY(result);
        completing.users_total += completing.users;
        completing.files_total += completing.files - completing.damaged;
        completing.damaged_total += completing.damaged;
        again = completing.users || completing.files;
    }
    if (completing.users_total || completing.files_total)
        log_event(LOG_INFO, NULL, "keys", "Made keys for what was there before",
            LOG_NUMBER("users", completing.users_total), LOG_NUMBER("files", completing.files_total));
    if (completing.damaged_total)
        log_event(LOG_WARN, NULL, "keys", "Files whose keys are damaged can be read by nobody",
            LOG_NUMBER("files", completing.damaged_total));
    return OK;
}
