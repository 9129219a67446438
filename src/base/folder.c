// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

error folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_system("open", path, errno);
    int result = fsync(fd), code = errno;
    close(fd);
    return result == 0 ? OK : error_system("sync", path, code);
}
