// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "crypt/crypt.h"
#include "crypt/recovery.h"
#include "test.h"

static const unsigned char key[CRYPT_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static const char subject[] = "018f2f6e-0000-7000-8000-000000000001",
                  session[] = "018f2f6e-0000-7000-8000-000000000002";

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/kinora-test-crypt-XXXXXX");
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[128];
    snprintf(path, sizeof path, "%s/keys/master.key", (char *)*state);
    unlink(path);
    snprintf(path, sizeof path, "%s/keys", (char *)*state);
    int result = rmdir(path); // fails when anything else was left behind
    rmdir(*state);
    free(*state);
    return result;
}

static const char *keys_of(struct arena *arena, void **state)
{
    return str_format(arena, "%s/keys", (char *)*state).data;
}

static void assert_hex(const void *bytes, size_t size, const char *expected)
{
    ARENA_AUTO struct arena *arena = arena_new(4096);
    assert_string_equal(str_hex(arena, bytes, size).data, expected);
}

static void sha256_and_hmac_give_the_published_values(void **state)
{
    (void)state;
    unsigned char out[32];
    crypt_sha256("abc", 3, out); // FIPS 180-4
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, "a", 1);
    hasher_add(hasher, "", 0);
    hasher_add(hasher, "bc", 2);
    hasher_finish(hasher, out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hasher_free(NULL);
    // RFC 4231 test cases 2 and 6
    crypt_hmac_sha256("Jefe", 4, STR("what do ya want for nothing?"), out);
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    unsigned char long_key[131];
    memset(long_key, 0xaa, sizeof long_key);
    crypt_hmac_sha256(long_key, sizeof long_key, STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    assert_hex(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    // without a key, twice with other messages: no state of the last call may come back
    crypt_hmac_sha256(NULL, 0, STR(""), out);
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    assert_true(crypt_equal("abc", "abc", 3));
    assert_false(crypt_equal("abc", "abd", 3));
}

// As Python's hashlib.blake2b gives them.
static void marks_are_blake2b(void **state)
{
    (void)state;
    unsigned char letters[CRYPT_KEY_SIZE], mac[32], mark[16];
    for (unsigned char i = 0; i < sizeof letters; i++)
        letters[i] = i;
    crypt_mac(letters, STR("what is said"), mac);
    assert_hex(mac, 32, "e4b6d21691038be49eaa341a3625312ae8ceaab58824bf5f26600ccc77a02ba3");
    letters[31] ^= 1;
    unsigned char other[32];
    crypt_mac(letters, STR("what is said"), other);
    assert_false(crypt_equal(mac, other, 32));
    crypt_mark("abc", 3, mark);
    assert_hex(mark, 16, "cf4ab791c62b8d2b2109c90275287816");
}

static error verify(struct arena *arena, const unsigned char secret[static CRYPT_KEY_SIZE], str text, int64_t now_us,
    struct token *ret_token)
{
    struct token token;
    TRY(token_verify(arena, secret, text, &token));
    TRY(token_check_time(&token, now_us));
    *ret_token = token;
    return OK;
}

// RFC 7515 appendix A.1. Its key has 64 bytes, so the signature is checked beneath token_verify.
static void the_signature_of_rfc_7515_is_reproduced(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str secret;
    assert_true(str_from_base64(
        arena, STR("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"), &secret));
    unsigned char out[32];
    crypt_hmac_sha256(secret.data, secret.size,
        STR("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"),
        out);
    assert_string_equal(str_base64url(arena, out, 32).data, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

// The GCM specification's test cases 14 (one block) and 16 (associated data).
static void aead_gives_the_published_values(void **state)
{
    (void)state;
    unsigned char zero_key[32] = { 0 }, zero_nonce[12] = { 0 }, out[96], back[96];
    aead_seal(zero_key, zero_nonce, NULL, 0, zero_key, 16, out);
    assert_hex(out, 32, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    aead_seal(zero_key, zero_nonce, NULL, 0, NULL, 0, out);
    assert_hex(out, 16, "530f8afbc74536b9a963b4f1c4cb738b");

    unsigned char real_key[32], nonce[12], plain[60], bound[20];
    assert_true(str_from_hex(
        STR("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"), real_key, sizeof real_key));
    assert_true(str_from_hex(STR("cafebabefacedbaddecaf888"), nonce, sizeof nonce));
    assert_true(str_from_hex(STR("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0"
                                 "e2449a6b525b16aedf5aa0de657ba637b39"),
        plain, sizeof plain));
    assert_true(str_from_hex(STR("feedfacedeadbeeffeedfacedeadbeefabaddad2"), bound, sizeof bound));
    aead_seal(real_key, nonce, bound, sizeof bound, plain, sizeof plain, out);
    assert_hex(out, 76,
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a"
        "0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    assert_true(aead_open(real_key, nonce, bound, sizeof bound, out, 76, back));
    assert_memory_equal(back, plain, sizeof plain);
    for (size_t i = 0; i < 76; i++) {
        out[i] ^= 1;
        assert_false(aead_open(real_key, nonce, bound, sizeof bound, out, 76, back));
        out[i] ^= 1;
    }
    bound[3] ^= 1;
    assert_false(aead_open(real_key, nonce, bound, sizeof bound, out, 76, back));
    assert_false(aead_open(real_key, nonce, NULL, 0, out, 15, back));
}

static void only_the_right_password_opens(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str hash, again;
    assert_ok(crypt_password_hash(arena, STR("hunter2\0tail"), &hash));
    assert_ok(crypt_password_hash(arena, STR("hunter2\0tail"), &again));
    assert_false(str_equal(hash, again));
    assert_true(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_true(crypt_password_verify(hash, STR("hunter2\0tail")));
    assert_false(crypt_password_verify(hash, STR("hunter2")));
    assert_false(crypt_password_verify(hash, STR("")));
    assert_false(crypt_password_verify(STR("nonsense"), STR("hunter2")));
    assert_false(crypt_password_verify(str_format(arena, "%0*d", 300, 1), STR("hunter2")));
}

static void an_unknown_name_takes_as_long_as_a_wrong_password(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(4096);
    str hash;
    assert_ok(crypt_password_hash(arena, STR("right"), &hash));
    int64_t wrong_us = INT64_MAX, absent_us = INT64_MAX; // the best of several, against other load
    for (int i = 0; i < 5; i++) {
        int64_t begin = clock_mono_us();
        assert_false(crypt_password_verify(hash, STR("wrong")));
        int64_t middle = clock_mono_us();
        assert_false(crypt_password_verify(STR_NONE, STR("wrong")));
        int64_t end = clock_mono_us();
        wrong_us = middle - begin < wrong_us ? middle - begin : wrong_us;
        absent_us = end - middle < absent_us ? end - middle : absent_us;
    }
    assert_true(absent_us * 3 > wrong_us && absent_us < wrong_us * 3);
}

static struct token sample(int64_t now_us)
{
    return (
        struct token) { str_of(subject), str_of(session), STR("superuser"), now_us, now_us, now_us + 600 * SECOND_US };
}

static void a_token_reads_back_within_its_time_only(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(100000);
    int64_t now_us = 1700000000 * SECOND_US;
    struct token token = sample(now_us), back;
    str text;
    assert_ok(token_issue(arena, key, &token, &text));
    assert_ok(verify(arena, key, text, now_us, &back));
    assert_true(str_equal(back.subject, token.subject));
    assert_true(str_equal(back.session_id, token.session_id));
    assert_true(str_equal(back.role, token.role));
    assert_int_equal(back.issued_us, token.issued_us);
    assert_int_equal(back.expires_us, token.expires_us);
    assert_ok(verify(arena, key, text, token.expires_us - 1, &back));
    assert_error(verify(arena, key, text, token.expires_us, &back), ERROR_NOT_AUTHENTICATED);
    assert_error(verify(arena, key, text, now_us - 1, &back), ERROR_NOT_AUTHENTICATED);
    unsigned char other[CRYPT_KEY_SIZE] = { 1 };
    assert_error(verify(arena, other, text, now_us, &back), ERROR_NOT_AUTHENTICATED);
}

static str forge(struct arena *arena, const char *header, const char *claims, bool sign)
{
    str start = str_format(arena, "%s.%s", str_base64url(arena, header, strlen(header)).data,
        str_base64url(arena, claims, strlen(claims)).data);
    unsigned char mac[32];
    crypt_hmac_sha256(key, sizeof key, start, mac);
    return str_format(arena, "%s.%s", start.data, sign ? str_base64url(arena, mac, sizeof mac).data : "");
}

#define CLAIMS(sub, roles, times)                                                                                      \
    "{\"sub\":" sub ",\"sid\":\"018f2f6e-0000-7000-8000-000000000002\",\"roles\":" roles ",\"jti\":\"x\"," times "}"
#define SUB "\"018f2f6e-0000-7000-8000-000000000001\""
#define TIMES "\"iat\":1000,\"nbf\":1000,\"exp\":2000"

static void forged_and_incomplete_tokens_are_refused(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(1000000);
    static const char good_claims[] = CLAIMS(SUB, "[\"user\"]", TIMES);
    static const char *const headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"RS256\"}",
        "{\"alg\":\"HS512\"}", "{\"alg\":\"ES256\"}", "{}", "{\"alg\":1}", "[]", "" };
    static const char *const claims[] = { CLAIMS("7", "[\"user\"]", TIMES), CLAIMS("\"bob\"", "[\"user\"]", TIMES),
        CLAIMS(SUB, "\"user\"", TIMES), CLAIMS(SUB, "[]", TIMES), CLAIMS(SUB, "[\"root\"]", TIMES),
        CLAIMS(SUB, "[\"user\",\"superuser\"]", TIMES), CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"nbf\":1000"),
        CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"exp\":2000"), CLAIMS(SUB, "[\"user\"]", "\"nbf\":1000,\"exp\":2000"),
        CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"nbf\":1000,\"exp\":\"2000\""),
        CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"nbf\":1000,\"exp\":2000.5"),
        CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"nbf\":1000,\"exp\":9223372036854775807"),
        CLAIMS(SUB, "[\"user\"]", "\"iat\":1000,\"nbf\":-9223372036854775807,\"exp\":2000"),
        CLAIMS(SUB, "[\"user\"]", "\"exp\":1000,\"iat\":1000,\"nbf\":1000,\"exp\":2000"), "{}", "[1]", "x" };
    struct token back;
    int64_t now_us = 1500 * SECOND_US;
    assert_ok(verify(arena, key, forge(arena, "{\"alg\":\"HS256\"}", good_claims, true), now_us, &back));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        for (int sign = 0; sign < 2; sign++)
            assert_error(verify(arena, key, forge(arena, headers[i], good_claims, sign), now_us, &back),
                ERROR_NOT_AUTHENTICATED);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        assert_error(verify(arena, key, forge(arena, "{\"alg\":\"HS256\"}", claims[i], true), now_us, &back),
            ERROR_NOT_AUTHENTICATED);
    static const char *const texts[] = { "", ".", "..", "...", "a.b.c", "Bearer x", "\x80" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_error(verify(arena, key, str_of(texts[i]), now_us, &back), ERROR_NOT_AUTHENTICATED);
    assert_error(verify(arena, key, STR_NONE, now_us, &back), ERROR_NOT_AUTHENTICATED);
}

static void any_changed_character_of_a_token_is_noticed(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(10 << 20);
    struct token token = sample(1700000000 * SECOND_US), back;
    str text;
    assert_ok(token_issue(arena, key, &token, &text));
    for (size_t i = 0; i < text.size; i++) {
        char *changed = arena_copy(arena, text.data, text.size);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_error(verify(arena, key, (str) { changed, text.size }, token.issued_us, &back), ERROR_NOT_AUTHENTICATED);
        assert_error(verify(arena, key, (str) { text.data, i }, token.issued_us, &back), ERROR_NOT_AUTHENTICATED);
    }
    str longer = str_format(arena, "%sA", text.data);
    assert_error(verify(arena, key, longer, token.issued_us, &back), ERROR_NOT_AUTHENTICATED);
}

static void the_key_is_made_once_and_kept_private(void **state)
{
    ARENA_AUTO struct arena *arena = arena_new(10000);
    struct keyring *keyring;
    assert_ok(keyring_open(keys_of(arena, state), NULL, &keyring));
    str first = keyring_fingerprint(arena, keyring);
    keyring_close(keyring);
    assert_int_equal(first.size, 16);
    struct stat status;
    assert_int_equal(stat(keys_of(arena, state), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    const char *path = str_format(arena, "%s/master.key", keys_of(arena, state)).data;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, 32);
    assert_ok(keyring_open(NULL, path, &keyring));
    assert_true(str_equal(first, keyring_fingerprint(arena, keyring)));
    keyring_close(keyring);
    assert_ok(keyring_open(keys_of(arena, state), NULL, &keyring));
    assert_true(str_equal(first, keyring_fingerprint(arena, keyring)));
    keyring_close(keyring);
}

static void a_key_file_that_cannot_be_trusted_is_refused(void **state)
{
    ARENA_AUTO struct arena *arena = arena_new(10000);
    const char *folder = keys_of(arena, state), *path = str_format(arena, "%s/master.key", folder).data;
    struct keyring *keyring = NULL;
    assert_error(keyring_open(folder, path, &keyring), ERROR_INTERNAL_ERROR); // a named file is never made
    assert_ok(keyring_open(folder, NULL, &keyring));
    keyring_close(keyring);
    chmod(path, 0640);
    error e = keyring_open(folder, NULL, &keyring);
    assert_int_equal(e.code, ERROR_INTERNAL_ERROR);
    assert_non_null(strstr(e.message, "chmod 600"));
    chmod(path, 0600);
    chmod(folder, 0770);
    e = keyring_open(folder, NULL, &keyring);
    assert_int_equal(e.code, ERROR_INTERNAL_ERROR);
    assert_non_null(strstr(e.message, "chmod 700"));
    chmod(folder, 0700);
    assert_int_equal(truncate(path, 31), 0);
    assert_error(keyring_open(folder, NULL, &keyring), ERROR_INTERNAL_ERROR);
    assert_int_equal(truncate(path, 33), 0);
    assert_error(keyring_open(folder, NULL, &keyring), ERROR_INTERNAL_ERROR);
    assert_int_equal(truncate(path, 0), 0);
    assert_error(keyring_open(folder, NULL, &keyring), ERROR_INTERNAL_ERROR);
}

static void programs_that_start_at_once_end_with_one_key(void **state)
{
    ARENA_AUTO struct arena *arena = arena_new(10000);
    enum { COUNT = 8 };
    int go[2], out[2];
    assert_int_equal(pipe(go) | pipe(out), 0);
    for (int i = 0; i < COUNT; i++)
        if (fork() == 0) {
            char byte;
            close(go[1]);
            (void)!read(go[0], &byte, 1); // all wait here for the end of the pipe
            struct keyring *keyring;
            if (error_is(keyring_open(keys_of(arena, state), NULL, &keyring)))
                _exit(1);
            _exit(write(out[1], keyring_fingerprint(arena, keyring).data, 16) == 16 ? 0 : 1);
        }
    close(go[0]);
    close(go[1]);
    char first[16], next[16];
    for (int i = 0; i < COUNT; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(out[0], i ? next : first, 16), 16);
        if (i)
            assert_memory_equal(first, next, 16);
    }
    close(out[0]);
    close(out[1]);
}

static void a_sealed_value_opens_for_its_purpose_and_owner_only(void **state)
{
    ARENA_AUTO struct arena *arena = arena_new(100000);
    struct keyring *keyring;
    assert_ok(keyring_open(keys_of(arena, state), NULL, &keyring));
    str plain = STR("a secret"), back;
    str sealed = keyring_seal(arena, keyring, "user key", STR("user 1"), plain);
    assert_int_equal(sealed.size, plain.size + CRYPT_SEAL_OVERHEAD);
    assert_false(str_equal(sealed, keyring_seal(arena, keyring, "user key", STR("user 1"), plain)));
    assert_ok(keyring_open_sealed(arena, keyring, "user key", STR("user 1"), sealed, &back));
    assert_true(str_equal(back, plain));
    assert_error(keyring_open_sealed(arena, keyring, "blob key", STR("user 1"), sealed, &back), ERROR_DATA_CORRUPT);
    assert_error(keyring_open_sealed(arena, keyring, "user key", STR("user 2"), sealed, &back), ERROR_DATA_CORRUPT);
    for (size_t i = 0; i < sealed.size; i++) {
        char *changed = arena_copy(arena, sealed.data, sealed.size);
        changed[i] ^= 0x40;
        assert_error(
            keyring_open_sealed(arena, keyring, "user key", STR("user 1"), (str) { changed, sealed.size }, &back),
            ERROR_DATA_CORRUPT);
        assert_error(keyring_open_sealed(arena, keyring, "user key", STR("user 1"), (str) { sealed.data, i }, &back),
            ERROR_DATA_CORRUPT);
    }
    sealed = keyring_seal(arena, keyring, "user key", STR_NONE, STR(""));
    assert_ok(keyring_open_sealed(arena, keyring, "user key", STR_NONE, sealed, &back));
    assert_int_equal(back.size, 0);
    keyring_close(keyring);
}

// HKDF computed by hand (RFC 5869) opens what the keyring sealed.
static void the_key_of_a_purpose_is_hkdf_of_the_master_key(void **state)
{
    ARENA_AUTO struct arena *arena = arena_new(10000);
    const char *folder = keys_of(arena, state), *path = str_format(arena, "%s/master.key", folder).data;
    assert_int_equal(mkdir(folder, 0700), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(key, 1, sizeof key, file);
    fclose(file);
    chmod(path, 0600);
    struct keyring *keyring;
    assert_ok(keyring_open(folder, NULL, &keyring));
    str sealed = keyring_seal(arena, keyring, "test", STR("b"), STR("plain"));
    keyring_close(keyring);
    // Extract with a salt of zeros, expand with one block.
    unsigned char zeros[32] = { 0 }, extracted[32], derived[32], plain[5];
    crypt_hmac_sha256(zeros, sizeof zeros, (str) { (const char *)key, sizeof key }, extracted);
    crypt_hmac_sha256(extracted, sizeof extracted, STR("kinora test\x01"), derived);
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    assert_true(aead_open(derived, bytes, "b", 1, bytes + 12, sealed.size - 12, plain));
    assert_memory_equal(plain, "plain", 5);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

static void a_recovery_kit_gives_the_key_back_and_notices_every_slip(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    unsigned char own[CRYPT_KEY_SIZE], found[CRYPT_KEY_SIZE];
    id_random(own, sizeof own);
    str kit = recovery_kit(arena, own);
    assert_int_equal(kit.size, 14 * 4 + 13);
    assert_ok(recovery_kit_read(kit, found));
    assert_memory_equal(found, own, sizeof own);
    assert_ok(recovery_kit_read(str_lower(arena, kit), found));
    char *slip = arena_copy(arena, kit.data, kit.size + 1);
    for (size_t i = 0; i < kit.size; i++) {
        char right = slip[i];
        if (right == '-' || right == '\n')
            continue;
        slip[i] = right == 'A' ? 'B' : 'A';
        assert_int_equal(recovery_kit_read((str) { slip, kit.size }, found).code, ERROR_VALIDATION_ERROR);
        slip[i] = 'U';
        assert_int_equal(recovery_kit_read((str) { slip, kit.size }, found).code, ERROR_VALIDATION_ERROR);
        slip[i] = right;
    }
    assert_int_equal(recovery_kit_read(str_sub(kit, 0, kit.size - 1), found).code, ERROR_VALIDATION_ERROR);
    str longer = str_format(arena, "%.*s0", STR_ARGS(kit));
    assert_int_equal(recovery_kit_read(longer, found).code, ERROR_VALIDATION_ERROR);
    assert_int_equal(recovery_kit_read(STR(""), found).code, ERROR_VALIDATION_ERROR);
}

static void a_key_under_a_passphrase_opens_with_that_one_only(void **state)
{
    (void)state;
    ARENA_AUTO struct arena *arena = arena_new(64 << 10);
    unsigned char own[CRYPT_KEY_SIZE], found[CRYPT_KEY_SIZE];
    str sealed;
    id_random(own, sizeof own);
    assert_ok(recovery_seal(arena, own, STR("open sesame"), &sealed));
    assert_ok(recovery_open(sealed, STR("open sesame"), found));
    assert_memory_equal(found, own, sizeof own);
    assert_int_equal(recovery_open(sealed, STR("open barley"), found).code, ERROR_WRONG_CREDENTIALS);
    assert_int_equal(
        recovery_open(str_sub(sealed, 1, sealed.size), STR("open sesame"), found).code, ERROR_DATA_CORRUPT);
}

int main(void)
{
    error e = crypt_init();
    if (error_is(e))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_and_hmac_give_the_published_values),
        cmocka_unit_test(marks_are_blake2b),
        cmocka_unit_test(the_signature_of_rfc_7515_is_reproduced),
        cmocka_unit_test(aead_gives_the_published_values),
        cmocka_unit_test(only_the_right_password_opens),
        cmocka_unit_test(an_unknown_name_takes_as_long_as_a_wrong_password),
        cmocka_unit_test(a_token_reads_back_within_its_time_only),
        cmocka_unit_test(forged_and_incomplete_tokens_are_refused),
        cmocka_unit_test(any_changed_character_of_a_token_is_noticed),
        cmocka_unit_test(a_recovery_kit_gives_the_key_back_and_notices_every_slip),
        cmocka_unit_test(a_key_under_a_passphrase_opens_with_that_one_only),
        WITH_FOLDER(the_key_is_made_once_and_kept_private),
        WITH_FOLDER(a_key_file_that_cannot_be_trusted_is_refused),
        WITH_FOLDER(programs_that_start_at_once_end_with_one_key),
        WITH_FOLDER(a_sealed_value_opens_for_its_purpose_and_owner_only),
        WITH_FOLDER(the_key_of_a_purpose_is_hkdf_of_the_master_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
