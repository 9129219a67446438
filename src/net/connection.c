// SPDX-License-Identifier: GPL-3.0-or-later
// A socket: reading with back-pressure, writing, TLS or none, closing so that the peer sees the last answer.
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "net/server_parts.h"

static size_t pending_size(const struct connection *connection)
{
    return connection->pending.size - connection->pending_from;
}

static void free_pending(struct connection *connection)
{
    buffer_done(&connection->pending);
    connection->pending_from = 0;
}

static size_t unsent(struct connection *connection)
{
    uv_os_fd_t fd;
    int in_socket = 0;
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) || ioctl(fd, SIOCOUTQ, &in_socket))
        in_socket = 0;
    return uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp) + (size_t)in_socket;
}

void connection_set_deadline(struct connection *connection, int64_t from_now_us)
{
    connection->deadline_us = from_now_us ? server_now_us(connection->server) + from_now_us : 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;
    struct server *server = connection->server;
    SSL_free(connection->tls);
    buffer_done(&connection->sealed);
    free(connection);
    server->connection_count--;
    server_check_end(server);
}

void connection_lose(struct connection *connection)
{
    if (connection->closed)
        return;
    connection->closed = true;
    struct server *server = connection->server;
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->websocket)
        websocket_gone(connection->websocket);
    struct exchange *exchange = TAKE(connection->exchange);
    if (exchange) {
        exchange->connection = NULL;
        request_lost(exchange);
    }
    free_pending(connection);
    uv_close((uv_handle_t *)&connection->tcp, on_closed);
}

// Writing

struct small_write {
    uv_write_t request;
    char bytes[];
};

static void on_small_written(uv_write_t *request, int status)
{
    struct connection *connection = request->handle->data;
    free(request); // the first member of its small_write
    if (status < 0)
        connection_lose(connection);
}

// Bytes as they are to stand on the socket.
static void write_raw(struct connection *connection, str bytes)
{
    uv_buf_t part = { .base = (char *)bytes.data, .len = bytes.size };
    int sent = uv_try_write((uv_stream_t *)&connection->tcp, &part, 1);
    if (sent == (int)bytes.size)
        return;
    size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);
    if ((sent < 0 && sent != UV_EAGAIN) || (!connection->writing && queued > PENDING_MAX)) {
        connection_lose(connection); // gone, or it makes us talk without listening
        return;
    }
    bytes = str_sub(bytes, sent < 0 ? 0 : (size_t)sent, bytes.size);
    struct small_write *small = malloc(sizeof *small + bytes.size);
    ASSERT_MEMORY(small);
    memcpy(small->bytes, bytes.data, bytes.size);
    part = (uv_buf_t) { .base = small->bytes, .len = bytes.size };
    if (uv_write(&small->request, (uv_stream_t *)&connection->tcp, &part, 1, on_small_written)) {
        free(small);
        connection_lose(connection);
    }
}

static void flush_tls(struct connection *connection)
{
    BUFFER_AUTO struct buffer out = { 0 };
    tls_take(connection, &out);
    if (out.size)
        write_raw(connection, buffer_str(&out));
}

void connection_write_small(struct connection *connection, str bytes)
{
    uv_buf_t part = { .base = (char *)bytes.data, .len = bytes.size };
    if (!connection->tls)
        write_raw(connection, bytes);
    else if (tls_write(connection, &part, 1))
        flush_tls(connection);
    else
        connection_lose(connection);
}

static void on_written(uv_write_t *request, int status)
{
    struct connection *connection = request->handle->data;
    connection->writing = false;
    if (connection->closed)
        return;
    if (status < 0) {
        connection_lose(connection);
        return;
    }
    buffer_done(&connection->sealed);
    connection_set_deadline(connection, 0);
    if (connection->websocket)
        websocket_written(connection->websocket);
    else if (connection->exchange)
        answer_written(connection->exchange);
}

static void drop_sent(uv_buf_t **parts, unsigned *count, size_t sent)
{
    while (*count && sent >= (*parts)->len) {
        sent -= (*parts)->len;
        (*parts)++;
        (*count)--;
    }
    if (*count) {
        (*parts)->base += sent;
        (*parts)->len -= sent;
    }
}

