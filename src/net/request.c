// SPDX-License-Identifier: GPL-3.0-or-later
// The life of a request on the loop: head, plan, body, the application, its answer.
#include <string.h>

#include "base/clock.h"
#include "net/engineio_parts.h"

bool request_wants_input(const struct exchange *exchange)
{
    switch (exchange->state) {
    case EXCHANGE_HEAD:
    case EXCHANGE_COLLECT:
        return true;
    case EXCHANGE_RECEIVE:
        return !exchange->refuse_status && exchange->filling.size < exchange_piece(exchange)
               && !http_parser_complete(&exchange->parser);
    default:
        return false;
    }
}

static void want_body(struct exchange *exchange)
{
    connection_set_deadline(exchange->connection, exchange->server->options.body_stall_timeout_us);
    if (!exchange->parser.expect_continue || http_parser_complete(&exchange->parser))
        return;
    exchange->parser.expect_continue = false;
    connection_write_small(exchange->connection, STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void handle(struct exchange *exchange)
{
    exchange->state = EXCHANGE_HANDLED;
    connection_set_deadline(exchange->connection, 0);
    if (exchange->engineio) {
        engineio_request(exchange->engineio, exchange);
        return;
    }
    if (!workers_have_room(exchange_workers(exchange))) {
        answer_refuse(exchange, error_of(ERROR_UNAVAILABLE), 503);
        return;
    }
    exchange_schedule(exchange, TASK_HANDLE);
}

static void refuse_too_large(struct exchange *exchange)
{
    answer_refuse(exchange, error_of(ERROR_BODY_TOO_LARGE), 413);
}

static void fill_request(struct exchange *exchange)
{
    const struct http_parser *parser = &exchange->parser;
    exchange->request = (struct http_request) {
        .method = parser->method,
        .path = parser->path,
        .query = parser->query,
        .headers = parser->headers,
        .header_count = parser->header_count,
        .content_length = parser->content_length,
        .remote_address = str_copy(exchange->arena, str_of(exchange->connection->remote_address)),
        .tls = exchange->connection->tls != NULL,
    };
}

static void begin_request(struct exchange *exchange)
{
    struct server *server = exchange->server;
    fill_request(exchange);
    exchange->engineio = engineio_at(server, exchange->request.path);
    exchange->plan = exchange->engineio ? engineio_plan(exchange->engineio)
                                        : server->app.plan(server->app.context, &exchange->request);
    if (exchange->request.content_length > exchange->plan.body_limit) {
        refuse_too_large(exchange);
    } else if (exchange->plan.lane == LANE_STREAM || http_parser_complete(&exchange->parser)) {
        handle(exchange);
    } else {
        exchange->state = EXCHANGE_COLLECT;
        want_body(exchange);
    }
}

// The receiver must hear that the rest will not come before the refusal goes out.
static void refuse_upload(struct exchange *exchange, int status)
{
    exchange->refuse_status = status;
    if (!exchange->running)
        exchange_schedule(exchange, TASK_LOST);
}

// Only here, where the buffer to be filled is empty, may its size change: it would never be full otherwise.
static void hand_over(struct exchange *exchange)
{
    struct buffer free_one = exchange->handed;
    bool full = exchange->filling.size == exchange_piece(exchange);
    exchange_keeps_up(exchange, full);
    if (!full)
        buffer_done(&free_one);
    exchange->handed = exchange->filling;
    exchange->handed_full = full;
    exchange->filling = free_one;
    exchange->handed_ms = uv_now(&exchange->server->loop);
    exchange_schedule(exchange, TASK_DATA);
}

static void take_body(struct exchange *exchange, str piece)
{
    exchange->received_bytes += (int64_t)piece.size;
    bool upload = exchange->state == EXCHANGE_RECEIVE;
    if (exchange->received_bytes > exchange->plan.body_limit) {
        if (upload)
            refuse_upload(exchange, 413);
        else
            refuse_too_large(exchange);
        return;
    }
    struct buffer *into = upload ? &exchange->filling : &exchange->body;
    buffer_append_str(into, piece);
    if (!into->failed)
        return;
    if (upload) // no memory
        refuse_upload(exchange, 503);
    else
        answer_refuse(exchange, error_of(ERROR_UNAVAILABLE), 503);
}

static void refuse_malformed(struct exchange *exchange)
{
    if (exchange->state == EXCHANGE_RECEIVE) {
        refuse_upload(exchange, 400);
        return;
    }
    if (exchange->state == EXCHANGE_HEAD)
        fill_request(exchange);
    answer_refuse(exchange, exchange->parser.refusal, exchange->parser.refusal_status);
}

// Moves an upload on when no task of it runs.
static void receive_step(struct exchange *exchange)
{
    if (exchange->running)
        return;
    if (!exchange->connection && exchange->filling.size && !exchange->refuse_status) {
        hand_over(exchange); // the receiver may want to keep all that came before the break
        return;
    }
    if (!exchange->connection || exchange->refuse_status) {
        exchange_schedule(exchange, TASK_LOST);
        return;
    }
    bool complete = http_parser_complete(&exchange->parser);
    bool waited = uv_now(&exchange->server->loop) - exchange->handed_ms >= UPLOAD_WAIT_MS;
    if (exchange->filling.size >= exchange_piece(exchange) || ((complete || waited) && exchange->filling.size))
        hand_over(exchange);
    else if (complete)
        exchange_schedule(exchange, TASK_END);
}

static void end_collect(struct exchange *exchange)
{
    exchange->request.body = buffer_str(&exchange->body);
    handle(exchange);
}

size_t request_input(struct exchange *exchange, const char *bytes, size_t size)
{
    struct connection *connection = exchange->connection;
    str input = { bytes, size };
    while (connection->exchange == exchange && request_wants_input(exchange)) {
        str piece = exchange->state == EXCHANGE_RECEIVE
                        ? str_sub(input, 0, exchange_piece(exchange) - exchange->filling.size)
                        : input;
        size_t before = piece.size;
        str body;
        enum http_event event = http_parser_push(&exchange->parser, &piece, &body);
        input = str_sub(input, before - piece.size, input.size);
        if (exchange->state != EXCHANGE_HEAD && before > piece.size)
            connection_set_deadline(connection, exchange->server->options.body_stall_timeout_us);
        if (event == HTTP_HEAD)
            begin_request(exchange);
        else if (event == HTTP_BODY)
            take_body(exchange, body);
        else if (event == HTTP_REFUSED)
            refuse_malformed(exchange);
        else if (event == HTTP_COMPLETE && exchange->state == EXCHANGE_COLLECT)
            end_collect(exchange);
        else if (input.size == 0)
            break;
    }
    if (connection->exchange == exchange && exchange->state == EXCHANGE_RECEIVE)
        receive_step(exchange);
    return size - input.size;
}

// What a task of LANE_STREAM left behind: an answer, or the wish to go on in another way.
static void take_wish(struct exchange *exchange)
{
    exchange->state = EXCHANGE_HANDLED;
    enum exchange_wish wish = exchange->task == TASK_HANDLE || exchange->wish != WISH_RECEIVE ? exchange->wish
                                                                                              : WISH_NONE;
    switch (wish) {
    case WISH_NONE:
        if (exchange->answered && exchange->connection)
            answer_begin(exchange);
        else if (exchange->answered)
            exchange_finish(exchange, 0);
        break;
    case WISH_RECEIVE:
        exchange->state = EXCHANGE_RECEIVE;
        if (exchange->connection)
            want_body(exchange);
        receive_step(exchange);
        break;
    case WISH_SEND:
        answer_send(exchange);
        break;
    case WISH_EVENTS:
        event_stream_attach(exchange);
        break;
    }
}

static void task_lost_done(struct exchange *exchange)
{
    int status = exchange->refuse_status;
    if (!exchange->connection) {
        exchange_finish(exchange, 0);
        return;
    }
    error why = status == 413   ? error_of(ERROR_BODY_TOO_LARGE)
                : status == 503 ? error_of(ERROR_UNAVAILABLE)
                                : error_make(ERROR_VALIDATION_ERROR, NULL, "The body is malformed");
    answer_refuse(exchange, why, status);
}

static void task_closed_done(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    bool close = exchange->close;
    exchange_finish(exchange, connection ? exchange->status : 0);
    if (connection)
        connection_request_done(connection, close);
}

void request_task_done(struct post *post)
{
    struct exchange *exchange = (struct exchange *)((char *)post - offsetof(struct exchange, task_post));
    struct connection *connection = exchange->connection;
    exchange->running = false;
    switch (exchange->task) {
    case TASK_DATA:
        if (!exchange->stopped) {
            if (connection)
                connection_set_deadline(connection, exchange->server->options.body_stall_timeout_us);
            receive_step(exchange);
            break;
        }
        __attribute__((fallthrough));
    case TASK_HANDLE:
    case TASK_END:
        take_wish(exchange);
        break;
    case TASK_LOST:
        task_lost_done(exchange);
        break;
    case TASK_FILL:
        answer_filled(exchange);
        break;
    case TASK_CLOSED:
        task_closed_done(exchange);
        break;
    }
    if (connection)
        connection_pump(connection);
}

void request_answered(struct post *post)
{
    struct exchange *exchange = (struct exchange *)((char *)post - offsetof(struct exchange, answer_post));
    exchange->answered = true;
    if (exchange->running)
        return;
    if (exchange->connection)
        answer_begin(exchange);
    else
        exchange_finish(exchange, 0);
}

void request_timed_out(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    connection_set_deadline(connection, 0);
    switch (exchange->state) {
    case EXCHANGE_HEAD:
        fill_request(exchange);
        __attribute__((fallthrough));
    case EXCHANGE_COLLECT:
        answer_refuse(exchange, error_make(ERROR_TIMED_OUT, NULL, "The request did not arrive in time"), 408);
        break;
    case EXCHANGE_RECEIVE:
        if (request_wants_input(exchange))
            connection_lose(connection);
        break;
    case EXCHANGE_HANDLED:
        break;
    default:
        if (connection->writing)
            connection_lose(connection);
    }
}

void request_flush_upload(struct exchange *exchange)
{
    if (exchange->state != EXCHANGE_RECEIVE || exchange->running || !request_wants_input(exchange))
        return;
    if (exchange->filling.size)
        hand_over(exchange);
    else
        buffer_done(&exchange->filling);
}

void request_lost(struct exchange *exchange)
{
    atomic_store(&exchange->peer_gone, true);
    switch (exchange->state) {
    case EXCHANGE_HEAD:
    case EXCHANGE_COLLECT:
    case EXCHANGE_ANSWER:
        exchange_finish(exchange, 0);
        break;
    case EXCHANGE_HANDLED:
        break;
    case EXCHANGE_RECEIVE:
        receive_step(exchange);
        break;
    case EXCHANGE_SEND:
        if (!exchange->running)
            exchange_schedule(exchange, TASK_CLOSED);
        break;
    case EXCHANGE_EVENTS:
        event_stream_gone(exchange->events);
        exchange_finish(exchange, 0);
        break;
    case EXCHANGE_BODY:
        body_stream_lost(exchange);
        break;
    case EXCHANGE_HELD:
        engineio_poll_lost(exchange);
        break;
    }
}
