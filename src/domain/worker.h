// SPDX-License-Identifier: GPL-3.0-or-later
// Who works on the queue: each runner tells the database now and then that it lives.
#pragma once

#include "domain/scope.h"

struct worker_row {
    str id, host, version;
    struct raw_json slots; // {"transcribe": 2, ...}
    bool draining;         // takes no new work
    bool alive;            // was seen in the last 30 seconds
    int64_t running;       // jobs and parts that it holds
    time_us started_at, seen_at;
};
extern const struct shape worker_row_shape;

// In a change: it lives. `alive`, `running` and the times are the database's business.
MUST_USE error worker_seen(struct scope *scope, const struct worker_row *worker);
MUST_USE error worker_gone(struct scope *scope, str id);
// Those seen in the last day, the longest at work first.
MUST_USE error worker_list(struct scope *scope, struct list *ret_workers);
MUST_USE error worker_count_alive(struct scope *scope, int64_t *ret_count);
