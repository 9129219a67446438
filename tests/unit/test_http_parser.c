// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_transcript.h"
#include "test.h"

#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define END "\r\n\r\n"

struct probe {
    str bytes;
    int status;             // 200: complete, 0: more is needed
    const char *transcript; // NULL: only the status is checked
};
#define PROBE(bytes, ...)                                                                                              \
    {                                                                                                                  \
        STR(bytes), __VA_ARGS__                                                                                        \
    }

static const struct probe probes[] = {
    // plain requests
    PROBE(GET "Host: h" END, 200, "GET|/||0\nHost=h;\n<>complete"),
    PROBE("\r\n\r\n" GET "Host: h" END, 200, "GET|/||0\nHost=h;\n<>complete"),
    PROBE("GET /a?b=c&d HTTP/1.1\r\nHOST:h:80\r\nX:  y z \t\r\nE:" END, 200,
        "GET|/a|b=c&d|0\nHOST=h:80;X=y z;E=;\n<>complete"),
    PROBE("GET http://h/x?y HTTP/1.1\r\nHost: h" END, 200, "GET|/x|y|0\nHost=h;\n<>complete"),
    PROBE("GET https://h?y HTTP/1.1\r\nHost: h" END, 200, "GET|/|y|0\nHost=h;\n<>complete"),
    PROBE("OPTIONS * HTTP/1.1\r\nHost: h" END, 200, "OPTIONS|*||0\nHost=h;\n<>complete"),
    PROBE("GET / HTTP/1.0" END, 200, "GET|/||0 1.0 close\n\n<>complete"),
    PROBE(GET "Host: h\r\nConnection: x, Close" END, 200, "GET|/||0 close\nHost=h;Connection=x, Close;\n<>complete"),
    PROBE(GET "Host: [::1]:80\r\nX: \xC3\xBC" END, 200, "GET|/||0\nHost=[::1]:80;X=\xC3\xBC;\n<>complete"),
    PROBE(POST "Expect: 100-Continue\r\nContent-Length: 3" END "abcGET", 200,
        "POST|/p||3 expect\nHost=h;Expect=100-Continue;Content-Length=3;\n<abc>complete"),
    PROBE(POST "Content-Length: 5" END "abc", 0, NULL),
    // a body on HEAD is read like any other
    PROBE("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3" END "abc", 200, NULL),
    // bytes after an upgrade request stay where they are
    PROBE(GET "Host: h\r\nConnection: Upgrade\r\nUpgrade: x" END "\x81\x05", 200, NULL),
    // chunks
    PROBE(CHUNKED "3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0" END, 200,
        "POST|/p||-1\nHost=h;Transfer-Encoding=chunked;\n<abc0123456789>complete"),
    PROBE(CHUNKED "1\r\na\r\n0\r\nTrailer: x\r\nOther: y" END "GET", 200, NULL),
    PROBE(CHUNKED "0\r\n", 0, NULL),
    PROBE(CHUNKED "3\r\nabcd\r\n0" END, 400, NULL),
    PROBE(CHUNKED "3\r\nabc0" END, 400, NULL),
    PROBE(CHUNKED "3\r\nabc\n0" END, 400, NULL),
    PROBE(CHUNKED "3\nabc\r\n0" END, 400, NULL),
    PROBE(CHUNKED "\r\n", 400, NULL),
    PROBE(CHUNKED ";x\r\n", 400, NULL),
    PROBE(CHUNKED "g\r\n", 400, NULL),
    PROBE(CHUNKED "-1\r\n", 400, NULL),
    PROBE(CHUNKED "0x1\r\n", 400, NULL),
    PROBE(CHUNKED " 1\r\n", 400, NULL),
    PROBE(CHUNKED "1 \r\n", 400, NULL),
    PROBE(CHUNKED "1;\x01\r\n", 400, NULL),
    PROBE(CHUNKED "1;\r\r\n", 400, NULL),
    PROBE(CHUNKED "10000000000000000\r\n", 400, NULL), // 2^64
    PROBE(CHUNKED "8000000000000000\r\n", 400, NULL),
    PROBE(CHUNKED "7fffffffffffffff\r\nx", 0, NULL),
    PROBE(CHUNKED "0\r\nTrailer : x" END, 400, NULL),
    PROBE(CHUNKED "0\r\nTrailer: \x01" END, 400, NULL),
    // lengths and codings that two readers could understand differently
    PROBE(POST "Content-Length: 3\r\nTransfer-Encoding: chunked" END, 400, NULL),
    PROBE(POST "Transfer-Encoding: chunked\r\nContent-Length: 3" END, 400, NULL),
    PROBE(POST "Content-Length: 3\r\nContent-Length: 3" END, 400, NULL),
    PROBE(POST "Content-Length: 3\r\nContent-Length: 4" END, 400, NULL),
    PROBE(POST "Content-Length: 3, 3" END, 400, NULL),
    PROBE(POST "Content-Length:" END, 400, NULL),
    PROBE(POST "Content-Length: +3" END, 400, NULL),
    PROBE(POST "Content-Length: -3" END, 400, NULL),
    PROBE(POST "Content-Length: 3 3" END, 400, NULL),
    PROBE(POST "Content-Length: 0x3" END, 400, NULL),
    PROBE(POST "Content-Length: 9223372036854775808" END, 400, NULL),
    PROBE(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END, 400, NULL),
    PROBE(POST "Transfer-Encoding: chunked, chunked" END, 400, NULL),
    PROBE(POST "Transfer-Encoding:" END, 400, NULL),
    PROBE(POST "Transfer-Encoding: gzip" END, 501, NULL),
    PROBE(POST "Transfer-Encoding: gzip, chunked" END, 501, NULL),
    PROBE(POST "Transfer-Encoding: xchunked" END, 501, NULL),
    PROBE(POST "Transfer-Encoding: \x0B"
               "chunked" END,
        400, NULL),
    PROBE("POST / HTTP/1.0\r\nTransfer-Encoding: chunked" END, 400, NULL),
    // header lines
    PROBE(GET "Host: h\r\nX: a\0b" END, 400, NULL),
    PROBE(GET "Host: h\r\nX: a\rb" END, 400, NULL),
    PROBE(GET "Host: h\r\nX: a\x7F" END, 400, NULL),
    PROBE(GET "Host: h\r\nX: a\r\n folded" END, 400, NULL),
    PROBE(GET " Host: h" END, 400, NULL),
    PROBE(GET "Host : h" END, 400, NULL),
    PROBE(GET "Ho st: h" END, 400, NULL),
    PROBE(GET "Host\r\n", 400, NULL),
    PROBE(GET ": h\r\n", 400, NULL),
    PROBE(GET "Host: h\n\n", 400, NULL),
    PROBE("GET / HTTP/1.1\nHost: h" END, 400, NULL),
    PROBE("\nGET / HTTP/1.1\r\nHost: h" END, 400, NULL),
    PROBE(GET "X: y" END, 400, NULL),
    PROBE(GET "Host: a\r\nHost: a" END, 400, NULL),
    PROBE(GET "Host: a/b" END, 400, NULL),
    PROBE(GET "Host: a b" END, 400, NULL),
    PROBE(GET "Host: a,b" END, 400, NULL),
    // request lines
    PROBE("GET /ping%00x HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /%zz HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /% HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /\x0C HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /\0 HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /\xC3\xBC HTTP/1.1\r\n", 400, NULL),
    PROBE("GET /a#b HTTP/1.1\r\n", 400, NULL),
    PROBE("GET x HTTP/1.1\r\n", 400, NULL),
    PROBE("GET * HTTP/1.1\r\n", 400, NULL),
    PROBE("GET http:///x HTTP/1.1\r\n", 400, NULL),
    PROBE("CONNECT h:80 HTTP/1.1\r\n", 400, NULL),
    PROBE("GET  / HTTP/1.1\r\n", 400, NULL),
    PROBE("GET / HTTP/1.1 \r\n", 400, NULL),
    PROBE("GET /\r\n", 400, NULL),
    PROBE("GET\r\n", 400, NULL),
    PROBE(" / HTTP/1.1\r\n", 400, NULL),
    PROBE("G(T / HTTP/1.1\r\n", 400, NULL),
    PROBE("GET / http/1.1\r\n", 400, NULL),
    PROBE("GET / HTTP/11\r\n", 400, NULL),
    PROBE("GET / HTTP/9.9\r\n", 505, NULL),
    PROBE("GET / HTTP/2.0\r\n", 505, NULL),
    PROBE("PRI * HTTP/2.0\r\n", 505, NULL),
};

