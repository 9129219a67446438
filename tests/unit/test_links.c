// SPDX-License-Identifier: GPL-3.0-or-later
// What of links is pure: addresses, cookies, classes of failures; and the reading of exports.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "domain/database_parse.h"
#include "domain/link.h"
#include "domain/link_cookies.h"
#include "net/address.h"
#include "net/mail.h"
#include "test.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static bool is_public(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return address_is_public((struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return address_is_public((struct sockaddr *)&v6);
}

static void only_hosts_of_the_internet_are_public(void **state)
{
    (void)state;
    static const char *const closed[] = { "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "100::1", "2001::1",
        "2001:db8::1", "2002:808:808::1", "3fff::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1" };
    static const char *const open[] = { "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.255.255",
        "172.32.0.1", "192.0.1.1", "192.167.255.255", "198.17.255.255", "198.20.0.1", "223.255.255.255",
        "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888" };
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        if (is_public(closed[i]))
            fail_msg("%s is taken for public", closed[i]);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        if (!is_public(open[i]))
            fail_msg("%s is not taken for public", open[i]);
}

static void ports_of_other_services_are_closed(void **state)
{
    (void)state;
    static const struct {
        int port;
        bool good;
    } ports[] = { { 80, true }, { 443, true }, { 8080, true }, { 65535, true }, { 22, false }, { 25, false },
        { 0, false }, { 1023, false } };
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)ports[i].port) };
        inet_pton(AF_INET, "8.8.8.8", &address.sin_addr);
        assert_int_equal(!error_is(address_check((struct sockaddr *)&address, true)), ports[i].good);
    }
}

static enum error_code url_code(const char *url)
{
    return link_check_url(str_of(url)).code;
}

static void urls_are_http_and_carry_no_password(void **state)
{
    (void)state;
    assert_int_equal(url_code("https://example.org/a?b=c#d"), ERROR_NONE);
    assert_int_equal(url_code("HTTP://example.org"), ERROR_NONE);
    assert_int_equal(url_code("http://[::1]:80/"), ERROR_NONE);
    assert_int_equal(url_code("ftp://example.org/"), ERROR_UNPROCESSABLE);
    assert_int_equal(url_code("javascript:alert(1)"), ERROR_UNPROCESSABLE);
    assert_int_equal(url_code("https://me:secret@example.org/"), ERROR_UNPROCESSABLE);
    assert_int_equal(url_code("https://"), ERROR_VALIDATION_ERROR);
    assert_int_equal(url_code("https://:80/"), ERROR_VALIDATION_ERROR);
    assert_int_equal(url_code("https:example.org"), ERROR_VALIDATION_ERROR);
    assert_int_equal(url_code("example.org"), ERROR_VALIDATION_ERROR);
    assert_int_equal(url_code("https://exam ple.org/"), ERROR_VALIDATION_ERROR);
    assert_int_equal(url_code("https://example.org\\@evil.org/"), ERROR_VALIDATION_ERROR);
}

