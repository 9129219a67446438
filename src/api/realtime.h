// SPDX-License-Identifier: GPL-3.0-or-later
// Live editing over Socket.IO at /socket.io/: who is connected, what they hear, what they ask for. Everything that
// changes goes the road of events: a socket's request is a route's change, and what comes of it returns by the
// follower.
#pragma once

#include "api/app.h"
#include "domain/event.h"
#include "net/socketio.h"

struct realtime;
struct realtime *realtime_new(struct app *app);
void realtime_free(struct realtime *realtime); // after server and follower have stopped; NULL is allowed
struct engineio *realtime_engine(struct realtime *realtime);

// The follower's thread: gives the event to the sockets of these users (UUIDs). `scope` is for what it has to look up.
void realtime_deliver(
    struct realtime *realtime, struct scope *scope, const struct event *event, const str *users, size_t count);
// The follower's thread, at least once a second: progress that came meanwhile, tokens and locks that have expired.
void realtime_tick(struct realtime *realtime, struct scope *scope);
