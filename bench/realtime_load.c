// SPDX-License-Identifier: GPL-3.0-or-later
// realtime_load HOST PORT FILE RATE SECONDS [tls]: Socket.IO clients over WebSocket, as many as FILE has lines, in one
// thread with epoll, so that the load costs less than the server. A line: SENDER(0|1) TAB CONNECT TAB FIRST TAB EVENT:
// the packets to connect with, to send once (may be empty) and to send RATE times a second if a sender; "%T%" in it
// becomes the time. Says "ready" when all are connected; after SECONDS (0: when standard input ends) one line of JSON:
// what was sent and delivered, and how long deliveries took.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 20000,
    OPENING_MAX = 64,     // connections being opened at once: fewer than the servers' backlogs
    INPUT_MAX = 64 << 10, // bytes of frames not complete yet
    SAMPLES_MAX = 1 << 22,
    EVENTS = 256,
};

enum stage { NEW, HANDSHAKE, OPENED, CONNECTED };
struct client {
    int fd;
    SSL *tls;
    enum stage stage;
    bool sender;
    char *connect, *first, *event;
    char *input;
    size_t size;
    int64_t next_us;
};

struct load {
    struct sockaddr_in address;
    SSL_CTX *tls;
    int poll, opening, started, ready, count;
    int64_t interval_us, sent, acks, refused, lost, heard;
    struct client *clients;
    uint32_t *samples; // microseconds
    bool measuring;
    int64_t begin_us; // what was sent before is none of the measurement
};

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

