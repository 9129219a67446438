// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/websocket.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "net/server_parts.h"

enum { FRAME_HEADER_MAX = 10, PARTS_MAX = 16 };

// Messages ----------------------------------------------------------------------------------------

struct websocket_message {
    atomic_int references;
    bool binary;
    size_t header_size, size; // of the frame and of its payload
    char bytes[];             // header, payload
};

struct frame_out {
    struct websocket_message *message;
    size_t used;
};

static ssize_t put_frame(const uint8_t *bytes, size_t size, int flags, void *context)
{
    (void)flags;
    struct frame_out *out = context;
    memcpy(out->message->bytes + out->used, bytes, size);
    out->used += size;
    return (ssize_t)size;
}

static struct websocket_message *frame_new(uint8_t opcode, str payload)
{
    struct websocket_message *message = malloc(sizeof *message + FRAME_HEADER_MAX + payload.size);
    ASSERT_MEMORY(message);
    struct frame_out out = { message, 0 };
    wslay_frame_context_ptr frames;
    struct wslay_frame_callbacks callbacks = { .send_callback = put_frame };
    ASSERT(wslay_frame_context_init(&frames, &callbacks, &out) == 0);
    struct wslay_frame_iocb frame = { .fin = 1,
        .opcode = opcode,
        .payload_length = payload.size,
        .data = (const uint8_t *)payload.data,
        .data_length = payload.size };
    ssize_t sent = wslay_frame_send(frames, &frame);
    wslay_frame_context_free(frames);
    ASSERT(sent == (ssize_t)payload.size);
    atomic_init(&message->references, 1);
    message->binary = opcode == WSLAY_BINARY_FRAME;
    message->size = payload.size;
    message->header_size = out.used - payload.size;
    return message;
}

struct websocket_message *websocket_message_new(bool binary, str payload)
{
    return frame_new(binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, payload);
}

struct websocket_message *websocket_message_hold(struct websocket_message *message)
{
    atomic_fetch_add_explicit(&message->references, 1, memory_order_relaxed);
    return message;
}

void websocket_message_drop(struct websocket_message *message)
{
    if (message && atomic_fetch_sub_explicit(&message->references, 1, memory_order_acq_rel) == 1)
        free(message);
}

str websocket_message_payload(const struct websocket_message *message)
{
    return (str) { message->bytes + message->header_size, message->size };
}

bool websocket_message_is_binary(const struct websocket_message *message)
{
    return message->binary;
}

// The websocket -----------------------------------------------------------------------------------

struct queued {
    struct queued *next;
    struct websocket_message *message;
};

struct websocket {
    struct connection *connection;
    const struct websocket_ops *ops;
    void *context;
    size_t payload_max;

    wslay_frame_context_ptr frames; // only while a frame is under way: it has a buffer of 4 KB
    size_t fed, used;               // bytes given to `frames`, bytes of them that whole frames account for
    bool in_frame;
    uint64_t frame_left;
    struct buffer message, control; // what has come of the message and of a control frame between its parts
    bool in_message, binary;

    struct queued *first, *last;
    unsigned sending;               // how many of the first ones are being written
    struct websocket_message *pong; // the newest, owed once they have gone out
    size_t owed;                    // bytes queued
};

// What a receiving context reads from; one of a server, since one loop does one thing at a time.
struct websocket_pool {
    wslay_frame_context_ptr spare;
    struct websocket *current;
    str input;
};

static ssize_t take_input(uint8_t *bytes, size_t size, int flags, void *context)
{
    (void)flags;
    struct websocket_pool *pool = context;
    if (pool->input.size == 0)
        return -1; // wants more
    if (size > pool->input.size)
        size = pool->input.size;
    memcpy(bytes, pool->input.data, size);
    pool->input = str_sub(pool->input, size, pool->input.size);
    pool->current->fed += size;
    return (ssize_t)size;
}

struct websocket_pool *websocket_pool_new(void)
{
    struct websocket_pool *pool = calloc(1, sizeof *pool);
    ASSERT_MEMORY(pool);
    return pool;
}

