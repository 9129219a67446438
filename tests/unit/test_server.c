// SPDX-License-Identifier: GPL-3.0-or-later
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server_fixture.h"

#define HOST "Host: h\r\n"
#define GET_HELLO "GET /hello HTTP/1.1\r\n" HOST "\r\n"

static const struct server_options few_threads = { .handler_threads = 2, .stream_threads = 2 };

static void a_get_is_answered_and_the_connection_kept(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    int socket = client_open(&fixture);
    for (int i = 0; i < 3; i++) {
        client_send(socket, GET_HELLO);
        client_answer(socket, false, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body.data, "hello\n");
        assert_non_null(strstr(answer.head.data, "\r\nContent-Type: text/plain\r\n"));
        assert_non_null(strstr(answer.head.data, " GMT\r\n"));
        assert_null(strstr(answer.head.data, "Connection"));
    }
    close(socket);
    wait_for(&fixture.finished, 3);
    assert_int_equal(fixture.last_status, 200);
    assert_int_equal(fixture.finished_bytes, answer.head.size - 1 + 6);
    fixture_stop(&fixture);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    BUFFER_AUTO struct buffer requests = { 0 };
    enum { COUNT = 5000 };
    for (int i = 0; i < COUNT; i++)
        buffer_format(&requests, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n%05d", i);
    ANSWER_AUTO struct answer answer = { 0 };
    int socket = client_open(&fixture);
    client_send_bytes(socket, requests.data, requests.size);
    for (int i = 0; i < COUNT; i++) {
        client_answer(socket, false, &answer);
        assert_int_equal(answer.status, 200);
        assert_int_equal(atoi(answer.body.data), i);
    }
    close(socket);
    fixture_stop(&fixture);
}

static void a_request_sent_byte_by_byte_is_answered(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    static const char request[] =
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    ANSWER_AUTO struct answer answer = { 0 };
    int socket = client_open(&fixture);
    for (const char *c = request; *c; c++) {
        client_send_bytes(socket, c, 1);
        sleep_ms(1);
    }
    client_answer(socket, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body.data, "abcde");
    close(socket);
    fixture_stop(&fixture);
}

static void head_and_http_1_0_get_what_they_can_take(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    int socket = client_open(&fixture);
    static const char *const heads[] = { "/hello", "/download?100", "/chunked?100" };
    for (int i = 0; i < 3; i++) {
        char request[100];
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: h\r\n\r\n", heads[i]);
        client_send(socket, request);
        client_answer(socket, true, &answer);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.head.data, i == 0   ? "\r\nContent-Length: 6\r\n"
                                                 : i == 1 ? "\r\nContent-Length: 100\r\n"
                                                          : "\r\nTransfer-Encoding: chunked\r\n"));
    }
    wait_for(&fixture.closed, 2);
    client_send(socket, GET_HELLO);
    client_answer(socket, false, &answer);
    assert_string_equal(answer.body.data, "hello\n");
    close(socket);
    BUFFER_AUTO struct buffer rest = { 0 };
    socket = client_open(&fixture);
    client_send(socket, "GET /chunked?3 HTTP/1.0\r\n\r\n");
    client_rest(socket, &rest);
    assert_non_null(strstr(rest.data, "Connection: close\r\n"));
    assert_null(strstr(rest.data, "chunked"));
    assert_string_equal(strstr(rest.data, "\r\n\r\n"), "\r\n\r\nabc");
    close(socket);
    fixture_stop(&fixture);
}

