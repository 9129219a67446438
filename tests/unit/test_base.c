// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/metric.h"
#include "base/span.h"
#include "test.h"

static void an_arena_gives_zeroed_memory_and_knows_when_it_is_over(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1000);
    unsigned char *bytes = arena_alloc(arena, 900);
    for (int i = 0; i < 900; i++)
        assert_int_equal(bytes[i], 0);
    assert_false(arena_over(arena));
    arena_alloc(arena, 200);
    assert_true(arena_over(arena));
    arena_reset(arena);
    assert_false(arena_over(arena));
}

static bool shows(const struct buffer *out, const char *line)
{
    return str_find(buffer_str(out), str_of(line)) >= 0;
}

static void a_metric_counts_by_its_labels_and_invented_ones_share_the_last_place(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer out = { 0 };
    metric_add(METRIC_upload_errors, 2, STR("4\"\\\n"), STR_NONE);
    metric_set(METRIC_storage, 7, STR("local"), STR_NONE);
    metric_observe(METRIC_event_lag, 5000, STR_NONE, STR_NONE);
    metric_observe(METRIC_event_lag, 7200 * SECOND_US + 1, STR_NONE, STR_NONE);
    for (int i = 0; i < 200; i++) {
        char method[8];
        snprintf(method, sizeof method, "m%d", i);
        metric_add(METRIC_http_requests, 1, str_of(method), STR("200"));
    }
    metric_write(&out);
    assert_true(shows(&out, "\nupload_errors_total{reason=\"4\\\"\\\\\\n\"} 2\n"));
    assert_true(shows(&out, "\nstorage_bytes{place=\"local\"} 7\n"));
    assert_true(shows(&out, "\nevent_lag_seconds_bucket{le=\"0.005\"} 1\n"));
    assert_true(shows(&out, "\nevent_lag_seconds_bucket{le=\"7200\"} 1\nevent_lag_seconds_bucket{le=\"+Inf\"} 2\n"));
    assert_true(shows(&out, "\nevent_lag_seconds_sum 7200.005001\nevent_lag_seconds_count 2\n"));
    assert_true(shows(&out, "\nhttp_requests_total{method=\"m62\",status=\"200\"} 1\n"));
    assert_true(shows(&out, "\nhttp_requests_total{method=\"other\",status=\"other\"} 137\n"));
    metric_clear(METRIC_storage);
    buffer_clear(&out);
    metric_write(&out);
    assert_true(shows(&out, "\nstorage_bytes{place=\"local\"} 0\n"));
}

static void a_traceparent_is_read_strictly_and_written_as_it_was(void **state)
{
    (void)state;
    static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    static const char *const bad[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
    };
    struct trace trace;
    bool sampled;
    char out[56];
    assert_true(span_read_header(str_of(good), &trace, &sampled));
    assert_true(sampled);
    span_write_header(&trace, out);
    assert_string_equal(out, good);
    assert_true(
        span_read_header(STR("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-later"), &trace, &sampled));
    assert_false(sampled);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(span_read_header(str_of(bad[i]), &trace, &sampled));
}

struct kept_span {
    size_t count;
    struct span spans[4];
};

static void keep_span(void *context, const struct span *span)
{
    struct kept_span *kept = context;
    kept->spans[kept->count++] = *span;
}

static void spans_are_children_of_where_the_thread_is(void **state)
{
    (void)state;
    struct kept_span kept = { 0 };
    const struct span_sink all = { &kept, keep_span, 1000000, true }, none = { &kept, keep_span, 0, true };
    struct span root, child, stray;
    struct trace trace;
    trace_new(&trace);
    span_root(&root, SPAN_SERVER, STR("off"), &trace, NULL, false);
    assert_false(root.on);
    span_set_sink(&none);
    span_root(&root, SPAN_SERVER, STR("not kept"), &trace, NULL, false);
    assert_false(root.on);
    span_set_sink(&all);
    span_begin(&stray, SPAN_CLIENT, "stray", STR_NONE);
    assert_false(stray.on);
    span_root(&root, SPAN_SERVER, STR("root"), &trace, NULL, false);
    {
        SPAN_WITHIN(&root);
        span_begin(&child, SPAN_CLIENT, "SQL", STR("by_id"));
        span_result(&child, error_of(ERROR_NOT_FOUND));
        span_end(&child);
    }
    span_begin(&stray, SPAN_CLIENT, "stray", STR_NONE);
    assert_false(stray.on);
    span_end_root(&root);
    span_set_sink(NULL);
    assert_int_equal(kept.count, 2);
    assert_string_equal(kept.spans[0].name, "SQL by_id");
    assert_string_equal(kept.spans[0].parent_id, trace.span_id);
    assert_string_equal(kept.spans[0].trace.trace_id, trace.trace_id);
    assert_string_equal(kept.spans[0].message, "NOT_FOUND");
    assert_string_equal(kept.spans[1].name, "root");
}

static void utf8_is_checked_strictly(void **state)
{
    (void)state;
    assert_true(str_is_utf8(STR("grüße 🎬")));
    assert_false(str_is_utf8(STR("\xC0\xAF")));
    assert_false(str_is_utf8(STR("\xED\xA0\x80")));
    assert_false(str_is_utf8(STR("\xF5\x80\x80\x80")));
    assert_false(str_is_utf8(STR("\xE2\x82")));
    assert_int_equal(str_length_utf8(STR("grüße 🎬")), 7);
    assert_true(str_equal(str_cut_utf8(STR("aü"), 2), STR("a")));
}