static void cookies_of_both_kinds_become_lines(void **state)
{
    (void)state;
    str jar;
    assert_ok(link_cookies_read(arena, STR("{\"a\": \"1\"}"), STR("https://www.example.org:8443/x"), &jar));
    assert_true(str_find(jar, STR(".www.example.org\tTRUE\t/\tTRUE\t0\ta\t1\n")) >= 0);
    assert_ok(link_cookies_read(arena,
        STR("[{\"name\":\"s\",\"value\":\"v\",\"domain\":\".x.org\",\"path\":\"/"
            "p\",\"secure\":true,\"expirationDate\":99.5}]"),
        STR("http://x.org/"), &jar));
    assert_true(str_find(jar, STR(".x.org\tTRUE\t/p\tTRUE\t99\ts\tv\n")) >= 0);
    static const char *const wrong[] = { "{\"a\": 1}", "[1]", "[{\"name\":\"a\"}]", "{\"a\":\"x\\ty\"}",
        "{\"a\\n\":\"x\"}", "{\"\":\"x\"}", "{", "[{\"name\":\"a\",\"value\":\"b\",\"domain\":\"x\\ny\"}]" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(
            link_cookies_read(arena, str_of(wrong[i]), STR("http://x.org/"), &jar).code, ERROR_VALIDATION_ERROR);
}

static void a_site_is_a_host_what_is_below_it_or_a_word_of_it(void **state)
{
    (void)state;
    assert_true(link_site_matches(STR("example.org"), STR("example.org")));
    assert_true(link_site_matches(STR("example.org"), STR("www.example.org")));
    assert_true(link_site_matches(STR("pixiv"), STR("www.pixiv.net")));
    assert_false(link_site_matches(STR("example.org"), STR("badexample.org")));
    assert_false(link_site_matches(STR("pix"), STR("www.pixiv.net")));
    assert_false(link_site_matches(STR(""), STR("x.org")));
    assert_true(str_equal_c(link_host(arena, STR("https://[::1]:80/x")), "::1"));
    assert_true(str_equal_c(link_host(arena, STR("https://EXAMPLE.org:80?x")), "example.org"));
}

static void failures_are_classed_by_what_tools_say(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        bool cookies;
        enum link_failure failure;
    } said[] = { { "ERROR: unable to download webpage: HTTP Error 403: Refused by Kinora", false,
                     FAILURE_REFUSED_BY_POLICY },
        { "ERROR: [youtube] x: Sign in to confirm your age", false, FAILURE_LOGIN_NEEDED },
        { "ERROR: [youtube] x: Sign in to confirm your age", true, FAILURE_COOKIES_EXPIRED },
        { "ERROR: [youtube] x: Video unavailable", false, FAILURE_GONE },
        { "The uploader has not made this video available in your country", false, FAILURE_GEO_BLOCKED },
        { "ERROR: [generic] Unsupported URL: x", false, FAILURE_EXTRACTOR_OUTDATED },
        { "[Errno 28] No space left on device", false, FAILURE_DISK_FULL },
        { "HTTP Error 404: Not Found", false, FAILURE_GONE },
        { "The read operation timed out", false, FAILURE_NETWORK }, { "something else", false, FAILURE_OTHER } };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        assert_int_equal(link_failure_of_words(str_of(said[i].words), said[i].cookies), said[i].failure);
    for (int failure = FAILURE_NONE + 1; failure < FAILURE_COUNT; failure++)
        assert_string_equal(link_failure_names[failure - 1], link_failure_name((enum link_failure)failure));
}

static void mail_has_two_parts_and_no_way_for_a_line_break(void **state)
{
    (void)state;
    str message;
    struct mail mail = { STR("k@example.org"), STR("a@example.org"), STR("Hello"), STR("text"), STR("<p>page</p>") };
    assert_ok(mail_write(arena, &mail, &message));
    assert_true(str_find(message, STR("multipart/alternative")) >= 0);
    assert_true(str_find(message, STR("dGV4dA==")) >= 0);
    mail.to = STR("a@example.org>\r\nBcc: <b@example.org");
    assert_int_equal(mail_write(arena, &mail, &message).code, ERROR_VALIDATION_ERROR);
}

// Exports

struct file {
    str rest;
    size_t step; // bytes of one read
    int64_t rows;
};

static error read_some(void *context, void *room, size_t size, size_t *ret_got)
{
    struct file *file = context;
    size_t give = file->rest.size < file->step ? file->rest.size : file->step;
    give = give < size ? give : size;
    memcpy(room, file->rest.data, give);
    file->rest = str_sub(file->rest, give, file->rest.size);
    *ret_got = give;
    return OK;
}

static error take_head(void *context, const struct database_head *head)
{
    (void)context;
    return head->schema == 24 ? OK : error_of(ERROR_INTERNAL_ERROR);
}

