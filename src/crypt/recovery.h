// SPDX-License-Identifier: GPL-3.0-or-later
// The master key for a drawer: as letters to write down, or sealed by a passphrase beside a backup.
#pragma once

#include "crypt/crypt.h"

// argon2id (RFC 9106) for passphrases that somebody may try at leisure: libsodium's "moderate", 0.7 s of one core.
enum { RECOVERY_PASSES = 3, RECOVERY_MEMORY_BYTES = 256 << 20 };

// Two lines of seven groups of four letters and digits: the key, and three bytes by which a slip of the pen is found.
str recovery_kit(struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE]);
// Reads it in either case, with or without lines and dashes. VALIDATION_ERROR says what is wrong.
MUST_USE error recovery_kit_read(str text, unsigned char ret_key[static CRYPT_KEY_SIZE]);

// Under a passphrase that is not empty. UNAVAILABLE memory is an error_system.
MUST_USE error recovery_seal(
    struct arena *arena, const unsigned char key[static CRYPT_KEY_SIZE], str passphrase, str *ret_sealed);
// WRONG_CREDENTIALS for another passphrase.
MUST_USE error recovery_open(str sealed, str passphrase, unsigned char ret_key[static CRYPT_KEY_SIZE]);