static void base64_and_hex_read_back(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(10000);
    for (size_t size = 0; size < 20; size++) {
        unsigned char bytes[20], back[20];
        id_random(bytes, sizeof bytes);
        str out;
        assert_true(str_from_base64(arena, str_base64(arena, bytes, size), &out));
        assert_int_equal(out.size, size);
        assert_memory_equal(out.data, bytes, size);
        assert_true(str_from_base64(arena, str_base64url(arena, bytes, size), &out));
        assert_memory_equal(out.data, bytes, size);
        assert_true(str_from_hex(str_hex(arena, bytes, size), back, size));
        assert_memory_equal(back, bytes, size);
    }
    assert_string_equal(str_base64(arena, "Ma", 2).data, "TWE=");
}

static void json_is_read_strictly(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(100000);
    static const char *const bad[] = { "", "{", "{\"a\":1,\"a\":2}", "[1] x", "NaN", "1e400", "\"\\u0000\"", "[1,]",
        "// c\n1", "\"\xff\"" };
    json_t *value;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(json_read(arena, str_of(bad[i]), &value).code, ERROR_MALFORMED_JSON);
    char deep[10000];
    memset(deep, '[', sizeof deep);
    assert_int_equal(json_read(arena, (str) { deep, sizeof deep }, &value).code, ERROR_MALFORMED_JSON);
    assert_int_equal(json_read(arena, STR("{\"a\":[1,2.5,\"x\"]}"), &value).code, ERROR_NONE);
    assert_string_equal(json_text(arena, value).data, "{\"a\":[1,2.5,\"x\"]}");
}

static void json_is_written_without_a_tree(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer buffer = { 0 };
    struct json_out out = { .buffer = &buffer };
    json_object_begin(&out);
    json_key(&out, "a\"b");
    json_put_str(&out, STR("x\ny\x01"));
    json_key(&out, "n");
    json_array_begin(&out);
    json_put_int(&out, INT64_MIN);
    json_put_number(&out, 0.1);
    json_put_number(&out, 8);
    json_put_bool(&out, true);
    json_put_null(&out);
    json_array_end(&out);
    json_object_end(&out);
    buffer_append_byte(&buffer, 0);
    assert_string_equal(buffer.data, "{\"a\\\"b\":\"x\\ny\\u0001\",\"n\":[-9223372036854775808,0.1,8.0,true,null]}");
}

// Each byte of ASCII and one of a letter of two, at each place of a text, read back by the other library.
static void what_needs_an_escape_gets_one_wherever_it_stands(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x81; c++)
        for (size_t place = 0; place < 20; place++) {
            BUFFER_AUTO struct buffer buffer = { 0 };
            struct json_out out = { .buffer = &buffer };
            char text[] = "plain text all over it!";
            text[place] = (char)c;
            if (c == 0x80)
                memcpy(text + place, "\xC3\xA4", 2);
            str said = { text, sizeof text - 1 };
            json_put_str(&out, said);
            json_t *read = json_loadb(buffer.data, buffer.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            assert_non_null(read);
            assert_true(str_equal((str) { json_string_value(read), json_string_length(read) }, said));
            json_decref(read);
        }
}

static void a_merge_patch_follows_rfc_7396(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(100000);
    json_t *target, *patch;
    assert_false(error_is(json_read(arena, STR("{\"a\":{\"b\":1,\"c\":2},\"d\":3}"), &target)));
    assert_false(error_is(json_read(arena, STR("{\"a\":{\"b\":null,\"e\":{\"f\":null,\"g\":1}},\"d\":[1]}"), &patch)));
    assert_string_equal(
        json_text(arena, json_merge(arena, target, patch)).data, "{\"a\":{\"c\":2,\"e\":{\"g\":1}},\"d\":[1]}");
}

static void times_are_written_and_read(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(10000);
    int64_t us = INT64_C(1769342400123456), back;
    assert_string_equal(clock_text(arena, us).data, "2026-01-25T12:00:00Z");
    assert_string_equal(clock_text_ms(arena, us).data, "2026-01-25T12:00:00.123Z");
    assert_true(clock_parse(STR("2026-01-25T12:00:00.123456Z"), &back));
    assert_int_equal(back, us);
    assert_false(clock_parse(STR("yesterday at twelve o'clock"), &back));
    assert_string_equal(clock_http_date(arena, INT64_C(784111777000000)).data, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void ids_are_version_7_and_sort_by_time(void **state)
{
    (void)state;
    char first[37], second[37];
    id_write(first);
    do
        id_write(second);
    while (!memcmp(first, second, 13) && first[15] == second[15] && !memcmp(first + 15, second + 15, 3));
    assert_true(id_is_valid(str_of(first)));
    assert_int_equal(first[14], '7');
    assert_true(strcmp(first, second) < 0);
    assert_false(id_is_valid(STR("not-a-uuid")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_gives_zeroed_memory_and_knows_when_it_is_over),
        cmocka_unit_test(a_metric_counts_by_its_labels_and_invented_ones_share_the_last_place),
        cmocka_unit_test(a_traceparent_is_read_strictly_and_written_as_it_was),
        cmocka_unit_test(spans_are_children_of_where_the_thread_is),
        cmocka_unit_test(utf8_is_checked_strictly),
        cmocka_unit_test(base64_and_hex_read_back),
        cmocka_unit_test(json_is_read_strictly),
        cmocka_unit_test(json_is_written_without_a_tree),
        cmocka_unit_test(what_needs_an_escape_gets_one_wherever_it_stands),
        cmocka_unit_test(a_merge_patch_follows_rfc_7396),
        cmocka_unit_test(times_are_written_and_read),
        cmocka_unit_test(ids_are_version_7_and_sort_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
