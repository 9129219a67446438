// SPDX-License-Identifier: GPL-3.0-or-later
// A group of threads that run the exchanges' tasks, behind one queue.
#pragma once

#include "net/server.h"

struct workers;

// Starts `count` threads.
MUST_USE error workers_start(const struct server_app *app, int count, struct workers **ret_workers);
// Is there room for one more new request? Tasks of requests already begun are always taken: each has at most one.
bool workers_have_room(const struct workers *workers);
// Loop thread: puts one in the queue; the threads see it after workers_flush, which wakes as many as needed at once.
void workers_add(struct workers *workers, struct exchange *exchange);
void workers_flush(struct workers *workers);
// Runs what is queued to its end, joins, frees. NULL is allowed.
void workers_stop(struct workers *workers);