static void a_body_is_asked_for_when_it_is_wanted(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    static const char *const paths[] = { "/echo", "/upload" };
    int socket = client_open(&fixture);
    for (int i = 0; i < 2; i++) {
        char request[200];
        snprintf(request, sizeof request,
            "POST %s HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", paths[i]);
        client_send(socket, request);
        client_answer(socket, true, &answer);
        assert_int_equal(answer.status, 100);
        client_send(socket, "abc");
        client_answer(socket, false, &answer);
        assert_int_equal(answer.status, 200);
    }
    client_send(socket, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
    client_answer(socket, false, &answer); // at once, without the body
    assert_int_equal(answer.status, 413);
    close(socket);
    fixture_stop(&fixture);
}

// The refusal must be seen although the client goes on sending.
static void check_refused(const struct fixture *fixture, const char *request, size_t more, int status)
{
    ANSWER_AUTO struct answer answer = { 0 };
    BUFFER_AUTO struct buffer rest = { 0 }, ballast = { 0 };
    int socket = client_open(fixture);
    client_send(socket, request);
    memset(buffer_reserve(&ballast, more + 1), '1', more);
    send(socket, ballast.data, more, MSG_NOSIGNAL);
    client_answer(socket, false, &answer);
    if (answer.status != status)
        fail_msg("%d instead of %d for %s", answer.status, status, request);
    assert_non_null(strstr(answer.head.data, "\r\nConnection: close\r\n"));
    assert_int_equal(atoi(answer.body.data), status);
    client_rest(socket, &rest);
    assert_int_equal(rest.size, 0);
    close(socket);
}

static void what_is_malformed_or_too_large_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    check_refused(&fixture, "GET / HTTP/1.1\n\n", 0, 400);
    check_refused(&fixture, "GET / HTTP/3.0\r\n\r\n", 0, 505);
    check_refused(&fixture, "GET / HTTP/1.1\r\nX: ", 1 << 20, 431);
    check_refused(&fixture, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 100, 501);
    check_refused(&fixture, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 1 << 20, 413);
    check_refused(
        &fixture, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n200000\r\n", 3 << 19, 413);
    check_refused(&fixture, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc", 10, 400);
    check_refused(&fixture, "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 5000000000\r\n\r\n", 1000, 413);
    assert_int_equal(fixture.lost, 0);
    check_refused(&fixture, "POST /upload HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nabc", 10, 400);
    assert_int_equal(fixture.lost, 1);
    assert_int_equal(fixture.refused, 9);
    fixture_stop(&fixture);
}

static void send_upload(int socket, bool chunked, size_t size, char *ret_expected)
{
    BUFFER_AUTO struct buffer body = { 0 };
    uint64_t sum = 0;
    char *bytes = buffer_reserve(&body, size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i * 7 >> 3);
        sum = sum * 31 + (unsigned char)bytes[i];
    }
    snprintf(ret_expected, 64, "%zu %llx", size, (unsigned long long)sum);
    char line[200];
    snprintf(line, sizeof line, "POST /upload HTTP/1.1\r\n" HOST "%s%.0zu\r\n\r\n",
        chunked ? "Transfer-Encoding: chunked" : "Content-Length: ", chunked ? 0 : size);
    client_send(socket, line);
    if (!chunked) {
        client_send_bytes(socket, bytes, size);
        return;
    }
    for (size_t at = 0, piece = 1; at < size; at += piece, piece = piece * 3 % 100003 + 1) {
        if (piece > size - at)
            piece = size - at;
        snprintf(line, sizeof line, "%zx\r\n", piece);
        client_send(socket, line);
        client_send_bytes(socket, bytes + at, piece);
        client_send(socket, "\r\n");
    }
    client_send(socket, "0\r\nX: y\r\n\r\n");
}

static void uploads_stream_in_either_coding(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    static const size_t sizes[] = { 1, 262143, 262144, 262145, 5000000 };
    int socket = client_open(&fixture);
    for (int chunked = 0; chunked < 2; chunked++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char expected[64];
            send_upload(socket, chunked, sizes[i], expected);
            client_answer(socket, false, &answer);
            assert_int_equal(answer.status, 200);
            assert_string_equal(answer.body.data, expected);
        }
    client_send(socket, "POST /upload HTTP/1.1\r\n" HOST "\r\n");
    client_answer(socket, false, &answer);
    assert_string_equal(answer.body.data, "0 0");
    close(socket);
    assert_int_equal(fixture.ended, 11);
    fixture_stop(&fixture);
    assert_int_equal(fixture.lost, 0);
}

static void an_upload_can_be_answered_before_its_end(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    BUFFER_AUTO struct buffer bytes = { 0 };
    int socket = client_open(&fixture);
    client_send(socket, "POST /reject HTTP/1.1\r\n" HOST "Content-Length: 100000000\r\n\r\n");
    memset(buffer_reserve(&bytes, 1000000), 'x', 1000000);
    client_send_bytes(socket, bytes.data, 1000000);
    client_answer(socket, false, &answer);
    assert_int_equal(answer.status, 409);
    close(socket);
    fixture_stop(&fixture);
    assert_int_equal(fixture.lost + fixture.ended, 0);
}

static void downloads_stream_in_either_coding(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    static const int sizes[] = { 0, 1, 65535, 65536, 65537, 5000000 };
    static const char *const paths[] = { "download", "chunked" };
    int count = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int chunked = 0; chunked < 2; chunked++) {
            char path[100];
            snprintf(path, sizeof path, "/%s?%d", paths[chunked], sizes[i]);
            assert_int_equal(client_get(&fixture, path, &answer), 200);
            assert_int_equal(answer.body.size, sizes[i]);
            for (int at = 0; at < sizes[i]; at++)
                if (answer.body.data[at] != 'a' + at % 26)
                    fail_msg("byte %d of %d is wrong", at, sizes[i]);
            count++;
        }
    wait_for(&fixture.closed, count);
    assert_int_equal(client_get(&fixture, "/short?100", &answer), -1); // never a wrong length
    wait_for(&fixture.closed, count + 1);
    fixture_stop(&fixture);
}

