// SPDX-License-Identifier: GPL-3.0-or-later
// AES-256-GCM (NIST SP 800-38D) by OpenSSL. The only failures left to OpenSSL here are a lack of memory
// and a broken library: both end the program.
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypt/crypt.h"

enum { TAG_SIZE = 16 };

// OpenSSL's own context under a name that the headers of this program can give away.
static struct aead *begin(
    const unsigned char *key, const unsigned char *nonce, const void *bound, size_t bound_size, bool seal)
{
    ASSERT(bound_size <= INT_MAX);
    int done = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    ASSERT_MEMORY(context && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, seal) == 1);
    if (bound_size)
        ASSERT(EVP_CipherUpdate(context, NULL, &done, bound, (int)bound_size) == 1);
    return (struct aead *)context;
}

struct aead *aead_seal_begin(
    const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound, size_t bound_size)
{
    return begin(key, nonce, bound, bound_size, true);
}

struct aead *aead_open_begin(
    const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound, size_t bound_size)
{
    return begin(key, nonce, bound, bound_size, false);
}

void aead_add(struct aead *aead, const void *in, size_t size, unsigned char *out)
{
    int done = 0;
    ASSERT(size <= INT_MAX);
    if (size)
        ASSERT(EVP_CipherUpdate((EVP_CIPHER_CTX *)aead, out, &done, in, (int)size) == 1 && done == (int)size);
}

void aead_seal_end(struct aead *aead, unsigned char ret_tag[static 16])
{
    int done = 0;
    EVP_CIPHER_CTX *context = (EVP_CIPHER_CTX *)aead;
    ASSERT(EVP_EncryptFinal_ex(context, ret_tag, &done) == 1 && done == 0);
    ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, ret_tag) == 1);
    EVP_CIPHER_CTX_free(context);
}

bool aead_open_end(struct aead *aead, const unsigned char tag[static 16])
{
    int done = 0;
    unsigned char rest[TAG_SIZE];
    EVP_CIPHER_CTX *context = (EVP_CIPHER_CTX *)aead;
    ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, (void *)tag) == 1);
    bool genuine = EVP_DecryptFinal_ex(context, rest, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    return genuine;
}

void aead_free(struct aead *aead)
{
    EVP_CIPHER_CTX_free((EVP_CIPHER_CTX *)aead);
}

void aead_seal(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *plain, size_t size, unsigned char *out)
{
    struct aead *aead = aead_seal_begin(key, nonce, bound, bound_size);
    aead_add(aead, plain, size, out);
    aead_seal_end(aead, out + size);
}

bool aead_open(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *sealed, size_t size, unsigned char *out)
{
    if (size < TAG_SIZE || size > INT_MAX)
        return false;
    size_t plain_size = size - TAG_SIZE;
    unsigned char tag[TAG_SIZE]; // `out` may be `sealed`
    memcpy(tag, (const unsigned char *)sealed + plain_size, TAG_SIZE);
    struct aead *aead = aead_open_begin(key, nonce, bound, bound_size);
    aead_add(aead, sealed, plain_size, out);
    bool genuine = aead_open_end(aead, tag);
    if (!genuine) // nobody may act on bytes that were not authenticated
        OPENSSL_cleanse(out, plain_size);
    return genuine;
}
