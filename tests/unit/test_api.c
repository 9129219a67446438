// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of api that need no server: router, multipart, ranges, limits, faces.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/byte_range.h"
#include "api/face.h"
#include "api/limiter.h"
#include "api/multipart.h"
#include "api/router.h"
#include "api/tus_header.h"
#include "base/clock.h"
#include "crypt/checksum.h"
#include "test.h"

static const struct route table[] = {
    { "PUT", "/api/v1/layers/reorder" },
    { "PUT", "/api/v1/layers/{layerId}" },
    { "GET", "/api/v1/layers/{layerId}" },
    { "GET", "/a/{x}/c/{y}" },
    { "GET", "/" },
};
static const struct route_group group = ROUTE_GROUP(table);
static const struct route_group *const groups[] = { &group, NULL };

static void fixed_segments_win_over_parameters(void **state)
{
    (void)state;
    struct router *router;
    assert_ok(router_new(groups, &router));
    assert_ptr_equal(router_find(router, STR("PUT"), STR("/api/v1/layers/reorder")).route, &table[0]);
    assert_ptr_equal(router_find(router, STR("PUT"), STR("/api/v1/layers/reorder/")).route, &table[0]);
    assert_ptr_equal(router_find(router, STR("PUT"), STR("/api/v1/layers/1")).route, &table[1]);
    assert_ptr_equal(router_find(router, STR("GET"), STR("/api/v1/layers/reorder")).route, &table[2]);
    assert_ptr_equal(router_find(router, STR("HEAD"), STR("/")).route, &table[4]);
    struct router_match match = router_find(router, STR("DELETE"), STR("/api/v1/layers/1"));
    assert_null(match.route);
    assert_true(match.path_known);
    match = router_find(router, STR("GET"), STR("/api/v1/layers"));
    assert_null(match.route);
    assert_false(match.path_known);
    ARENA_AUTO struct arena *arena = arena_new(10000);
    assert_string_equal(router_allowed(router, arena, STR("/api/v1/layers/1")).data, "GET, PUT");
    router_free(router);
}

static void path_values_are_decoded_and_checked(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(10000);
    struct router_value values[ROUTER_VALUES_MAX];
    size_t count;
    assert_ok(router_values(arena, &table[3], STR("/a/one%2Ftwo/c/gr%C3%BC%C3%9Fe"), values, &count));
    assert_int_equal(count, 2);
    assert_true(str_equal(values[0].name, STR("x")) && str_equal(values[0].value, STR("one/two")));
    assert_true(str_equal(values[1].value, STR("grüße")));
    static const char *const bad[] = { "/a/%00/c/d", "/a/%/c/d", "/a/%zz/c/d", "/a/%ff/c/d" };
    for (size_t i = 0; i < 4; i++)
        assert_error(router_values(arena, &table[3], str_of(bad[i]), values, &count), ERROR_INVALID_ID);
}

static void two_routes_for_the_same_requests_stop_the_start(void **state)
{
    (void)state;
    static const struct route twice[] = { { "GET", "/a/{x}" }, { "GET", "/a/{y}/" } };
    static const struct route_group doubled = ROUTE_GROUP(twice);
    static const struct route_group *const list[] = { &doubled, NULL };
    struct router *router;
    assert_error(router_new(list, &router), ERROR_CONFLICT);
}

static void the_program_has_no_two_routes_for_the_same_requests(void **state)
{
    (void)state;
    struct router *router;
    assert_ok(router_new(route_groups, &router));
    router_free(router);
}

struct seen {
    struct buffer text;
};

static error seen_part(void *context, const struct multipart_part *part)
{
    struct seen *seen = context;
    buffer_format(&seen->text, "[%.*s|%.*s]", STR_ARGS(part->name), STR_ARGS(part->file_name));
    return OK;
}

static error seen_data(void *context, const char *bytes, size_t size)
{
    buffer_append(&((struct seen *)context)->text, bytes, size);
    return OK;
}

static error seen_end(void *context)
{
    buffer_append_c(&((struct seen *)context)->text, "$");
    return OK;
}

static const struct multipart_ops ops = { seen_part, seen_data, seen_end };

static void a_multipart_body_reads_the_same_however_it_is_cut(void **state)
{
    (void)state;
    static const char body[] =
        "preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--X\r\ntwo\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n"
        "Content-Type: text/plain\r\n\r\n\r\n--XX--\r\nepilogue";
    static const char expected[] = "[a|]one\r\n--X\r\ntwo$[f|x.txt]$";
    for (size_t cut = 1; cut < sizeof body; cut++) {
        struct seen seen = { 0 };
        struct multipart *multipart;
        assert_ok(multipart_new(STR("XX"), &ops, &seen, &multipart));
        for (size_t at = 0; at < sizeof body - 1; at += cut) {
            size_t left = sizeof body - 1 - at;
            assert_ok(multipart_feed(multipart, body + at, left < cut ? left : cut));
        }
        assert_ok(multipart_end(multipart));
        assert_int_equal(seen.text.size, sizeof expected - 1);
        assert_memory_equal(seen.text.data, expected, sizeof expected - 1);
        multipart_free(multipart);
        buffer_done(&seen.text);
    }
}