static error take_table(void *context, str name, const struct db_column *columns, size_t count)
{
    (void)context, (void)columns;
    return str_equal_c(name, "t") && count == 5 ? OK : error_make(ERROR_VALIDATION_ERROR, NULL, "wrong table");
}

static error take_row(void *context, const struct db_value *values)
{
    struct file *file = context;
    file->rows++;
    assert_int_equal(values[0].integer, -5);
    assert_true(values[1].number == 1.5e-3);
    assert_true(values[2].boolean);
    assert_true(str_equal_c(values[3].text, "it's\n-- a 'text'"));
    assert_int_equal(values[4].text.size, 2);
    return OK;
}

static error count_row(void *context, const struct db_value *values)
{
    (void)values;
    ((struct file *)context)->rows++;
    return OK;
}

#define EXPORT_HEAD "-- Kinora export 1\n-- schema 24\n-- master key 0123456789abcdef\n-- taken now\n"
#define EXPORT_TABLE "CREATE TABLE t (a BIGINT, b DOUBLE PRECISION, c BOOLEAN, d TEXT, e BYTEA);\n"
#define EXPORT_ROW "INSERT INTO t (a, b, c, d, e) VALUES (-5, 1.5e-3, TRUE, 'it''s\n-- a ''text''', X'00ff');\n"
#define EXPORT_END "-- end of t: 1 rows\n-- end of export: 1 tables\n"

static error parse(str text, size_t step, error (*row)(void *, const struct db_value *), int64_t *ret_rows)
{
    struct file file = { text, step, 0 };
    struct database_parser parser = { read_some, take_head, take_table, row, &file };
    error result = database_parse(&parser);
    *ret_rows = file.rows;
    return result;
}

static void an_export_is_read_however_its_bytes_come(void **state)
{
    (void)state;
    int64_t rows;
    str whole = STR(EXPORT_HEAD EXPORT_TABLE EXPORT_ROW EXPORT_END);
    for (size_t step = 1; step < 9; step++) {
        assert_ok(parse(whole, step, take_row, &rows));
        assert_int_equal(rows, 1);
    }
    for (size_t size = 0; size < whole.size; size++)
        assert_int_equal(parse(str_sub(whole, 0, size), 4096, take_row, &rows).code, ERROR_VALIDATION_ERROR);
}

// Every byte of it changed to others that mean something in SQL: what is taken is still one row of values.
static void what_is_not_an_export_is_refused_or_read_as_text(void **state)
{
    (void)state;
    static const char bytes[] = "'\";-()\\\n\0Xx0 ,";
    str whole = STR(EXPORT_HEAD EXPORT_TABLE EXPORT_ROW EXPORT_END);
    char *changed = arena_copy(arena, whole.data, whole.size);
    for (size_t at = 0; at < whole.size; at++)
        for (size_t k = 0; k < sizeof bytes - 1; k++) {
            int64_t rows;
            if (whole.data[at] == bytes[k])
                continue;
            changed[at] = bytes[k];
            error result = parse((str) { changed, whole.size }, 4096, count_row, &rows);
            if (!error_is(result) && rows != 1)
                fail_msg("byte %zu as %d was taken", at, bytes[k]);
            changed[at] = whole.data[at];
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_hosts_of_the_internet_are_public),
        cmocka_unit_test(ports_of_other_services_are_closed),
        cmocka_unit_test(urls_are_http_and_carry_no_password),
        cmocka_unit_test(cookies_of_both_kinds_become_lines),
        cmocka_unit_test(a_site_is_a_host_what_is_below_it_or_a_word_of_it),
        cmocka_unit_test(failures_are_classed_by_what_tools_say),
        cmocka_unit_test(mail_has_two_parts_and_no_way_for_a_line_break),
        cmocka_unit_test(an_export_is_read_however_its_bytes_come),
        cmocka_unit_test(what_is_not_an_export_is_refused_or_read_as_text),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
