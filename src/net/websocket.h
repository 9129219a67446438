// SPDX-License-Identifier: GPL-3.0-or-later
// WebSocket (RFC 6455) on a connection that has left HTTP; frames are libwslay's. Loop thread only, but for messages.
#pragma once

#include "net/server.h"

struct websocket;
struct websocket_message;

// A message on its way out: framed once, shared by all who get it. Any thread.
struct websocket_message *websocket_message_new(bool binary, str payload); // one reference; payload is copied
struct websocket_message *websocket_message_hold(struct websocket_message *message);
void websocket_message_drop(struct websocket_message *message); // NULL is allowed
str websocket_message_payload(const struct websocket_message *message);
bool websocket_message_is_binary(const struct websocket_message *message);

enum websocket_status { // RFC 6455, 7.4.1
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_BAD_TEXT = 1007,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
};

struct websocket_ops {
    // A whole message; text is valid UTF-8. It may send and close.
    void (*message)(void *context, bool binary, str payload);
    // The connection has gone, by either side; nothing of the websocket may be used after it. Comes exactly once.
    void (*gone)(void *context);
    // May more be read now? NULL: always.
    bool (*wants_input)(void *context);
};

// A GET that asks for the upgrade in the right words?
bool websocket_is_asked(const struct http_request *request);
// Answers 101 and takes over the exchange's connection; the exchange is finished. `payload_max` in bytes.
struct websocket *websocket_accept(
    struct exchange *exchange, const struct websocket_ops *ops, void *context, size_t payload_max);
// Queues a message (a reference is taken). False, and nothing queued, when more than `queue_max` bytes wait already.
bool websocket_send(struct websocket *websocket, struct websocket_message *message, size_t queue_max);
// Says good-bye and ends the connection once what is queued has gone out; `gone` has been called when it returns.
void websocket_close(struct websocket *websocket, enum websocket_status status);
void websocket_resume(struct websocket *websocket); // wants_input may be true again
