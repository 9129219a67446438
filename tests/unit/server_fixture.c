// SPDX-License-Identifier: GPL-3.0-or-later
#include "server_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

static struct plan plan(void *context, const struct http_request *request)
{
    static const char *const plain[] = { "/hello", "/echo", "/hold", "/later", "/slow", "/made" };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (str_equal_c(request->path, plain[i]))
            return (struct plan) { i == 3 ? LANE_WRITE : LANE_READ, 1 << 20, context, .slow = i == 4 };
    return (struct plan) { LANE_STREAM, 1 << 30, context };
}

static void answer_text(struct exchange *exchange, int status, const char *text)
{
    BUFFER_AUTO struct buffer body = { 0 };
    buffer_append_c(&body, text);
    exchange_header(exchange, "Content-Type", STR("text/plain"));
    exchange_answer(exchange, status, &body);
}

struct upload {
    struct fixture *fixture;
    uint64_t size, sum;
    bool reject;
};

static bool upload_data(void *state, struct exchange *exchange, const char *bytes, size_t size, void *worker)
{
    (void)worker;
    struct upload *upload = state;
    upload->size += size;
    for (size_t i = 0; i < size; i++)
        upload->sum = upload->sum * 31 + (unsigned char)bytes[i];
    if (upload->reject)
        answer_text(exchange, 409, "rejected");
    return !upload->reject;
}

static void upload_end(void *state, struct exchange *exchange, void *worker)
{
    (void)worker;
    struct upload *upload = state;
    upload->fixture->ended++;
    answer_text(exchange, 200,
        str_format(
            exchange_arena(exchange), "%llu %llx", (unsigned long long)upload->size, (unsigned long long)upload->sum)
            .data);
}

static void upload_lost(void *state, struct exchange *exchange, void *worker)
{
    (void)exchange;
    (void)worker;
    ((struct upload *)state)->fixture->lost++;
}

static const struct receive_ops upload_ops = { upload_data, upload_end, upload_lost };

struct download {
    struct fixture *fixture;
    size_t left;
    int next;
};

static error download_fill(void *state, struct buffer *out, size_t room, void *worker)
{
    (void)worker;
    struct download *download = state;
    size_t size = room < download->left ? room : download->left;
    download->left -= size;
    while (size) {
        static const str letters = { "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
                                     "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
            104 };
        str piece = str_sub(letters, (size_t)download->next, size);
        buffer_append_str(out, piece);
        download->next = (int)((size_t)download->next + piece.size) % 26;
        size -= piece.size;
    }
    return OK;
}

static void download_closed(void *state, void *worker)
{
    (void)worker;
    ((struct download *)state)->fixture->closed++;
}

static const struct send_ops download_ops = { download_fill, download_closed };

static void handle_stream(struct fixture *fixture, struct exchange *exchange)
{
    const struct http_request *request = exchange_request(exchange);
    if (str_equal_c(request->path, "/upload") || str_equal_c(request->path, "/reject")) {
        struct upload *upload = ARENA_NEW(exchange_arena(exchange), struct upload);
        *upload = (struct upload) { .fixture = fixture, .reject = str_equal_c(request->path, "/reject") };
        exchange_receive(exchange, &upload_ops, upload);
    } else if (str_equal_c(request->path, "/events")) {
        exchange_header(exchange, "X-Stream", STR("yes"));
        fixture->events = exchange_events(exchange);
    } else if (str_equal_c(request->path, "/now")) {
        answer_text(exchange, 200, "now");
    } else {
        int64_t size = 1000;
        str_to_int(request->query, &size);
        struct download *download = ARENA_NEW(exchange_arena(exchange), struct download);
        bool is_short = str_equal_c(request->path, "/short");
        *download = (struct download) { .fixture = fixture, .left = (size_t)(is_short ? size / 2 : size) };
        exchange_send(exchange, 200, str_equal_c(request->path, "/chunked") ? -1 : size, &download_ops, download);
    }
}

// A line at once, one when `hold` ends, then as many bytes as the query says; "broken" breaks off after the lines.
static void make_body(struct fixture *fixture, struct exchange *exchange)
{
    static const char block[10000];
    int64_t size = 0;
    str query = exchange_request(exchange)->query;
    str_to_int(query, &size);
    exchange_header(exchange, "Content-Type", STR("text/plain"));
    exchange_body_begin(exchange, 200);
    bool taken = exchange_body_write(exchange, "first\n", 6);
    while (fixture->hold)
        sleep_ms(2);
    taken = exchange_body_write(exchange, "second\n", 7);
    for (int64_t some; taken && size; size -= some) {
        some = size < (int64_t)sizeof block ? size : (int64_t)sizeof block;
        taken = exchange_body_write(exchange, block, (size_t)some);
    }
    fixture->lost += !taken;
    exchange_body_end(exchange, !str_equal_c(query, "broken"));
}

static void handle(void *context, struct exchange *exchange, void *worker)
{
    struct fixture *fixture = context;
    const struct http_request *request = exchange_request(exchange);
    if (exchange_route(exchange) != fixture || worker != &fixture->workers)
        abort();
    fixture->handled++;
    bool slow = str_equal_c(request->path, "/slow");
    while ((slow || str_equal_c(request->path, "/hold")) && fixture->hold)
        sleep_ms(2);
    if (str_equal_c(request->path, "/later")) {
        fixture->held = exchange;
    } else if (str_equal_c(request->path, "/echo")) {
        BUFFER_AUTO struct buffer body = { 0 };
        buffer_append_str(&body, request->body);
        exchange_answer(exchange, 200, &body);
    } else if (slow || str_equal_c(request->path, "/hello") || str_equal_c(request->path, "/hold")) {
        answer_text(exchange, 200, "hello\n");
    } else if (str_equal_c(request->path, "/made")) {
        make_body(fixture, exchange);
    } else {
        handle_stream(fixture, exchange);
    }
}

