// SPDX-License-Identifier: GPL-3.0-or-later
// The WebSocket transport, and the passage to it from polling: "2probe", "3probe", then "5".
#include "net/engineio_parts.h"

// A websocket that only probed leaves the session as it was.
static void gone(void *context)
{
    struct engineio_session *session = context;
    bool transport = session->stage == STAGE_SOCKET;
    session->websocket = NULL;
    if (transport)
        engineio_end(session);
    else
        session->stage = STAGE_POLLING;
    engineio_drop(session);
}

static void flush(struct engineio_session *session)
{
    while (session->first && session->websocket) {
        struct websocket_message *message = engineio_shift(session);
        engineio_push(session, message);
        websocket_message_drop(message);
    }
}

// False when it is not a packet of the passage.
static bool pass(struct engineio_session *session, str packet)
{
    if (session->stage == STAGE_OPENED && str_equal(packet, STR("2probe"))) {
        session->stage = STAGE_PROBED;
        struct websocket_message *pong = websocket_message_new(false, STR("3probe"));
        (void)websocket_send(session->websocket, pong, session->engineio->options.queue_max);
        websocket_message_drop(pong);
    } else if (session->stage == STAGE_PROBED && str_equal(packet, STR("5"))) {
        session->stage = STAGE_SOCKET;
    } else {
        return false;
    }
    if (session->poll) // it has nothing to wait for
        polling_release(session, STR("6"));
    if (session->stage == STAGE_SOCKET)
        flush(session);
    return true;
}

static void take(void *context, bool binary, str packet)
{
    struct engineio_session *session = context;
    if (session->stage == STAGE_SOCKET) {
        if (!engineio_packet(session, binary, packet))
            engineio_end(session);
    } else if (binary || !pass(session, packet)) {
        websocket_close(session->websocket, WEBSOCKET_PROTOCOL_ERROR);
    }
}

static bool wants_input(void *context)
{
    return !engineio_is_full(context);
}

void socket_accept(struct engineio_session *session, struct exchange *exchange, bool fresh)
{
    static const struct websocket_ops ops = { take, gone, wants_input };
    session->stage = fresh ? STAGE_SOCKET : STAGE_OPENED;
    engineio_hold(session); // the websocket's
    struct websocket *websocket = websocket_accept(exchange, &ops, session, session->engineio->options.payload_max);
    if (!websocket) // gone has been called
        return;
    session->websocket = websocket;
    if (!fresh)
        return;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    engineio_push_text(session, engineio_handshake(arena, session));
}

static void ignore(void *context, bool binary, str packet)
{
    (void)context;
    (void)binary;
    (void)packet;
}

static void ignore_end(void *context)
{
    (void)context;
}

void socket_refuse(struct exchange *exchange)
{
    static const struct websocket_ops ops = { ignore, ignore_end, NULL };
    struct websocket *websocket = websocket_accept(exchange, &ops, NULL, 0);
    if (websocket)
        websocket_close(websocket, WEBSOCKET_POLICY);
}
