// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/server_parts.h"

struct exchange *exchange_new(struct server *server)
{
    struct exchange *exchange = server->spare;
    if (exchange) {
        server->spare = exchange->next;
        server->spare_count--;
    } else {
        exchange = calloc(1, sizeof *exchange);
        ASSERT_MEMORY(exchange);
        exchange->arena = arena_new(ARENA_CAP);
    }
    exchange->next = NULL;
    exchange->server = server;
    exchange->work.run = exchange_run;
    exchange->answer_post.run = request_answered;
    exchange->task_post.run = request_task_done;
    exchange->started_us = clock_mono_us();
    http_parser_init(&exchange->parser, exchange->arena);
    server->exchange_count++;
    return exchange;
}

static void give_back(struct buffer *buffer)
{
    if (buffer->room > KEEP_BUFFER)
        buffer_done(buffer);
    else
        buffer_clear(buffer);
}

static void free_buffers(struct exchange *exchange)
{
    buffer_done(&exchange->headers);
    buffer_done(&exchange->body);
    buffer_done(&exchange->answer);
    buffer_done(&exchange->lead);
    buffer_done(&exchange->filling);
    buffer_done(&exchange->handed);
    buffer_done(&exchange->filled);
    buffer_done(&exchange->sending);
}

void exchange_free(struct exchange *exchange)
{
    free_buffers(exchange);
    arena_free(exchange->arena);
    free(exchange);
}

void exchange_finish(struct exchange *exchange, int status)
{
    struct server *server = exchange->server;
    if (exchange->connection)
        exchange->connection->exchange = NULL;
    bool silent = exchange->state == EXCHANGE_HEAD; // the peer left before it had asked for anything
    if (!silent && server->app.finished)
        server->app.finished(
            server->app.context, exchange, status, exchange->sent_bytes, clock_mono_us() - exchange->started_us);
    server->exchange_count--;
    exchange_keeps_up(exchange, false);
    if (server->spare_count == SPARE_EXCHANGES || server->stopping) {
        exchange_free(exchange);
        server_check_end(server);
        return;
    }
    arena_reset(exchange->arena);
    give_back(&exchange->headers);
    give_back(&exchange->lead);
    buffer_done(&exchange->answer);
    buffer_done(&exchange->body);
    buffer_done(&exchange->filling);
    buffer_done(&exchange->handed);
    buffer_done(&exchange->filled);
    buffer_done(&exchange->sending);
    struct exchange fresh = {
        .arena = exchange->arena, .headers = exchange->headers, .lead = exchange->lead, .next = server->spare
    };
    *exchange = fresh;
    server->spare = exchange;
    server->spare_count++;
}

struct workers *exchange_workers(const struct exchange *exchange)
{
    const struct server *server = exchange->server;
    if (exchange->plan.lane == LANE_STREAM)
        return server->streams;
    return exchange->plan.slow ? server->slow[exchange->plan.slow - 1] : server->handlers;
}

void exchange_schedule(struct exchange *exchange, enum exchange_task task)
{
    exchange->task = task;
    if (task == TASK_FILL)
        exchange->fill_room = exchange_piece(exchange);
    // The other lanes end with the answer, not with the return of the handler.
    exchange->running = exchange->plan.lane == LANE_STREAM;
    exchange->work.fresh = task == TASK_HANDLE;
    workers_add(exchange_workers(exchange), &exchange->work);
}

void exchange_keeps_up(struct exchange *exchange, bool fast)
{
    int *count = &exchange->server->fast_count;
    fast = fast && (exchange->fast || *count < FAST_MAX);
    *count += fast - exchange->fast;
    exchange->fast = fast;
}

size_t exchange_piece(const struct exchange *exchange)
{
    if (exchange->fast)
        return FAST_BUFFER;
    if (exchange->state == EXCHANGE_RECEIVE)
        return UPLOAD_BUFFER;
    return exchange->filled_bytes < DOWNLOAD_AHEAD_FROM ? DOWNLOAD_BUFFER : DOWNLOAD_AHEAD_BUFFER;
}

static void run_fill(struct exchange *exchange, void *worker)
{
    size_t room = exchange->fill_room;
    int64_t left = exchange->length - exchange->filled_bytes;
    if (exchange->length >= 0 && left < (int64_t)room)
        room = (size_t)left;
    buffer_clear(&exchange->filled);
    exchange->fill_error = exchange->send_ops->fill(exchange->stream_state, &exchange->filled, room, worker);
}