void websocket_pool_free(struct websocket_pool *pool)
{
    if (pool && pool->spare)
        wslay_frame_context_free(pool->spare);
    free(pool);
}

static void take_context(struct websocket_pool *pool, struct websocket *websocket)
{
    if (!websocket->frames)
        websocket->frames = TAKE(pool->spare);
    if (websocket->frames)
        return;
    struct wslay_frame_callbacks callbacks = { .recv_callback = take_input };
    ASSERT(wslay_frame_context_init(&websocket->frames, &callbacks, pool) == 0);
}

static void give_context(struct websocket_pool *pool, struct websocket *websocket)
{
    if (websocket->in_frame || websocket->fed != websocket->used)
        return;
    wslay_frame_context_ptr frames = TAKE(websocket->frames);
    if (pool->spare)
        wslay_frame_context_free(frames);
    else
        pool->spare = frames;
}

// Nothing reaches the websocket afterwards.
static void free_websocket(struct websocket *websocket)
{
    while (websocket->first) {
        struct queued *queued = websocket->first;
        websocket->first = queued->next;
        websocket_message_drop(queued->message);
        free(queued);
    }
    if (websocket->frames)
        wslay_frame_context_free(websocket->frames);
    websocket_message_drop(websocket->pong);
    buffer_done(&websocket->message);
    buffer_done(&websocket->control);
    free(websocket);
}

void websocket_gone(struct websocket *websocket)
{
    websocket->connection->websocket = NULL;
    websocket->ops->gone(websocket->context);
    free_websocket(websocket);
}

// Sending -----------------------------------------------------------------------------------------

static void drop_sent(struct websocket *websocket)
{
    for (; websocket->sending; websocket->sending--) {
        struct queued *queued = websocket->first;
        websocket->first = queued->next;
        if (!websocket->first)
            websocket->last = NULL;
        websocket->owed -= queued->message->size;
        websocket_message_drop(queued->message);
        free(queued);
    }
}

static void flush(struct connection *connection)
{
    struct websocket *websocket;
    while ((websocket = connection->websocket) && websocket->first && !connection->writing) {
        uv_buf_t parts[PARTS_MAX];
        for (struct queued *queued = websocket->first; queued && websocket->sending < PARTS_MAX; queued = queued->next)
            parts[websocket->sending++] = (uv_buf_t) { .base = queued->message->bytes,
                .len = queued->message->header_size + queued->message->size };
        if (connection_write(connection, parts, websocket->sending))
            drop_sent(websocket);
    }
}

void websocket_written(struct websocket *websocket)
{
    struct connection *connection = websocket->connection;
    drop_sent(websocket);
    struct websocket_message *pong = TAKE(websocket->pong);
    if (pong)
        connection_write_small(connection, (str) { pong->bytes, pong->header_size + pong->size });
    websocket_message_drop(pong);
    flush(connection);
}

bool websocket_send(struct websocket *websocket, struct websocket_message *message, size_t queue_max)
{
    if (websocket->owed > queue_max)
        return false;
    struct queued *queued = malloc(sizeof *queued);
    ASSERT_MEMORY(queued);
    *queued = (struct queued) { NULL, websocket_message_hold(message) };
    if (websocket->last)
        websocket->last->next = queued;
    else
        websocket->first = queued;
    websocket->last = queued;
    websocket->owed += message->size;
    flush(websocket->connection);
    return true;
}

static void send_control(struct websocket *websocket, uint8_t opcode, str payload)
{
    struct websocket_message *message = frame_new(opcode, payload);
    connection_write_small(websocket->connection, (str) { message->bytes, message->header_size + message->size });
    websocket_message_drop(message);
}

