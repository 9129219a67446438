// SPDX-License-Identifier: GPL-3.0-or-later
// Engine.IO, protocol 4 (the public document of that name): sessions over HTTP long-polling and WebSocket at one path
// of a server. Sessions live on the loop thread; what they bring runs on handler threads, one call at a time per
// session.
#pragma once

#include "net/server.h"
#include "net/websocket.h"

struct engineio;
struct engineio_session;

struct engineio_app {
    void *context;
    // Handler threads, in order: `opened` first, `closed` last, each exactly once. Payloads are borrowed.
    void (*opened)(void *context, struct engineio_session *session, void *worker);
    void (*message)(void *context, struct engineio_session *session, bool binary, str payload, void *worker);
    void (*closed)(void *context, struct engineio_session *session, void *worker);
};

struct engineio_options {
    const char *path;                          // "/socket.io"; with and without a slash at the end
    int64_t ping_interval_us, ping_timeout_us; // 0: 25 s, 20 s
    int64_t connect_timeout_us;                // sessions that are not confirmed by then are closed; 0: never
    size_t payload_max;                        // bytes of one message or of one POST; 0: 1,000,000
    size_t queue_max;                          // bytes a session may owe its peer; 0: 1 MB
    int sessions_max;                          // 0: 20,000
};

struct engineio *engineio_new(const struct engineio_options *options, const struct engineio_app *app);
void engineio_free(struct engineio *engineio); // after its server has stopped; NULL is allowed

// Any thread, with a reference or inside of a callback.
struct engineio_session *engineio_hold(struct engineio_session *session);
void engineio_drop(struct engineio_session *session);
void engineio_set_user(struct engineio_session *session, void *user); // the application's own; set in `opened`
void *engineio_user(const struct engineio_session *session);
str engineio_origin_token(const struct engineio_session *session); // of the Authorization header, STR_NONE without one
// Messages as packet text ("4…") or binary; one reference is taken for each session that gets it. To a closed session
// it does nothing.
struct websocket_message *engineio_message(bool binary, str payload);
void engineio_send(struct engineio_session *session, struct websocket_message *message);
// The same message to many: one passage to the loop.
void engineio_send_all(struct engineio_session *const *sessions, size_t count, struct websocket_message *message);
void engineio_confirm(struct engineio_session *session); // the application knows who it is
void engineio_close(struct engineio_session *session);
