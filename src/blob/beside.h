// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads that take over a piece of work while the caller does another, when one of them is idle: so a single
// stream uses more than one core, and many streams make no more threads.
#pragma once

#include <pthread.h>
#include <stdbool.h>

enum { BESIDE_THREADS_MAX = 4 };

struct beside_task {
    void (*run)(void *context);
    void *context;
    bool done; // under the lock
};

struct beside {
    pthread_mutex_t lock;
    pthread_cond_t wake, finished;
    struct beside_task *next; // handed over and not taken yet
    int wanted, count, idle;
    bool stopping;
    pthread_t threads[BESIDE_THREADS_MAX];
};

// Starts no thread before the first task. One core is left to the callers, so a machine with one has no thread here.
void beside_init(struct beside *beside);
void beside_done(struct beside *beside); // no task may be under way
// False when nobody is idle; the caller does it then. Else `task` stays until beside_wait returns.
bool beside_start(struct beside *beside, struct beside_task *task);
// Does the task itself when no thread has begun it.
void beside_wait(struct beside *beside, struct beside_task *task);
