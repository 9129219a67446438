// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads that take over pieces of work while the caller does another, when one of them is idle: so a single
// stream uses more than one core, and many streams make no more threads. What no thread has begun, the caller does.
#pragma once

#include <pthread.h>
#include <stdbool.h>

enum { BESIDE_THREADS_MAX = 4 };

struct beside_task {
    void (*run)(void *context);
    void *context;
    struct beside_task *next; // this and what follows: under the lock
    enum { BESIDE_WAITS, BESIDE_RUNS, BESIDE_DONE } state;
};

struct beside {
    pthread_mutex_t lock;
    pthread_cond_t wake, finished;
    struct beside_task *first, *last; // handed over and not begun yet
    int wanted, count, idle;
    bool stopping;
    pthread_t threads[BESIDE_THREADS_MAX];
};

// Starts no thread before the first task. One core is left to the callers, so a machine with one has no thread here.
void beside_init(struct beside *beside);
void beside_done(struct beside *beside); // no task may be under way
// Offers `task`, which stays until beside_wait has returned. A caller has a handful of them at most.
void beside_start(struct beside *beside, struct beside_task *task);
// Does the task now if nobody has begun it.
void beside_help(struct beside *beside, struct beside_task *task);
// Returns when it is done, by a thread or by the caller itself.
void beside_wait(struct beside *beside, struct beside_task *task);
