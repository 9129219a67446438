// SPDX-License-Identifier: GPL-3.0-or-later
// Passwords, secrets sealed by the master key, tokens, signatures.
#pragma once

#include "base/error.h"

enum { CRYPT_KEY_SIZE = 32, CRYPT_SEAL_OVERHEAD = 28 /* nonce 12 + tag 16 */ };

// Once at start of the program.
MUST_USE error crypt_init(void);

// Passwords: argon2id (RFC 9106), 19 MiB, t=2; at most so many at once in the process, the others wait.
enum { CRYPT_PASSWORDS_AT_ONCE = 2 };
MUST_USE error crypt_password_hash(struct arena *arena, str password, str *ret_hash);
// False for a wrong password. With STR_NONE as hash the same work is done and false returned, so that
// an unknown name takes as long as a wrong password.
bool crypt_password_verify(str hash, str password);

// The master key: 32 bytes in DIRECTORY/master.key (0600, made on first use with fsync), or in the file
// named by `path` when that is not NULL (never made there).
struct keyring;
MUST_USE error keyring_open(const char *directory, const char *path, struct keyring **ret_keyring);
void keyring_close(struct keyring *keyring);
// The same with a key that is in memory, and in no file.
MUST_USE error keyring_of(const unsigned char key[static CRYPT_KEY_SIZE], struct keyring **ret_keyring);
// The key itself, for a recovery kit; to be wiped.
void keyring_key(const struct keyring *keyring, unsigned char ret_key[static CRYPT_KEY_SIZE]);
// Puts it where keyring_open looks, on disk when this returns. FILE_EXISTS when another key is there; OK with this one.
MUST_USE error keyring_put(const struct keyring *keyring, const char *directory, const char *path);
// First 16 hexadecimal digits of SHA-256 over a label and the key.
str keyring_fingerprint(struct arena *arena, const struct keyring *keyring);
// AES-256-GCM under a key derived from the master key and `purpose`, with `bound` as associated data.
// Output is nonce + ciphertext + tag: size + CRYPT_SEAL_OVERHEAD bytes.
str keyring_seal(struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str plain);
// DATA_CORRUPT when it was not sealed by this key for this purpose and bound.
MUST_USE error keyring_open_sealed(
    struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str sealed, str *ret_plain);

// Changing the master key. While the next one stands beside it (PATH.new), everything is sealed under the next key and
// opened by either; a program that opens the keyring then may work, but one that opened it before may not.
bool keyring_is_changing(const struct keyring *keyring);
// Makes the next key, on disk before this returns, unless one is there already. Arguments as of keyring_open.
MUST_USE error keyring_change_begin(const char *directory, const char *path);
// The next key takes the place of the old one, which is gone. Only when nothing is sealed by the old one any more.
MUST_USE error keyring_change_finish(const char *directory, const char *path);
// What the old key sealed, sealed by the next; STR_NONE for what the next one sealed.
MUST_USE error keyring_reseal(
    struct arena *arena, const struct keyring *keyring, const char *purpose, str bound, str sealed, str *ret_sealed);

// Sealed boxes (libsodium crypto_box_seal): whoever has the public key of an X25519 pair can seal, only the private key
// opens. A box is the plain size and BOX_OVERHEAD bytes.
enum { BOX_KEY_SIZE = 32, BOX_OVERHEAD = 48 };
void box_pair_new(unsigned char ret_public[static BOX_KEY_SIZE], unsigned char ret_private[static BOX_KEY_SIZE]);
void box_public_of(const unsigned char private_key[static BOX_KEY_SIZE], unsigned char ret_public[static BOX_KEY_SIZE]);
// False for the points of low order, to which everybody can open what is sealed.
bool box_public_is_good(const unsigned char public_key[static BOX_KEY_SIZE]);
// DATA_CORRUPT for a public key that is not good.
MUST_USE error box_seal(
    struct arena *arena, const unsigned char public_key[static BOX_KEY_SIZE], str plain, str *ret_sealed);
// DATA_CORRUPT when it was not sealed to this key.
MUST_USE error box_open(
    struct arena *arena, const unsigned char private_key[static BOX_KEY_SIZE], str sealed, str *ret_plain);

// Access tokens: JWT HS256 (RFC 7519) with sub, sid, roles, iat, exp, nbf, jti.
struct token {
    str subject;                              // user's UUID
    str session_id;                           // session's UUID, claim "sid"
    str role;                                 // "user" or "superuser": claim roles is a list
    int64_t issued_us, starts_us, expires_us; // starts_us ("nbf") is told by token_verify; issued_us is put for it
};
MUST_USE error token_issue(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], const struct token *token, str *ret_text);
// NOT_AUTHENTICATED for any other alg (none included), a bad signature, missing claims; whatever the time.
MUST_USE error token_verify(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], str text, struct token *ret_token);
// NOT_AUTHENTICATED outside of nbf..exp.
MUST_USE error token_check_time(const struct token *token, int64_t now_us);

// For short messages of our own, many times cheaper than the two below: keyed BLAKE2b (RFC 7693) as a message
// authentication code, and plain BLAKE2b of 128 bits to tell contents apart.
void crypt_mac(const unsigned char key[static CRYPT_KEY_SIZE], str message, unsigned char ret_mac[static 32]);
void crypt_mark(const void *bytes, size_t size, unsigned char ret_mark[static 16]);
void crypt_hmac_sha256(const void *key, size_t key_size, str message, unsigned char ret_mac[static 32]);
void crypt_sha256(const void *bytes, size_t size, unsigned char ret_hash[static 32]);
bool crypt_equal(const void *a, const void *b, size_t size); // constant time

// Incremental SHA-256 (OpenSSL).
struct hasher;
struct hasher *hasher_new(void);
void hasher_add(struct hasher *hasher, const void *bytes, size_t size);
void hasher_finish(struct hasher *hasher, unsigned char ret_hash[static 32]); // and frees
void hasher_free(struct hasher *hasher);                                      // NULL is allowed

// AEAD for blobs: AES-256-GCM. `out` of seal has room for size + 16 bytes.
void aead_seal(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *plain, size_t size, unsigned char *out);
// False when the tag does not match; `size` counts the tag; `out` has room for size - 16.
bool aead_open(const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound,
    size_t bound_size, const void *sealed, size_t size, unsigned char *out);

// The same piece by piece, for a text that is too large for memory. A piece that was opened is not yet authenticated:
// only aead_open_end says whether all of them were genuine.
struct aead;
struct aead *aead_seal_begin(
    const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound, size_t bound_size);
struct aead *aead_open_begin(
    const unsigned char key[static 32], const unsigned char nonce[static 12], const void *bound, size_t bound_size);
void aead_add(struct aead *aead, const void *in, size_t size, unsigned char *out); // in place is allowed
void aead_seal_end(struct aead *aead, unsigned char ret_tag[static 16]);           // and frees
bool aead_open_end(struct aead *aead, const unsigned char tag[static 16]);         // and frees
void aead_free(struct aead *aead);                                                 // NULL is allowed
