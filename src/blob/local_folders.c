// SPDX-License-Identifier: GPL-3.0-or-later
#include "blob/local_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct folders no_folders = { -1, -1 };

static int open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static error make_folders(int root)
{
    char name[3];
    for (unsigned i = 0; i < LOCAL_FAN_OUT; i++) {
        snprintf(name, sizeof name, "%02x", i);
        if (mkdirat(root, name, 0700) != 0 && errno != EEXIST)
            return error_system("make the folder", name, errno);
    }
    if (mkdirat(root, "tmp", 0700) != 0 && errno != EEXIST)
        return error_system("make the folder", "tmp", errno);
    return fsync(root) == 0 ? OK : error_system("sync", "blob folder", errno);
}

static void close_folders(const struct folders *folders)
{
    if (folders->root >= 0)
        close(folders->root);
    if (folders->tmp >= 0)
        close(folders->tmp);
}

static error open_folders(const char *directory, struct folders *ret_folders)
{
    struct folders folders = no_folders;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return error_system("make the folder", directory, errno);
    folders.root = open_folder(AT_FDCWD, directory);
    error result = folders.root < 0 ? error_system("open", directory, errno) : make_folders(folders.root);
    if (!error_is(result)) {
        folders.tmp = open_folder(folders.root, "tmp");
        result = folders.tmp < 0 ? error_system("open", "tmp", errno) : OK;
    }
    if (error_is(result))
        close_folders(&folders);
    else
        *ret_folders = folders;
    return result;
}

static const char *named_beside(struct arena *arena, const struct local *local, const char *ending)
{
    return str_format(arena, "%s%s", local->directory, ending).data;
}

// A move that a kill interrupted: which of its steps were done says what stands there.
static error open_old(struct local *local)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 10);
    const char *old = named_beside(arena, local, ".old"), *fresh = named_beside(arena, local, ".new");
    if (access(old, F_OK) != 0 && access(fresh, F_OK) == 0 && rename(fresh, old) != 0)
        return error_system("rename", fresh, errno);
    return access(old, F_OK) == 0 ? open_folders(old, &local->old) : OK;
}

error local_folders_open(const char *directory, struct local **ret_local)
{
    struct local *local = calloc(1, sizeof *local);
    if (!local)
        return error_system("open", directory, ENOMEM);
    local->now = local->old = no_folders;
    local->directory = strdup(directory);
    ASSERT_MEMORY(local->directory);
    pthread_rwlock_init(&local->lock, NULL);
    error result = open_folders(directory, &local->now);
    if (!error_is(result))
        result = open_old(local);
    if (error_is(result))
        local_folders_close(local);
    else
        *ret_local = local;
    return result;
}

void local_folders_close(struct local *local)
{
    close_folders(&local->now);
    close_folders(&local->old);
    for (size_t i = 0; i < local->kept_count; i++)
        close_folders(&local->kept[i]);
    pthread_rwlock_destroy(&local->lock);
    free(local->directory);
    free(local);
}

size_t local_folders_all(struct local *local, struct folders ret_folders[static 2])
{
    pthread_rwlock_rdlock(&local->lock);
    ret_folders[0] = local->now;
    ret_folders[1] = local->old;
    pthread_rwlock_unlock(&local->lock);
    return ret_folders[1].root < 0 ? 1 : 2;
}

struct folders local_folders_put(struct local *local)
{
    pthread_rwlock_wrlock(&local->lock);
    struct folders folders = local->now;
    local->puts_now++;
    pthread_rwlock_unlock(&local->lock);
    return folders;
}

void local_folders_put_end(struct local *local, const struct folders *folders)
{
    pthread_rwlock_wrlock(&local->lock);
    if (folders->root == local->now.root)
        local->puts_now--;
    else
        local->puts_old--;
    pthread_rwlock_unlock(&local->lock);
}

// The link beside it first; then one step puts it in the place of the directory, so that there is always one.
static error change_names(const struct local *local, const char *directory)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 10);
    const char *link = named_beside(arena, local, ".new"), *old = named_beside(arena, local, ".old");
    bool changed = symlink(directory, link) == 0
                   && renameat2(AT_FDCWD, link, AT_FDCWD, local->directory, RENAME_EXCHANGE) == 0
                   && rename(link, old) == 0;
    return changed ? OK : error_system("change", local->directory, errno);
}

error local_folders_move(struct local *local, const char *directory)
{
    struct folders fresh;
    TRY(open_folders(directory, &fresh));
    pthread_rwlock_wrlock(&local->lock);
    bool busy = local->old.root >= 0 || local->kept_count == LOCAL_MOVES_MAX;
    error result = busy ? error_make(ERROR_CONFLICT, "media_root", "The files are being moved already")
                        : change_names(local, directory);
    if (!error_is(result)) {
        local->old = local->now;
        local->puts_old = local->puts_now;
        local->now = fresh;
        local->puts_now = 0;
    }
    pthread_rwlock_unlock(&local->lock);
    if (error_is(result))
        close_folders(&fresh);
    return result;
}

bool local_folders_busy(struct local *local)
{
    pthread_rwlock_rdlock(&local->lock);
    bool busy = local->puts_old > 0;
    pthread_rwlock_unlock(&local->lock);
    return busy;
}

void local_folders_forget_old(struct local *local)
{
    char name[3];
    ARENA_AUTO struct arena *arena = arena_new(16 << 10);
    const char *path = named_beside(arena, local, ".old");
    pthread_rwlock_wrlock(&local->lock);
    struct folders old = local->old;
    local->kept[local->kept_count++] = old;
    local->old = no_folders;
    pthread_rwlock_unlock(&local->lock);
    for (unsigned i = 0; i < LOCAL_FAN_OUT; i++) {
        snprintf(name, sizeof name, "%02x", i);
        unlinkat(old.root, name, AT_REMOVEDIR);
    }
    unlinkat(old.root, "tmp", AT_REMOVEDIR);
    if (unlink(path) != 0)
        (void)rmdir(path);
}
