// SPDX-License-Identifier: GPL-3.0-or-later
// HTTP long-polling: a GET waits for packets, a POST brings some.
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "net/engineio_parts.h"
#include "net/engineio_post.h"

static const char SEPARATOR = 0x1e;

static void answer(struct exchange *exchange, int status, str type, struct buffer *body)
{
    exchange_header(exchange, "Content-Type", type);
    exchange_header(exchange, "Cache-Control", STR("no-store"));
    exchange->answer_given = exchange->answered = true;
    exchange->status = status;
    exchange->answer = *body;
    answer_begin(exchange);
}

void polling_answer(struct exchange *exchange, str packets)
{
    struct buffer body = { 0 };
    buffer_append_str(&body, packets);
    answer(exchange, 200, STR("text/plain; charset=UTF-8"), &body);
}

void polling_refuse(struct exchange *exchange, enum engineio_refusal code)
{
    static const char *const messages[] = { "Transport unknown", "Session ID unknown", "Bad handshake method",
        "Bad request", "Forbidden", "Unsupported protocol version" };
    struct buffer body = { 0 };
    buffer_format(&body, "{\"code\":%d,\"message\":\"%s\"}", code, messages[code]);
    exchange->close = websocket_is_asked(&exchange->request);
    answer(exchange, code == FORBIDDEN ? 403 : 400, STR("application/json"), &body);
}

static size_t packet_size(const struct websocket_message *message)
{
    size_t size = websocket_message_payload(message).size;
    return websocket_message_is_binary(message) ? (size + 2) / 3 * 4 + 2 : size + 1;
}

static void append_packet(struct buffer *out, const struct websocket_message *message)
{
    str payload = websocket_message_payload(message);
    if (out->size)
        buffer_append_byte(out, SEPARATOR);
    if (!websocket_message_is_binary(message)) {
        buffer_append_str(out, payload);
        return;
    }
    buffer_append_byte(out, 'b');
    size_t size = (payload.size + 2) / 3 * 4;
    char *text = buffer_reserve(out, size + 1); // EVP_EncodeBlock ends it with a NUL
    if (!text)
        return;
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)payload.data, (int)payload.size);
    out->size += size;
}

// At most what the peer takes at once (maxPayload), but at least one packet. While a handler works on what the peer
// sent, its answers are waited for, so that they go out together.
void polling_flush(struct engineio_session *session)
{
    if (!session->poll || !session->first)
        return;
    if (session->running) {
        atomic_store(&session->is_awaited, true);
        server_wake(session->engineio->server); // the handler may have looked just before
        return;
    }
    struct buffer body = { 0 };
    size_t limit = session->engineio->options.payload_max;
    while (session->first) {
        size_t size = packet_size(session->first->message);
        if (body.size && body.size + size > limit)
            break;
        struct websocket_message *message = engineio_shift(session);
        append_packet(&body, message);
        websocket_message_drop(message);
    }
    struct exchange *exchange = TAKE(session->poll);
    exchange->held_by = NULL;
    answer(exchange, 200, STR("text/plain; charset=UTF-8"), &body);
}

void polling_release(struct engineio_session *session, str packet)
{
    struct exchange *exchange = TAKE(session->poll);
    exchange->held_by = NULL;
    polling_answer(exchange, packet);
}

void polling_get(struct engineio_session *session, struct exchange *exchange)
{
    if (session->poll) { // two at once: the document wants the session closed
        polling_release(session, STR("1"));
        engineio_end(session);
        polling_refuse(exchange, BAD_REQUEST);
        return;
    }
    session->poll = exchange;
    exchange->held_by = session;
    exchange->state = EXCHANGE_HELD;
    connection_set_deadline(exchange->connection, 0);
    if (session->stage == STAGE_PROBED && !session->first) // the upgrade waits for the polls to end
        polling_release(session, STR("6"));
    else
        polling_flush(session);
}

void engineio_poll_lost(struct exchange *exchange)
{
    struct engineio_session *session = TAKE(exchange->held_by);
    session->poll = NULL;
    exchange_finish(exchange, 0);
}

static bool take_packet(void *session, bool binary, str packet)
{
    return engineio_packet(session, binary, packet);
}

void polling_post(struct engineio_session *session, struct exchange *exchange)
{
    str body = exchange->request.body;
    if (!engineio_is_full(session) && engineio_post_read(exchange->arena, body, take_packet, session)) {
        polling_answer(exchange, STR("ok"));
    } else {
        engineio_end(session);
        polling_refuse(exchange, BAD_REQUEST);
    }
}