struct cut {
    size_t first, step; // the first piece, then pieces of this size
    bool begun;
};

static size_t next_piece(void *context)
{
    struct cut *cut = context;
    size_t size = cut->begun ? cut->step : cut->first;
    cut->begun = true;
    return size;
}

static int read_cut(str bytes, size_t first, size_t step, struct buffer *out, size_t *ret_used)
{
    struct cut cut = { first, step, false };
    buffer_clear(out);
    int status = transcript(bytes, next_piece, &cut, out, ret_used);
    buffer_append_byte(out, 0);
    return status;
}

static void every_probe_gets_its_answer(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer out = { 0 };
    size_t used;
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        int status = read_cut(probes[i].bytes, SIZE_MAX, SIZE_MAX, &out, &used);
        if (status != probes[i].status)
            fail_msg("%.*s\ngives %d: %s", STR_ARGS(probes[i].bytes), status, out.data);
        if (probes[i].transcript)
            assert_string_equal(out.data, probes[i].transcript);
    }
}

static void a_request_reads_the_same_however_it_is_cut(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer whole = { 0 }, pieces = { 0 };
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        str bytes = probes[i].bytes;
        size_t whole_used = 0, used = 0;
        read_cut(bytes, SIZE_MAX, SIZE_MAX, &whole, &whole_used);
        for (size_t first = 0; first <= bytes.size; first++) {
            read_cut(bytes, first, SIZE_MAX, &pieces, &used);
            assert_string_equal(pieces.data, whole.data);
            assert_int_equal(used, whole_used);
        }
        for (size_t step = 1; step < 8; step++) {
            read_cut(bytes, step, step, &pieces, &used);
            assert_string_equal(pieces.data, whole.data);
            assert_int_equal(used, whole_used);
        }
    }
}

