// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of api that need no server: router, multipart, ranges, limits, faces.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/download.h"
#include "api/face.h"
#include "api/limiter.h"
#include "api/multipart.h"
#include "api/router.h"
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
        const char *header;
        bool part, satisfiable;
        int64_t first, last;
    } cases[] = {
        { "bytes=0-99", true, true, 0, 99 },
        { "bytes=500-", true, true, 500, 999 },
        { "bytes=-200", true, true, 800, 999 },
        { "bytes=-2000", true, true, 0, 999 },
        { "bytes=900-5000", true, true, 900, 999 },
        { "bytes=1000-", true, false, 0, 0 },
        { "bytes=-0", true, false, 0, 0 },
        { "bytes=5-4", false, true, 0, 0 },
        { "bytes=a-b", false, true, 0, 0 },
        { "bytes=0-1,5-6", false, true, 0, 0 },
        { "lines=0-1", false, true, 0, 0 },
        { "", false, true, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t first = 0, last = 0;
        bool satisfiable;
        bool part = download_range(str_of(cases[i].header), 1000, &first, &last, &satisfiable);
        assert_int_equal(part, cases[i].part);
        if (!part)
            continue;
        assert_int_equal(satisfiable, cases[i].satisfiable);
        if (satisfiable) {
            assert_int_equal(first, cases[i].first);
            assert_int_equal(last, cases[i].last);
        }
    }
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
    assert_true(limiter_peek(limiter, STR("ada"), 50, 5, &wait));
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
        cmocka_unit_test(a_bucket_runs_dry_and_fills_again),
        cmocka_unit_test(many_keys_do_not_take_from_each_other),
        cmocka_unit_test(each_face_has_its_own_words_for_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
