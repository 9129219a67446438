// SPDX-License-Identifier: GPL-3.0-or-later
// What a child may do: compute, use the descriptors it has, and read fonts, models and libraries. Nothing else: no
// file is written, no other file read, no socket made, no program run, no other process touched.
#pragma once

#include "base/error.h"

struct sandbox_limits {
    int64_t memory_bytes, cpu_seconds; // 0: 2 GiB, one hour
};

// Cannot be undone. INTERNAL_ERROR when the system does not allow it.
MUST_USE error sandbox_enter(const struct sandbox_limits *limits);

// The same for a program of somebody else's, which comes next: no network, no file written or read but by what it has
// open, what is installed under /usr, and `readable` (NULL-terminated); no sight of other processes. More system calls
// are open to it, and only its own data is counted: it may map files and reserve what it never uses.
MUST_USE error sandbox_enter_program(const char *const *readable);

// The same for a downloader: it may also write below `writable`, files of `file_bytes` at the most, and connect by TCP
// to the port of its proxy. `wall_port` 0: a network namespace of its own has been entered (engine/wall.h).
struct sandbox_downloader {
    const char *const *readable; // NULL-terminated
    const char *writable;
    int64_t file_bytes;
    int wall_port;
};
MUST_USE error sandbox_enter_downloader(const struct sandbox_downloader *wishes);
