// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the server share; nobody else includes this.
//
// Who may touch what: everything belongs to the loop thread but
//   - the inbox (inbox_lock),
//   - an exchange while a worker runs its task (`running`) or the application holds it (EXCHANGE_HANDLED): then the
//     loop only looks at the fields marked (loop),
//   - the part of an event stream under its own lock.
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "net/http_parser.h"
#include "net/server.h"
#include "net/websocket.h"
#include "net/workers.h"

enum {
    INPUT_SIZE = 64 * 1024,        // bytes read from a socket at once
    PENDING_MAX = 64 * 1024,       // bytes kept of a peer that sends more than is wanted now, then it is not read
    UPLOAD_BUFFER = 256 * 1024,    // bytes handed to receive_ops.data
    UPLOAD_WAIT_MS = 200,          // what a slow peer sent is handed on after this time
    DOWNLOAD_BUFFER = 64 * 1024,   // bytes asked of send_ops.fill
    DOWNLOAD_AHEAD_FROM = 1 << 20, // bytes after which pieces are larger and filled while others go out: a peer that
                                   // reads little does not get there, and a short answer gains nothing
    DOWNLOAD_AHEAD_BUFFER = 256 * 1024,
    FAST_BUFFER = 1 << 20, // the same of a few transfers whose peers keep up: each hand-over wakes two threads, and
                           // what is done with a large one can be shared among cores
    FAST_MAX = 16,         // that have two of these: 32 MB
    FAST_WRITE_MS = 50,    // a peer that does not take its bytes in this time does not keep up
    UNSENT_IN_KERNEL = 256 * 1024, // bytes a socket takes beyond what is on its way
    EVENTS_QUEUE_MAX = 1 << 20,    // bytes an event stream may owe its peer
    BODY_QUEUE_MAX = 64 << 20,     // bytes of a body that is sent while it is made
    KEEP_BUFFER = 16 * 1024,       // larger buffers are given back when an exchange ends
    SPARE_EXCHANGES = 256,         // kept for reuse
    ARENA_CAP = 16 * 1024 * 1024,  // bytes of one request's arena
    REFUSE_EXTRA = 64,             // connections above the limit that still get their 503
};
#define LINGER_US (2 * SECOND_US)
#define EVENTS_COMMENT_US (15 * SECOND_US)
#define FLUSH_UPLOAD_US SECOND_US // a stalled upload's partly filled buffer is handed over after this

// A message to the loop thread, part of the thing it is about.
struct post {
    struct post *next;
    void (*run)(struct post *post); // loop thread
};

enum exchange_state {
    EXCHANGE_HEAD,    // reading the head
    EXCHANGE_COLLECT, // reading the body for LANE_READ, LANE_WRITE
    EXCHANGE_HANDLED, // with the application, which will answer
    EXCHANGE_RECEIVE, // streaming upload
    EXCHANGE_ANSWER,  // writing a whole answer
    EXCHANGE_SEND,    // streaming download
    EXCHANGE_EVENTS,
    EXCHANGE_BODY, // writing a body that a handler still makes
    EXCHANGE_HELD, // a poll of Engine.IO that waits
};
enum exchange_task { TASK_HANDLE, TASK_DATA, TASK_END, TASK_LOST, TASK_FILL, TASK_CLOSED };
enum exchange_wish { WISH_NONE, WISH_RECEIVE, WISH_SEND, WISH_EVENTS };

struct exchange {
    struct exchange *next; // among the spare ones
    struct work work;
    struct server *server;
    struct connection *connection; // (loop) NULL once the peer is gone
    struct arena *arena;
    struct http_parser parser; // (loop)
    struct http_request request;
    struct plan plan;
    void *user;
    int64_t started_us, sent_bytes, received_bytes; // (loop)
    enum exchange_state state;                      // (loop)
    bool running, answered;                         // (loop) a worker has it; the answer has come

    struct post answer_post, task_post;
    enum exchange_task task;
    atomic_bool peer_gone; // or has sent its last
    bool answer_given;     // exchange_answer was called
    struct buffer headers; // the application's, as lines
    struct buffer body;    // request body of LANE_READ and LANE_WRITE
    struct buffer answer;
    int status;
    int64_t length;     // of the answer's body; -1: chunked or until the connection closes
    struct buffer lead; // status line and our own headers; between chunks: the chunk's size line
    bool close;         // the connection ends after this answer
    bool head_out, body_ended;

    enum exchange_wish wish; // what a task of LANE_STREAM asked for, taken over by the loop when it returns
    const struct receive_ops *receive_ops;
    const struct send_ops *send_ops;
    void *stream_state;
    struct buffer filling, handed; // upload: what the loop fills (loop), what `data` looks at
    uint64_t handed_ms;            // (loop) when the last of it was
    bool handed_full;              // it was as large as it may be
    bool stopped;                  // `data` said so, or the end was told
    int refuse_status;             // (loop) answer with this when the receiver has been told that it is lost
    struct buffer filled, sending; // download: what `fill` made, what goes out meanwhile (loop)
    bool filled_ready, ended;      // (loop) `filled` waits to go out; it was the empty one at the end
    error fill_error;
    size_t fill_room; // bytes asked of `fill`
    int64_t filled_bytes;
    bool fast;           // (loop) one of the server's FAST_MAX
    uint64_t writing_ms; // (loop) since when `sending` goes out
    struct event_stream *events;
    struct body_stream *body_stream;
    struct engineio *engineio;        // it answers this request
    struct engineio_session *held_by; // in EXCHANGE_HELD
};

