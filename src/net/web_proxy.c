// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/web_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/id.h"
#include "net/address.h"

enum {
    CONNECTIONS_MAX = 64, // of one downloader: fragments of a film are loaded side by side
    HEAD_BYTES_MAX = 32 << 10,
    RELAY_BYTES = 64 << 10,
    LOOK_MS = 250,
    NAMESPACE_PORT = 8118, // engine/wall.h
    HOST_BYTES_MAX = 256,
};
static const int64_t HEAD_US = 30 * SECOND_US, CONNECT_US = 20 * SECOND_US, IDLE_US = 120 * SECOND_US;

struct web_proxy {
    struct web_proxy_options options;
    int listener, port;
    char password[65];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int connections; // under the lock
    atomic_bool stopping;
    atomic_int refusals;
};

struct connection {
    struct web_proxy *proxy;
    int client, server;
    char host[HOST_BYTES_MAX], port[8];
    char head[HEAD_BYTES_MAX + 1];
    size_t size, head_size; // bytes that came; of them the head with its empty line
};

// Waits until the socket can do what is wanted; false at the deadline, or when the proxy stops.
static bool wait_for(const struct web_proxy *proxy, int fd, short events, int64_t deadline_us)
{
    while (!atomic_load(&proxy->stopping) && clock_mono_us() < deadline_us) {
        struct pollfd one = { .fd = fd, .events = events };
        if (poll(&one, 1, LOOK_MS) > 0)
            return true;
    }
    return false;
}

static bool send_all(const struct web_proxy *proxy, int fd, const char *bytes, size_t size)
{
    int64_t deadline_us = clock_mono_us() + IDLE_US;
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent <= 0 && !wait_for(proxy, fd, POLLOUT, deadline_us))
            return false;
        bytes += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool read_head(struct connection *connection)
{
    int64_t deadline_us = clock_mono_us() + HEAD_US;
    while (connection->size < HEAD_BYTES_MAX) {
        if (!wait_for(connection->proxy, connection->client, POLLIN, deadline_us))
            return false;
        ssize_t got = recv(
            connection->client, connection->head + connection->size, HEAD_BYTES_MAX - connection->size, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        connection->size += got > 0 ? (size_t)got : 0;
        connection->head[connection->size] = 0;
        const char *end = strstr(connection->head, "\r\n\r\n");
        if (end) {
            connection->head_size = (size_t)(end - connection->head) + 4;
            return true;
        }
    }
    return false;
}

// "host", "host:port", "[address]:port"; only what names are made of.
static bool read_host(struct connection *connection, str authority, const char *usual_port)
{
    bool bracket = authority.size && authority.data[0] == '[';
    ptrdiff_t close = bracket ? str_index(authority, ']') : -1;
    if (bracket && close < 0)
        return false;
    str host = bracket ? str_sub(authority, 1, (size_t)close - 1) : authority;
    str rest = bracket ? str_sub(authority, (size_t)close + 1, authority.size) : STR_NONE;
    ptrdiff_t colon = bracket ? -1 : str_index(authority, ':');
    if (colon >= 0) {
        host = str_sub(authority, 0, (size_t)colon);
        rest = str_sub(authority, (size_t)colon, authority.size);
    }
    int64_t port = 0;
    if (rest.size
        && (rest.data[0] != ':' || !str_to_int(str_sub(rest, 1, rest.size), &port) || port < 1 || port > 65535))
        return false;
    if (!host.size || host.size >= HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < host.size; i++)
        if ((unsigned char)host.data[i] <= 0x20 || (unsigned char)host.data[i] >= 0x7F
            || strchr("@/\\?#", host.data[i]))
            return false;
    snprintf(connection->host, sizeof connection->host, "%.*s", STR_ARGS(host));
    if (port)
        snprintf(connection->port, sizeof connection->port, "%d", (int)port);
    else
        snprintf(connection->port, sizeof connection->port, "%s", usual_port);
    return true;
}

// The head as the server gets it: the path alone, without what is for the proxy, and one request a connection.
static bool write_request(struct connection *connection, str method, str path, str version, str headers)
{
    BUFFER_AUTO struct buffer out = { .limit = 2 * HEAD_BYTES_MAX };
    str line, rest = headers;
    buffer_format(&out, "%.*s %s%.*s %.*s\r\n", STR_ARGS(method), path.size && path.data[0] == '/' ? "" : "/",
        STR_ARGS(path), STR_ARGS(version));
    while (str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        ptrdiff_t colon = str_index(line, ':');
        str name = str_sub(line, 0, colon < 0 ? 0 : (size_t)colon);
        bool ours = !name.size || str_starts(str_sub(name, 0, 6), STR("Proxy-"))
                    || str_equal_fold(name, STR("Connection")) || str_equal_fold(name, STR("Proxy-Connection"))
                    || str_equal_fold(name, STR("Keep-Alive")) || str_equal_fold(name, STR("Proxy-Authorization"));
        if (!ours)
            buffer_format(&out, "%.*s\r\n", STR_ARGS(line));
    }
    buffer_append_c(&out, "Connection: close\r\n\r\n");
    buffer_append(&out, connection->head + connection->head_size, connection->size - connection->head_size);
    return !out.failed && send_all(connection->proxy, connection->server, out.data, out.size);
}

static bool answer(const struct connection *connection, const char *status, const char *more)
{
    char text[400];
    int size = snprintf(
        text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status, more);
    (void)send_all(connection->proxy, connection->client, text, (size_t)size);
    return false;
}

static bool connect_to(struct connection *connection, const struct sockaddr_storage *address, socklen_t size)
{
    int problem = 0;
    socklen_t problem_size = sizeof problem;
    connection->server = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connection->server < 0)
        return false;
    if (connect(connection->server, (const struct sockaddr *)address, size) == 0)
        return true;
    return errno == EINPROGRESS
           && wait_for(connection->proxy, connection->server, POLLOUT, clock_mono_us() + CONNECT_US)
           && getsockopt(connection->server, SOL_SOCKET, SO_ERROR, &problem, &problem_size) == 0 && problem == 0;
}

