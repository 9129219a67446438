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
#include "blob/local_folders.h"
#include "blob/store.h"

enum {
    NAME_SIZE = 64,
    WAIT_US = 100000,     // between two looks at writers of before a move
    START_STEP = 1 << 20, // bytes the disk begins with at once: larger writes keep it busy, more would wait for fsync
};

struct store_put {
    struct local *local;
    struct folders folders;
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

static void local_close(void *place)
{
    local_folders_close(place);
}

error store_local_open(const char *directory, void **ret_place)
{
    struct local *local;
    TRY(local_folders_open(directory, &local));
    *ret_place = local;
    return OK;
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
    put->folders = local_folders_put(put->local);
    put->fd = openat(put->folders.tmp, put->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (put->fd < 0) {
        error e = error_system("make", put->name, errno);
        local_folders_put_end(put->local, &put->folders);
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
    unlinkat(put->folders.tmp, put->name, 0);
    close(put->fd);
    local_folders_put_end(put->local, &put->folders);
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
    int folder = open_folder(put->folders.root, folder_name);
    if (folder < 0)
        return error_system("open", folder_name, errno);
    error e = OK;
    if (linkat(put->folders.tmp, put->name, folder, path + 3, 0) != 0)
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
    struct folders folders[2];
    char path[NAME_SIZE];
    size_t count = local_folders_all(place, folders);
    stored_path(id, path);
    // The new one again at the end: the file may have moved between the first two looks.
    error e = get_at(folders[0].root, path, ret_get, ret_size);
    for (size_t i = 1; count > 1 && i < 3 && e.code == ERROR_NOT_FOUND; i++)
        e = get_at(folders[i % 2].root, path, ret_get, ret_size);
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
    struct folders folders[2];
    char path[NAME_SIZE];
    stored_path(id, path);
    for (size_t i = local_folders_all(place, folders); i > 0; i--) // the old one first: it might just be moving
        if (unlinkat(folders[i - 1].root, path, 0) != 0 && errno != ENOENT)
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

static error each_in(int root, const struct blob_visitor *visitor)
{
    char name[3];
    for (unsigned i = 0; i < LOCAL_FAN_OUT; i++) {
        snprintf(name, sizeof name, "%02x", i);
        DIR *folder = read_folder(root, name);
        if (!folder)
            return error_system("list", name, errno);
        error e = visit_folder(folder, visitor);
        closedir(folder);
        TRY(e);
    }
    return OK;
}

static error local_each(void *place, const struct blob_visitor *visitor)
{
    struct folders folders[2];
    for (size_t i = local_folders_all(place, folders); i > 0; i--)
        TRY(each_in(folders[i - 1].root, visitor));
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

static error sweep_in(int root, int64_t oldest_us, int64_t *removed)
{
    DIR *folder = read_folder(root, "tmp");
    if (!folder)
        return error_system("list", "tmp", errno);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && is_left_behind(dirfd(folder), entry->d_name, oldest_us)
            && unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            ++*removed;
    closedir(folder);
    return OK;
}

static error local_sweep(void *place, int64_t age_us, int64_t *ret_removed)
{
    struct folders folders[2];
    int64_t removed = 0;
    for (size_t i = local_folders_all(place, folders); i > 0; i--)
        TRY(sweep_in(folders[i - 1].root, clock_now_us() - age_us, &removed));
    *ret_removed = removed;
    return OK;
}

// Moving

struct moving {
    struct folders from, to;
    bool (*tell)(void *context, int64_t bytes);
    void *context;
    int64_t count;
};

// Another file system: a copy, on disk before the original goes.
static error copy_over(const struct moving *moving, const char *path, const char *name)
{
    char piece[64 << 10];
    ssize_t got = 1;
    int in = openat(moving->from.root, path, O_RDONLY | O_CLOEXEC);
    int out = openat(moving->to.tmp, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = in >= 0 && out >= 0;
    while (good && got) {
        got = read(in, piece, sizeof piece);
        good = got >= 0 && write(out, piece, (size_t)got) == got;
    }
    good = good && fsync(out) == 0 && linkat(moving->to.tmp, name, moving->to.root, path, 0) == 0;
    error result = good || errno == EEXIST ? OK : error_system("move", path, errno);
    unlinkat(moving->to.tmp, name, 0);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return result;
}

static error move_one(void *context, const char *id, int64_t stored_size, int64_t changed_us)
{
    (void)changed_us;
    struct moving *moving = context;
    char path[NAME_SIZE];
    stored_path(id, path);
    if (!moving->tell(moving->context, stored_size))
        return error_of(ERROR_CANCELLED);
    bool linked = linkat(moving->from.root, path, moving->to.root, path, 0) == 0;
    if (!linked && errno == EXDEV)
        TRY(copy_over(moving, path, id));
    else if (!linked && errno != EEXIST && errno != ENOENT)
        return error_system("move", path, errno);
    if (unlinkat(moving->from.root, path, 0) != 0 && errno != ENOENT)
        return error_system("remove", path, errno);
    moving->count++;
    return OK;
}

// Again until no writer of before is left and nothing new came.
error store_local_move(void *place, bool (*tell)(void *context, int64_t bytes), void *context)
{
    struct folders folders[2];
    if (local_folders_all(place, folders) < 2)
        return OK;
    struct moving moving = { folders[1], folders[0], tell, context, 1 };
    for (bool busy = true; moving.count || busy;) {
        busy = local_folders_busy(place);
        moving.count = 0;
        TRY(each_in(moving.from.root, &(struct blob_visitor) { move_one, &moving }));
        if (!moving.count && busy && (!tell(context, 0) || usleep(WAIT_US) != 0))
            return error_of(ERROR_CANCELLED);
    }
    if (fsync(moving.to.root) != 0)
        return error_system("sync", "blob folder", errno);
    local_folders_forget_old(place);
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
