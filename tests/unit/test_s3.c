// SPDX-License-Identifier: GPL-3.0-or-later
// Signatures against the examples that Amazon publishes with their description, and what is read out of answers.
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "blob/parallel.h"
#include "blob/s3.h"
#include "test.h"

static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void the_published_examples_are_signed_alike(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    static const struct s3_header class[] = { { "date", "Fri, 24 May 2013 00:00:00 GMT" },
        { "x-amz-storage-class", "REDUCED_REDUNDANCY" } };
    static const struct {
        const char *method, *path, *query, *range, *payload;
        const struct s3_header *more;
        size_t more_count;
        const char *names, *signature;
    } examples[] = {
        { "GET", "/test.txt", "", "bytes=0-9", nothing, NULL, 0, "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
        { "PUT", "/test%24file.text", "", NULL, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            class, 2, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
        { "GET", "/", "lifecycle=", NULL, nothing, NULL, 0, "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
        { "GET", "/", "max-keys=2&prefix=J", NULL, nothing, NULL, 0, "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct s3_signing signing = { .method = examples[i].method,
            .host = "examplebucket.s3.amazonaws.com",
            .path = examples[i].path,
            .query = examples[i].query,
            .range = examples[i].range,
            .payload_sha256 = examples[i].payload,
            .date = "20130524T000000Z",
            .region = "us-east-1",
            .access_key = "AKIAIOSFODNN7EXAMPLE",
            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            .more = examples[i].more,
            .more_count = examples[i].more_count };
        str expected = str_format(arena,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=%s,Signature=%s",
            examples[i].names, examples[i].signature);
        assert_string_equal(s3_sign(arena, &signing).data, expected.data);
    }
}

static void a_session_token_is_signed_too(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    struct s3_signing signing = { .method = "GET",
        .host = "h",
        .path = "/",
        .query = "",
        .payload_sha256 = nothing,
        .date = "20130524T000000Z",
        .region = "us-east-1",
        .access_key = "A",
        .secret_key = "S",
        .session_token = "one" };
    str one = s3_sign(arena, &signing);
    signing.session_token = "two";
    str two = s3_sign(arena, &signing);
    assert_true(str_find(one, STR("x-amz-date;x-amz-security-token")) > 0);
    assert_false(str_equal(one, two));
}

static void names_are_encoded_as_the_signature_wants(void **state)
{
    (void)state;
    BUFFER_AUTO struct buffer path = { 0 }, query = { 0 };
    s3_sign_encode(&path, STR("a b+c~d/é&*'()!$@:;,=?#%"), true);
    assert_true(str_equal(buffer_str(&path), STR("a%20b%2Bc~d/%C3%A9%26%2A%27%28%29%21%24%40%3A%3B%2C%3D%3F%23%25")));
    s3_sign_encode(&query, STR("a/b-_.~"), false);
    assert_true(str_equal(buffer_str(&query), STR("a%2Fb-_.~")));
    char date[17];
    s3_sign_date(INT64_C(1369353600) * SECOND_US, date);
    assert_string_equal(date, "20130524T000000Z");
}

static void answers_are_read_and_entities_resolved(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    str rest = STR("<?xml?><L><K>a&amp;b&lt;&gt;&quot;&#34;&apos;&amp;lt;</K><K></K><K>c</K><N>1</N><K>cut");
    str text;
    assert_string_equal(s3_xml_text(arena, rest, "K").data, "a&b<>\"\"'&lt;");
    assert_null(s3_xml_text(arena, rest, "M").data);
    assert_true(s3_xml_next(&rest, "K", &text) && s3_xml_next(&rest, "K", &text) && text.size == 0);
    assert_true(s3_xml_next(&rest, "K", &text) && str_equal(text, STR("c")));
    assert_false(s3_xml_next(&rest, "K", &text)); // cut off
    BUFFER_AUTO struct buffer escaped = { 0 };
    s3_xml_escape(&escaped, STR("\"a&b\"<c>'"));
    assert_true(str_equal(buffer_str(&escaped), STR("&quot;a&amp;b&quot;&lt;c&gt;'")));
}

static void only_keys_below_the_prefix_are_ours(void **state)
{
    (void)state;
    struct s3 s3 = { .options = { .prefix = "a/" } };
    char id[37];
    assert_true(s3_id_of_key(&s3, STR("a/01890a5d-ac96-774b-bcce-b302099a8057"), id));
    assert_string_equal(id, "01890a5d-ac96-774b-bcce-b302099a8057");
    assert_false(s3_id_of_key(&s3, STR("b/01890a5d-ac96-774b-bcce-b302099a8057"), id));
    assert_false(s3_id_of_key(&s3, STR("01890a5d-ac96-774b-bcce-b302099a8057"), id));
    assert_false(s3_id_of_key(&s3, STR("a/01890a5d-ac96-774b-bcce-b302099a80zz"), id));
    assert_false(s3_id_of_key(&s3, STR("a/b/01890a5d-ac96-774b-bcce-b302099a8057"), id));
}

struct steps {
    _Atomic size_t begun, sum;
    size_t fails_at;
};

static error step(void *context, size_t number)
{
    struct steps *steps = context;
    steps->begun++;
    if (number == steps->fails_at)
        return error_make(ERROR_UNAVAILABLE, NULL, "step %zu", number);
    steps->sum += number;
    return OK;
}

static void steps_are_done_once_and_the_first_error_ends_them(void **state)
{
    (void)state;
    struct steps all = { .fails_at = 1000 }, some = { .fails_at = 10 };
    assert_ok(parallel_run(100, 4, step, &all));
    assert_int_equal(all.sum, 4950);
    assert_ok(parallel_run(0, 4, step, &all));
    error e = parallel_run(100000, 4, step, &some);
    assert_error(e, ERROR_UNAVAILABLE);
    assert_string_equal(e.message, "step 10"); // although its thread is gone
    assert_true(some.begun < 100000);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void settings_that_cannot_be_are_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/kinora-test-s3-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    struct blob_store *store;
    snprintf(path, sizeof path, "%s/blobs", folder);
    assert_ok(blob_store_open(path, NULL, &store));
    struct s3_options good = {
        .endpoint = "http://127.0.0.1:1", .bucket = "kinora", .access_key = "a", .secret_key = "s"
    };
    static const char *const endpoints[] = { "", "127.0.0.1", "ftp://host", "http://", "http://host/path",
        "http://user@host", "http://ho st" };
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        struct s3_options bad = good;
        bad.endpoint = endpoints[i];
        assert_error(blob_store_add_s3(store, &bad, true), ERROR_USAGE);
    }
    static const char *const prefixes[] = { "/a", "a//b", "../a", "a/./b", "\xff" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        struct s3_options bad = good;
        bad.prefix = prefixes[i];
        assert_error(blob_store_add_s3(store, &bad, true), ERROR_USAGE);
    }
    struct s3_options no_bucket = good, no_key = good;
    no_bucket.bucket = "a/b";
    no_key.secret_key = NULL;
    assert_error(blob_store_add_s3(store, &no_bucket, true), ERROR_USAGE);
    assert_error(blob_store_add_s3(store, &no_key, true), ERROR_USAGE);
    assert_false(blob_store_has(store, BLOB_S3));
    assert_ok(blob_store_add_s3(store, &good, true));
    assert_true(blob_store_has(store, BLOB_S3));
    assert_int_equal(blob_store_place_of_new(store), BLOB_S3);
    assert_error(blob_store_check(store), ERROR_UNAVAILABLE); // nobody listens there
    blob_store_close(store);
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_are_signed_alike),
        cmocka_unit_test(a_session_token_is_signed_too),
        cmocka_unit_test(names_are_encoded_as_the_signature_wants),
        cmocka_unit_test(answers_are_read_and_entities_resolved),
        cmocka_unit_test(only_keys_below_the_prefix_are_ours),
        cmocka_unit_test(steps_are_done_once_and_the_first_error_ends_them),
        cmocka_unit_test(settings_that_cannot_be_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