static void refuse(
    void *context, const struct http_request *request, error why, int status, struct buffer *body, str *ret_type)
{
    (void)request;
    ((struct fixture *)context)->refused++;
    buffer_format(body, "%d %s", status, why.message);
    *ret_type = STR("text/plain");
}

static void finished(void *context, struct exchange *exchange, int status, int64_t sent_bytes, int64_t duration_us)
{
    struct fixture *fixture = context;
    (void)exchange_request(exchange)->path;
    if (duration_us < 0)
        abort();
    fixture->last_status = status;
    fixture->finished_bytes = sent_bytes;
    fixture->finished++;
}

static void *worker_start(void *context)
{
    struct fixture *fixture = context;
    fixture->workers++;
    return &fixture->workers;
}

static void worker_stop(void *context, void *worker)
{
    (void)worker;
    ((struct fixture *)context)->workers--;
}

void fixture_start(struct fixture *fixture, struct server_options options)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->app = (struct server_app) { .context = fixture,
        .plan = plan,
        .handle = handle,
        .worker_start = worker_start,
        .worker_stop = worker_stop,
        .refuse = refuse,
        .finished = finished };
    if (!options.listen)
        options.listen = "127.0.0.1:0";
    assert_ok(server_start(&options, &fixture->app, &fixture->server));
    fixture->port = server_port(fixture->server);
    assert_true(fixture->port > 0);
}

void fixture_stop(struct fixture *fixture)
{
    server_stop(fixture->server, 5 * SECOND_US);
    assert_int_equal(fixture->workers, 0);
}

void sleep_ms(int ms)
{
    poll(NULL, 0, ms);
}

void wait_for(atomic_int *counter, int value)
{
    for (int64_t until_us = clock_mono_us() + 10 * SECOND_US; *counter < value;) {
        if (clock_mono_us() > until_us)
            fail_msg("waited in vain: %d of %d", *counter, value);
        sleep_ms(1);
    }
}

int client_open(const struct fixture *fixture)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)fixture->port), .sin_addr = { htonl(INADDR_LOOPBACK) }
    };
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    struct timeval limit = { .tv_sec = 10 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

void client_send_bytes(int socket, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(socket, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0)
            fail_msg("the server took only %zu of %zu bytes", sent, size);
        sent += (size_t)count;
    }
}

void client_send(int socket, const char *text)
{
    client_send_bytes(socket, text, strlen(text));
}

// Byte by byte, so that nothing of the next answer is taken.
static bool read_line(int socket, struct buffer *out)
{
    char c;
    do {
        if (recv(socket, &c, 1, 0) != 1)
            return false;
        buffer_append_byte(out, c);
    } while (c != '\n');
    return true;
}

static bool read_exactly(int socket, struct buffer *out, size_t size)
{
    char *place = buffer_reserve(out, size + 1);
    ssize_t got = size ? recv(socket, place, size, MSG_WAITALL) : 0;
    if (got < 0 || (size_t)got != size)
        return false;
    out->size += size;
    return true;
}

static bool read_chunks(int socket, struct buffer *body)
{
    for (;;) {
        BUFFER_AUTO struct buffer line = { 0 };
        if (!read_line(socket, &line))
            return false;
        buffer_append_byte(&line, 0);
        size_t size = strtoul(line.data, NULL, 16);
        if (!read_exactly(socket, body, size))
            return false;
        buffer_clear(&line);
        if (!read_line(socket, &line) || line.size != 2)
            return false;
        if (size == 0)
            return true;
    }
}

void client_answer(int socket, bool no_body, struct answer *answer)
{
    answer_done(answer);
    answer->status = -1;
    size_t line_at;
    do {
        line_at = answer->head.size;
        if (!read_line(socket, &answer->head))
            return;
    } while (answer->head.size - line_at > 2);
    buffer_append_byte(&answer->head, 0);
    const char *length = strcasestr(answer->head.data, "\r\nContent-Length: ");
    bool whole = true;
    if (strcasestr(answer->head.data, "\r\nTransfer-Encoding: chunked") && !no_body)
        whole = read_chunks(socket, &answer->body);
    else if (length && !no_body)
        whole = read_exactly(socket, &answer->body, strtoul(length + 18, NULL, 10));
    buffer_append_byte(&answer->body, 0);
    answer->body.size--;
    if (whole)
        answer->status = atoi(answer->head.data + 9);
}

void answer_done(struct answer *answer)
{
    buffer_done(&answer->head);
    buffer_done(&answer->body);
}

void client_rest(int socket, struct buffer *rest)
{
    char bytes[65536];
    ssize_t size;
    while ((size = recv(socket, bytes, sizeof bytes, 0)) > 0)
        buffer_append(rest, bytes, (size_t)size);
    assert_int_equal(size, 0); // an end, neither a reset nor silence
    buffer_append_byte(rest, 0);
    rest->size--;
}

int client_get(const struct fixture *fixture, const char *path, struct answer *answer)
{
    char request[200];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    int socket = client_open(fixture);
    client_send(socket, request);
    client_answer(socket, false, answer);
    close(socket);
    return answer->status;
}