static void an_answer_may_come_from_another_thread_or_to_nobody(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    ANSWER_AUTO struct answer answer = { 0 };
    for (int gone = 0; gone < 2; gone++) {
        fixture.held = NULL;
        int socket = client_open(&fixture);
        client_send(socket, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx");
        wait_for(&fixture.handled, 1 + gone);
        while (!fixture.held)
            sleep_ms(1);
        if (gone) {
            struct linger reset = { .l_onoff = 1 };
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            close(socket);
            sleep_ms(20);
        }
        BUFFER_AUTO struct buffer body = { 0 };
        buffer_append_c(&body, "later");
        exchange_answer(fixture.held, 201, &body);
        assert_null(body.data);
        if (!gone) {
            client_answer(socket, false, &answer);
            assert_int_equal(answer.status, 201);
            assert_string_equal(answer.body.data, "later");
            close(socket);
        }
        wait_for(&fixture.finished, 1 + gone);
        assert_int_equal(fixture.last_status, gone ? 0 : 201);
    }
    fixture_stop(&fixture);
}

static void a_peer_that_leaves_is_reported_lost_or_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    int socket = client_open(&fixture);
    client_send(socket, "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nabc");
    wait_for(&fixture.handled, 1);
    close(socket);
    wait_for(&fixture.lost, 1);
    socket = client_open(&fixture);
    client_send(socket, "GET /download?1000000000 HTTP/1.1\r\n" HOST "\r\n");
    char some[1000];
    assert_true(recv(socket, some, sizeof some, 0) > 0);
    close(socket);
    wait_for(&fixture.closed, 1);
    wait_for(&fixture.finished, 2);
    assert_int_equal(fixture.last_status, 0);
    fixture_stop(&fixture);
}

