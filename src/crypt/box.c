// SPDX-License-Identifier: GPL-3.0-or-later
// Sealed boxes of libsodium: X25519 (RFC 7748), XSalsa20-Poly1305, a new sender's pair for each box.
#include <sodium.h>

#include "crypt/crypt.h"

_Static_assert(BOX_KEY_SIZE == crypto_box_PUBLICKEYBYTES && BOX_KEY_SIZE == crypto_box_SECRETKEYBYTES, "X25519");
_Static_assert(BOX_OVERHEAD == crypto_box_SEALBYTES, "sealed box");

void box_pair_new(unsigned char ret_public[static BOX_KEY_SIZE], unsigned char ret_private[static BOX_KEY_SIZE])
{
    ASSERT(crypto_box_keypair(ret_public, ret_private) == 0);
}

void box_public_of(const unsigned char private_key[static BOX_KEY_SIZE], unsigned char ret_public[static BOX_KEY_SIZE])
{
    ASSERT(crypto_scalarmult_base(ret_public, private_key) == 0);
}

bool box_public_is_good(const unsigned char public_key[static BOX_KEY_SIZE])
{
    unsigned char any[BOX_KEY_SIZE] = { 0 }, shared[BOX_KEY_SIZE];
    any[0] = 8; // clamped to a multiple of every small order, so only such a point gives zero
    bool good = crypto_scalarmult(shared, any, public_key) == 0;
    sodium_memzero(shared, sizeof shared);
    return good;
}

error box_seal(struct arena *arena, const unsigned char public_key[static BOX_KEY_SIZE], str plain, str *ret_sealed)
{
    unsigned char *sealed = arena_alloc_raw(arena, plain.size + BOX_OVERHEAD);
    if (crypto_box_seal(sealed, (const unsigned char *)plain.data, plain.size, public_key) != 0)
        return error_make(
            ERROR_DATA_CORRUPT, "public_key", "The public key of a user is not one that can be sealed to");
    *ret_sealed = (str) { (const char *)sealed, plain.size + BOX_OVERHEAD };
    return OK;
}

error box_open(struct arena *arena, const unsigned char private_key[static BOX_KEY_SIZE], str sealed, str *ret_plain)
{
    if (sealed.size < BOX_OVERHEAD)
        return error_make(ERROR_DATA_CORRUPT, NULL, "A sealed key is too short");
    unsigned char public_key[BOX_KEY_SIZE];
    box_public_of(private_key, public_key);
    size_t size = sealed.size - BOX_OVERHEAD;
    unsigned char *plain = arena_alloc_raw(arena, size + 1);
    if (crypto_box_seal_open(plain, (const unsigned char *)sealed.data, sealed.size, public_key, private_key) != 0)
        return error_make(ERROR_DATA_CORRUPT, NULL, "The key was not sealed to this private key");
    *ret_plain = (str) { (const char *)plain, size };
    return OK;
}
