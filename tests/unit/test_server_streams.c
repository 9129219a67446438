// SPDX-License-Identifier: GPL-3.0-or-later
// Event streams, TLS, and many stalled peers.
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server_fixture.h"

#define HOST "Host: h\r\n"
#define GET_EVENTS "GET /events HTTP/1.1\r\n" HOST "\r\n"

static const struct server_options few_threads = { .handler_threads = 2, .stream_threads = 2 };

static struct event_stream *open_events(struct fixture *fixture, int *ret_socket)
{
    fixture->events = NULL;
    *ret_socket = client_open(fixture);
    client_send(*ret_socket, GET_EVENTS);
    while (!fixture->events)
        sleep_ms(1);
    return fixture->events;
}

enum { PUSHERS = 4, EVENTS_EACH = 2000 };

static void *push_events(void *context)
{
    for (int i = 0; i < EVENTS_EACH; i++) {
        char text[40];
        snprintf(text, sizeof text, "data: %d\n\n", i);
        if (!event_stream_push(context, str_of(text)))
            abort();
        if (i % 100 == 0)
            sleep_ms(1);
    }
    return NULL;
}

static void events_arrive_whole_and_in_order_from_many_threads(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    int socket;
    struct event_stream *stream = open_events(&fixture, &socket);
    pthread_t threads[PUSHERS];
    for (int i = 0; i < PUSHERS; i++)
        pthread_create(&threads[i], NULL, push_events, stream);
    for (int i = 0; i < PUSHERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(event_stream_open(stream));
    event_stream_release(stream, true);
    ANSWER_AUTO struct answer answer = { 0 };
    client_answer(socket, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head.data, "\r\nContent-Type: text/event-stream\r\n"));
    assert_non_null(strstr(answer.head.data, "\r\nX-Stream: yes\r\n"));
    int counts[EVENTS_EACH] = { 0 };
    str rest = buffer_str(&answer.body), line;
    while (str_split(&rest, '\n', &line) && line.size) {
        int number = atoi(line.data + 6);
        assert_true(str_starts(line, STR("data: ")) && number < EVENTS_EACH);
        counts[number]++;
        assert_true(number == 0 || counts[number] <= counts[number - 1]); // each thread's own order
        assert_true(str_split(&rest, '\n', &line) && line.size == 0);
    }
    for (int i = 0; i < EVENTS_EACH; i++)
        assert_int_equal(counts[i], PUSHERS);
    client_send(socket, "GET /hello HTTP/1.1\r\n" HOST "\r\n"); // the connection goes on
    client_answer(socket, false, &answer);
    assert_string_equal(answer.body.data, "hello\n");
    close(socket);
    fixture_stop(&fixture);
}

static void a_stream_closes_when_its_peer_leaves_or_does_not_read(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    int socket;
    struct event_stream *stream = open_events(&fixture, &socket);
    assert_true(event_stream_push(stream, STR("data: x\n\n")));
    close(socket);
    wait_for(&fixture.finished, 1);
    assert_false(event_stream_open(stream));
    assert_false(event_stream_push(stream, STR("data: y\n\n")));
    event_stream_release(stream, true);
    stream = open_events(&fixture, &socket);
    static char event[20000];
    memset(event, 'x', sizeof event);
    int64_t pushed = 0;
    while (event_stream_push(stream, (str) { event, sizeof event }))
        pushed += (int64_t)sizeof event;
    assert_in_range(pushed, 900000, 100000000); // a megabyte and what the sockets hold
    wait_for(&fixture.finished, 2);
    event_stream_release(stream, false);
    close(socket);
    fixture_stop(&fixture);
}

static void a_stream_outlives_its_server(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    int socket;
    struct event_stream *stream = open_events(&fixture, &socket);
    assert_true(event_stream_push(stream, STR("data: last\n\n")));
    fixture_stop(&fixture);
    assert_false(event_stream_push(stream, STR("data: late\n\n")));
    event_stream_release(stream, true);
    ANSWER_AUTO struct answer answer = { 0 };
    client_answer(socket, false, &answer);
    assert_int_equal(answer.status, 200); // ended properly
    assert_string_equal(answer.body.data, "data: last\n\n");
    close(socket);
}

