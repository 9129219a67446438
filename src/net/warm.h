// SPDX-License-Identifier: GPL-3.0-or-later
// Short questions to the engine (probe, preview frame, a sentence of speech): children that stay, behind a bounded
// queue. A warm child serves one owner and is replaced after a crash, 100 answers or a change of owner.
#pragma once

#include "net/child.h"

struct warm;
// `children` at most at a time; the zygote must outlive it.
MUST_USE error warm_open(struct zygote *zygote, int children, struct warm **ret_warm);
void warm_close(struct warm *warm);
// Waits for a child (at most until call->deadline_us, which must be set), asks, gives the child back; once more, of a
// fresh one, when it crashed. UNAVAILABLE when the queue is full, TIMED_OUT past the deadline.
MUST_USE error warm_ask(
    struct warm *warm, struct arena *arena, str owner_id, const struct child_call *call, json_t **ret_result);
