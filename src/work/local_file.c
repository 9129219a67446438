// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/id.h"
#include "crypt/crypt.h"

enum { BLOCK = 256 << 10 };

struct local_file {
    int fd;
    uint64_t size;
    char *name; // of a new file where the file system knows no unnamed ones; NULL otherwise
};

static struct local_file *file_of(int fd)
{
    struct local_file *file = calloc(1, sizeof *file);
    ASSERT_MEMORY(file);
    file->fd = fd;
    return file;
}

error local_file_open(const char *path, struct local_file **ret_file)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return error_make(ERROR_NOT_FOUND, path, "There is no file \"%s\"", path);
    if (fd < 0 && errno == EACCES)
        return error_make(ERROR_NOT_FOUND, path, "The file \"%s\" may not be read; check its permissions", path);
    if (fd < 0)
        return error_system("open", path, errno);
    struct stat info;
    bool is_file = !fstat(fd, &info) && S_ISREG(info.st_mode);
    if (!is_file) {
        close(fd);
        return error_make(ERROR_NOT_FOUND, path, "\"%s\" is %s, not a file", path,
            S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    }
    struct local_file *file = file_of(fd);
    file->size = (uint64_t)info.st_size;
    *ret_file = file;
    return OK;
}

static error open_named(const char *folder, struct local_file **ret_file)
{
    char id[37], path[4096];
    id_write(id);
    snprintf(path, sizeof path, "%s/.kinora-%s.part", folder, id);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_system("write into", folder, errno);
    struct local_file *file = file_of(fd);
    file->name = strdup(path);
    ASSERT_MEMORY(file->name);
    *ret_file = file;
    return OK;
}

error local_file_new(const char *folder, struct local_file **ret_file)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        return open_named(folder, ret_file);
    if (fd < 0)
        return error_system("write into", folder, errno);
    *ret_file = file_of(fd);
    return OK;
}

static void folder_of(const char *path, char folder[static 4096])
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(folder, 4096, ".");
    else
        snprintf(folder, 4096, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

error local_file_new_for(const char *path, struct local_file **ret_file)
{
    struct stat info;
    char folder[4096];
    folder_of(path, folder);
    if (!*path || strlen(path) >= sizeof folder - 64)
        return error_make(ERROR_VALIDATION_ERROR, "output", "The output file needs a name");
    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        return error_make(ERROR_CONFLICT, "output", "\"%s\" is a folder; name a file in it", path);
    if (stat(folder, &info) || !S_ISDIR(info.st_mode))
        return error_make(ERROR_NOT_FOUND, "output", "There is no folder \"%s\"; make it first", folder);
    if (access(folder, W_OK))
        return error_make(
            ERROR_FORBIDDEN, "output", "The folder \"%s\" cannot be written to: %s", folder, strerror(errno));
    return local_file_new(folder, ret_file);
}

void local_file_close(struct local_file *file)
{
    if (!file)
        return;
    close(file->fd);
    if (file->name)
        unlink(file->name);
    free(file->name);
    free(file);
}

void local_file_cleanup(struct local_file **file)
{
    local_file_close(TAKE(*file));
}

// An unnamed file gets a temporary name first: linking does not replace, renaming does.
static error give_name(struct local_file *file, const char *folder)
{
    if (file->name)
        return OK;
    char id[37], path[4200], from[64];
    id_write(id);
    snprintf(path, sizeof path, "%s/.kinora-%s.part", folder, id);
    snprintf(from, sizeof from, "/proc/self/fd/%d", file->fd);
    if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
        return error_system("write", path, errno);
    file->name = strdup(path);
    ASSERT_MEMORY(file->name);
    return OK;
}

static error keep(struct local_file *file, const char *path)
{
    char folder[4096];
    folder_of(path, folder);
    if (fsync(file->fd))
        return error_system("write", path, errno);
    TRY(give_name(file, folder));
    if (rename(file->name, path))
        return error_system("write", path, errno);
    free(TAKE(file->name));
    error ignored = folder_sync(folder); // some file systems cannot
    (void)ignored;
    return OK;
}

error local_file_keep(struct local_file *file, const char *path)
{
    error result = keep(file, path);
    local_file_close(file);
    return result;
}

static error read_at(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct local_file *file = context;
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(file->fd, (char *)ret_bytes + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system("read", "the file", errno);
        if (!n)
            break;
        got += (size_t)n;
    }
    *ret_got = got;
    return OK;
}

static error write_at(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct local_file *file = context;
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(file->fd, (const char *)bytes + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno != EINTR)
            return error_system("write", "the output", errno);
        if (n > 0)
            done += (size_t)n;
    }
    if (offset + size > file->size)
        file->size = offset + size;
    return OK;
}

error local_file_write(struct local_file *file, const void *bytes, size_t size)
{
    return write_at(file, file->size, bytes, size);
}

uint64_t local_file_size(const struct local_file *file)
{
    return file->size;
}

error local_file_read_all(struct arena *arena, struct local_file *file, size_t size_max, str *ret_bytes)
{
    if (file->size > size_max)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The file is larger than %zu KiB", size_max >> 10);
    char *bytes = arena_alloc_raw(arena, (size_t)file->size + 1);
    size_t got;
    TRY(read_at(file, 0, bytes, (size_t)file->size, &got));
    bytes[got] = '\0';
    *ret_bytes = (str) { bytes, got };
    return OK;
}

error local_file_hash(struct arena *arena, struct local_file *file, str *ret_hex)
{
    struct hasher *hasher = hasher_new();
    unsigned char hash[32], *block = malloc(BLOCK);
    ASSERT_MEMORY(block);
    error result = OK;
    size_t got = 1;
    for (uint64_t at = 0; got && !error_is(result); at += got) {
        result = read_at(file, at, block, BLOCK, &got);
        if (!error_is(result))
            hasher_add(hasher, block, got);
    }
    free(block);
    hasher_finish(hasher, hash);
    TRY(result);
    *ret_hex = str_hex(arena, hash, sizeof hash);
    return OK;
}

struct child_input local_file_input(struct local_file *file)
{
    return (struct child_input) { file, file->size, read_at };
}

struct child_output local_file_output(struct local_file *file)
{
    return (struct child_output) { file, write_at, read_at };
}
