// SPDX-License-Identifier: GPL-3.0-or-later
// Writing answers: heads, whole bodies, downloads.
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "net/server_parts.h"

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = { { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
        { 206, "Partial Content" }, { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" },
        { 304, "Not Modified" }, { 307, "Temporary Redirect" }, { 308, "Permanent Redirect" }, { 400, "Bad Request" },
        { 401, "Unauthorized" }, { 402, "Payment Required" }, { 403, "Forbidden" }, { 404, "Not Found" },
        { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 409, "Conflict" },
        { 410, "Gone" }, { 412, "Precondition Failed" }, { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" }, { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" }, { 460, "Checksum Mismatch" },
        { 500, "Internal Server Error" }, { 501, "Unsupported" }, { 502, "Bad Gateway" },
        { 503, "Service Unavailable" }, { 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
        { 507, "Insufficient Storage" } };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Status"; // the phrase has no meaning, only a place
}

static void append_int(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buffer_append(buffer, digits + at, sizeof digits - at);
}

static void append_date(struct server *server, struct buffer *out)
{
    int64_t now_us = clock_now_us();
    if (now_us / SECOND_US != server->date_second) {
        server->date_second = now_us / SECOND_US;
        ARENA_AUTO struct arena *arena = arena_new(1000);
        snprintf(server->date, sizeof server->date, "Date: %s\r\n", clock_http_date(arena, now_us).data);
    }
    buffer_append_c(out, server->date);
}

static bool is_chunked(const struct exchange *exchange)
{
    return exchange->length < 0 && !exchange->parser.version_1_0;
}

// Of every answer: nothing is taken for what it does not say it is, shown in a frame, or told about by an address.
#define SAFETY "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"

bool answer_head(struct exchange *exchange)
{
    int status = exchange->status;
    bool empty = status == 204 || status == 304;
    exchange->close = exchange->close || exchange->parser.close || !http_parser_complete(&exchange->parser)
                      || exchange->server->stopping;
    struct buffer *lead = &exchange->lead;
    buffer_clear(lead);
    buffer_append(lead, "HTTP/1.1 ", 9);
    append_int(lead, status);
    buffer_append_byte(lead, ' ');
    buffer_append_c(lead, reason(status));
    buffer_append(lead, "\r\n", 2);
    append_date(exchange->server, lead);
    buffer_append_str(lead, STR(SAFETY));
    if (exchange->request.tls && exchange->server->options.strict_transport_s) {
        buffer_append_str(lead, STR("Strict-Transport-Security: max-age="));
        append_int(lead, exchange->server->options.strict_transport_s);
        buffer_append(lead, "\r\n", 2);
    }
    if (exchange->length >= 0 && !empty) {
        buffer_append_str(lead, STR("Content-Length: "));
        append_int(lead, exchange->length);
        buffer_append(lead, "\r\n", 2);
    } else if (is_chunked(exchange) && !empty) {
        buffer_append_str(lead, STR("Transfer-Encoding: chunked\r\n"));
    } else if (!empty) {
        exchange->close = true; // the end of the connection is the end of the body
    }
    if (exchange->close)
        buffer_append_str(lead, STR("Connection: close\r\n"));
    buffer_append(&exchange->headers, "\r\n", 2);
    return !empty && !str_equal_c(exchange->request.method, "HEAD");
}

static uv_buf_t part(const void *bytes, size_t size)
{
    return (uv_buf_t) { .base = (char *)bytes, .len = size };
}

// The parts of one write: the head when it has not gone out yet, then a piece of the body in its coding.
unsigned answer_parts(struct exchange *exchange, const struct buffer *body, bool last, uv_buf_t parts[static 5])
{
    unsigned count = 0;
    bool chunked = is_chunked(exchange);
    if (exchange->head_out)
        buffer_clear(&exchange->lead);
    size_t head_size = exchange->lead.size;
    if (chunked && body && body->size)
        buffer_format(&exchange->lead, "%zx\r\n", body->size);
    size_t chunk_line_size = exchange->lead.size - head_size;
    if (!exchange->head_out) {
        parts[count++] = part(exchange->lead.data, head_size);
        parts[count++] = part(exchange->headers.data, exchange->headers.size);
        exchange->head_out = true;
    }
    if (chunk_line_size)
        parts[count++] = part(exchange->lead.data + head_size, chunk_line_size);
    if (body && body->size)
        parts[count++] = part(body->data, body->size);
    if (chunked && body && (body->size || last))
        parts[count++] = !body->size ? part("0\r\n\r\n", 5) : last ? part("\r\n0\r\n\r\n", 7) : part("\r\n", 2);
    for (unsigned i = 0; i < count; i++)
        exchange->sent_bytes += (int64_t)parts[i].len;
    return count;
}

static void whole_written(struct exchange *exchange)
{
    struct connection *connection = exchange->connection;
    bool close = exchange->close;
    exchange_finish(exchange, exchange->status);
    connection_request_done(connection, close);
}

void answer_begin(struct exchange *exchange)
{
    exchange->state = EXCHANGE_ANSWER;
    exchange->length = (int64_t)exchange->answer.size;
    bool with_body = answer_head(exchange);
    uv_buf_t parts[5];
    unsigned count = answer_parts(exchange, with_body ? &exchange->answer : NULL, true, parts);
    if (connection_write(exchange->connection, parts, count))
        whole_written(exchange);
}

void answer_refuse(struct exchange *exchange, error why, int status)
{
    const struct server_app *app = &exchange->server->app;
    str type = STR_NONE;
    buffer_clear(&exchange->headers);
    app->refuse(app->context, &exchange->request, why, status, &exchange->answer, &type);
    if (type.data)
        exchange_header(exchange, "Content-Type", type);
    if (status == 503)
        exchange_header(exchange, "Retry-After", STR("10"));
    exchange->answer_given = exchange->answered = true;
    exchange->status = status;
    answer_begin(exchange);
}

void answer_send(struct exchange *exchange)
{
    exchange->state = EXCHANGE_SEND;
    if (!exchange->connection) {
        exchange_schedule(exchange, TASK_CLOSED);
    } else if (answer_head(exchange) && exchange->length != 0) {
        exchange_schedule(exchange, TASK_FILL); // the head goes out together with the first bytes
    } else {
        uv_buf_t parts[5];
        exchange->filled_bytes = exchange->length;
        exchange->ended = true;
        if (connection_write(exchange->connection, parts, answer_parts(exchange, NULL, true, parts)))
            exchange_schedule(exchange, TASK_CLOSED);
    }
}

static bool at_end(const struct exchange *exchange)
{
    return exchange->length >= 0 ? exchange->filled_bytes >= exchange->length : exchange->ended;
}

// Whether the peer has taken the last piece at once; a buffer that is larger than the next piece goes back.
static void watch_pace(struct exchange *exchange)
{
    bool kept_up = uv_now(&exchange->server->loop) - exchange->writing_ms < FAST_WRITE_MS, was = exchange->fast;
    exchange_keeps_up(exchange, kept_up && exchange->filled_bytes >= DOWNLOAD_AHEAD_FROM);
    if (was && !exchange->fast)
        buffer_done(&exchange->filled);
}

static void swap_buffers(struct exchange *exchange)
{
    struct buffer sending = exchange->sending;
    exchange->sending = exchange->filled;
    exchange->filled = sending;
}

// Moves a download on: what was filled goes out while the next piece is being filled.
static void send_step(struct exchange *exchange)
{
    while (exchange->state == EXCHANGE_SEND && !exchange->connection->writing) {
        if (!exchange->filled_ready) {
            if (exchange->running)
                return;
            if (!exchange->filled.data) // one buffer is enough as long as nothing is filled ahead
                swap_buffers(exchange);
            exchange_schedule(exchange, at_end(exchange) ? TASK_CLOSED : TASK_FILL);
            return;
        }
        bool last = at_end(exchange);
        swap_buffers(exchange);
        exchange->filled_ready = false;
        watch_pace(exchange);
        exchange->writing_ms = uv_now(&exchange->server->loop);
        if (!last && exchange->filled_bytes >= DOWNLOAD_AHEAD_FROM) {
            exchange_schedule(exchange, TASK_FILL);
            workers_flush(exchange->server->streams); // now, not when the socket has taken its share
        }
        uv_buf_t parts[5];
        unsigned count = answer_parts(exchange, &exchange->sending, last, parts);
        if (!connection_write(exchange->connection, parts, count))
            return;
    }
}

void answer_filled(struct exchange *exchange)
{
    if (!exchange->connection) {
        exchange_schedule(exchange, TASK_CLOSED);
        return;
    }
    exchange->filled_bytes += (int64_t)exchange->filled.size;
    bool failed = error_is(exchange->fill_error) || exchange->filled.failed;
    if (exchange->length >= 0) // fewer or more bytes than announced would be taken for the next answer's
        failed = failed || exchange->filled_bytes > exchange->length
                 || (exchange->filled.size == 0 && exchange->filled_bytes < exchange->length);
    if (failed) {
        connection_lose(exchange->connection);
        return;
    }
    exchange->filled_ready = true;
    exchange->ended = exchange->filled.size == 0;
    send_step(exchange);
}

void answer_written(struct exchange *exchange)
{
    if (exchange->state == EXCHANGE_ANSWER)
        whole_written(exchange);
    else if (exchange->state == EXCHANGE_SEND)
        send_step(exchange);
    else if (exchange->state == EXCHANGE_BODY)
        body_stream_flush(exchange);
    else
        event_stream_flush(exchange);
}
