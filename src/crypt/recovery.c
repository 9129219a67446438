// SPDX-License-Identifier: GPL-3.0-or-later
// The master key on paper, and under a passphrase. On paper it is Crockford's base32 (no I, L, O, U; read in either
// case, I and L as 1, O as 0) of the key and three bytes of its hash, in fourteen groups of four letters.
#include "crypt/recovery.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "crypt/crypt.h"

enum {
    CHECK_BYTES = 3,
    KIT_BYTES = CRYPT_KEY_SIZE + CHECK_BYTES,
    KIT_LETTERS = KIT_BYTES * 8 / 5,
    GROUP = 4,
    GROUPS_A_LINE = 7
};
_Static_assert(KIT_BYTES * 8 % 5 == 0 && KIT_LETTERS % GROUP == 0, "whole letters, whole groups");

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void check_of(const unsigned char key[static CRYPT_KEY_SIZE], unsigned char ret_check[static 32])
{
    static const char label[] = "kinora recovery kit";
    struct hasher *hasher = hasher_new();
    hasher_add(hasher, label, sizeof label - 1);
    hasher_add(hasher, key, CRYPT_KEY_SIZE);
    hasher_finish(hasher, ret_check);
}

str recovery_kit(struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE])
{
    unsigned char bytes[CRYPT_KEY_SIZE + 32];
    char *text = arena_alloc(arena, KIT_LETTERS + KIT_LETTERS / GROUP + 1);
    size_t size = 0;
    memcpy(bytes, key, CRYPT_KEY_SIZE);
    check_of(key, bytes + CRYPT_KEY_SIZE);
    for (size_t i = 0; i < KIT_LETTERS; i++) {
        unsigned value = 0;
        for (size_t bit = i * 5; bit < i * 5 + 5; bit++)
            value = value << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1u);
        if (i && i % GROUP == 0)
            text[size++] = i % (GROUP * GROUPS_A_LINE) == 0 ? '\n' : '-';
        text[size++] = letters[value];
    }
    sodium_memzero(bytes, sizeof bytes);
    return (str) { text, size };
}

// -1 for what is no letter of ours.
static int value_of(char letter)
{
    if (letter >= 'a' && letter <= 'z')
        letter = (char)(letter - 'a' + 'A');
    letter = letter == 'O' ? '0' : letter == 'I' || letter == 'L' ? '1' : letter;
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? (int)(at - letters) : -1;
}

error recovery_kit_read(str text, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    unsigned char bytes[KIT_BYTES] = { 0 }, check[32];
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (strchr("- \t\r\n", text.data[i]) && text.data[i])
            continue;
        int value = value_of(text.data[i]);
        if (value < 0 || count == KIT_LETTERS)
            return error_make(ERROR_VALIDATION_ERROR, "recovery kit",
                value < 0 ? "The recovery kit has %d letters and digits; a sign in it is neither"
                          : "The recovery kit has %d letters and digits; these are more",
                KIT_LETTERS);
        for (size_t bit = 0; bit < 5; bit++)
            if (value >> (4 - bit) & 1)
                bytes[(count * 5 + bit) / 8] |= (unsigned char)(1u << (7 - (count * 5 + bit) % 8));
        count++;
    }
    if (count < KIT_LETTERS)
        return error_make(ERROR_VALIDATION_ERROR, "recovery kit",
            "The recovery kit has %d letters and digits; these are only %zu", KIT_LETTERS, count);
    check_of(bytes, check);
    bool good = sodium_memcmp(check, bytes + CRYPT_KEY_SIZE, CHECK_BYTES) == 0;
    if (good)
        memcpy(ret_key, bytes, CRYPT_KEY_SIZE);
    sodium_memzero(bytes, sizeof bytes);
    return good ? OK
                : error_make(ERROR_VALIDATION_ERROR, "recovery kit",
                    "The recovery kit was not copied rightly: one of its letters or digits is another one");
}

// Salt, nonce, box ------------------------------------------------------------------------------------

enum {
    SALT = crypto_pwhash_SALTBYTES,
    NONCE = crypto_secretbox_NONCEBYTES,
    SEALED = SALT + NONCE + CRYPT_KEY_SIZE + crypto_secretbox_MACBYTES
};

static error passphrase_key(
    str passphrase, const unsigned char salt[static SALT], unsigned char ret_key[static crypto_secretbox_KEYBYTES])
{
    int result = crypto_pwhash(ret_key, crypto_secretbox_KEYBYTES, passphrase.data, passphrase.size, salt,
        RECOVERY_PASSES, RECOVERY_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    return result == 0 ? OK : error_system("hash", "passphrase", ENOMEM);
}

error recovery_seal(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], str passphrase, str *ret_sealed)
{
    unsigned char derived[crypto_secretbox_KEYBYTES];
    unsigned char *sealed = arena_alloc(arena, SEALED);
    randombytes_buf(sealed, SALT + NONCE);
    TRY(passphrase_key(passphrase, sealed, derived));
    ASSERT(crypto_secretbox_easy(sealed + SALT + NONCE, key, CRYPT_KEY_SIZE, sealed + SALT, derived) == 0);
    sodium_memzero(derived, sizeof derived);
    *ret_sealed = (str) { (const char *)sealed, SEALED };
    return OK;
}

error recovery_open(str sealed, str passphrase, unsigned char ret_key[static CRYPT_KEY_SIZE])
{
    unsigned char derived[crypto_secretbox_KEYBYTES], key[CRYPT_KEY_SIZE];
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    if (sealed.size != SEALED)
        return error_make(ERROR_DATA_CORRUPT, NULL, "The master key that the backup holds is damaged");
    TRY(passphrase_key(passphrase, bytes, derived));
    bool good = crypto_secretbox_open_easy(key, bytes + SALT + NONCE, SEALED - SALT - NONCE, bytes + SALT, derived)
                == 0;
    if (good)
        memcpy(ret_key, key, CRYPT_KEY_SIZE);
    sodium_memzero(key, sizeof key);
    sodium_memzero(derived, sizeof derived);
    return good ? OK : error_make(ERROR_WRONG_CREDENTIALS, "passphrase", "This is not the passphrase of the backup");
}
