// SPDX-License-Identifier: GPL-3.0-or-later
#include "crypt/checksum.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/error.h"

struct checksum {
    EVP_MD_CTX *context;
    size_t size;
};

static const EVP_MD *algorithm_of(str name)
{
    return str_equal_c(name, "sha1")     ? EVP_sha1()
           : str_equal_c(name, "sha256") ? EVP_sha256()
           : str_equal_c(name, "sha512") ? EVP_sha512()
           : str_equal_c(name, "md5")    ? EVP_md5()
                                         : NULL;
}

struct checksum *checksum_new(str algorithm)
{
    const EVP_MD *type = algorithm_of(algorithm);
    if (!type)
        return NULL;
    struct checksum *checksum = OPENSSL_zalloc(sizeof *checksum);
    ASSERT_MEMORY(checksum);
    checksum->context = EVP_MD_CTX_new();
    checksum->size = (size_t)EVP_MD_get_size(type);
    ASSERT_MEMORY(checksum->context && EVP_DigestInit_ex(checksum->context, type, NULL) == 1);
    return checksum;
}

size_t checksum_size(const struct checksum *checksum)
{
    return checksum->size;
}

void checksum_add(struct checksum *checksum, const void *bytes, size_t size)
{
    ASSERT(EVP_DigestUpdate(checksum->context, bytes, size) == 1);
}

bool checksum_matches(struct checksum *checksum, str digest)
{
    unsigned char own[EVP_MAX_MD_SIZE];
    ASSERT(EVP_DigestFinal_ex(checksum->context, own, NULL) == 1);
    return digest.size == checksum->size && memcmp(own, digest.data, digest.size) == 0;
}

void checksum_free(struct checksum *checksum)
{
    if (!checksum)
        return;
    EVP_MD_CTX_free(checksum->context);
    OPENSSL_free(checksum);
}
