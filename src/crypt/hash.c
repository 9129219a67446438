// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/memory.h"
#include "crypt/crypt.h"

static void blake2b(unsigned char *ret_hash, size_t hash_size, str message, const void *key, size_t key_size)
{
    const unsigned char *bytes = (const unsigned char *)message.data;
    ASSERT(crypto_generichash(ret_hash, hash_size, bytes, message.size, key, key_size) == 0);
}

void crypt_mac(const unsigned char key[static CRYPT_KEY_SIZE], str message, unsigned char ret_mac[static 32])
{
    blake2b(ret_mac, 32, message, key, CRYPT_KEY_SIZE);
}

void crypt_mark(const void *bytes, size_t size, unsigned char ret_mark[static 16])
{
    blake2b(ret_mark, 16, (str) { bytes, size }, NULL, 0);
}

// OpenSSL 3.0 does not bear a failed allocation everywhere: it crashes, which says nothing.
static void *allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_take(size);
}

static void *grow(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_grow(old, size);
}

static void release(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free(block);
}

// Before OpenSSL allocates for the first time, or it refuses.
__attribute__((constructor)) static void find_memory_for_openssl(void)
{
    CRYPTO_set_mem_functions(allocate, grow, release);
}

void crypt_hmac_sha256(const void *key, size_t key_size, str message, unsigned char ret_mac[static 32])
{
    ASSERT(key_size <= INT_MAX);
    // OpenSSL reads a NULL key as "the key of the last time".
    const void *used_key = key_size ? key : "";
    unsigned size = 0;
    ASSERT(
        HMAC(EVP_sha256(), used_key, (int)key_size, (const unsigned char *)message.data, message.size, ret_mac, &size)
        && size == 32);
}

void crypt_sha256(const void *bytes, size_t size, unsigned char ret_hash[static 32])
{
    ASSERT_MEMORY(EVP_Digest(bytes, size, ret_hash, NULL, EVP_sha256(), NULL) == 1);
}

bool crypt_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

struct hasher {
    EVP_MD_CTX *context;
};

struct hasher *hasher_new(void)
{
    struct hasher *hasher = OPENSSL_malloc(sizeof *hasher);
    ASSERT_MEMORY(hasher);
    hasher->context = EVP_MD_CTX_new();
    ASSERT_MEMORY(hasher->context && EVP_DigestInit_ex(hasher->context, EVP_sha256(), NULL) == 1);
    return hasher;
}

void hasher_add(struct hasher *hasher, const void *bytes, size_t size)
{
    ASSERT(EVP_DigestUpdate(hasher->context, bytes, size) == 1);
}

void hasher_finish(struct hasher *hasher, unsigned char ret_hash[static 32])
{
    ASSERT(EVP_DigestFinal_ex(hasher->context, ret_hash, NULL) == 1);
    hasher_free(hasher);
}

void hasher_free(struct hasher *hasher)
{
    if (!hasher)
        return;
    EVP_MD_CTX_free(hasher->context);
    OPENSSL_free(hasher);
}
