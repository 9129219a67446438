// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "crypt/crypt.h"

// OWASP's minimum for argon2id; each hash takes this much memory for about 14 ms.
enum { PASS_COUNT = 2, MEMORY_BYTES = 19 << 20 };

// Bounds the memory and the processors that a flood of logins can take. It counts for the process, hence
// the one static object of this layer.
static struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t left;
    int inside;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static void gate_enter(void)
{
    pthread_mutex_lock(&gate.mutex);
    while (gate.inside == CRYPT_PASSWORDS_AT_ONCE)
        pthread_cond_wait(&gate.left, &gate.mutex);
    gate.inside++;
    pthread_mutex_unlock(&gate.mutex);
}

static void gate_leave(void)
{
    pthread_mutex_lock(&gate.mutex);
    gate.inside--;
    pthread_cond_signal(&gate.left);
    pthread_mutex_unlock(&gate.mutex);
}

error crypt_init(void)
{
    if (sodium_init() < 0)
        return error_make(ERROR_INTERNAL_ERROR, NULL, "Cannot start the cryptographic library");
    return OK;
}

error crypt_password_hash(struct arena *arena, str password, str *ret_hash)
{
    char text[crypto_pwhash_STRBYTES];
    gate_enter();
    int result = crypto_pwhash_str_alg(text, password.data ? password.data : "", password.size, PASS_COUNT,
        MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    gate_leave();
    if (result != 0)
        return error_system("hash", "password", ENOMEM);
    *ret_hash = str_copy(arena, str_of(text));
    return OK;
}

// The work of a verification without a hash to compare with.
static void spend_time(str password)
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char key[32];
    gate_enter();
    (void)!crypto_pwhash(key, sizeof key, password.data ? password.data : "", password.size, salt, PASS_COUNT,
        MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    gate_leave();
    sodium_memzero(key, sizeof key);
}

bool crypt_password_verify(str hash, str password)
{
    char text[crypto_pwhash_STRBYTES] = { 0 };
    if (!hash.data || hash.size >= sizeof text) {
        spend_time(password);
        return false;
    }
    memcpy(text, hash.data, hash.size);
    gate_enter();
    bool right = crypto_pwhash_str_verify(text, password.data ? password.data : "", password.size) == 0;
    gate_leave();
    return right;
}