static void what_follows_a_request_is_left_alone(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer out = { 0 };
    size_t used;
    assert_int_equal(read_cut(STR(GET "Host: h" END "GET /next"), SIZE_MAX, SIZE_MAX, &out, &used), 200);
    assert_int_equal(used, sizeof(GET "Host: h" END) - 1);
    assert_int_equal(read_cut(STR(CHUNKED "1\r\na\r\n0\r\nT: x" END "GET"), SIZE_MAX, SIZE_MAX, &out, &used), 200);
    assert_int_equal(used, sizeof(CHUNKED "1\r\na\r\n0\r\nT: x" END) - 1);
}

static void heads_are_bounded(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer request = { 0 }, out = { 0 };
    size_t used;
    buffer_append_c(&request, GET "Host: h\r\nX: ");
    while (request.size < 1 << 20) // a header of 1 MB that never ends
        buffer_append_byte(&request, 'a');
    assert_int_equal(read_cut(buffer_str(&request), SIZE_MAX, SIZE_MAX, &out, &used), 431);
    assert_int_equal(read_cut(buffer_str(&request), 1000, 1000, &out, &used), 431);
    request.size = HTTP_HEAD_MAX - 4;
    buffer_append_c(&request, END);
    assert_int_equal(read_cut(buffer_str(&request), 999, 999, &out, &used), 200);
    request.size -= 4;
    buffer_append_c(&request, "a" END);
    assert_int_equal(read_cut(buffer_str(&request), SIZE_MAX, SIZE_MAX, &out, &used), 431);
    assert_int_equal(read_cut(buffer_str(&request), 1, 1, &out, &used), 431);
}

static void headers_are_counted(void **state)
{
    (void)state;
    for (int count = HTTP_HEADERS_MAX; count <= HTTP_HEADERS_MAX + 1; count++) {
        BUFFER_AUTO struct buffer request = { 0 }, out = { 0 };
        size_t used;
        buffer_append_c(&request, GET "Host: h\r\n");
        for (int i = 1; i < count; i++)
            buffer_format(&request, "X%d: y\r\n", i);
        buffer_append_c(&request, "\r\n");
        assert_int_equal(read_cut(buffer_str(&request), 7, 7, &out, &used), count > HTTP_HEADERS_MAX ? 431 : 200);
    }
}

static void endless_framing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *start, *more;
        int status;
    } endless[] = { { CHUNKED, "0", 400 }, { CHUNKED "1;", "x", 400 }, { CHUNKED "0\r\n", "T: x\r\n", 431 },
        { "", "\r\n", 431 }, { "", "G", 431 } };
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        BUFFER_AUTO struct buffer request = { 0 }, out = { 0 };
        size_t used;
        buffer_append_c(&request, endless[i].start);
        while (request.size < 3 * HTTP_HEAD_MAX)
            buffer_append_c(&request, endless[i].more);
        assert_int_equal(read_cut(buffer_str(&request), SIZE_MAX, SIZE_MAX, &out, &used), endless[i].status);
        assert_int_equal(read_cut(buffer_str(&request), 1, 1, &out, &used), endless[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_probe_gets_its_answer),
        cmocka_unit_test(a_request_reads_the_same_however_it_is_cut),
        cmocka_unit_test(what_follows_a_request_is_left_alone),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(headers_are_counted),
        cmocka_unit_test(endless_framing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
