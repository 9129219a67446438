// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of Engine.IO share. Everything belongs to the loop thread but what says otherwise.
#pragma once

#include <stdatomic.h>

#include "net/engineio.h"
#include "net/server_parts.h"

enum {
    SESSION_ID_SIZE = 20,
    SESSION_BUCKETS = 4096,
    RECEIVED_MAX = 256,  // messages of one session that wait for a handler thread, then nothing more is read of it
    RECEIVED_FACTOR = 2, // the same in bytes, times the payload limit
    YOUNG_SHARE = 4,     // this part of all sessions may be unconfirmed; then the oldest of them makes room
};

// A message that came, on its way to the application.
struct received {
    struct received *next;
    bool binary;
    size_t size;
    char bytes[];
};

struct pending {
    struct pending *next;
    struct websocket_message *message;
};

enum session_stage {
    STAGE_POLLING,
    STAGE_OPENED, // polling; a websocket has been opened beside it
    STAGE_PROBED, // polling; that websocket has been tried
    STAGE_SOCKET,
};
enum session_timer { TIMER_NONE, TIMER_PING, TIMER_PONG };

struct engineio_session {
    struct engineio *engineio;
    atomic_int references; // one is the loop's, until the application has heard of the end
    char id[SESSION_ID_SIZE + 1];
    char *token;
    void *user;

    struct engineio_session *next_in_bucket;
    struct engineio_session *next_timed, *previous_timed; // in the list of its timer: all of a list wait equally long
    struct engineio_session *next_young, *previous_young; // not confirmed yet
    enum session_timer timer;
    int64_t due_us, opened_us;

    enum session_stage stage;
    struct websocket *websocket; // NULL in STAGE_POLLING
    struct exchange *poll;       // the GET that waits
    struct pending *first, *last;
    size_t owed;

    struct received *arrived, *arrived_last;
    size_t arrived_count, arrived_size;

    struct work work;
    struct post done_post, free_post;
    struct received *handed; // with the handler thread while `running`
    bool hand_close;
    bool running, opened, open, told_closed;
    bool young;
    atomic_bool is_confirmed, doomed; // doomed: the application wants its end and hears no more messages
    atomic_bool is_awaited;           // the loop has something to do as soon as the handler thread is done
};

struct timer_list {
    struct engineio_session *first, *last;
};

struct engineio {
    struct engineio_options options;
    struct engineio_app app;
    struct server *server;
    uv_timer_t tick;
    struct engineio_session *buckets[SESSION_BUCKETS];
    struct timer_list pings, pongs;
    struct engineio_session *young_first, *young_last;
    int session_count, young_count;
    bool stopping;
};

// engineio.c
struct engineio_session *engineio_find(struct engineio *engineio, str id);
struct engineio_session *engineio_open(struct engineio *engineio, struct exchange *exchange);
void engineio_check_timers(struct engineio *engineio); // pings, pongs and confirmations that are due
void engineio_end(struct engineio_session *session);   // closes its transports; the application hears of it
// A packet from either transport; false when it is malformed.
bool engineio_packet(struct engineio_session *session, bool binary, str packet);
void engineio_push(struct engineio_session *session, struct websocket_message *message); // takes a reference of its own
void engineio_push_text(struct engineio_session *session, str packet);
struct websocket_message *engineio_shift(struct engineio_session *session); // the oldest pending one; to be dropped
str engineio_handshake(struct arena *arena, const struct engineio_session *session);
bool engineio_is_full(const struct engineio_session *session);
struct engineio *engineio_at(const struct server *server, str path); // NULL: none has this path
struct plan engineio_plan(const struct engineio *engineio);
void engineio_attach(struct engineio *engineio, struct server *server);
void engineio_stop(struct engineio *engineio); // the server stops: ends all sessions
void engineio_poll_lost(struct exchange *exchange);

// engineio_request.c
void engineio_request(struct engineio *engineio, struct exchange *exchange); // a whole request to its path

// engineio_polling.c
enum engineio_refusal { UNKNOWN_TRANSPORT, UNKNOWN_SESSION, BAD_METHOD, BAD_REQUEST, FORBIDDEN, UNSUPPORTED_VERSION };
void polling_refuse(struct exchange *exchange, enum engineio_refusal code);
void polling_get(struct engineio_session *session, struct exchange *exchange);
void polling_post(struct engineio_session *session, struct exchange *exchange);
void polling_flush(struct engineio_session *session);               // answers the waiting GET with what is pending
void polling_answer(struct exchange *exchange, str packets);        // text/plain
void polling_release(struct engineio_session *session, str packet); // answers the waiting GET with this

// engineio_socket.c
// `fresh`: the session begins with it; else it may take over from polling.
void socket_accept(struct engineio_session *session, struct exchange *exchange, bool fresh);
// Accepts the websocket only to close it: what a browser's WebSocket understands.
void socket_refuse(struct exchange *exchange);
