// SPDX-License-Identifier: GPL-3.0-or-later
// What `serve` and `worker` share: programs that stay, take jobs and stop on SIGTERM.
#pragma once

#include <pthread.h>

#include "cmd/options.h"
#include "net/hub.h"
#include "work/runner.h"

// Logs and memory as a program that stays wants them. The stop signals are blocked in every thread started later;
// service_wait takes them, and calls `reload` (may be NULL) at each SIGHUP and `look` (may be NULL) every few seconds.
void service_begin(void);
void service_wait(void (*reload)(void *context), void (*look)(void *context), void *context);

// Keys, database (brought up to date) and blobs of the settings.
struct stores {
    struct keyring *keyring;
    struct db_pool *db;
    struct blob_store *blobs;
};
// On failure what was opened stays for service_close.
MUST_USE error service_open(struct arena *arena, struct stores *ret_stores);
void service_close(struct stores *stores);

// A runner with the engines it needs. What is zeroed is there to be started; all may be called before that.
struct service_workers {
    struct zygote *speech;
    pthread_rwlock_t lock; // of the runner, which a pause ends
    bool has_lock;
    struct runner *runner;
    struct runner_options options;
};
// `plain` and `hub` (may be NULL) are borrowed.
MUST_USE error service_workers_start(struct arena *arena, const struct stores *stores, struct zygote *plain,
    struct hub *hub, struct service_workers *workers);
// Lets running jobs end for as long as the settings give them, then hands them back.
void service_workers_stop(struct service_workers *workers);
// Hands all jobs back and takes none until they are resumed.
void service_workers_pause(struct service_workers *workers);
MUST_USE error service_workers_resume(struct service_workers *workers);
void service_workers_wake(struct service_workers *workers);
bool service_workers_ready(struct service_workers *workers);
// Names of the kinds of jobs, NULL-terminated, in the arena.
const char *const *service_workers_kinds(struct arena *arena);