bool connection_write(struct connection *connection, uv_buf_t *parts, unsigned count)
{
    ASSERT(!connection->writing);
    if (count == 0)
        return true;
    uv_buf_t sealed;
    if (connection->tls) {
        bool done = tls_write(connection, parts, count);
        tls_take(connection, &connection->sealed);
        if (!done || connection->sealed.failed) {
            connection_lose(connection);
            return false;
        }
        sealed = (uv_buf_t) { .base = connection->sealed.data, .len = connection->sealed.size };
        parts = &sealed;
        count = 1;
    }
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    int sent = uv_try_write(stream, parts, count);
    if (sent > 0)
        drop_sent(&parts, &count, (size_t)sent);
    if (count == 0) {
        buffer_done(&connection->sealed);
        return true;
    }
    if ((sent < 0 && sent != UV_EAGAIN) || uv_write(&connection->write_request, stream, parts, count, on_written)) {
        connection_lose(connection);
        return false;
    }
    connection->writing = true;
    connection->unsent_at_check = unsent(connection);
    connection_set_deadline(connection, connection->server->options.idle_timeout_us);
    return false;
}

// Closing

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)status; // the connection waits for the peer's end or its deadline in any case
    free(request);
}

// Closing at once would reset the connection while the peer still sends, and it might never see the answer:
// so we end our side and wait a little for its end.
static void linger(struct connection *connection)
{
    connection->lingering = true;
    free_pending(connection);
    connection_set_deadline(connection, LINGER_US);
    if (connection->tls) {
        tls_goodbye(connection);
        flush_tls(connection);
    }
    if (connection->closed)
        return;
    uv_shutdown_t *request = malloc(sizeof *request);
    ASSERT_MEMORY(request);
    if (uv_shutdown(request, (uv_stream_t *)&connection->tcp, on_shut_down)) {
        free(request);
        connection_lose(connection);
    }
}

void connection_request_done(struct connection *connection, bool close)
{
    if (close || connection->server->stopping) {
        linger(connection);
    } else {
        connection->used = true;
        connection_set_deadline(connection, connection->server->options.idle_timeout_us);
    }
    connection_pump(connection);
}

// Reading

static bool wants_input(const struct connection *connection)
{
    if (connection->closed || connection->lingering)
        return false;
    if (connection->websocket)
        return websocket_wants_input(connection->websocket);
    return !connection->exchange || request_wants_input(connection->exchange);
}

// Parses as much as is wanted now; gives the number of bytes used.
static size_t parse(struct connection *connection, const char *bytes, size_t size)
{
    size_t used = 0;
    while (used < size && wants_input(connection)) {
        if (connection->websocket) {
            used += websocket_input(connection->websocket, bytes + used, size - used);
            continue;
        }
        if (!connection->exchange) {
            connection->exchange = exchange_new(connection->server);
            connection->exchange->connection = connection;
            if (connection->used)
                connection_set_deadline(connection, connection->server->options.head_timeout_us);
        }
        used += request_input(connection->exchange, bytes + used, size - used);
    }
    return used;
}

static void take_plain(struct connection *connection, const char *bytes, size_t size)
{
    size_t used = pending_size(connection) ? 0 : parse(connection, bytes, size);
    if (used == size || connection->lingering || connection->closed)
        return;
    if (connection->pending_from) {
        buffer_consume(&connection->pending, connection->pending_from);
        connection->pending_from = 0;
    }
    buffer_append(&connection->pending, bytes + used, size - used);
    if (connection->pending.failed)
        connection_lose(connection);
}

// One step; false when nothing more can be done with what was read.
static bool pump_once(struct connection *connection)
{
    if (connection->closed)
        return false;
    if (pending_size(connection) && wants_input(connection)) {
        connection->pending_from += parse(
            connection, connection->pending.data + connection->pending_from, pending_size(connection));
        if (!pending_size(connection))
            free_pending(connection);
        return true;
    }
    if (!connection->tls || pending_size(connection) >= PENDING_MAX)
        return false;
    int size = tls_read(connection, connection->server->plain, INPUT_SIZE);
    flush_tls(connection);
    if (size < 0)
        connection->ended = true;
    if (size <= 0 || connection->closed)
        return false;
    take_plain(connection, connection->server->plain, (size_t)size);
    return true;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *input)
{
    struct connection *connection = stream->data;
    if (size == UV_EOF) {
        connection->ended = true;
        if (connection->exchange)
            atomic_store(&connection->exchange->peer_gone, true);
    } else if (size < 0) {
        connection_lose(connection);
        return;
    } else if (connection->tls) {
        if (!tls_feed(connection, input->base, (size_t)size))
            connection_lose(connection);
    } else {
        connection->pumping = true;
        take_plain(connection, input->base, (size_t)size);
        connection->pumping = false;
    }
    connection_pump(connection);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_input)
{
    (void)suggested;
    struct connection *connection = handle->data;
    *ret_input = (uv_buf_t) { .base = connection->server->input, .len = INPUT_SIZE };
}