static bool reach(struct connection *connection)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    error result = address_resolve(
        connection->host, connection->port, connection->proxy->options.allow_private, &address, &size);
    if (result.code == ERROR_FORBIDDEN) {
        atomic_fetch_add(&connection->proxy->refusals, 1);
        return answer(connection, "403 Refused by Kinora", "");
    }
    if (error_is(result))
        return answer(connection, "502 Name not found", "");
    return connect_to(connection, &address, size) || answer(connection, "502 Connection failed", "");
}

static bool is_allowed(const struct connection *connection, str headers)
{
    if (connection->proxy->options.handed >= 0)
        return true;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str plain = str_format(arena, "kinora:%s", connection->proxy->password);
    str wanted = str_format(arena, "Basic %.*s", STR_ARGS(str_base64(arena, plain.data, plain.size)));
    str line, rest = headers;
    while (str_split(&rest, '\n', &line)) {
        line = str_trim(line);
        ptrdiff_t colon = str_index(line, ':');
        bool named = colon > 0 && str_equal_fold(str_sub(line, 0, (size_t)colon), STR("Proxy-Authorization"));
        if (named && str_equal(str_trim(str_sub(line, (size_t)colon + 1, line.size)), wanted))
            return true;
    }
    return false;
}

// Understands the request and connects; false when it has been answered or the client is gone.
static bool open_server(struct connection *connection)
{
    str rest = { connection->head, connection->head_size }, first, method, target;
    if (!str_split(&rest, '\n', &first))
        return false;
    str version = str_trim(first);
    if (!str_split(&version, ' ', &method) || !str_split(&version, ' ', &target)
        || !str_starts(version, STR("HTTP/1.")))
        return answer(connection, "400 Bad Request", "");
    if (!is_allowed(connection, rest))
        return answer(connection, "407 Password needed", "Proxy-Authenticate: Basic realm=\"kinora\"\r\n");
    if (str_equal(method, STR("CONNECT"))) {
        static const char done[] = "HTTP/1.1 200 Connected\r\n\r\n";
        if (!read_host(connection, target, "443"))
            return answer(connection, "400 Bad Request", "");
        return reach(connection) && send_all(connection->proxy, connection->client, done, sizeof done - 1)
               && send_all(connection->proxy, connection->server, connection->head + connection->head_size,
                   connection->size - connection->head_size);
    }
    if (!str_equal_fold(str_sub(target, 0, 7), STR("http://")))
        return answer(connection, "400 Bad Request", "");
    size_t end = 7;
    while (end < target.size && !strchr("/?#", target.data[end]))
        end++;
    if (!read_host(connection, str_sub(target, 7, end - 7), "80"))
        return answer(connection, "400 Bad Request", "");
    return reach(connection) && write_request(connection, method, str_sub(target, end, target.size), version, rest);
}

// One direction's bytes that are there; false at its end.
static bool pass(const struct web_proxy *proxy, int from, int to, char *room)
{
    ssize_t got = recv(from, room, RELAY_BYTES, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0) {
        shutdown(to, SHUT_WR);
        return false;
    }
    return send_all(proxy, to, room, (size_t)got);
}

static void relay(const struct connection *connection)
{
    char *room = malloc(RELAY_BYTES);
    bool up = room, down = room;
    int64_t idle_us = clock_mono_us();
    while ((up || down) && !atomic_load(&connection->proxy->stopping) && clock_mono_us() - idle_us < IDLE_US) {
        struct pollfd two[2] = { { .fd = up ? connection->client : -1, .events = POLLIN },
            { .fd = down ? connection->server : -1, .events = POLLIN } };
        if (poll(two, 2, LOOK_MS) <= 0)
            continue;
        idle_us = clock_mono_us();
        if (two[0].revents)
            up = pass(connection->proxy, connection->client, connection->server, room);
        if (two[1].revents)
            down = pass(connection->proxy, connection->server, connection->client, room);
        if (!down) // the server has said all
            break;
    }
    free(room);
}

