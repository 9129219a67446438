// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of live editing share.
#pragma once

#include <pthread.h>

#include "api/presence.h"
#include "api/realtime.h"
#include "api/route.h"

enum {
    REALTIME_BUCKETS = 4096,
    REALTIME_SOCKETS_MAX = 50,  // of one user: tabs and devices; more are refused
    REALTIME_REPLAY_MAX = 1000, // missed events; who missed more has to read anew
    REALTIME_PROGRESS_MAX = 64, // jobs whose progress waits to be told; the rest is told with their next
};
static const double REALTIME_EVENTS_PER_SECOND = 50, REALTIME_EVENTS_BURST = 200; // of one socket

// A connected socket.
struct listener {
    struct listener *next; // in its bucket
    struct realtime *realtime;
    struct socketio_socket *socket; // a reference
    char user_id[37], session_id[37], username[256], identity[21];
    int64_t since;      // events up to this one it has
    int64_t expires_us; // of its token, wall clock
    double allowance;   // events left of its burst
    int64_t refilled_us;
};

struct progress_note {
    char job_id[37], video_id[37], user_id[37];
    char *text;
};

struct realtime {
    struct app *app;
    struct socketio *socketio;
    pthread_mutex_t lock; // of all below
    struct listener *buckets[REALTIME_BUCKETS];
    int64_t delivered; // number of the last event given out
    struct progress_note progress[REALTIME_PROGRESS_MAX];
    size_t progress_count;
    struct presence *presence;
};

// socket_events.c: runs what a socket asks for; the acknowledgement follows.
void socket_event(struct listener *listener, const struct socketio_event *event, struct worker *worker);

// realtime.c
// Sends an event to every socket of these users but the one with that identity (STR_NONE: to all).
void realtime_send(
    struct realtime *realtime, const str *users, size_t count, str name, str args, str but_identity, int64_t number);
