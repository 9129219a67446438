// SPDX-License-Identifier: GPL-3.0-or-later
// A small application on a real server, and a blocking client for it.
#pragma once

#include <stdatomic.h>

#include "net/server.h"
#include "test.h"

struct fixture {
    struct server *server;
    struct server_app app;
    int port;
    atomic_int finished, last_status, lost, ended, closed, handled, refused, workers;
    atomic_llong finished_bytes;
    atomic_bool hold;                      // handlers of /hold wait while it is true
    _Atomic(struct exchange *) held;       // of /later: the test answers it
    _Atomic(struct event_stream *) events; // of /events
};

// Routes: /hello, /echo (body back), /hold, /later, /made?SIZE (sent while it is made) in LANE_READ; /now, /upload,
// /reject (answers 409 to the first piece of an upload), /download?SIZE, /chunked?SIZE, /short (ends early), /events in
// LANE_STREAM. Bodies to 1 MB, uploads to 1 GB.
void fixture_start(struct fixture *fixture, struct server_options options);
void fixture_stop(struct fixture *fixture);
void wait_for(atomic_int *counter, int value); // fails after ten seconds
void sleep_ms(int ms);

int client_open(const struct fixture *fixture);
void client_send(int socket, const char *text);
void client_send_bytes(int socket, const void *bytes, size_t size); // fails the test when the peer is gone
// One answer with Content-Length or chunked, as text: head and decoded body; *ret_status is -1 when the peer closed
// before a whole answer.
struct answer {
    int status;
    struct buffer head, body;
};
void client_answer(int socket, bool no_body, struct answer *answer); // clears the old one
void answer_done(struct answer *answer);
#define ANSWER_AUTO __attribute__((cleanup(answer_done)))
// Everything until the peer closes.
void client_rest(int socket, struct buffer *rest);
// Sends a request on a connection of its own and gives the status.
int client_get(const struct fixture *fixture, const char *path, struct answer *answer);
