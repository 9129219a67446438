// SPDX-License-Identifier: GPL-3.0-or-later
// Questions to engine children of this machine, several at a time: for commands, which have no job queue.
#pragma once

#include "net/child.h"

struct local_pool;

// `workers` children at most, 0 for one per core. `cancelled` may be NULL.
MUST_USE error local_pool_open(const char *engine_path, enum zygote_kind kind, int workers,
    const atomic_bool *cancelled, struct local_pool **ret_pool);
void local_pool_close(struct local_pool *pool); // NULL is allowed
int local_pool_workers(const struct local_pool *pool);

struct local_asking;
struct local_task {
    // What the task does, on a thread of its own, asking with local_ask; NULL: it asks `op` once.
    error (*run)(struct local_asking *asking, struct arena *arena, struct local_task *task);
    void *context; // of run
    const char *op;
    const json_t *params;
    const struct child_input *inputs;
    size_t input_count;
    const struct child_output *outputs;
    size_t output_count;
    double weight;  // its share of the progress; heavy tasks are begun first
    json_t *result; // set when all went well
    bool failed;    // its failure is the one that was returned
};
// Asks all of them, each of a fresh child, and waits. The first failure (CANCELLED included) ends the others and is
// returned. `progress` (may be NULL) is told 0..1, never less than before, one call at a time. Results live in the
// arena.
MUST_USE error local_pool_run(struct local_pool *pool, struct arena *arena, struct local_task *tasks, size_t count,
    void (*progress)(void *context, double done), void *context);

// For run: asks a fresh child; what is done of the task, 0..1; whether to end (never NULL).
MUST_USE error local_ask(
    struct local_asking *asking, struct arena *arena, struct child_call *call, json_t **ret_result);
void local_tell(struct local_asking *asking, double done);
const atomic_bool *local_cancelled(const struct local_asking *asking);

#define LOCAL_POOL_AUTO __attribute__((cleanup(local_pool_cleanup)))
void local_pool_cleanup(struct local_pool **pool);
