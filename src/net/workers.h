// SPDX-License-Identifier: GPL-3.0-or-later
// A group of threads that run what the loop thread gives them, behind one queue; it grows while work waits for a thread
// and shrinks when threads wait for work.
#pragma once

#include "net/server.h"

struct workers;

// Something to be done, part of the thing it is about.
struct work {
    struct work *next;
    void (*run)(struct work *work, void *worker); // `worker` is the thread's own
    bool fresh;                                   // a new request: counts for workers_have_room
};

struct workers_size {
    int least, most; // threads
    int64_t idle_us; // those above `least` end when none of them was needed for so long
};
MUST_USE error workers_start(const struct server_app *app, struct workers_size size, struct workers **ret_workers);
// Is there room for one more new request? What follows from a request already begun is always taken: each has at most
// one.
bool workers_have_room(const struct workers *workers);
// Loop thread: puts one in the queue; the threads see it after workers_flush, which wakes as many as needed at once.
void workers_add(struct workers *workers, struct work *work);
void workers_flush(struct workers *workers);
// Runs what is queued to its end, joins, frees. NULL is allowed.
void workers_stop(struct workers *workers);
