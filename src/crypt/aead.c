// SPDX-License-Identifier: GPL-3.0-or-later
// AES-256-GCM (NIST SP 800-38D) by OpenSSL. The only failures left to OpenSSL here are a lack of memory
// and a broken library: both end the program.
#include <limits.h>
#include <openssl/evp.h>

#include "crypt/crypt.h"

enum { TAG_SIZE = 16 };

void aead_seal(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *plain, size_t size, unsigned char *out)
{
    ASSERT(size <= INT_MAX && bound_size <= INT_MAX);
    int done = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    ASSERT(context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    if (bound_size)
        ASSERT(EVP_EncryptUpdate(context, NULL, &done, bound, (int)bound_size) == 1);
    if (size)
        ASSERT(EVP_EncryptUpdate(context, out, &done, plain, (int)size) == 1 && done == (int)size);
    ASSERT(EVP_EncryptFinal_ex(context, out + size, &done) == 1 && done == 0);
    ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + size) == 1);
    EVP_CIPHER_CTX_free(context);
}

bool aead_open(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *sealed, size_t size, unsigned char *out)
{
    if (size < TAG_SIZE || size > INT_MAX)
        return false;
    ASSERT(bound_size <= INT_MAX);
    size_t plain_size = size - TAG_SIZE;
    unsigned char tag[TAG_SIZE];
    for (size_t i = 0; i < TAG_SIZE; i++)
        tag[i] = ((const unsigned char *)sealed)[plain_size + i];
    int done = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    ASSERT(context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    if (bound_size)
        ASSERT(EVP_DecryptUpdate(context, NULL, &done, bound, (int)bound_size) == 1);
    if (plain_size)
        ASSERT(EVP_DecryptUpdate(context, out, &done, sealed, (int)plain_size) == 1);
    ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1);
    unsigned char rest[TAG_SIZE];
    bool genuine = EVP_DecryptFinal_ex(context, rest, &done) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!genuine) // nobody may act on bytes that were not authenticated
        OPENSSL_cleanse(out, plain_size);
    return genuine;
}
