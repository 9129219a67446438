// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer: Upload-Metadata and Upload-Checksum are refused or read, and a name that is read may be stored.
// clang -fsanitize=fuzzer,address -Isrc tests/fuzz/fuzz_tus_header.c, with the libraries api, crypt and base.
#include <string.h>

#include "api/tus_header.h"
#include "base/arena.h"
#include "crypt/checksum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    str header = { (const char *)data, size }, digest;
    struct tus_metadata metadata;
    if (!error_is(tus_header_metadata(arena, header, &metadata)) && metadata.file_name.data)
        ASSERT(str_is_utf8(metadata.file_name) && strlen(metadata.file_name.data) == metadata.file_name.size);
    struct checksum *checksum;
    if (error_is(tus_header_checksum(arena, header, &checksum, &digest)))
        return 0;
    ASSERT(digest.size == checksum_size(checksum));
    checksum_free(checksum);
    return 0;
}