// Bodies that are sent while they are made

#define GET_MADE(query) "GET /made?" query " HTTP/1.1\r\n" HOST "\r\n"

static void a_body_goes_out_while_it_is_made(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    int socket = client_open(&fixture);
    fixture.hold = true;
    client_send(socket, GET_MADE("3000000"));
    BUFFER_AUTO struct buffer begin = { 0 };
    while (begin.size < 8 || memcmp(begin.data + begin.size - 8, "first\n\r\n", 8)) {
        char byte;
        assert_int_equal(recv(socket, &byte, 1, 0), 1);
        buffer_append_byte(&begin, byte);
    }
    fixture.hold = false;
    client_send(socket, "GET /hello HTTP/1.1\r\nConnection: close\r\n" HOST "\r\n");
    BUFFER_AUTO struct buffer rest = { 0 };
    client_rest(socket, &rest);
    assert_non_null(memmem(rest.data, 20, "\r\nsecond\n", 9));             // behind a chunk's size
    assert_non_null(memmem(rest.data + rest.size - 40, 40, "hello\n", 6)); // the connection goes on
    assert_in_range(rest.size, 3000000, 3100000);
    wait_for(&fixture.finished, 2);
    close(socket);
    ANSWER_AUTO struct answer answer = { 0 };
    for (int i = 0; i < 300; i++) { // the end comes at every moment of the sending
        assert_int_equal(client_get(&fixture, "/made?70000", &answer), 200);
        assert_int_equal(answer.body.size, 70013);
    }
    fixture_stop(&fixture);
}

static void a_broken_body_has_no_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    assert_int_equal(client_get(&fixture, "/made?broken", &answer), -1);
    wait_for(&fixture.finished, 1);
    assert_int_equal(fixture.last_status, 0);
    int socket = client_open(&fixture);
    client_send(socket, GET_MADE("90000000")); // more than may wait for a peer that does not read
    wait_for(&fixture.lost, 1);
    wait_for(&fixture.finished, 2);
    close(socket);
    assert_int_equal(client_get(&fixture, "/hello", &answer), 200);
    fixture_stop(&fixture);
}

static void a_made_body_outlives_its_peer(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    for (int i = 0; i < 20; i++) {
        fixture.hold = true;
        int socket = client_open(&fixture);
        client_send(socket, GET_MADE("100000"));
        wait_for(&fixture.handled, i + 1);
        sleep_ms(i % 4 * 3);
        close(socket);
        sleep_ms(i % 3 * 3);
        fixture.hold = false;
        wait_for(&fixture.finished, i + 1);
    }
    fixture.hold = true;
    int socket = client_open(&fixture);
    client_send(socket, GET_MADE("100000"));
    wait_for(&fixture.handled, 21);
    shutdown(socket, SHUT_RD);
    close(socket);
    sleep_ms(50);
    fixture.hold = false;
    wait_for(&fixture.finished, 21);
    assert_int_not_equal(fixture.lost, 0); // who made it was told
    fixture_stop(&fixture);
}

// TLS