static void who_stalls_is_timed_out(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_options options = few_threads;
    options.head_timeout_us = options.body_stall_timeout_us = options.idle_timeout_us = 200000;
    fixture_start(&fixture, options);
    ANSWER_AUTO struct answer answer = { 0 };
    BUFFER_AUTO struct buffer rest = { 0 };
    static const char *const stalled[] = { "GET / HT", "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab" };
    for (int i = 0; i < 2; i++) {
        int socket = client_open(&fixture);
        client_send(socket, stalled[i]);
        client_answer(socket, false, &answer);
        assert_int_equal(answer.status, 408);
        close(socket);
    }
    int silent = client_open(&fixture), idle = client_open(&fixture), upload = client_open(&fixture);
    client_send(idle, GET_HELLO);
    client_answer(idle, false, &answer);
    client_send(upload, "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    client_rest(silent, &rest);
    client_rest(idle, &rest);
    client_rest(upload, &rest);
    assert_int_equal(rest.size, 0);
    wait_for(&fixture.lost, 1);
    int download = client_open(&fixture);
    client_send(download, "GET /download?1000000000 HTTP/1.1\r\n" HOST "\r\n");
    wait_for(&fixture.closed, 1); // takes nothing
    close(silent), close(idle), close(upload), close(download);
    fixture_stop(&fixture);
}

static void slow_readers_are_served(void **state)
{
    (void)state;
    struct fixture fixture;
    struct server_options options = few_threads;
    options.idle_timeout_us = 300000;
    fixture_start(&fixture, options);
    int socket = client_open(&fixture);
    int room = 20000;
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    client_send(socket, "GET /download?20000000 HTTP/1.1\r\n" HOST "\r\n");
    static char some[50000];
    for (int i = 0; i < 20; i++) { // far longer than the timeout
        assert_true(recv(socket, some, sizeof some, 0) > 0);
        sleep_ms(60);
    }
    assert_int_equal(fixture.closed, 0);
    close(socket);
    wait_for(&fixture.closed, 1);
    fixture_stop(&fixture);
}

static void full_queues_and_too_many_connections_answer_503(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, (struct server_options) { .handler_threads = 1, .connections_max = 700 });
    fixture.hold = true;
    int sockets[600];
    for (int i = 0; i < 600; i++) {
        sockets[i] = client_open(&fixture);
        client_send(sockets[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    }
    ANSWER_AUTO struct answer answer = { 0 };
    wait_for(&fixture.finished, 600 - 513); // one runs, 512 wait
    assert_int_equal(fixture.last_status, 503);
    fixture.hold = false;
    int counts[2] = { 0 };
    for (int i = 0; i < 600; i++) {
        client_answer(sockets[i], false, &answer);
        assert_true(answer.status == 200 || answer.status == 503);
        counts[answer.status == 503]++;
    }
    assert_in_range(counts[1], 600 - 514, 600 - 512);
    int extra[101];
    for (int i = 0; i < 101; i++)
        extra[i] = client_open(&fixture);
    client_answer(extra[100], false, &answer); // unasked
    assert_int_equal(answer.status, 503);
    for (int i = 0; i < 600; i++)
        close(sockets[i]);
    for (int i = 0; i < 101; i++)
        close(extra[i]);
    fixture_stop(&fixture);
}

static void nobody_waits_for_slow_requests_but_their_own_kind(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(
        &fixture, (struct server_options) {
                      .handler_threads = 1, .slow_threads = { 1 }, .stream_threads = 1, .handler_idle_us = 50000 });
    wait_for(&fixture.workers, 2); // a slow one is there when it is needed
    fixture.hold = true;
    int sockets[600];
    for (int i = 0; i < 600; i++) {
        sockets[i] = client_open(&fixture);
        client_send(sockets[i], "GET /slow HTTP/1.1\r\n" HOST "\r\n");
    }
    ANSWER_AUTO struct answer answer = { 0 };
    wait_for(&fixture.finished, 600 - 513); // one runs, 512 wait
    assert_int_equal(fixture.last_status, 503);
    assert_int_equal(fixture.workers, 3);
    for (int i = 0; i < 10; i++)
        assert_int_equal(client_get(&fixture, "/hello", &answer), 200);
    fixture.hold = false;
    int counts[2] = { 0 };
    for (int i = 0; i < 600; i++) {
        client_answer(sockets[i], false, &answer);
        assert_true(
            answer.status == 200 || (answer.status == 503 && strstr(answer.head.data, "\r\nRetry-After: 10\r\n")));
        counts[answer.status == 503]++;
        close(sockets[i]);
    }
    assert_in_range(counts[1], 600 - 514, 600 - 512);
    for (int i = 0; i < 500 && fixture.workers > 2; i++)
        sleep_ms(20);
    assert_int_equal(fixture.workers, 2);
    fixture_stop(&fixture);
}

static void handler_threads_grow_while_requests_wait_and_end_again(void **state)
{
    (void)state;
    struct fixture fixture;
    ANSWER_AUTO struct answer answer = { 0 };
    fixture_start(
        &fixture, (struct server_options) {
                      .handler_threads = 1, .handler_threads_most = 4, .stream_threads = 1, .handler_idle_us = 50000 });
    for (int round = 0; round < 2; round++) { // the second in the places of threads that have ended
        int sockets[6];
        wait_for(&fixture.workers, 2);
        fixture.handled = 0;
        fixture.hold = true;
        for (int i = 0; i < 6; i++) {
            sockets[i] = client_open(&fixture);
            client_send(sockets[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
        }
        wait_for(&fixture.handled, 4); // the others wait
        assert_int_equal(fixture.workers, 5);
        fixture.hold = false;
        for (int i = 0; i < 6; i++) {
            client_answer(sockets[i], false, &answer);
            assert_int_equal(answer.status, 200);
            close(sockets[i]);
        }
        for (int i = 0; i < 500 && fixture.workers > 2; i++)
            sleep_ms(20);
        assert_int_equal(fixture.workers, 2);
    }
    assert_int_equal(client_get(&fixture, "/hello", &answer), 200);
    fixture_stop(&fixture);
}

static void a_second_server_on_the_port_is_refused(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    char listen[40];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", fixture.port);
    struct server *second;
    assert_error(server_start(&(struct server_options) { .listen = listen }, &fixture.app, &second), ERROR_UNAVAILABLE);
    assert_error(server_start(&(struct server_options) { .listen = "nothing" }, &fixture.app, &second), ERROR_USAGE);
    fixture_stop(&fixture);
}

static void *stop_soon(void *context)
{
    fixture_stop(context);
    return NULL;
}

static void stopping_waits_for_requests_under_way_and_no_longer(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, few_threads);
    fixture.hold = true;
    int busy = client_open(&fixture), idle = client_open(&fixture), partial = client_open(&fixture);
    client_send(partial, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na");
    client_send(busy, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    wait_for(&fixture.handled, 1);
    pthread_t thread;
    pthread_create(&thread, NULL, stop_soon, &fixture);
    BUFFER_AUTO struct buffer rest = { 0 };
    client_rest(idle, &rest);
    assert_int_equal(rest.size, 0);
    client_send(partial, "b");
    ANSWER_AUTO struct answer answer = { 0 };
    client_answer(partial, false, &answer);
    assert_string_equal(answer.body.data, "ab");
    fixture.hold = false;
    client_answer(busy, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head.data, "Connection: close"));
    close(busy), close(idle), close(partial);
    pthread_join(thread, NULL);

    fixture_start(&fixture, few_threads); // and one that never ends
    int stalled = client_open(&fixture);
    client_send(stalled, "POST /upload HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\na");
    wait_for(&fixture.handled, 1);
    int64_t before_us = clock_mono_us();
    server_stop(fixture.server, 100000);
    assert_in_range(clock_mono_us() - before_us, 100000, 5 * SECOND_US);
    assert_int_equal(fixture.lost, 1);
    close(stalled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_answered_and_the_connection_kept),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_request_sent_byte_by_byte_is_answered),
        cmocka_unit_test(head_and_http_1_0_get_what_they_can_take),
        cmocka_unit_test(a_body_is_asked_for_when_it_is_wanted),
        cmocka_unit_test(what_is_malformed_or_too_large_is_refused),
        cmocka_unit_test(uploads_stream_in_either_coding),
        cmocka_unit_test(an_upload_can_be_answered_before_its_end),
        cmocka_unit_test(downloads_stream_in_either_coding),
        cmocka_unit_test(an_answer_may_come_from_another_thread_or_to_nobody),
        cmocka_unit_test(a_peer_that_leaves_is_reported_lost_or_closed),
        cmocka_unit_test(who_stalls_is_timed_out),
        cmocka_unit_test(slow_readers_are_served),
        cmocka_unit_test(full_queues_and_too_many_connections_answer_503),
        cmocka_unit_test(nobody_waits_for_slow_requests_but_their_own_kind),
        cmocka_unit_test(handler_threads_grow_while_requests_wait_and_end_again),
        cmocka_unit_test(a_second_server_on_the_port_is_refused),
        cmocka_unit_test(stopping_waits_for_requests_under_way_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
