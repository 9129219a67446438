// SPDX-License-Identifier: GPL-3.0-or-later
// The asker's side of kinora-engine: zygotes that have loaded libraries (one of them also the speech model) and fork
// sandboxed children, and the conversation with one child. A child dies with its zygote, the zygote with us.
#pragma once

#include <stdatomic.h>

#include "base/json.h"

struct zygote;
struct child;

enum zygote_kind { ZYGOTE_PLAIN, ZYGOTE_SPEECH }; // SPEECH has pocketsphinx's model loaded
// Starts it in the background (posix_spawn); the first fork waits until it is ready. One may be used from many threads.
MUST_USE error zygote_start(const char *engine_path, enum zygote_kind kind, struct zygote **ret_zygote);
void zygote_stop(struct zygote *zygote);              // ends all its children too
const char *zygote_path(const struct zygote *zygote); // of kinora-engine; borrowed
struct child_limits {
    int64_t memory_bytes, cpu_seconds; // 0: 2 GiB, one hour
};
MUST_USE error child_fork(struct zygote *zygote, const struct child_limits *limits, struct child **ret_child);
// Kills it (SIGKILL by the zygote) and frees; NULL is allowed.
void child_end(struct child *child);
int child_pid(const struct child *child);
// False after a failure that was not an answer of the op: end it and fork another.
bool child_alive(const struct child *child);

struct child_input {
    void *context;
    uint64_t size; // bytes
    error (*read)(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
    const char *name; // inputs of one name have the same bytes; NULL: a child keeps nothing of it for the next question
};
struct child_output {
    void *context;
    error (*write)(void *context, uint64_t offset, const void *bytes, size_t size);
    error (*read)(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
};
struct child_call {
    const char *op;
    const json_t *params;
    const struct child_input *inputs;
    size_t input_count;
    const struct child_output *outputs;
    size_t output_count;
    void (*progress)(void *context, double done); // may be NULL; on the calling thread
    void *context;
    const atomic_bool *cancelled; // may be NULL; looked at four times a second
    int64_t deadline_us;          // clock_mono_us time, 0 for none
};
// Asks and serves until the result. Failures: what the op answered, ENGINE_CRASHED (with the signal where known),
// CANCELLED, TIMED_OUT, or what `read` and `write` of an input or output answered; after all but the first the child
// is of no more use (child_alive). *ret_result lives in the arena.
MUST_USE error child_ask(struct child *child, struct arena *arena, const struct child_call *call, json_t **ret_result);