struct connection {
    uv_tcp_t tcp;
    uv_write_t write_request;
    struct server *server;
    struct connection *next, *previous;
    struct exchange *exchange;   // NULL between requests
    struct websocket *websocket; // instead of exchanges, after an upgrade
    SSL *tls;
    struct buffer sealed;  // TLS records on their way out
    struct buffer pending; // plain bytes not parsed yet, from pending_from on
    size_t pending_from;
    int64_t deadline_us;    // monotonic; 0: none
    size_t unsent_at_check; // what the peer had still to take when the deadline was set
    bool reading, writing, pumping, ended, lingering, closed, used;
    char remote_address[46];
};

struct server {
    struct server_options options;
    struct server_app app;
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_async_t wakeup;
    uv_prepare_t before_poll;
    uv_timer_t sweep;
    pthread_t thread;
    SSL_CTX *tls;
    struct workers *handlers, *slow[SLOW_GROUPS], *streams;
    struct websocket_pool *websockets;
    struct connection *connections;
    int connection_count, session_count, port;
    struct exchange *spare;
    int spare_count, exchange_count, fast_count;
    int64_t date_second;
    char date[40]; // "Date: ...\r\n"
    char *input, *plain;
    bool stopping, ending;
    int64_t grace_until_us;

    pthread_mutex_t inbox_lock;
    struct post *inbox_first, *inbox_last;
    bool woken;            // the loop has been told of the inbox
    int64_t stop_grace_us; // -1 until server_stop
};

// server.c
void server_post(struct server *server, struct post *post); // any thread
// The same without waking the loop: taken when it turns for another reason, before it sleeps again.
void server_post_quietly(struct server *server, struct post *post);
void server_wake(struct server *server);            // any thread
int64_t server_now_us(const struct server *server); // monotonic, as of this turn of the loop
void server_check_end(struct server *server);       // ends the loop once it is stopping and nothing is left

// tls.c
MUST_USE error tls_context_new(const char *certificate, const char *key, SSL_CTX **ret_context);
bool tls_open(struct connection *connection);
bool tls_feed(struct connection *connection, const char *bytes, size_t size); // bytes from the socket
// Plain bytes out of what was fed: how many, 0 when there are none now, -1 when the peer ended or broke the protocol.
int tls_read(struct connection *connection, char *ret_bytes, size_t size);
// Seals into connection->sealed.
bool tls_write(struct connection *connection, const uv_buf_t *parts, unsigned count);
void tls_goodbye(struct connection *connection);
// Moves the protocol's own bytes (handshake, alerts) from OpenSSL to `out`.
void tls_take(struct connection *connection, struct buffer *out);

// connection.c
void connection_accept(struct server *server);
void connection_pump(struct connection *connection); // goes on with what was read, then reads on
// Writes; true when all is out now, false when connection_written follows or the connection is lost. The parts must
// stay as long; one write at a time.
bool connection_write(struct connection *connection, uv_buf_t *parts, unsigned count);
void connection_write_small(struct connection *connection, str bytes); // copied
void connection_request_done(struct connection *connection, bool close);
void connection_set_deadline(struct connection *connection, int64_t from_now_us);
void connection_lose(struct connection *connection); // closes now
void connection_sweep(struct connection *connection);

// answer.c
// Completes the head: fills `lead`, ends `headers`. False: no body is to be sent (HEAD, 204, 304).
bool answer_head(struct exchange *exchange);
unsigned answer_parts(struct exchange *exchange, const struct buffer *body, bool last, uv_buf_t parts[static 5]);
void answer_begin(struct exchange *exchange);                         // status, headers and answer are set
void answer_refuse(struct exchange *exchange, error why, int status); // as app.refuse writes it
void answer_send(struct exchange *exchange);                          // begins a download
void answer_filled(struct exchange *exchange);                        // a download's task has returned
void answer_written(struct exchange *exchange);                       // a connection_write has gone out

// exchange.c
void exchange_keeps_up(struct exchange *exchange, bool fast); // larger buffers, while there are few of them
size_t exchange_piece(const struct exchange *exchange);       // bytes of its next buffer to be handed over or filled

// request.c
bool request_wants_input(const struct exchange *exchange);
size_t request_input(struct exchange *exchange, const char *bytes, size_t size); // bytes used
void request_timed_out(struct exchange *exchange);
void request_lost(struct exchange *exchange); // the connection has gone
void request_flush_upload(struct exchange *exchange);
void request_task_done(struct post *post);
void request_answered(struct post *post);

// websocket.c
struct websocket_pool *websocket_pool_new(void);
void websocket_pool_free(struct websocket_pool *pool);
size_t websocket_input(struct websocket *websocket, const char *bytes, size_t size); // bytes used
bool websocket_wants_input(const struct websocket *websocket);
void websocket_written(struct websocket *websocket); // a connection_write has gone out
void websocket_gone(struct websocket *websocket);    // the connection has gone

// exchange.c
struct exchange *exchange_new(struct server *server);
void exchange_finish(struct exchange *exchange, int status); // to the spare ones
void exchange_free(struct exchange *exchange);
void exchange_run(struct work *work, void *worker);                // on a worker's thread
struct workers *exchange_workers(const struct exchange *exchange); // those that run its tasks
void exchange_schedule(struct exchange *exchange, enum exchange_task task);

// event_stream.c
void event_stream_attach(struct exchange *exchange);
void event_stream_flush(struct exchange *exchange);
void event_stream_comment(struct exchange *exchange);
void event_stream_gone(struct event_stream *stream);

// body_stream.c
void body_stream_flush(struct exchange *exchange);
void body_stream_lost(struct exchange *exchange); // the connection has gone
