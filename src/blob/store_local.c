// SPDX-License-Identifier: GPL-3.0-or-later
// A directory: XX/ID for what is stored, XX being the last two digits of the id (the first ones of a
// time-ordered id hardly differ), and tmp/ID.RANDOM for what is under way, locked by its writer.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "blob/store.h"

enum {
    FAN_OUT = 256,
    NAME_SIZE = 64,
    START_STEP = 1 << 20, // bytes the disk begins with at once: larger writes keep it busy, more would wait for fsync
};

struct local {
    int root; // directories
    int tmp;
};

struct store_put {
    struct local *local;
    int fd;
    int64_t size;
    int64_t started; // bytes the disk was told to begin with
    char id[37], name[NAME_SIZE];
};

struct store_get {
    int fd;
};

static void stored_path(const char *id, char out[static NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "%s/%s", id + 34, id);
}

static int open_folder(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static error make_folders(int root)
{
    char name[3];
    for (unsigned i = 0; i < FAN_OUT; i++) {
        snprintf(name, sizeof name, "%02x", i);
        if (mkdirat(root, name, 0700) != 0 && errno != EEXIST)
            return error_system("make the folder", name, errno);
    }
    if (mkdirat(root, "tmp", 0700) != 0 && errno != EEXIST)
        return error_system("make the folder", "tmp", errno);
    return fsync(root) == 0 ? OK : error_system("sync", "blob folder", errno);
}

static void local_close(void *place)
{
    struct local *local = place;
    if (local->root >= 0)
        close(local->root);
    if (local->tmp >= 0)
        close(local->tmp);
    free(local);
}

static error open_folders(struct local *local, const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return error_system("make the folder", directory, errno);
    local->root = open_folder(AT_FDCWD, directory);
    if (local->root < 0)
        return error_system("open", directory, errno);
    TRY(make_folders(local->root));
    local->tmp = open_folder(local->root, "tmp");
    return local->tmp >= 0 ? OK : error_system("open", "tmp", errno);
}

error store_local_open(const char *directory, void **ret_place)
{
    struct local *local = malloc(sizeof *local);
    if (!local)
        return error_system("open", directory, ENOMEM);
    *local = (struct local) { .root = -1, .tmp = -1 };
    error e = open_folders(local, directory);
    if (error_is(e))
        local_close(local);
    else
        *ret_place = local;
    return e;
}

static error put_begin(void *place, const char *id, struct store_put **ret_put)
{
    struct store_put *put = calloc(1, sizeof *put);
    if (!put)
        return error_system("store", "file", ENOMEM);
    unsigned char random[8];
    id_random(random, sizeof random);
    put->local = place;
    memcpy(put->id, id, sizeof put->id);
    snprintf(put->name, sizeof put->name, "%s.%02x%02x%02x%02x%02x%02x%02x%02x", id, random[0], random[1], random[2],
        random[3], random[4], random[5], random[6], random[7]);
    put->fd = openat(put->local->tmp, put->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (put->fd < 0) {
        error e = error_system("make", put->name, errno);
        free(put);
        return e;
    }
    // Tells a sweep that the writer is alive; the kernel drops it when the process ends.
    (void)flock(put->fd, LOCK_EX | LOCK_NB);
    *ret_put = put;
    return OK;
}

static error write_at(struct store_put *put, int64_t offset, const char *bytes, size_t size)
{
    while (size) {
        ssize_t done = pwrite(put->fd, bytes, size, offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return error_system("write", put->name, done < 0 ? errno : ENOSPC);
        bytes += done;
        offset += done;
        size -= (size_t)done;
    }
    return OK;
}

static error read_at(int fd, int64_t offset, char *ret_bytes, size_t size)
{
    while (size) {
        ssize_t got = pread(fd, ret_bytes, size, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_system("read", "stored file", errno);
        if (got == 0)
            return error_make(ERROR_DATA_CORRUPT, NULL, "A stored file is shorter than it should be");
        ret_bytes += got;
        offset += got;
        size -= (size_t)got;
    }
    return OK;
}

// Starts the disk on what will not change any more, so that the fsync at the end has little left to wait for.
static void start_disk(struct store_put *put)
{
    int64_t settled = put->size - STORE_REWRITE_MAX;
    if (settled - put->started < START_STEP)
        return;
    (void)sync_file_range(put->fd, put->started, settled - put->started, SYNC_FILE_RANGE_WRITE);
    put->started = settled;
}

static error put_append(struct store_put *put, const void *bytes, size_t size)
{
    TRY(write_at(put, put->size, bytes, size));
    put->size += (int64_t)size;
    start_disk(put);
    return OK;
}

static error put_patch(struct store_put *put, int64_t offset, const void *bytes, size_t size)
{
    ASSERT(offset >= 0 && offset + (int64_t)size <= put->size);
    return write_at(put, offset, bytes, size);
}

static error put_read(struct store_put *put, int64_t offset, void *ret_bytes, size_t size)
{
    return read_at(put->fd, offset, ret_bytes, size);
}

static void put_abort(struct store_put *put)
{
    unlinkat(put->local->tmp, put->name, 0);
    close(put->fd);
    free(put);
}

// Link, not rename, since an id that is taken must stay as it is.
static error publish(struct store_put *put)
{
    char path[NAME_SIZE], folder_name[3];
    stored_path(put->id, path);
    memcpy(folder_name, path, 2);
    folder_name[2] = 0;
    if (fsync(put->fd) != 0)
        return error_system("sync", put->name, errno);
    int folder = open_folder(put->local->root, folder_name);
    if (folder < 0)
        return error_system("open", folder_name, errno);
    error e = OK;
    if (linkat(put->local->tmp, put->name, folder, path + 3, 0) != 0)
        e = errno == EEXIST ? error_of(ERROR_FILE_EXISTS) : error_system("store", path, errno);
    else if (fsync(folder) != 0) {
        e = error_system("sync", folder_name, errno);
        unlinkat(folder, path + 3, 0);
    }
    close(folder);
    return e;
}

static error put_commit(struct store_put *put)
{
    error e = publish(put);
    put_abort(put); // drops the name under tmp only
    return e;
}

static error get_at(int folder, const char *path, struct store_get **ret_get, int64_t *ret_size)
{
    struct stat status;
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // NONBLOCK: a FIFO must not hold anything up
    if (fd < 0)
        return errno == ENOENT ? error_make(ERROR_NOT_FOUND, path, "There is no file %s", path)
                               : error_system("open", path, errno);
    struct store_get *get = malloc(sizeof *get);
    if (!get || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        error e = error_system("open", path, get ? EINVAL : ENOMEM);
        free(get);
        close(fd);
        return e;
    }
    get->fd = fd;
    *ret_get = get;
    *ret_size = status.st_size;
    return OK;
}

static error get_open(void *place, const char *id, struct store_get **ret_get, int64_t *ret_size)
{
    struct local *local = place;
    char path[NAME_SIZE];
    stored_path(id, path);
    error e = get_at(local->root, path, ret_get, ret_size);
    return e.code == ERROR_NOT_FOUND ? error_of(ERROR_NOT_FOUND) : e;
}

error store_local_get_file(const char *path, struct store_get **ret_get, int64_t *ret_size)
{
    return get_at(AT_FDCWD, path, ret_get, ret_size);
}

static error get_range(struct store_get *get, int64_t offset, void *ret_bytes, size_t size)
{
    return read_at(get->fd, offset, ret_bytes, size);
}

static void get_close(struct store_get *get)
{
    close(get->fd);
    free(get);
}

// Not synced: a removal that a power failure undoes leaves an orphan, which the walk of blob_each finds.
static error local_remove(void *place, const char *id)
{
    struct local *local = place;
    char path[NAME_SIZE];
    stored_path(id, path);
    if (unlinkat(local->root, path, 0) != 0 && errno != ENOENT)
        return error_system("remove", path, errno);
    return OK;
}

static DIR *read_folder(int at, const char *name)
{
    int fd = open_folder(at, name);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0)
        close(fd);
    return folder;
}

static int64_t changed_us(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * SECOND_US + status->st_mtim.tv_nsec / 1000;
}

static error visit_folder(DIR *folder, const struct blob_visitor *visitor)
{
    struct stat status;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!id_is_valid(str_of(entry->d_name)) || fstatat(dirfd(folder), entry->d_name, &status, 0) != 0)
            continue; // foreign, or removed since
        TRY(visitor->visit(visitor->context, entry->d_name, status.st_size, changed_us(&status)));
    }
    return OK;
}

static error local_each(void *place, const struct blob_visitor *visitor)
{
    struct local *local = place;
    char name[3];
    for (unsigned i = 0; i < FAN_OUT; i++) {
        snprintf(name, sizeof name, "%02x", i);
        DIR *folder = read_folder(local->root, name);
        if (!folder)
            return error_system("list", name, errno);
        error e = visit_folder(folder, visitor);
        closedir(folder);
        TRY(e);
    }
    return OK;
}

// Whether nobody writes to it any more and it is old enough.
static bool is_left_behind(int folder, const char *name, int64_t oldest_us)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    struct stat status;
    bool left = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && changed_us(&status) <= oldest_us
                && flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return left;
}

static error local_sweep(void *place, int64_t age_us, int64_t *ret_removed)
{
    struct local *local = place;
    int64_t oldest_us = clock_now_us() - age_us, removed = 0;
    DIR *folder = read_folder(local->root, "tmp");
    if (!folder)
        return error_system("list", "tmp", errno);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && is_left_behind(dirfd(folder), entry->d_name, oldest_us)
            && unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            removed++;
    closedir(folder);
    *ret_removed = removed;
    return OK;
}

const struct store_methods store_local_methods = {
    .put_begin = put_begin,
    .put_append = put_append,
    .put_patch = put_patch,
    .put_read = put_read,
    .put_commit = put_commit,
    .put_abort = put_abort,
    .get_open = get_open,
    .get_range = get_range,
    .get_close = get_close,
    .remove = local_remove,
    .each = local_each,
    .sweep = local_sweep,
    .close = local_close,
};
