// SPDX-License-Identifier: GPL-3.0-or-later
// libjwt reads and signs; what a token must hold is checked here, since libjwt checks neither the times
// nor that the algorithm is the expected one.
#include <errno.h>
#include <jwt.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "crypt/crypt.h"

// Ours have about 350 bytes.
enum { TOKEN_SIZE_MAX = 2048 };

static error refused(const char *why)
{
    return error_make(ERROR_NOT_AUTHENTICATED, NULL, "The access token is not valid: %s", why);
}

static int add_claims(jwt_t *jwt, const struct token *token)
{
    char jti[37];
    id_write(jti);
    json_t *claims = json_pack("{s:o, s:o, s:[o], s:I, s:I, s:I, s:s}", "sub", json_str(token->subject), "sid",
        json_str(token->session_id), "roles", json_str(token->role), "iat", (json_int_t)(token->issued_us / SECOND_US),
        "nbf", (json_int_t)(token->issued_us / SECOND_US), "exp", (json_int_t)(token->expires_us / SECOND_US), "jti",
        jti);
    char *text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
    int result = text ? jwt_add_grants_json(jwt, text) : ENOMEM;
    free(text);
    json_decref(claims);
    return result;
}

error token_issue(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], const struct token *token, str *ret_text)
{
    jwt_t *jwt = NULL;
    int result = jwt_new(&jwt);
    if (result == 0)
        result = jwt_set_alg(jwt, JWT_ALG_HS256, key, CRYPT_KEY_SIZE);
    if (result == 0)
        result = add_claims(jwt, token);
    char *text = result == 0 ? jwt_encode_str(jwt) : NULL;
    jwt_free(jwt);
    if (!text)
        return error_system("sign", "token", result ? result : ENOMEM);
    *ret_text = str_copy(arena, str_of(text));
    free(text);
    return OK;
}

static bool is_token_text(str text)
{
    if (!text.data || text.size == 0 || text.size > TOKEN_SIZE_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

// The one role of the list; STR_NONE for anything that token_issue does not write.
static str role_of(const json_t *claims)
{
    const json_t *roles = json_object_get(claims, "roles");
    if (!json_is_array(roles) || json_array_size(roles) != 1)
        return STR_NONE;
    const json_t *role = json_array_get(roles, 0);
    if (!json_is_string(role))
        return STR_NONE;
    str name = { json_string_value(role), json_string_length(role) };
    return str_equal_c(name, "user") || str_equal_c(name, "superuser") ? name : STR_NONE;
}

// Whole seconds that fit in microseconds, or -1.
static int64_t seconds_of(const json_t *claims, const char *name)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value))
        return -1;
    int64_t seconds = json_integer_value(value);
    return seconds >= 0 && seconds <= INT64_MAX / SECOND_US ? seconds : -1;
}

static error read_claims(struct arena *arena, const json_t *claims, struct token *ret_token)
{
    str subject = json_get_str(claims, "sub"), session_id = json_get_str(claims, "sid");
    str role = role_of(claims), jti = json_get_str(claims, "jti");
    int64_t issued = seconds_of(claims, "iat"), start = seconds_of(claims, "nbf"), end = seconds_of(claims, "exp");
    if (!id_is_valid(subject) || !id_is_valid(session_id) || !role.data || !jti.data)
        return refused("a claim is missing or has another form");
    if (issued < 0 || start < 0 || end < 0)
        return refused("a time is missing or has another form");
    *ret_token = (struct token) { str_copy(arena, subject), str_copy(arena, session_id), str_copy(arena, role),
        issued * SECOND_US, start * SECOND_US, end * SECOND_US };
    return OK;
}

error token_check_time(const struct token *token, int64_t now_us)
{
    if (now_us < token->starts_us)
        return refused("its time has not begun");
    if (now_us >= token->expires_us)
        return refused("it has expired");
    return OK;
}

error token_verify(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], str text, struct token *ret_token)
{
    if (!is_token_text(text))
        return refused("it is not a signed token");
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, str_to_c(arena, text), key, CRYPT_KEY_SIZE) != 0)
        return refused("the signature is wrong");
    bool expected_alg = jwt_get_alg(jwt) == JWT_ALG_HS256;
    jwt_free(jwt);
    if (!expected_alg)
        return refused("it is signed by another method");
    // Read again from the signed text: our parser refuses what libjwt's lets pass, such as doubled names.
    str rest = text, part = STR_NONE, claims_text = STR_NONE;
    json_t *claims = NULL;
    (void)(str_split(&rest, '.', &part) && str_split(&rest, '.', &part));
    if (!str_from_base64(arena, part, &claims_text) || error_is(json_read(arena, claims_text, &claims))
        || !json_is_object(claims))
        return refused("its claims cannot be read");
    return read_claims(arena, claims, ret_token);
}
