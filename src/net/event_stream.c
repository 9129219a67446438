// SPDX-License-Identifier: GPL-3.0-or-later
// Server-Sent Events. The stream outlives its connection: the application, the connection and a message on its way
// to the loop each hold one reference. `server` is valid while `open` is true, and looked at only under the lock.
#include <stdlib.h>

#include "base/clock.h"
#include "net/server_parts.h"

struct event_stream {
    pthread_mutex_t lock;
    int references;
    struct server *server;
    struct exchange *exchange; // loop thread only; NULL before the answer has begun and after its end
    struct buffer queue;
    size_t owed; // bytes in the queue and on their way
    bool open, posted, overflow, end;
    struct post post;
    int64_t comment_due_us; // loop thread only
};

static void unlock_and_drop(struct event_stream *stream, int references)
{
    stream->references -= references;
    bool last = stream->references == 0;
    pthread_mutex_unlock(&stream->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&stream->lock);
    buffer_done(&stream->queue);
    free(stream);
}

static void on_post(struct post *post)
{
    struct event_stream *stream = (struct event_stream *)((char *)post - offsetof(struct event_stream, post));
    pthread_mutex_lock(&stream->lock);
    stream->posted = false;
    bool overflow = stream->overflow;
    struct exchange *exchange = stream->exchange;
    unlock_and_drop(stream, 1);
    if (exchange && overflow)
        connection_lose(exchange->connection);
    else if (exchange)
        event_stream_flush(exchange);
}

struct event_stream *exchange_events(struct exchange *exchange)
{
    ASSERT(exchange->plan.lane == LANE_STREAM && !exchange->answer_given && exchange->wish != WISH_SEND
           && exchange->wish != WISH_EVENTS);
    struct event_stream *stream = calloc(1, sizeof *stream);
    ASSERT_MEMORY(stream);
    pthread_mutex_init(&stream->lock, NULL);
    stream->references = 2; // the caller's and the exchange's
    stream->server = exchange->server;
    stream->open = true;
    stream->post.run = on_post;
    exchange->events = stream;
    exchange->wish = WISH_EVENTS;
    return stream;
}

// Under the lock.
static void tell_loop(struct event_stream *stream)
{
    if (stream->posted || !stream->open)
        return;
    stream->posted = true;
    stream->references++;
    server_post(stream->server, &stream->post);
}

bool event_stream_push(struct event_stream *stream, str text)
{
    pthread_mutex_lock(&stream->lock);
    bool taken = stream->open && !stream->overflow;
    if (taken && stream->owed + text.size > EVENTS_QUEUE_MAX) {
        stream->overflow = true;
        taken = false;
        tell_loop(stream);
    } else if (taken) {
        buffer_append_str(&stream->queue, text);
        stream->owed += text.size;
        tell_loop(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return taken;
}

bool event_stream_open(const struct event_stream *stream)
{
    struct event_stream *lockable = (struct event_stream *)stream;
    pthread_mutex_lock(&lockable->lock);
    bool open = stream->open && !stream->overflow;
    pthread_mutex_unlock(&lockable->lock);
    return open;
}

void event_stream_release(struct event_stream *stream, bool close)
{
    pthread_mutex_lock(&stream->lock);
    if (close) {
        stream->end = true;
        tell_loop(stream);
    }
    unlock_and_drop(stream, 1);
}

void event_stream_gone(struct event_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->open = false;
    stream->exchange = NULL;
    buffer_done(&stream->queue);
    unlock_and_drop(stream, 1);
}

void event_stream_attach(struct exchange *exchange)
{
    exchange->state = EXCHANGE_EVENTS;
    if (!exchange->connection) {
        request_lost(exchange);
        return;
    }
    struct event_stream *stream = exchange->events;
    stream->exchange = exchange;
    stream->comment_due_us = server_now_us(exchange->server) + EVENTS_COMMENT_US;
    exchange->status = 200;
    exchange->length = -1;
    exchange_header(exchange, "Content-Type", STR("text/event-stream"));
    exchange_header(exchange, "Cache-Control", STR("no-cache"));
    if (!answer_head(exchange)) {
        pthread_mutex_lock(&stream->lock);
        stream->end = true;
        pthread_mutex_unlock(&stream->lock);
    }
    uv_buf_t parts[5];
    if (connection_write(exchange->connection, parts, answer_parts(exchange, NULL, false, parts)))
        event_stream_flush(exchange);
}

static void finish(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    bool close = exchange->close;
    event_stream_gone(exchange->events);
    exchange_finish(exchange, exchange->status);
    connection_request_done(connection, close);
}

// Takes over what is queued. *ret_end: this is the last of it.
static void take_queue(struct event_stream *stream, struct buffer *taken, bool *ret_end)
{
    pthread_mutex_lock(&stream->lock);
    stream->owed -= taken->size;
    buffer_clear(taken);
    struct buffer empty = *taken;
    *taken = stream->queue;
    stream->queue = empty;
    if (stream->server->stopping)
        stream->end = true;
    *ret_end = stream->end;
    pthread_mutex_unlock(&stream->lock);
}

void event_stream_flush(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    struct event_stream *stream = exchange->events;
    bool end = false;
    while (!connection->writing && !exchange->body_ended) {
        take_queue(stream, &exchange->filled, &end);
        if (exchange->filled.size == 0 && !end) {
            buffer_done(&exchange->filled);
            return;
        }
        stream->comment_due_us = server_now_us(exchange->server) + EVENTS_COMMENT_US;
        exchange->body_ended = end;
        uv_buf_t parts[5];
        unsigned count = answer_parts(exchange, &exchange->filled, end, parts);
        if (count && !connection_write(connection, parts, count))
            return;
    }
    if (!connection->writing)
        finish(exchange);
}

void event_stream_comment(struct exchange *exchange)
{
    struct event_stream *stream = exchange->events;
    if (exchange->connection->writing || server_now_us(exchange->server) < stream->comment_due_us)
        return;
    event_stream_push(stream, STR(":\n\n"));
    event_stream_flush(exchange);
}
