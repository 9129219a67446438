// SPDX-License-Identifier: GPL-3.0-or-later
// The clock and the disk, as a test wants them.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload.h"

static struct faults *faults;

__attribute__((constructor)) static void map(void)
{
    const char *path = getenv("KINORA_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (place != MAP_FAILED)
        faults = place;
}

struct faults *faults_now(void)
{
    return faults;
}

static bool fails(void)
{
    static _Thread_local unsigned state = 1;
    if (faults->one_in > 1) {
        state = state * 1103515245 + 12345;
        if ((state >> 8) % (unsigned)faults->one_in)
            return false;
    }
    __atomic_add_fetch(&faults->failed_count, 1, __ATOMIC_RELAXED);
    errno = faults->disk_errno;
    return true;
}

bool faults_of_path(const char *path)
{
    size_t size = faults && faults->disk_errno ? strlen(faults->folder) : 0;
    return size && !strncmp(path, faults->folder, size) && fails();
}

// Where an open file or folder is, with a slash behind it.
static bool place_of(int file, char path[static PATH_MAX])
{
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t size = readlink(name, path, PATH_MAX - 2);
    if (size <= 0)
        return false;
    memcpy(path + size, "/", 2);
    return true;
}

bool faults_of_file(int file)
{
    char path[PATH_MAX];
    int before = errno;
    if (faults && faults->disk_errno && place_of(file, path) && faults_of_path(path))
        return true;
    errno = before;
    return false;
}

bool faults_of_at(int folder, const char *path)
{
    return *path == '/' || folder == AT_FDCWD ? faults_of_path(path) : faults_of_file(folder);
}
