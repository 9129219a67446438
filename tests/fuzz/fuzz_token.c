// SPDX-License-Identifier: GPL-3.0-or-later
// Access tokens (JWT). The bytes as they are never make a token; as header and claims, signed with the right key, they
// make one only with HS256, its claims and within its time.
#include <string.h>

#include "base/json.h"
#include "crypt/crypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t NOW_US = INT64_C(1700000000) * 1000000;

// Header, a line feed, claims.
static str signed_token(struct arena *arena, const unsigned char *key, str text, str *ret_header)
{
    ptrdiff_t at = str_index(text, '\n');
    size_t cut = at < 0 ? text.size : (size_t)at;
    str claims = str_sub(text, cut + (at >= 0), text.size);
    *ret_header = str_sub(text, 0, cut);
    str head = str_base64url(arena, ret_header->data, ret_header->size);
    str body = str_base64url(arena, claims.data, claims.size);
    str whole = str_format(arena, "%.*s.%.*s", STR_ARGS(head), STR_ARGS(body));
    unsigned char mac[32];
    crypt_hmac_sha256(key, CRYPT_KEY_SIZE, whole, mac);
    str signature = str_base64url(arena, mac, sizeof mac);
    return str_format(arena, "%.*s.%.*s", STR_ARGS(whole), STR_ARGS(signature));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[CRYPT_KEY_SIZE] = { 7, 1, 4 };
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    str text = { arena_copy(arena, data, size), size }, header;
    struct token token = { 0 };
    ASSERT(error_is(token_verify(arena, key, text, &token)));
    str made = signed_token(arena, key, text, &header);
    if (error_is(token_verify(arena, key, made, &token)) || error_is(token_check_time(&token, NOW_US)))
        return 0;
    json_t *head;
    // A name that stands twice in the header is for libjwt the last of them.
    if (!error_is(json_read(arena, header, &head)))
        ASSERT(str_equal(json_get_str(head, "alg"), STR("HS256")));
    ASSERT(token.subject.size && token.session_id.size && token.expires_us > NOW_US);
    return 0;
}
