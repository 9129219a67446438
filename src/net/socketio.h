// SPDX-License-Identifier: GPL-3.0-or-later
// Socket.IO, protocol 5 (the public document of that name), over Engine.IO: namespaces, events, acknowledgements.
#pragma once

#include <jansson.h>

#include "net/engineio.h"

struct socketio;
struct socketio_socket; // one namespace of one session

struct socketio_event {
    str name;
    json_t *args;           // array, without the name
    int64_t ack;            // -1: no acknowledgement is asked for
    const str *attachments; // binary ones, which `args` names by {"_placeholder":true,"num":n}
    size_t attachment_count;
    struct arena *arena; // all of the above lives there
    bool *ret_kept;      // set by the application: the arena is now its own to free
};

struct socketio_app {
    void *context;
    const char *const *namespaces; // "/", …; ends with NULL
    // Handler threads, in order for the sockets of a session.
    // Says socketio_accept or socketio_refuse, then or later. `auth` is an object or NULL.
    void (*connect)(void *context, struct socketio_socket *socket, const json_t *auth, void *worker);
    void (*event)(void *context, struct socketio_socket *socket, const struct socketio_event *event, void *worker);
    void (*disconnected)(void *context, struct socketio_socket *socket, void *worker); // once, of accepted sockets only
};

struct socketio *socketio_new(const struct engineio_options *options, const struct socketio_app *app);
void socketio_free(struct socketio *socketio); // after its server has stopped; NULL is allowed
struct engineio *socketio_engine(struct socketio *socketio);

// Any thread, with a reference or inside of a callback.
struct socketio_socket *socketio_hold(struct socketio_socket *socket);
void socketio_drop(struct socketio_socket *socket);
str socketio_id(const struct socketio_socket *socket);
str socketio_origin_token(const struct socketio_socket *socket);    // of the Authorization header
void socketio_set_user(struct socketio_socket *socket, void *user); // in `connect`
void *socketio_user(const struct socketio_socket *socket);

// `pid` (STR_NONE: none) lets the client ask for what it missed when it comes again.
void socketio_accept(struct socketio_socket *socket, str pid);
void socketio_refuse(struct socketio_socket *socket, str message, str code); // CONNECT_ERROR with data.code
// `args` is JSON: what stands between the brackets ("1,{}"). An event for many is made once.
struct websocket_message *socketio_event_message(str namespace, str name, str args);
void socketio_send(struct socketio_socket *socket, struct websocket_message *message);
void socketio_send_all(struct socketio_socket *const *sockets, size_t count, struct websocket_message *message);
void socketio_emit(struct socketio_socket *socket, str name, str args);
void socketio_ack(struct socketio_socket *socket, int64_t ack, str args, const str *attachments, size_t count);
void socketio_emit_binary(struct socketio_socket *socket, str name, str args, const str *attachments, size_t count);
// Ends the session: the client hears that the server wants it and does not come back by itself.
void socketio_kick(struct socketio_socket *socket);