static void fail(const char *what)
{
    fprintf(stderr, "realtime_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

// Small writes to peers that read: a socket that takes none is an error of the measurement.
static void write_all(struct client *client, const char *bytes, size_t size)
{
    while (size) {
        ssize_t sent = client->tls ? SSL_write(client->tls, bytes, (int)size)
                                   : send(client->fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        } else {
            struct pollfd wait = { client->fd, POLLOUT | POLLIN, 0 };
            if (poll(&wait, 1, 5000) <= 0)
                fail("a socket takes nothing");
        }
    }
}

// A text frame with a mask of zeros: masked as the protocol wants, and nothing to compute.
static void send_text(struct client *client, const char *text, size_t size)
{
    char frame[4096];
    size_t head = size > 125 ? 8 : 6;
    if (size + head > sizeof frame)
        fail("a packet is too long");
    memset(frame, 0, head);
    frame[0] = (char)0x81;
    frame[1] = (char)(0x80 | (size > 125 ? 126 : size));
    if (size > 125) {
        frame[2] = (char)(size >> 8);
        frame[3] = (char)size;
    }
    memcpy(frame + head, text, size);
    write_all(client, frame, head + size);
}

static void send_event(struct load *load, struct client *client)
{
    char text[4000];
    const char *mark = strstr(client->event, "%T%");
    int size = snprintf(
        text, sizeof text, "%.*sT=%lld;%s", (int)(mark - client->event), client->event, (long long)now_us(), mark + 3);
    send_text(client, text, (size_t)size);
    load->sent += load->measuring;
}

static void start_client(struct load *load, struct client *client)
{
    int one = 1;
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&load->address, sizeof load->address))
        fail("connect");
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (load->tls) {
        client->tls = SSL_new(load->tls);
        SSL_set_fd(client->tls, client->fd);
        if (SSL_connect(client->tls) != 1)
            fail("TLS");
    }
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    if (epoll_ctl(load->poll, EPOLL_CTL_ADD, client->fd, &event))
        fail("epoll");
    static const char request[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    write_all(client, request, sizeof request - 1);
    client->stage = HANDSHAKE;
    load->opening++;
}

// When it was sent, -1: it says nothing of it, or it is none of the measurement.
static int64_t sent_us(const struct load *load, const char *text, size_t size)
{
    const char *mark = memmem(text, size, "T=", 2);
    int64_t time_us = mark ? strtoll(mark + 2, NULL, 10) : -1;
    return load->measuring && time_us >= load->begin_us ? time_us : -1;
}

static void hear(struct load *load, const char *text, size_t size)
{
    int64_t from_us = sent_us(load, text, size);
    if (from_us < 0)
        return;
    if (load->heard < SAMPLES_MAX)
        load->samples[load->heard] = (uint32_t)(now_us() - from_us);
    load->heard++;
}

static void take_packet(struct load *load, struct client *client, const char *text, size_t size)
{
    if (size && text[0] == '2') {
        send_text(client, "3", 1);
    } else if (size && text[0] == '0') {
        send_text(client, client->connect, strlen(client->connect));
    } else if (size > 1 && text[0] == '4' && text[1] == '0') {
        client->stage = CONNECTED;
        load->opening--;
        load->ready++;
        if (*client->first)
            send_text(client, client->first, strlen(client->first));
    } else if (size > 1 && text[0] == '4' && text[1] == '2') {
        hear(load, text, size);
    } else if (size > 1 && text[0] == '4' && text[1] == '3') {
        load->acks += sent_us(load, text, size) >= 0;
        load->refused += memmem(text, size, "\"success\":true", 14) == NULL;
    } else {
        fprintf(stderr, "realtime_load: unexpected packet: %.*s\n", (int)size, text);
        exit(1);
    }
}

// One frame or the head of the HTTP answer; gives its size, 0 when it is not complete.
static size_t take_frame(struct load *load, struct client *client, const char *bytes, size_t size)
{
    if (client->stage == HANDSHAKE) {
        const char *end = memmem(bytes, size, "\r\n\r\n", 4);
        if (end && strncmp(bytes, "HTTP/1.1 101", 12) != 0)
            fail("the server does not speak WebSocket");
        client->stage = end ? OPENED : HANDSHAKE;
        return end ? (size_t)(end - bytes) + 4 : 0;
    }
    size_t head = 2, length = size > 1 ? (size_t)(bytes[1] & 0x7f) : 0;
    if (length == 126) {
        head = 4;
        length = size > 3 ? (size_t)(unsigned char)bytes[2] << 8 | (unsigned char)bytes[3] : INPUT_MAX;
    }
    if (size < head + length)
        return 0;
    if ((bytes[0] & 15) == 1)
        take_packet(load, client, bytes + head, length);
    return head + length;
}

static void lose(struct load *load, struct client *client)
{
    epoll_ctl(load->poll, EPOLL_CTL_DEL, client->fd, NULL);
    close(client->fd);
    client->fd = -1;
    load->lost++;
    if (client->stage != CONNECTED)
        fail("a connection was refused");
}

static void take_input(struct load *load, struct client *client)
{
    static char buffer[INPUT_MAX + (256 << 10)];
    for (;;) {
        memcpy(buffer, client->input, client->size);
        size_t room = sizeof buffer - client->size;
        ssize_t got = client->tls ? SSL_read(client->tls, buffer + client->size, (int)room)
                                  : recv(client->fd, buffer + client->size, room, 0);
        if (got == 0 || (got < 0 && !client->tls && errno != EAGAIN)) {
            lose(load, client);
            return;
        }
        if (got < 0)
            return;
        size_t size = client->size + (size_t)got, used = 0, step;
        while (used < size && (step = take_frame(load, client, buffer + used, size - used)))
            used += step;
        free(client->input);
        client->size = size - used;
        client->input = client->size ? malloc(client->size) : NULL;
        if (client->size > INPUT_MAX)
            fail("a frame is too long");
        memcpy(client->input, buffer + used, client->size);
        if (!client->tls)
            return;
    }
}

static void read_clients(struct load *load, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        fail(path);
    char *line = NULL;
    size_t room = 0;
    while (load->count < CLIENTS_MAX && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = 0;
        struct client *client = &load->clients[load->count++];
        char *rest = strdup(line);
        client->sender = *strsep(&rest, "\t") == '1';
        client->connect = strsep(&rest, "\t");
        client->first = strsep(&rest, "\t");
        client->event = rest;
        if (!rest || (client->sender && !strstr(rest, "%T%")))
            fail("a line of the file is no client");
    }
    free(line);
    fclose(file);
}

static void turn(struct load *load, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(load->poll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++)
        take_input(load, events[i].data.ptr);
}

// Senders are spread over the interval, so that the load is even.
static void run(struct load *load, int64_t until_us)
{
    int next = 0;
    int64_t start_us = now_us();
    for (int i = 0; i < load->count; i++)
        load->clients[i].next_us = start_us + load->interval_us * i / load->count;
    while (now_us() < until_us) {
        int64_t now = now_us();
        for (int left = load->count; left && load->clients[next].next_us <= now; left--) {
            struct client *client = &load->clients[next];
            if (client->sender && client->fd >= 0)
                send_event(load, client);
            client->next_us += load->interval_us;
            next = (next + 1) % load->count;
        }
        turn(load, 1);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void report(struct load *load, double seconds)
{
    size_t count = (size_t)(load->heard < SAMPLES_MAX ? load->heard : SAMPLES_MAX);
    qsort(load->samples, count, sizeof *load->samples, by_size);
    double p50 = count ? load->samples[count / 2] / 1e3 : 0, p99 = count ? load->samples[count * 99 / 100] / 1e3 : 0;
    struct timespec cpu;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    printf("{\"clients\":%d,\"sent\":%lld,\"delivered\":%lld,\"acks\":%lld,\"refused\":%lld,\"lost\":%lld,\"seconds\":%"
           ".3f,"
           "\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"load_cpu_s\":%.3f}\n",
        load->ready, (long long)load->sent, (long long)load->heard, (long long)load->acks, (long long)load->refused,
        (long long)load->lost, seconds, p50, p99, count ? load->samples[count - 1] / 1e3 : 0,
        (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
}

static void open_clients(struct load *load)
{
    while (load->ready < load->count) {
        if (load->started < load->count && load->opening < OPENING_MAX)
            start_client(load, &load->clients[load->started++]);
        turn(load, load->started == load->count || load->opening == OPENING_MAX ? 100 : 0);
    }
    puts("ready");
    fflush(stdout);
}

int main(int count, char **words)
{
    if (count < 6) {
        fprintf(stderr, "usage: realtime_load HOST PORT FILE RATE SECONDS [tls]\n");
        return 2;
    }
    double rate = strtod(words[4], NULL), seconds = strtod(words[5], NULL);
    struct load load = { .poll = epoll_create1(0),
        .interval_us = rate > 0 ? (int64_t)(1e6 / rate) : INT64_MAX / 1000000 };
    load.clients = calloc(CLIENTS_MAX, sizeof *load.clients);
    load.samples = malloc(SAMPLES_MAX * sizeof *load.samples);
    load.address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2])) };
    if (!load.clients || !load.samples || inet_pton(AF_INET, words[1], &load.address.sin_addr) != 1)
        fail("start");
    load.tls = count > 6 ? SSL_CTX_new(TLS_client_method()) : NULL;
    if (load.tls)
        SSL_CTX_set_mode(load.tls, SSL_MODE_RELEASE_BUFFERS);
    read_clients(&load, words[3]);
    open_clients(&load);
    if (seconds <= 0) {
        struct pollfd input = { 0, POLLIN, 0 };
        while (poll(&input, 1, 0) == 0)
            turn(&load, 100);
    } else {
        run(&load, now_us() + 2000000); // warm
        load.measuring = true;
        load.begin_us = now_us();
        puts("begin");
        fflush(stdout);
        run(&load, now_us() + (int64_t)(seconds * 1e6));
        puts("end");
        fflush(stdout);
        for (int64_t until_us = now_us() + 1000000; now_us() < until_us;) // what is still on its way
            turn(&load, 10);
    }
    report(&load, seconds);
    return 0;
}