void exchange_run(struct work *work, void *worker)
{
    struct exchange *exchange = (struct exchange *)((char *)work - offsetof(struct exchange, work));
    const struct server_app *app = &exchange->server->app;
    const struct receive_ops *receive = exchange->receive_ops;
    bool stream = exchange->plan.lane == LANE_STREAM;
    switch (exchange->task) {
    case TASK_HANDLE:
        app->handle(app->context, exchange, worker);
        break;
    case TASK_DATA: {
        exchange->stopped = !receive->data(
            exchange->stream_state, exchange, exchange->handed.data, exchange->handed.size, worker);
        if (!exchange->handed_full) // a slow peer: it is to hold no memory while it is waited for
            buffer_done(&exchange->handed);
        else
            buffer_clear(&exchange->handed);
        break;
    }
    case TASK_END:
        exchange->stopped = true;
        receive->end(exchange->stream_state, exchange, worker);
        break;
    case TASK_LOST:
        receive->lost(exchange->stream_state, exchange, worker);
        break;
    case TASK_FILL:
        run_fill(exchange, worker);
        break;
    case TASK_CLOSED:
        exchange->send_ops->closed(exchange->stream_state, worker);
        break;
    }
    if (stream) // else the answer may have gone out already, and the exchange with it
        server_post(exchange->server, &exchange->task_post);
}

str http_header(const struct http_request *request, const char *name)
{
    str wanted = str_of(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (str_equal_fold(request->headers[i].name, wanted))
            return request->headers[i].value;
    return STR_NONE;
}

const struct http_request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
}

struct arena *exchange_arena(struct exchange *exchange)
{
    return exchange->arena;
}

bool exchange_is_open(const struct exchange *exchange)
{
    return !atomic_load(&exchange->peer_gone);
}

void *exchange_route(const struct exchange *exchange)
{
    return exchange->plan.route;
}

void exchange_set_user(struct exchange *exchange, void *user)
{
    exchange->user = user;
}

void *exchange_user(const struct exchange *exchange)
{
    return exchange->user;
}

int64_t exchange_received_bytes(const struct exchange *exchange)
{
    return exchange->received_bytes;
}

static bool is_line(str s)
{
    for (size_t i = 0; i < s.size; i++)
        if (s.data[i] == '\r' || s.data[i] == '\n' || s.data[i] == 0)
            return false;
    return true;
}

void exchange_header(struct exchange *exchange, const char *name, str value)
{
    ASSERT(!exchange->answer_given && is_line(str_of(name)) && is_line(value));
    struct buffer *headers = &exchange->headers;
    size_t name_size = strlen(name);
    char *begin = buffer_reserve(headers, name_size + value.size + 4), *at = begin;
    at = mempcpy(mempcpy(at, name, name_size), ": ", 2);
    at = value.size ? mempcpy(at, value.data, value.size) : at;
    at = mempcpy(at, "\r\n", 2);
    headers->size += (size_t)(at - begin);
}

void exchange_answer(struct exchange *exchange, int status, struct buffer *body)
{
    ASSERT(!exchange->answer_given && exchange->wish != WISH_SEND && exchange->wish != WISH_EVENTS);
    exchange->answer_given = true;
    exchange->status = status;
    exchange->answer = *body;
    *body = (struct buffer) { .limit = body->limit };
    server_post(exchange->server, &exchange->answer_post);
}

static void make_wish(struct exchange *exchange, enum exchange_wish wish)
{
    ASSERT(exchange->plan.lane == LANE_STREAM && !exchange->answer_given);
    ASSERT(exchange->wish == WISH_NONE || (exchange->wish == WISH_RECEIVE && wish != WISH_RECEIVE));
    exchange->wish = wish;
}

void exchange_receive(struct exchange *exchange, const struct receive_ops *ops, void *state)
{
    make_wish(exchange, WISH_RECEIVE);
    exchange->receive_ops = ops;
    exchange->stream_state = state;
}

void exchange_send(struct exchange *exchange, int status, int64_t length, const struct send_ops *ops, void *state)
{
    make_wish(exchange, WISH_SEND);
    exchange->status = status;
    exchange->length = length;
    exchange->send_ops = ops;
    exchange->stream_state = state;
}
