// SPDX-License-Identifier: GPL-3.0-or-later
// A library that is preloaded into a program under test and stands between it and the C library: faults.c turns the
// clock and the disk, every_call.c makes one call fail. The functions that it puts in front are in calls.c.
#pragma once

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a test sets while the program runs: the file that KINORA_FAULTS names, shared by mapping it.
struct faults {
    int64_t clock_us;      // added to the wall clock
    int32_t disk_errno;    // writing below `folder` fails with it; 0: all is well
    int32_t one_in;        // only one call in so many fails; 0: each
    int64_t failed_count;  // calls that failed so
    char folder[256 - 24]; // absolute
};

// The map, or NULL in a program that is not under test.
struct faults *faults_now(void);
// Whether writing to this file is to fail, with errno set.
bool faults_of_file(int file);
bool faults_of_path(const char *path);
bool faults_of_at(int folder, const char *path); // as openat() takes them

enum call_kind { CALL_ALLOCATE, CALL_READ, CALL_WRITE, CALL_QUERY };
// Whether this very call is the one that is to fail: the first from a place in the program that KINORA_FAULT_AT names.
// Without that, KINORA_FAULT_LIST is the file to which every place is written when it is first met.
bool call_fails(enum call_kind kind, const char *name);
// The function behind ours.
#define NEXT(name)                                                                                                     \
    ({                                                                                                                 \
        static __typeof__(name) *next_;                                                                                \
        if (!next_)                                                                                                    \
            next_ = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);                                                       \
        next_;                                                                                                         \
    })
