// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer: whatever a peer sends, the server answers in whole, well-formed frames, ends the connection and leaves no
// session behind. A real server on loopback: WebSocket, Engine.IO and Socket.IO at once.
// The first byte chooses: 'P' a POST of packets to a session by polling, else frames behind a websocket's handshake.
// clang -fsanitize=fuzzer,address -Isrc tests/fuzz/fuzz_websocket.c, with the libraries net and base.
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../sockets_only.h"
#include "net/socketio.h"

enum { ANSWER_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void welcome(void *context, struct socketio_socket *socket, const json_t *auth, void *worker)
{
    (void)context;
    (void)auth;
    (void)worker;
    socketio_accept(socket, STR_NONE);
}

static void echo(void *context, struct socketio_socket *socket, const struct socketio_event *event, void *worker)
{
    (void)context;
    (void)worker;
    char *array = json_dumps(event->args, JSON_COMPACT);
    str args = { array + 1, strlen(array) - 2 };
    socketio_emit_binary(socket, event->name, args, event->attachments, event->attachment_count);
    if (event->ack >= 0)
        socketio_ack(socket, event->ack, args, event->attachments, event->attachment_count);
    free(array);
}

static void forget(void *context, struct socketio_socket *socket, void *worker)
{
    (void)context;
    (void)socket;
    (void)worker;
}

// One for all inputs; it ends with the process.
static int start(void)
{
    static const char *const namespaces[] = { "/", "/custom", NULL };
    static struct engineio *engines[2];
    static const struct server_app app = { .plan = plan, .handle = handle, .refuse = refuse };
    static const struct socketio_app named = { NULL, namespaces, welcome, echo, forget };
    struct server *server;
    engines[0] = socketio_engine(socketio_new(&(struct engineio_options) { .path = "/socket.io" }, &named));
    ASSERT(!error_is(
        server_start(&(struct server_options) { .listen = "127.0.0.1:0", .handler_threads = 1, .engines = engines },
            &app, &server)));
    return server_port(server);
}

static int open_socket(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct linger at_once = { 1, 0 }; // else the ports of this machine run out
    struct timeval limit = { 8, 0 };
    ASSERT(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    ASSERT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    ASSERT(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

// Says all of it and that nothing follows, and gives what comes until the server ends the connection too.
static size_t talk(int port, const struct buffer *said, char *ret_answer)
{
    int fd = open_socket(port);
    (void)send(fd, said->data, said->size, MSG_NOSIGNAL); // it may have ended already
    shutdown(fd, SHUT_WR);
    size_t size = 0;
    ssize_t got;
    while (size < ANSWER_MAX && (got = recv(fd, ret_answer + size, ANSWER_MAX - size, 0)) > 0)
        size += (size_t)got;
    close(fd);
    return size;
}

// Frames of a server: whole messages, not masked; nothing behind a close. The last one may have been cut off.
static void check_frames(const unsigned char *at, size_t size)
{
    bool closed = false;
    while (size >= 2) {
        unsigned opcode = at[0] & 15, head = 2;
        size_t length = at[1] & 127;
        ASSERT(!closed && (at[0] & 0xf0) == 0x80 && !(at[1] & 128));
        ASSERT(opcode == 1 || opcode == 2 || opcode == 8 || opcode == 10);
        if (length == 126) {
            head = 4;
            if (size < head)
                return;
            length = (size_t)at[2] << 8 | at[3];
        }
        if (length == 127 || size < head + length)
            return;
        ASSERT(opcode != 1 || str_is_utf8((str) { (const char *)at + head, length }));
        closed = opcode == 8;
        at += head + length;
        size -= head + length;
    }
}

static void by_websocket(int port, const char *bytes, size_t size, char *answer)
{
    BUFFER_AUTO struct buffer said = { 0 };
    buffer_append_c(&said, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                           "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    buffer_append(&said, bytes, size);
    size_t got = talk(port, &said, answer);
    const char *end = memmem(answer, got, "\r\n\r\n", 4);
    if (end) // a reset may overtake it
        check_frames((const unsigned char *)end + 4, got - (size_t)(end + 4 - answer));
}

static void by_polling(int port, const char *bytes, size_t size, char *answer)
{
    BUFFER_AUTO struct buffer opened = { 0 }, said = { 0 };
    buffer_append_c(
        &opened, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    size_t got = talk(port, &opened, answer);
    const char *id = memmem(answer, got, "\"sid\":\"", 7);
    if (!id)
        return;
    buffer_format(&said,
        "POST /socket.io/?EIO=4&transport=polling&sid=%.20s HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: %zu\r\n\r\n",
        id + 7, size + 2);
    char name[21] = { 0 };
    memcpy(name, id + 7, 20);
    buffer_append(&said, bytes, size);
    buffer_append_c(&said, "\x1e"
                           "1");
    buffer_format(
        &said, "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", name);
    got = talk(port, &said, answer);
    ASSERT(got == 0 || memcmp(answer, "HTTP/1.1 200", 12) == 0 || memcmp(answer, "HTTP/1.1 400", 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int port;
    static char answer[ANSWER_MAX];
    if (!port)
        port = start();
    if (size == 0)
        return 0;
    (data[0] == 'P' ? by_polling : by_websocket)(port, (const char *)data + 1, size - 1, answer);
    return 0;
}
