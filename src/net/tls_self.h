// SPDX-License-Identifier: GPL-3.0-or-later
// A certificate of one's own, for home networks and trials: nobody vouches for it, so people compare its fingerprint.
#pragma once

#include "base/error.h"

enum { TLS_FINGERPRINT_SIZE = 96 }; // "AB:CD:…" of 32 bytes and NUL

// Makes key and certificate (P-256, ten years) for this host, localhost and `host` (a name or address; may be empty)
// where there are none yet or the certificate has expired, and tells the certificate's SHA-256.
MUST_USE error tls_self_signed(const char *certificate_path, const char *key_path, const char *host,
    char ret_fingerprint[static TLS_FINGERPRINT_SIZE]);
