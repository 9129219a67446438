// SPDX-License-Identifier: GPL-3.0-or-later
// The HTTP/1.1 server: one libuv loop thread owns every socket; handler threads run plain blocking code
// and never touch one. The application decides a lane per request from its head and answers later, from
// any thread, exactly once.
//
//   head parsed (loop) -> app.plan()
//     LANE_READ, LANE_WRITE: the loop collects the body up to plan.body_limit, then a handler thread runs
//       app.handle(); the application answers with exchange_answer() then or later (LANE_WRITE: after COMMIT).
//       What is `slow` waits for a thread of its group, in a queue that holds 512 requests a thread; more are refused
//       (503).
//     LANE_STREAM: a stream thread runs app.handle() with the head only; it then calls exchange_receive(),
//       exchange_send() or exchange_events(), whose callbacks run on stream threads, one at a time per exchange,
//       and occupy a thread only while they run; or exchange_answer() at once.
#pragma once

#include "base/buffer.h"
#include "base/error.h"

struct server;
struct exchange;
struct engineio;

struct http_header {
    str name, value; // value trimmed; valid UTF-8 is not promised
};
struct http_request {
    str method; // "GET"
    str path;   // as sent, before '?', still percent-encoded
    str query;  // after '?', STR_NONE without one
    const struct http_header *headers;
    size_t header_count;
    int64_t content_length; // -1: chunked, 0: none
    str body;               // complete in LANE_READ and LANE_WRITE, else STR_NONE
    str remote_address;     // "127.0.0.1"
    bool tls;
};
// First such header, name without regard to case; STR_NONE when absent.
str http_header(const struct http_request *request, const char *name);

enum lane { LANE_READ, LANE_WRITE, LANE_STREAM };
enum { SLOW_GROUPS = 2 };
struct plan {
    enum lane lane;
    int64_t body_limit; // a larger body is answered 413 by app.refuse
    void *route;        // handed back by exchange_route()
    int slow; // of the other two lanes: 1 to SLOW_GROUPS for what computes for long, in the few threads of that
              // group; nobody else waits for it
};

struct server_app {
    void *context;
    // Loop thread; quick, no I/O.
    struct plan (*plan)(void *context, const struct http_request *request);
    // Handler or stream thread. `worker` is what worker_start made for this thread.
    void (*handle)(void *context, struct exchange *exchange, void *worker);
    void *(*worker_start)(void *context);
    void (*worker_stop)(void *context, void *worker);
    // Any thread: writes the answer for what the server itself refuses (400 malformed, 408, 413, 431, 503);
    // `request` may be incomplete. Appends the body and sets *ret_type; extra headers are not possible here.
    void (*refuse)(
        void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type);
    // Loop thread, after the last byte of an answer went out (or the peer went away: status 0): access log, metrics.
    void (*finished)(void *context, struct exchange *exchange, int status, int64_t sent_bytes, int64_t duration_us);
};

struct server_options {
    const char *listen;                    // "127.0.0.1:8000", "[::1]:8000", port 0 for any free one
    const char *tls_certificate, *tls_key; // PEM files; both NULL for plain HTTP
    int64_t strict_transport_s;            // of Strict-Transport-Security over TLS (RFC 6797); 0: none
    int handler_threads, stream_threads;   // 0: chosen from the cores
    int slow_threads[SLOW_GROUPS];         // at most, there while they are needed; 0: 2
    int handler_threads_most;              // the handler threads grow to so many under load; 0: they do not
    int64_t handler_idle_us;               // and shrink again after this time; 0: 60 s
    int connections_max;                   // 0: 20,000
    int64_t head_timeout_us, idle_timeout_us, body_stall_timeout_us; // 0: 15 s, 75 s, 60 s
    struct engineio *const
        *engines; // answer at their paths; ends with NULL and stays as long as the server; may be NULL
};
MUST_USE error server_start(
    const struct server_options *options, const struct server_app *app, struct server **ret_server);
// Reads certificate and key again, for connections to come; after an error all stays as it was. Any thread.
MUST_USE error server_reload_tls(struct server *server);
int server_port(const struct server *server);
// Stops accepting, lets requests under way finish for up to `grace_us`, closes, joins all threads, frees.
void server_stop(struct server *server, int64_t grace_us);

// The exchange: valid from plan() until its answer is finished; arena and request live as long.
const struct http_request *exchange_request(const struct exchange *exchange);
struct arena *exchange_arena(struct exchange *exchange); // one thread at a time: whoever handles it now
void *exchange_route(const struct exchange *exchange);
void exchange_set_user(struct exchange *exchange, void *user); // the application's own; in the arena
void *exchange_user(const struct exchange *exchange);
int64_t exchange_received_bytes(const struct exchange *exchange); // of the body; loop thread

// False once the peer has gone or will send no more: who only waits for an answer may give up. Any thread.
bool exchange_is_open(const struct exchange *exchange);

// Answering (any thread). Headers are added before; Content-Length, Date, Connection are the server's.
// Names and values with CR, LF or NUL are a bug.
void exchange_header(struct exchange *exchange, const char *name, str value);
// A whole answer; takes the buffer's memory (the struct is emptied). HEAD requests send no body.
void exchange_answer(struct exchange *exchange, int status, struct buffer *body);

// A body that is sent while it is made (LANE_READ; chunked), instead of exchange_answer: begun after the headers, then
// written from one thread at a time, and ended, until when the exchange stays valid. What the peer has yet to take
// waits in memory. A write is false once the peer is gone or 64 MB wait: what follows is in vain. An end that is not
// `whole` breaks the connection off, so that nobody takes the part for the whole.
void exchange_body_begin(struct exchange *exchange, int status);
bool exchange_body_write(struct exchange *exchange, const void *bytes, size_t size);
void exchange_body_end(struct exchange *exchange, bool whole);

// Upload: `data` gets full buffers (up to 256 KB) in order; the socket is not read while it runs beyond one
// further buffer. `end` comes once after the last byte; then the state machine answers with exchange_answer.
// `lost`: the peer went away or stalled, and `data` has had all that came before; clean up. An error from `data` must
// have been answered by it.
struct receive_ops {
    bool (*data)(
        void *state, struct exchange *exchange, const char *bytes, size_t size, void *worker); // false: answered, stop
    void (*end)(void *state, struct exchange *exchange, void *worker);
    void (*lost)(void *state, struct exchange *exchange, void *worker);
};
void exchange_receive(struct exchange *exchange, const struct receive_ops *ops, void *state);

// Download: `fill` appends up to `room` bytes when the socket has taken the ones before; 0 bytes is the end.
// An error closes the connection. `length` -1: chunked coding. `closed` always comes, exactly once.
struct send_ops {
    error (*fill)(void *state, struct buffer *out, size_t room, void *worker);
    void (*closed)(void *state, void *worker);
};
void exchange_send(struct exchange *exchange, int status, int64_t length, const struct send_ops *ops, void *state);

// Server-Sent Events: answers 200 text/event-stream and stays open. Pushing is possible from any thread until
// exchange_events_release; each push is one or more whole events as text. False when the peer is gone or its
// queue is over 1 MB (then it is disconnected; clients come back with Last-Event-ID). A comment goes out every 15 s.
struct event_stream;
struct event_stream *exchange_events(struct exchange *exchange);
bool event_stream_push(struct event_stream *stream, str text);
bool event_stream_open(const struct event_stream *stream);
void event_stream_release(struct event_stream *stream, bool close);
