// SPDX-License-Identifier: GPL-3.0-or-later
// The master key on paper, for all commands that read or show it.
#pragma once

#include <stdio.h>

#include "crypt/crypt.h"

// Prints the recovery kit alone.
MUST_USE error keys_print_kit(struct arena *arena, const struct keyring *keyring, FILE *out);
// From a file, or standard input ("-").
MUST_USE error keys_read_kit(struct arena *arena, const char *path, unsigned char ret_key[static CRYPT_KEY_SIZE]);
