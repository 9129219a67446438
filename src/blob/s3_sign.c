// SPDX-License-Identifier: GPL-3.0-or-later
// Source of the algorithm: "Signature Calculations for the Authorization Header: Transferring Payload in a Single
// Chunk" of the Amazon S3 API reference; its examples are the tests.
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "blob/s3.h"
#include "crypt/crypt.h"

void s3_sign_encode(struct buffer *out, str text, bool is_path)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'
                     || c == '_' || c == '~' || (c == '/' && is_path);
        if (plain)
            buffer_append_byte(out, (char)c);
        else
            buffer_format(out, "%%%02X", c);
    }
}

void s3_sign_date(int64_t time_us, char out[static 17])
{
    time_t seconds = (time_t)(time_us / SECOND_US);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(out, 17, "%Y%m%dT%H%M%SZ", &parts);
}

// The headers that are signed, in the order of their names: "name:value" lines, and the names alone.
static void put_headers(const struct s3_signing *signing, struct buffer *lines, struct buffer *names)
{
    struct s3_header all[16];
    size_t count = 0;
    ASSERT(signing->more_count <= 8);
    for (size_t i = 0; i < signing->more_count; i++)
        all[count++] = signing->more[i];
    all[count++] = (struct s3_header) { "host", signing->host };
    if (signing->range)
        all[count++] = (struct s3_header) { "range", signing->range };
    all[count++] = (struct s3_header) { "x-amz-content-sha256", signing->payload_sha256 };
    all[count++] = (struct s3_header) { "x-amz-date", signing->date };
    if (signing->session_token && *signing->session_token)
        all[count++] = (struct s3_header) { "x-amz-security-token", signing->session_token };
    for (size_t i = 1; i < count; i++)
        for (size_t j = i; j > 0 && strcmp(all[j - 1].name, all[j].name) > 0; j--) {
            struct s3_header other = all[j];
            all[j] = all[j - 1];
            all[j - 1] = other;
        }
    for (size_t i = 0; i < count; i++) {
        buffer_format(lines, "%s:%s\n", all[i].name, all[i].value);
        buffer_format(names, "%s%s", i ? ";" : "", all[i].name);
    }
}

static str hex_sha256(struct arena *arena, str text)
{
    unsigned char hash[32];
    crypt_sha256(text.data, text.size, hash);
    return str_hex(arena, hash, sizeof hash);
}

static void signing_key(const struct s3_signing *signing, str day, unsigned char ret_key[static 32])
{
    BUFFER_AUTO struct buffer first = { 0 };
    unsigned char next[32];
    buffer_format(&first, "AWS4%s", signing->secret_key);
    crypt_hmac_sha256(first.data, first.size, day, next);
    explicit_bzero(first.data, first.size);
    crypt_hmac_sha256(next, sizeof next, str_of(signing->region), ret_key);
    crypt_hmac_sha256(ret_key, 32, STR("s3"), next);
    crypt_hmac_sha256(next, sizeof next, STR("aws4_request"), ret_key);
    explicit_bzero(next, sizeof next);
}

str s3_sign(struct arena *arena, const struct s3_signing *signing)
{
    BUFFER_AUTO struct buffer lines = { 0 }, names = { 0 };
    unsigned char key[32], mac[32];
    str day = { signing->date, 8 };
    put_headers(signing, &lines, &names);
    str request = str_format(arena, "%s\n%s\n%s\n%.*s\n%.*s\n%s", signing->method, signing->path, signing->query,
        STR_ARGS(buffer_str(&lines)), STR_ARGS(buffer_str(&names)), signing->payload_sha256);
    str scope = str_format(arena, "%.*s/%s/s3/aws4_request", STR_ARGS(day), signing->region);
    str to_sign = str_format(arena, "AWS4-HMAC-SHA256\n%s\n%.*s\n%.*s", signing->date, STR_ARGS(scope),
        STR_ARGS(hex_sha256(arena, request)));
    signing_key(signing, day, key);
    crypt_hmac_sha256(key, sizeof key, to_sign, mac);
    explicit_bzero(key, sizeof key);
    return str_format(arena, "AWS4-HMAC-SHA256 Credential=%s/%.*s,SignedHeaders=%.*s,Signature=%.*s",
        signing->access_key, STR_ARGS(scope), STR_ARGS(buffer_str(&names)), STR_ARGS(str_hex(arena, mac, sizeof mac)));
}