void websocket_close(struct websocket *websocket, enum websocket_status status)
{
    struct connection *connection = websocket->connection;
    const unsigned char code[2] = { (unsigned char)(status >> 8), (unsigned char)status };
    bool busy = connection->writing; // its parts are about to be freed
    if (!busy)
        send_control(websocket, WSLAY_CONNECTION_CLOSE, (str) { (const char *)code, sizeof code });
    if (connection->closed) // lost while writing: gone has been called
        return;
    if (busy) {
        connection_lose(connection);
        return;
    }
    websocket_gone(websocket);
    connection_request_done(connection, true);
}

// Receiving ---------------------------------------------------------------------------------------

// These return false when the websocket has gone.

static bool fail(struct websocket *websocket, enum websocket_status status)
{
    websocket_close(websocket, status);
    return false;
}

static bool take_message(struct websocket *websocket)
{
    struct connection *connection = websocket->connection;
    struct buffer message = websocket->message;
    websocket->message = (struct buffer) { 0 };
    websocket->in_message = false;
    bool readable = websocket->binary || str_is_utf8(buffer_str(&message));
    if (readable)
        websocket->ops->message(websocket->context, websocket->binary, buffer_str(&message));
    buffer_done(&message);
    if (connection->websocket != websocket)
        return false;
    return readable || fail(websocket, WEBSOCKET_BAD_TEXT);
}

// RFC 6455, 7.1.5 and 7.4: the peer's own status comes back, unless it may not stand on the wire.
static enum websocket_status answer_to_close(str payload)
{
    if (payload.size == 0)
        return WEBSOCKET_NORMAL;
    if (payload.size == 1)
        return WEBSOCKET_PROTOCOL_ERROR;
    unsigned status = (unsigned char)payload.data[0] * 256u + (unsigned char)payload.data[1];
    bool known = (status >= 1000 && status <= 1014 && (status < 1004 || status > 1006))
                 || (status >= 3000 && status <= 4999);
    if (!known)
        return WEBSOCKET_PROTOCOL_ERROR;
    return str_is_utf8(str_sub(payload, 2, payload.size)) ? (enum websocket_status)status : WEBSOCKET_BAD_TEXT;
}

static bool take_control(struct websocket *websocket, uint8_t opcode)
{
    struct connection *connection = websocket->connection;
    str payload = buffer_str(&websocket->control);
    if (opcode == WSLAY_CONNECTION_CLOSE)
        return fail(websocket, answer_to_close(payload));
    if (opcode == WSLAY_PING && !connection->writing) {
        send_control(websocket, WSLAY_PONG, payload);
    } else if (opcode == WSLAY_PING) { // who does not read is owed one pong, not all of them
        websocket_message_drop(websocket->pong);
        websocket->pong = frame_new(WSLAY_PONG, payload);
    }
    if (connection->closed)
        return false;
    buffer_done(&websocket->control);
    return true;
}

static bool begin_frame(struct websocket *websocket, const struct wslay_frame_iocb *frame)
{
    uint64_t size = frame->payload_length;
    websocket->in_frame = true;
    websocket->frame_left = size;
    websocket->used += (size_t)2 + (size > 65535 ? 8u : size > 125 ? 2u : 0u) + (frame->mask ? 4u : 0u);
    if (!frame->mask || frame->rsv)
        return fail(websocket, WEBSOCKET_PROTOCOL_ERROR);
    if (wslay_is_ctrl_frame(frame->opcode))
        return frame->opcode <= WSLAY_PONG || fail(websocket, WEBSOCKET_PROTOCOL_ERROR);
    bool continued = frame->opcode == WSLAY_CONTINUATION_FRAME;
    if (continued != websocket->in_message || frame->opcode > WSLAY_BINARY_FRAME)
        return fail(websocket, WEBSOCKET_PROTOCOL_ERROR);
    if (size > websocket->payload_max - websocket->message.size)
        return fail(websocket, WEBSOCKET_TOO_BIG);
    if (!continued)
        websocket->binary = frame->opcode == WSLAY_BINARY_FRAME;
    websocket->in_message = true;
    return true;
}