static void end_connection(struct connection *connection)
{
    struct web_proxy *proxy = connection->proxy;
    if (connection->server >= 0)
        close(connection->server);
    shutdown(connection->client, SHUT_WR);
    close(connection->client);
    free(connection);
    pthread_mutex_lock(&proxy->lock);
    proxy->connections--;
    pthread_cond_signal(&proxy->ended);
    pthread_mutex_unlock(&proxy->lock);
}

static void *serve(void *context)
{
    struct connection *connection = context;
    if (read_head(connection) && open_server(connection))
        relay(connection);
    end_connection(connection);
    return NULL;
}

static void take_client(struct web_proxy *proxy, int client)
{
    pthread_t thread;
    struct connection *connection = calloc(1, sizeof *connection);
    pthread_mutex_lock(&proxy->lock);
    bool room = connection && proxy->connections < CONNECTIONS_MAX;
    proxy->connections += room;
    pthread_mutex_unlock(&proxy->lock);
    if (!room) {
        free(connection);
        close(client);
        return;
    }
    connection->proxy = proxy;
    connection->client = client;
    connection->server = -1;
    if (pthread_create(&thread, NULL, serve, connection))
        end_connection(connection); // as if there were no room
    else
        pthread_detach(thread);
}

// The socket that listens inside of the downloader's namespace.
static int take_listener(const struct web_proxy *proxy)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    char byte;
    int listener = -1;
    struct iovec piece = { &byte, 1 };
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    if (!wait_for(proxy, proxy->options.handed, POLLIN, INT64_MAX)
        || recvmsg(proxy->options.handed, &message, MSG_CMSG_CLOEXEC) != 1)
        return -1;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&listener, CMSG_DATA(head), sizeof listener);
    return listener;
}

static void *run(void *context)
{
    struct web_proxy *proxy = context;
    if (proxy->options.handed >= 0)
        proxy->listener = take_listener(proxy);
    while (proxy->listener >= 0 && !atomic_load(&proxy->stopping)) {
        if (!wait_for(proxy, proxy->listener, POLLIN, INT64_MAX))
            break;
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int client = accept4(proxy->listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client >= 0)
            take_client(proxy, client);
    }
    return NULL;
}

static error listen_here(struct web_proxy *proxy)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    unsigned char random[32];
    id_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(proxy->password + 2 * i, 3, "%02x", random[i]);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = proxy->listener >= 0 && bind(proxy->listener, (struct sockaddr *)&address, size) == 0
                && listen(proxy->listener, CONNECTIONS_MAX) == 0
                && getsockname(proxy->listener, (struct sockaddr *)&address, &size) == 0;
    proxy->port = ntohs(address.sin_port);
    return good ? OK : error_system("listen", "for a downloader", errno);
}

static void release(struct web_proxy *proxy)
{
    if (proxy->listener >= 0)
        close(proxy->listener);
    if (proxy->options.handed >= 0)
        close(proxy->options.handed);
    pthread_mutex_destroy(&proxy->lock);
    pthread_cond_destroy(&proxy->ended);
    free(proxy);
}

error web_proxy_start(const struct web_proxy_options *options, struct web_proxy **ret_proxy)
{
    struct web_proxy *proxy = calloc(1, sizeof *proxy);
    ASSERT_MEMORY(proxy);
    proxy->options = *options;
    proxy->listener = -1;
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->ended, NULL);
    error result = options->handed >= 0 ? OK : listen_here(proxy);
    if (error_is(result)) {
        release(proxy);
        return result;
    }
    ASSERT_MEMORY(!pthread_create(&proxy->thread, NULL, run, proxy));
    *ret_proxy = proxy;
    return OK;
}

int web_proxy_port(const struct web_proxy *proxy)
{
    return proxy->port;
}

str web_proxy_url(struct arena *arena, const struct web_proxy *proxy)
{
    return proxy->port ? str_format(arena, "http://kinora:%s@127.0.0.1:%d", proxy->password, proxy->port)
                       : str_format(arena, "http://127.0.0.1:%d", NAMESPACE_PORT);
}

int web_proxy_refusals(const struct web_proxy *proxy)
{
    return atomic_load(&proxy->refusals);
}

void web_proxy_stop(struct web_proxy *proxy)
{
    if (!proxy)
        return;
    atomic_store(&proxy->stopping, true);
    pthread_join(proxy->thread, NULL);
    pthread_mutex_lock(&proxy->lock);
    while (proxy->connections)
        pthread_cond_wait(&proxy->ended, &proxy->lock);
    pthread_mutex_unlock(&proxy->lock);
    release(proxy);
}
