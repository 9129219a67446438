// SPDX-License-Identifier: GPL-3.0-or-later
// An answer's body that is sent while a handler makes it. The exchange stays until the handler has ended it, also when
// the peer has gone meanwhile: the handler works in its arena.
#include <stdlib.h>

#include "net/server_parts.h"

struct body_stream {
    pthread_mutex_t lock;
    struct exchange *exchange;
    struct buffer queue;            // what the loop has not taken yet
    bool posted, gone, end, broken; // `gone`: the peer is; `end`: the handler has nothing more
    struct post post;
};

static void dispose(struct exchange *exchange, int status)
{
    struct body_stream *stream = TAKE(exchange->body_stream);
    pthread_mutex_destroy(&stream->lock);
    buffer_done(&stream->queue);
    free(stream);
    exchange_finish(exchange, status);
}

static void finish(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    bool close = exchange->close;
    dispose(exchange, exchange->status);
    connection_request_done(connection, close);
}

static void attach(struct exchange *exchange)
{
    exchange->state = EXCHANGE_BODY;
    exchange->length = -1;
    if (exchange->connection)
        (void)answer_head(exchange);
}

// Takes over what is queued. True: this is the last of it.
static bool take_queue(struct body_stream *stream, struct buffer *taken)
{
    pthread_mutex_lock(&stream->lock);
    buffer_clear(taken);
    struct buffer empty = *taken;
    *taken = stream->queue;
    stream->queue = empty;
    stream->queue.limit = BODY_QUEUE_MAX;
    bool end = stream->end;
    pthread_mutex_unlock(&stream->lock);
    return end;
}

// The handler's last message may still be on its way: the stream stays until it has come.
static bool is_awaited(struct body_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool posted = stream->posted;
    pthread_mutex_unlock(&stream->lock);
    return posted;
}

void body_stream_flush(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    while (!connection->writing && !exchange->body_ended) {
        bool end = take_queue(exchange->body_stream, &exchange->sending);
        if (exchange->sending.size == 0 && !end)
            return;
        exchange->body_ended = end;
        uv_buf_t parts[5];
        unsigned count = answer_parts(exchange, &exchange->sending, end, parts);
        if (count && !connection_write(connection, parts, count))
            return;
    }
    if (!connection->writing && !is_awaited(exchange->body_stream))
        finish(exchange);
}

static void on_post(struct post *post)
{
    struct body_stream *stream = (struct body_stream *)((char *)post - offsetof(struct body_stream, post));
    struct exchange *exchange = stream->exchange;
    pthread_mutex_lock(&stream->lock);
    stream->posted = false;
    stream->gone = !exchange->connection;
    bool ended = stream->end, broken = stream->broken;
    pthread_mutex_unlock(&stream->lock);
    if (exchange->state != EXCHANGE_BODY)
        attach(exchange);
    if (exchange->connection && broken)
        connection_lose(exchange->connection); // which comes back to body_stream_lost
    else if (exchange->connection)
        body_stream_flush(exchange);
    else if (ended)
        dispose(exchange, 0);
}

void body_stream_lost(struct exchange *exchange)
{
    struct body_stream *stream = exchange->body_stream;
    pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    buffer_done(&stream->queue);
    bool last = stream->end && !stream->posted;
    pthread_mutex_unlock(&stream->lock);
    if (last)
        dispose(exchange, 0);
}

// Under the lock.
static void tell_loop(struct body_stream *stream)
{
    if (stream->posted)
        return;
    stream->posted = true;
    server_post(stream->exchange->server, &stream->post);
}

void exchange_body_begin(struct exchange *exchange, int status)
{
    ASSERT(exchange->plan.lane == LANE_READ && !exchange->answer_given);
    struct body_stream *stream = calloc(1, sizeof *stream);
    ASSERT_MEMORY(stream);
    pthread_mutex_init(&stream->lock, NULL);
    stream->exchange = exchange;
    stream->queue.limit = BODY_QUEUE_MAX;
    stream->post.run = on_post;
    exchange->answer_given = true;
    exchange->status = status;
    exchange->body_stream = stream;
}

bool exchange_body_write(struct exchange *exchange, const void *bytes, size_t size)
{
    struct body_stream *stream = exchange->body_stream;
    pthread_mutex_lock(&stream->lock);
    bool taken = !stream->gone;
    if (taken) {
        buffer_append(&stream->queue, bytes, size);
        stream->broken = stream->broken || stream->queue.failed;
        taken = !stream->broken;
        tell_loop(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    return taken;
}

void exchange_body_end(struct exchange *exchange, bool whole)
{
    struct body_stream *stream = exchange->body_stream;
    pthread_mutex_lock(&stream->lock);
    stream->end = true;
    stream->broken = stream->broken || !whole;
    tell_loop(stream);
    pthread_mutex_unlock(&stream->lock);
}