static void broken_multipart_bodies_are_refused(void **state)
{
    (void)state;
    struct multipart *multipart;
    struct seen seen = { 0 };
    assert_error(multipart_new(STR_NONE, &ops, &seen, &multipart), ERROR_VALIDATION_ERROR);
    static const struct {
        const char *body;
        enum error_code code;
    } cases[] = {
        { "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf", ERROR_UPLOAD_INCOMPLETE },
        { "nothing here", ERROR_UPLOAD_INCOMPLETE },
        { "--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--", ERROR_VALIDATION_ERROR },
        { "--XXjunk\r\n", ERROR_VALIDATION_ERROR },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(multipart_new(STR("XX"), &ops, &seen, &multipart));
        error result = multipart_feed(multipart, cases[i].body, strlen(cases[i].body));
        if (!error_is(result))
            result = multipart_end(multipart);
        assert_error(result, cases[i].code);
        multipart_free(multipart);
    }
    char *long_head = malloc(MULTIPART_HEAD_MAX * 2);
    memset(long_head, 'a', MULTIPART_HEAD_MAX * 2);
    assert_ok(multipart_new(STR("XX"), &ops, &seen, &multipart));
    assert_ok(multipart_feed(multipart, "--XX\r\n", 6));
    assert_error(multipart_feed(multipart, long_head, MULTIPART_HEAD_MAX * 2), ERROR_VALIDATION_ERROR);
    multipart_free(multipart);
    free(long_head);
    buffer_done(&seen.text);
}

static void ranges_are_read_as_rfc_9110_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *header, *wanted; // "" is the whole, "416" none of it
    } cases[] = {
        { "bytes=0-99", "0-99" },
        { "Bytes= 0-99 ", "0-99" },
        { "bytes=500-", "500-999" },
        { "bytes=-200", "800-999" },
        { "bytes=-2000", "0-999" },
        { "bytes=900-5000", "900-999" },
        { "bytes=1000-", "416" },
        { "bytes=-0", "416" },
        { "bytes=1000-,2000-3000", "416" },
        { "bytes=1000-,3-4", "3-4" },
        { "bytes=5-4", "" },
        { "bytes=a-b", "" },
        { "bytes=+1-2", "" },
        { "bytes=1", "" },
        { "bytes=-", "" },
        { "bytes=", "" },
        { "bytes=,", "" },
        { "bytes=99999999999999999999-", "" },
        { "bytes=0-1,x", "" },
        { "bytes=0-1, 5-6,,8-", "0-1 5-6 8-999" },
        { "bytes=500-600,0-1", "500-600 0-1" },
        { "bytes=0-10,5-20", "0-20" },
        { "bytes=0-10,11-20", "0-20" },
        { "bytes=0-1,100-101,2-99", "0-101" },
        { "bytes=0-,-500", "0-999" },
        { "bytes=10-11,0-1,20-21,9-30", "9-30 0-1" },
        { "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32", "" },
        { "lines=0-1", "" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct byte_ranges ranges;
        BUFFER_AUTO struct buffer text = { 0 };
        if (!byte_ranges_read(str_of(cases[i].header), 1000, &ranges))
            buffer_append_c(&text, "416");
        for (size_t k = 0; k < ranges.count; k++)
            buffer_format(
                &text, "%s%lld-%lld", k ? " " : "", (long long)ranges.items[k].first, (long long)ranges.items[k].last);
        buffer_append_byte(&text, 0);
        assert_string_equal(text.data, cases[i].wanted);
    }
}

