// SPDX-License-Identifier: GPL-3.0-or-later
// The two headers of tus 1.0 that are more than a number.
#pragma once

#include "base/error.h"

enum { TUS_METADATA_MAX = 16384 }; // bytes: a name of 10,000 characters, as base64, and some more

struct tus_metadata {
    str file_name;   // "filename" or "name"; valid UTF-8 without NUL; STR_NONE: not given
    bool transcribe; // "transcribe"; true unless it says false or 0
};
// Upload-Metadata: `key base64,key base64,…`, a value may be left out. Keys are unique, of visible ASCII. Unknown keys
// are for the client. VALIDATION_ERROR for anything else. STR_NONE is fine.
MUST_USE error tus_header_metadata(struct arena *arena, str header, struct tus_metadata *ret_metadata);

struct checksum;
// Upload-Checksum: `algorithm base64`. VALIDATION_ERROR when malformed, of the wrong length or unknown. The checksum is
// to be freed.
MUST_USE error tus_header_checksum(struct arena *arena, str header, struct checksum **ret_checksum, str *ret_digest);