static bool take_frame(struct websocket *websocket, const struct wslay_frame_iocb *frame)
{
    if (!websocket->in_frame && !begin_frame(websocket, frame))
        return false;
    bool control = wslay_is_ctrl_frame(frame->opcode);
    buffer_append(control ? &websocket->control : &websocket->message, frame->data, frame->data_length);
    websocket->used += frame->data_length;
    websocket->frame_left -= frame->data_length;
    if (websocket->frame_left)
        return true;
    websocket->in_frame = false;
    if (control)
        return take_control(websocket, frame->opcode);
    return !frame->fin || take_message(websocket);
}

size_t websocket_input(struct websocket *websocket, const char *bytes, size_t size)
{
    struct connection *connection = websocket->connection;
    struct websocket_pool *pool = connection->server->websockets;
    pool->input = (str) { bytes, size };
    pool->current = websocket;
    take_context(pool, websocket);
    for (;;) {
        struct wslay_frame_iocb frame = { 0 };
        ssize_t got = wslay_frame_recv(websocket->frames, &frame);
        if (got == WSLAY_ERR_WANT_READ)
            break;
        if (got < 0) {
            websocket_close(websocket, WEBSOCKET_PROTOCOL_ERROR);
            return size;
        }
        str rest = pool->input; // what a message brings about may read another one's input
        bool open = take_frame(websocket, &frame);
        if (!open)
            return size;
        pool->input = rest;
        pool->current = websocket;
    }
    give_context(pool, websocket);
    return size;
}

bool websocket_wants_input(const struct websocket *websocket)
{
    return !websocket->ops->wants_input || websocket->ops->wants_input(websocket->context);
}

void websocket_resume(struct websocket *websocket)
{
    connection_pump(websocket->connection);
}

// The handshake -----------------------------------------------------------------------------------

static bool has_token(str list, const char *token)
{
    str part;
    while (list.size && str_split(&list, ',', &part))
        if (str_equal_fold(str_trim(part), str_of(token)))
            return true;
    return false;
}

bool websocket_is_asked(const struct http_request *request)
{
    return str_equal_c(request->method, "GET") && has_token(http_header(request, "Connection"), "upgrade")
           && has_token(http_header(request, "Upgrade"), "websocket")
           && str_equal_c(http_header(request, "Sec-WebSocket-Version"), "13")
           && http_header(request, "Sec-WebSocket-Key").size == 24;
}

// RFC 6455, 4.2.2: base64 of the SHA-1 of the key and a fixed text.
static void accept_key(str key, char ret_text[static 29])
{
    static const char fixed[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + sizeof fixed];
    unsigned char hash[SHA_DIGEST_LENGTH];
    memcpy(text, key.data, 24);
    memcpy(text + 24, fixed, sizeof fixed);
    SHA1((const unsigned char *)text, 24 + sizeof fixed - 1, hash);
    EVP_EncodeBlock((unsigned char *)ret_text, hash, sizeof hash);
}

struct websocket *websocket_accept(
    struct exchange *exchange, const struct websocket_ops *ops, void *context, size_t payload_max)
{
    struct connection *connection = exchange->connection;
    struct websocket *websocket = calloc(1, sizeof *websocket);
    ASSERT_MEMORY(websocket);
    *websocket =
        (struct websocket) { .connection = connection, .ops = ops, .context = context, .payload_max = payload_max };
    char key[29];
    accept_key(http_header(&exchange->request, "Sec-WebSocket-Key"), key);
    str answer = str_format(exchange->arena,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        "%s\r\n\r\n",
        key);
    connection->exchange = NULL;
    connection->websocket = websocket;
    exchange->sent_bytes = (int64_t)answer.size;
    connection_set_deadline(connection, 0);
    char copy[256];
    ASSERT(answer.size < sizeof copy);
    memcpy(copy, answer.data, answer.size);
    str text = { copy, answer.size };
    exchange->state = EXCHANGE_ANSWER;
    exchange_finish(exchange, 101);
    connection_write_small(connection, text);
    return connection->closed ? NULL : websocket;
}