static void the_headers_of_a_resumable_upload_are_read_strictly(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct tus_metadata metadata;
    assert_ok(tus_header_metadata(arena, STR("filename ZmlsbS5tcDQ=,is_private, transcribe ZmFsc2U="), &metadata));
    assert_true(str_equal_c(metadata.file_name, "film.mp4"));
    assert_false(metadata.transcribe);
    assert_ok(tus_header_metadata(arena, STR("name eA==,filetype dmlkZW8vbXA0"), &metadata));
    assert_true(str_equal_c(metadata.file_name, "x") && metadata.transcribe);
    assert_ok(tus_header_metadata(arena, STR_NONE, &metadata));
    assert_null(metadata.file_name.data);
    static const char *const bad[] = { ",", "filename ZmlsbS5tcDQ=,", "filename *",
        "a eA==,a eA==", "filename AA==", "filename /w==", "\xc3\xa9 eA==", "filename eA== eA==" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_error(tus_header_metadata(arena, str_of(bad[i]), &metadata), ERROR_VALIDATION_ERROR);
    struct checksum *checksum;
    str digest;
    assert_ok(tus_header_checksum(arena, STR("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), &checksum, &digest));
    checksum_add(checksum, "abc", 3);
    assert_true(checksum_matches(checksum, digest));
    checksum_free(checksum);
    static const char *const wrong[] = { "", "sha1", "sha1 ", "sha1 eA==", "crc32 eA==", "sha1 *" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_error(tus_header_checksum(arena, str_of(wrong[i]), &checksum, &digest), ERROR_VALIDATION_ERROR);
}

static void dates_of_http_are_read_in_their_three_forms(void **state)
{
    (void)state;
    int64_t time;
    static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994" };
    for (size_t i = 0; i < 3; i++) {
        assert_true(clock_read_http_date(str_of(forms[i]), &time));
        assert_int_equal(time, INT64_C(784111777) * SECOND_US);
    }
    assert_false(clock_read_http_date(STR("Sun, 06 Nov 1994 08:49:37 GMT+1"), &time));
    assert_false(clock_read_http_date(STR("yesterday"), &time));
    assert_false(clock_read_http_date(STR_NONE, &time));
}

static void a_bucket_runs_dry_and_fills_again(void **state)
{
    (void)state;
    struct limiter *limiter = limiter_new();
    int64_t wait = 0;
    for (int i = 0; i < 5; i++)
        assert_true(limiter_take(limiter, STR("ada"), 50, 5, &wait));
    assert_false(limiter_take(limiter, STR("ada"), 50, 5, &wait));
    assert_int_equal(wait, 1);
    assert_true(limiter_take(limiter, STR("bob"), 50, 5, &wait));
    usleep(60000);
    assert_true(limiter_take(limiter, STR("ada"), 50, 5, &wait));
    limiter_free(limiter);
}

static void many_keys_do_not_take_from_each_other(void **state)
{
    (void)state;
    struct limiter *limiter = limiter_new();
    int64_t wait;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 2000; i++) {
            char key[32];
            int size = snprintf(key, sizeof key, "user-%d", i);
            assert_true(limiter_take(limiter, (str) { key, (size_t)size }, 0.001, 3, &wait));
        }
    assert_false(limiter_take(limiter, STR("user-7"), 0.001, 3, &wait));
    limiter_free(limiter);
}

static void each_face_has_its_own_words_for_an_error(void **state)
{
    (void)state;
    static const struct {
        enum face face;
        enum error_code code;
        int status;
        const char *body;
    } cases[] = {
        { FACE_PLAIN, ERROR_MEDIA_NOT_FOUND, 404,
            "{\"code\":\"NOT_FOUND\",\"message\":\"Media not found\",\"details\":{}}" },
        { FACE_ENVELOPE, ERROR_MEDIA_NOT_FOUND, 404,
            "{\"success\":false,\"error\":\"MEDIA_NOT_FOUND\",\"message\":\"Media not found\"}" },
        { FACE_DETAIL, ERROR_MEDIA_NOT_FOUND, 404, "{\"detail\":\"Item not found\"}" },
        { FACE_DETAIL, ERROR_NOT_AUTHENTICATED, 401, "{\"detail\":\"Not authenticated\"}" },
        { FACE_PLAIN, ERROR_LAST_SUPERUSER, 409, NULL },
        { FACE_DETAIL, ERROR_LAST_SUPERUSER, 422, NULL },
        { FACE_PLAIN, ERROR_UNPROCESSABLE, 400, NULL },
        { FACE_DETAIL, ERROR_UNPROCESSABLE, 422, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        BUFFER_AUTO struct buffer body = { 0 };
        assert_int_equal(face_error(cases[i].face, error_of(cases[i].code), NULL, &body), cases[i].status);
        buffer_append_byte(&body, 0);
        if (cases[i].body)
            assert_string_equal(body.data, cases[i].body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_segments_win_over_parameters),
        cmocka_unit_test(path_values_are_decoded_and_checked),
        cmocka_unit_test(two_routes_for_the_same_requests_stop_the_start),
        cmocka_unit_test(the_program_has_no_two_routes_for_the_same_requests),
        cmocka_unit_test(a_multipart_body_reads_the_same_however_it_is_cut),
        cmocka_unit_test(broken_multipart_bodies_are_refused),
        cmocka_unit_test(ranges_are_read_as_rfc_9110_has_them),
        cmocka_unit_test(the_headers_of_a_resumable_upload_are_read_strictly),
        cmocka_unit_test(dates_of_http_are_read_in_their_three_forms),
        cmocka_unit_test(a_bucket_runs_dry_and_fills_again),
        cmocka_unit_test(many_keys_do_not_take_from_each_other),
        cmocka_unit_test(each_face_has_its_own_words_for_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