static void write_certificate(const char *certificate_path, const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    assert_true(key && certificate);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    FILE *file = fopen(certificate_path, "w");
    assert_true(file && PEM_write_X509(file, certificate) && fclose(file) == 0);
    file = fopen(key_path, "w");
    assert_true(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fclose(file) == 0);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static SSL *tls_client(const struct fixture *fixture, SSL_CTX *context)
{
    SSL *tls = SSL_new(context);
    SSL_set_fd(tls, client_open(fixture));
    assert_int_equal(SSL_connect(tls), 1);
    return tls;
}

static void tls_send(SSL *tls, const void *bytes, size_t size)
{
    size_t written;
    assert_int_equal(SSL_write_ex(tls, bytes, size, &written), 1);
}

// Everything until the peer's close_notify.
static void tls_rest(SSL *tls, struct buffer *rest)
{
    char bytes[16384];
    int size;
    while ((size = SSL_read(tls, bytes, sizeof bytes)) > 0)
        buffer_append(rest, bytes, (size_t)size);
    assert_int_equal(SSL_get_error(tls, size), SSL_ERROR_ZERO_RETURN);
    buffer_append_byte(rest, 0);
}

static void tls_close(SSL *tls)
{
    int socket = SSL_get_fd(tls);
    SSL_free(tls);
    close(socket);
}

static void check_tls(const struct fixture *fixture, SSL_CTX *context)
{
    BUFFER_AUTO struct buffer rest = { 0 }, upload = { 0 };
    SSL *tls = tls_client(fixture, context);
    static const char requests[] = "GET /hello HTTP/1.1\r\n" HOST "\r\nGET /chunked?3 HTTP/1.1\r\n" HOST
                                   "\r\nGET /download?300000 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    tls_send(tls, requests, sizeof requests - 1);
    tls_rest(tls, &rest);
    assert_non_null(strstr(rest.data, "\r\n\r\nhello\nHTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(rest.data, "\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(rest.data, "Content-Length: 300000\r\n"));
    assert_int_equal(rest.data[rest.size - 2], 'a' + 299999 % 26);
    tls_close(tls);

    tls = tls_client(fixture, context);
    buffer_append_c(&upload, "POST /upload HTTP/1.1\r\n" HOST
                             "Connection: close\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    memset(buffer_reserve(&upload, 3000000), 0, 3000000);
    upload.size += 3000000;
    tls_send(tls, upload.data, upload.size);
    buffer_clear(&rest);
    tls_rest(tls, &rest);
    assert_int_equal(strncmp(rest.data, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", 37), 0);
    assert_non_null(strstr(rest.data, "\r\n\r\n3000000 0"));
    tls_close(tls);
}

static void tls_speaks_the_same_protocol(void **state)
{
    (void)state;
    char certificate[] = "/tmp/kinora-test-XXXXXX", key[] = "/tmp/kinora-test-XXXXXX";
    close(mkstemp(certificate));
    close(mkstemp(key));
    write_certificate(certificate, key);
    struct fixture fixture;
    struct server_options options = few_threads;
    options.tls_certificate = certificate;
    options.tls_key = key;
    fixture_start(&fixture, options);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_CTX_set_max_proto_version(context, version);
        check_tls(&fixture, context);
    }
    SSL_CTX_free(context);
    int plain = client_open(&fixture); // who speaks plainly is shown the door
    client_send(plain, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    BUFFER_AUTO struct buffer rest = { 0 };
    client_rest(plain, &rest);
    assert_null(strstr(rest.data, "hello"));
    close(plain);
    assert_int_equal(fixture.handled, 8);
    fixture_stop(&fixture);
    options.tls_key = certificate;
    options.listen = "127.0.0.1:0";
    struct server *server;
    assert_error(server_start(&options, &fixture.app, &server), ERROR_INTERNAL_ERROR);
    unlink(certificate);
    unlink(key);
}

// Many stalled peers

static long resident_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void stalled_streams_hold_nobody_up(void **state)
{
    (void)state;
    enum { STALLED = 1000, GETS = 300 };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4 * STALLED + 100)
        skip();
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    long before_kb = resident_kb();
    static int sockets[2 * STALLED];
    static char piece[20000];
    for (int i = 0; i < STALLED; i++) {
        sockets[2 * i] = client_open(&fixture);
        client_send(sockets[2 * i], "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
        client_send_bytes(sockets[2 * i], piece, sizeof piece);
        sockets[2 * i + 1] = client_open(&fixture);
        int room = 4096;
        setsockopt(sockets[2 * i + 1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        client_send(sockets[2 * i + 1], "GET /download?100000000 HTTP/1.1\r\n" HOST "\r\n");
        if (i % 100 == 99) // not more at once than the queues take
            wait_for(&fixture.handled, 2 * i + 2);
    }
    int64_t worst_us = 0, begun_us = clock_mono_us();
    ANSWER_AUTO struct answer answer = { 0 };
    for (int i = 0; i < GETS; i++) {
        int64_t from_us = clock_mono_us();
        assert_int_equal(client_get(&fixture, i % 2 ? "/hello" : "/now", &answer), 200);
        if (clock_mono_us() - from_us > worst_us)
            worst_us = clock_mono_us() - from_us;
    }
    int64_t took_us = clock_mono_us() - begun_us;
    long grown_kb = resident_kb() - before_kb;
    print_message("%d GETs beside %d stalled streams: mean %lld us, worst %lld us, %ld MB\n", GETS, 2 * STALLED,
        (long long)took_us / GETS, (long long)worst_us, grown_kb / 1024);
    assert_in_range(took_us, 0, 10 * SECOND_US);
    assert_in_range(worst_us, 0, 2 * SECOND_US);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    // A download keeps 64 KB, an upload what came in (up to 32 KB), each its arena of 8 KB and more.
    assert_in_range(grown_kb, 0, STALLED * (64 + 32 + 2 * 16));
#endif
    for (int i = 0; i < 2 * STALLED; i++)
        close(sockets[i]);
    wait_for(&fixture.lost, STALLED);
    wait_for(&fixture.closed, STALLED);
    fixture_stop(&fixture);
}

// Many peers that keep up

enum { BUSY = 24, BUSY_BYTES = 9 << 20 }; // more of them than have large buffers

struct busy {
    const struct fixture *fixture;
    pthread_t thread;
    bool sends;
    int status;
    size_t size;
};

static void *send_or_fetch(void *context)
{
    struct busy *busy = context;
    ANSWER_AUTO struct answer answer = { 0 };
    char head[160];
    int socket = client_open(busy->fixture);
    snprintf(head, sizeof head,
        busy->sends ? "POST /upload HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n"
                    : "GET /download?%d HTTP/1.1\r\n" HOST "\r\n",
        BUSY_BYTES);
    client_send(socket, head);
    static const char piece[1 << 16];
    for (int sent = 0; busy->sends && sent < BUSY_BYTES; sent += (int)sizeof piece)
        client_send_bytes(socket, piece, sizeof piece);
    client_answer(socket, false, &answer);
    busy->status = answer.status;
    busy->size = busy->sends ? strtoul(answer.body.data, NULL, 10) : answer.body.size;
    close(socket);
    return NULL;
}

static void more_fast_transfers_than_large_buffers_all_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    struct busy busy[2 * BUSY];
    for (int i = 0; i < 2 * BUSY; i++) {
        busy[i] = (struct busy) { .fixture = &fixture, .sends = i % 2 };
        assert_int_equal(pthread_create(&busy[i].thread, NULL, send_or_fetch, &busy[i]), 0);
    }
    for (int i = 0; i < 2 * BUSY; i++) {
        pthread_join(busy[i].thread, NULL);
        assert_int_equal(busy[i].status, 200);
        assert_int_equal(busy[i].size, BUSY_BYTES);
    }
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_arrive_whole_and_in_order_from_many_threads),
        cmocka_unit_test(a_stream_closes_when_its_peer_leaves_or_does_not_read),
        cmocka_unit_test(a_stream_outlives_its_server),
        cmocka_unit_test(a_body_goes_out_while_it_is_made),
        cmocka_unit_test(a_broken_body_has_no_end),
        cmocka_unit_test(a_made_body_outlives_its_peer),
        cmocka_unit_test(tls_speaks_the_same_protocol),
        cmocka_unit_test(stalled_streams_hold_nobody_up),
        cmocka_unit_test(more_fast_transfers_than_large_buffers_all_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