// The peer sends no more: whoever waits for bytes waits in vain; an answer to a complete request still goes out.
static bool is_over(const struct connection *connection)
{
    if (!connection->ended || (pending_size(connection) && !connection->lingering))
        return false;
    return connection->lingering || !connection->exchange || request_wants_input(connection->exchange)
           || connection->exchange->state == EXCHANGE_EVENTS || connection->exchange->state == EXCHANGE_HELD;
}

void connection_pump(struct connection *connection)
{
    if (connection->pumping || connection->closed)
        return;
    connection->pumping = true;
    while (pump_once(connection))
        ;
    connection->pumping = false;
    if (connection->closed)
        return;
    if (is_over(connection)) {
        connection_lose(connection);
        return;
    }
    bool read = !connection->ended && pending_size(connection) < PENDING_MAX;
    if (read && !connection->reading)
        uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read);
    else if (!read && connection->reading)
        uv_read_stop((uv_stream_t *)&connection->tcp);
    connection->reading = read;
}

// Once in a while: deadlines, a stalled upload's buffer, an event stream's comment.
void connection_sweep(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    struct server *server = connection->server;
    int64_t now_us = server_now_us(server);
    if (exchange && exchange->state == EXCHANGE_EVENTS)
        event_stream_comment(exchange);
    if (connection->closed || !connection->deadline_us)
        return;
    if (exchange && connection->deadline_us - now_us < server->options.body_stall_timeout_us - FLUSH_UPLOAD_US)
        request_flush_upload(exchange);
    if (now_us < connection->deadline_us)
        return;
    size_t left = connection->writing ? unsent(connection) : 0;
    if (connection->writing && left != connection->unsent_at_check) { // slow, but reading
        connection->unsent_at_check = left;
        connection_set_deadline(connection, server->options.idle_timeout_us);
    } else if (exchange) {
        request_timed_out(exchange);
    } else {
        connection_lose(connection);
    }
}

// Accepting

// Else the kernel would take megabytes for each peer that does not read.
static void limit_unsent(struct connection *connection)
{
    uv_os_fd_t fd;
    int bytes = UNSENT_IN_KERNEL;
    if (uv_fileno((uv_handle_t *)&connection->tcp, &fd) == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes); // without it: only more memory
}

static void set_remote_address(struct connection *connection)
{
    struct sockaddr_storage address;
    int size = sizeof address;
    if (uv_tcp_getpeername(&connection->tcp, (struct sockaddr *)&address, &size))
        return;
    if (address.ss_family == AF_INET6)
        uv_ip6_name((struct sockaddr_in6 *)&address, connection->remote_address, sizeof connection->remote_address);
    else
        uv_ip4_name((struct sockaddr_in *)&address, connection->remote_address, sizeof connection->remote_address);
    static const char mapped[] = "::ffff:"; // an IPv4 peer of an IPv6 socket is to look the same everywhere
    char *text = connection->remote_address;
    if (strncmp(text, mapped, sizeof mapped - 1) == 0 && strchr(text, '.'))
        memmove(text, text + sizeof mapped - 1, strlen(text) - sizeof mapped + 2);
}

static void refuse_connection(struct connection *connection)
{
    if (connection->tls
        || connection->server->connection_count > connection->server->options.connections_max + REFUSE_EXTRA) {
        connection_lose(connection);
        return;
    }
    connection->exchange = exchange_new(connection->server);
    connection->exchange->connection = connection;
    answer_refuse(connection->exchange, error_of(ERROR_UNAVAILABLE), 503);
}

void connection_accept(struct server *server)
{
    struct connection *connection = calloc(1, sizeof *connection);
    ASSERT_MEMORY(connection);
    connection->server = server;
    uv_tcp_init(&server->loop, &connection->tcp);
    connection->tcp.data = connection;
    server->connection_count++;
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&connection->tcp)
        || (server->tls && !tls_open(connection))) {
        connection_lose(connection);
        return;
    }
    uv_tcp_nodelay(&connection->tcp, 1);
    limit_unsent(connection);
    set_remote_address(connection);
    connection_set_deadline(connection, server->options.head_timeout_us);
    if (server->connection_count > server->options.connections_max)
        refuse_connection(connection);
    connection_pump(connection);
}
