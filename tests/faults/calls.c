// SPDX-License-Identifier: GPL-3.0-or-later
// The calls that may fail, and those that tell the time.
#undef _FILE_OFFSET_BITS // both names of each call are wanted
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

// Sockets and files fail; pipes and counters of events cannot.
static bool fails_on(enum call_kind kind, const char *name, int file)
{
    struct stat status;
    int before = errno;
    if (fstat(file, &status) || !(S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)) || !call_fails(kind, name)) {
        errno = before;
        return false;
    }
    if (S_ISSOCK(status.st_mode))
        shutdown(file, SHUT_RDWR); // who is told that the peer has gone must find it gone
    errno = S_ISSOCK(status.st_mode) ? ECONNRESET : kind == CALL_WRITE && status.st_ino % 2 ? ENOSPC : EIO;
    return true;
}

#define READS(type, name, parameters, ...)                                                                             \
    type name parameters;                                                                                              \
    type name parameters                                                                                               \
    {                                                                                                                  \
        return fails_on(CALL_READ, #name, file) ? -1 : NEXT(name)(__VA_ARGS__);                                        \
    }
READS(ssize_t, read, (int file, void *to, size_t size), file, to, size)
READS(ssize_t, pread, (int file, void *to, size_t size, off_t at), file, to, size, at)
READS(ssize_t, pread64, (int file, void *to, size_t size, off64_t at), file, to, size, at)
READS(ssize_t, readv, (int file, const struct iovec *to, int count), file, to, count)
READS(ssize_t, recv, (int file, void *to, size_t size, int flags), file, to, size, flags)
READS(ssize_t, recvmsg, (int file, struct msghdr *message, int flags), file, message, flags)
// What _FORTIFY_SOURCE calls instead.
READS(ssize_t, __read_chk, (int file, void *to, size_t size, size_t room), file, to, size, room)
READS(ssize_t, __pread_chk, (int file, void *to, size_t size, off_t at, size_t room), file, to, size, at, room)
READS(ssize_t, __pread64_chk, (int file, void *to, size_t size, off64_t at, size_t room), file, to, size, at, room)
READS(ssize_t, __recv_chk, (int file, void *to, size_t size, size_t room, int flags), file, to, size, room, flags)

#define WRITES(type, name, parameters, ...)                                                                            \
    type name parameters;                                                                                              \
    type name parameters                                                                                               \
    {                                                                                                                  \
        return faults_of_file(file) || fails_on(CALL_WRITE, #name, file) ? -1 : NEXT(name)(__VA_ARGS__);               \
    }
WRITES(ssize_t, write, (int file, const void *from, size_t size), file, from, size)
WRITES(ssize_t, pwrite, (int file, const void *from, size_t size, off_t at), file, from, size, at)
WRITES(ssize_t, pwrite64, (int file, const void *from, size_t size, off64_t at), file, from, size, at)
WRITES(ssize_t, writev, (int file, const struct iovec *from, int count), file, from, count)
WRITES(ssize_t, send, (int file, const void *from, size_t size, int flags), file, from, size, flags)
WRITES(ssize_t, sendmsg, (int file, const struct msghdr *message, int flags), file, message, flags)
WRITES(int, fsync, (int file), file)
WRITES(int, fdatasync, (int file), file)
WRITES(int, ftruncate, (int file, off_t size), file, size)
WRITES(int, ftruncate64, (int file, off64_t size), file, size)

// There is always room to take a file away.
static bool takes_away(int folder, const char *path)
{
    const struct faults *now = faults_now();
    return now && now->disk_errno != ENOSPC && faults_of_at(folder, path);
}

#define CHANGES(name, parameters, faulty, ...)                                                                         \
    int name parameters;                                                                                               \
    int name parameters                                                                                                \
    {                                                                                                                  \
        if (faulty)                                                                                                    \
            return -1;                                                                                                 \
        if (call_fails(CALL_WRITE, #name)) {                                                                           \
            errno = EIO;                                                                                               \
            return -1;                                                                                                 \
        }                                                                                                              \
        return NEXT(name)(__VA_ARGS__);                                                                                \
    }
CHANGES(rename, (const char *from, const char *to), faults_of_path(to), from, to)
CHANGES(mkdir, (const char *path, mode_t mode), faults_of_path(path), path, mode)
CHANGES(mkdirat, (int folder, const char *path, mode_t mode), faults_of_at(folder, path), folder, path, mode)
CHANGES(unlink, (const char *path), takes_away(AT_FDCWD, path), path)
CHANGES(unlinkat, (int folder, const char *path, int flags), takes_away(folder, path), folder, path, flags)
CHANGES(linkat, (int from_folder, const char *from, int folder, const char *to, int flags), faults_of_at(folder, to),
    from_folder, from, folder, to, flags)

// Opening to write changes the disk when it makes a file; a disk that may only be read refuses all of it.
static bool open_fails(int folder, const char *path, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
    const struct faults *now = faults_now();
    if (writes && now && (now->disk_errno == EROFS || (flags & O_CREAT)) && faults_of_at(folder, path))
        return true;
    if (!call_fails(writes ? CALL_WRITE : CALL_READ, "open"))
        return false;
    errno = EMFILE;
    return true;
}

#define MODE_OF(flags)                                                                                                 \
    ({                                                                                                                 \
        va_list arguments_;                                                                                            \
        va_start(arguments_, flags);                                                                                   \
        mode_t mode_ = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(arguments_, mode_t) : 0;                               \
        va_end(arguments_);                                                                                            \
        mode_;                                                                                                         \
    })
#define OPENS(name)                                                                                                    \
    int name(const char *path, int flags, ...);                                                                        \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        mode_t mode = MODE_OF(flags);                                                                                  \
        return open_fails(AT_FDCWD, path, flags) ? -1 : NEXT(name)(path, flags, mode);                                 \
    }
OPENS(open)
OPENS(open64)
#define OPENS_AT(name)                                                                                                 \
    int name(int folder, const char *path, int flags, ...);                                                            \
    int name(int folder, const char *path, int flags, ...)                                                             \
    {                                                                                                                  \
        mode_t mode = MODE_OF(flags);                                                                                  \
        return open_fails(folder, path, flags) ? -1 : NEXT(name)(folder, path, flags, mode);                           \
    }
OPENS_AT(openat)
OPENS_AT(openat64)
#define OPENS_CHECKED(name)                                                                                            \
    int name(const char *path, int flags);                                                                             \
    int name(const char *path, int flags)                                                                              \
    {                                                                                                                  \
        return open_fails(AT_FDCWD, path, flags) ? -1 : NEXT(name)(path, flags);                                       \
    }
OPENS_CHECKED(__open_2)
OPENS_CHECKED(__open64_2)

// Time --------------------------------------------------------------------------------------------

static int64_t shift_us(void)
{
    const struct faults *now = faults_now();
    return now ? __atomic_load_n(&now->clock_us, __ATOMIC_RELAXED) : 0;
}

int clock_gettime(clockid_t id, struct timespec *ret_time)
{
    int result = NEXT(clock_gettime)(id, ret_time);
    if (!result && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret_time->tv_sec += (time_t)(shift_us() / 1000000);
    return result;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
    int result = NEXT(gettimeofday)(ret_time, zone);
    if (!result)
        ret_time->tv_sec += (time_t)(shift_us() / 1000000);
    return result;
}

time_t time(time_t *ret_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (ret_time)
        *ret_time = now.tv_sec;
    return now.tv_sec;
}
