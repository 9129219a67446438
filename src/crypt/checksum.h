// SPDX-License-Identifier: GPL-3.0-or-later
// Checksums that clients announce of what they send: they find damage on the way, no more.
#pragma once

#include "base/str.h"

// The algorithms by their names on the wire, separated by commas.
#define CHECKSUM_NAMES "sha1,sha256,sha512,md5"

struct checksum;
// NULL for an unknown algorithm. To be freed.
struct checksum *checksum_new(str algorithm);
size_t checksum_size(const struct checksum *checksum); // bytes of a digest
void checksum_add(struct checksum *checksum, const void *bytes, size_t size);
// Whether all that was added has this digest; nothing can be added afterwards.
bool checksum_matches(struct checksum *checksum, str digest);
void checksum_free(struct checksum *checksum); // NULL is allowed
