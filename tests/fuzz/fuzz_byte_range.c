// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer: whatever the Range header says, the ranges lie within the content, are whole and do not meet each other.
// clang -fsanitize=fuzzer,address -Isrc tests/fuzz/fuzz_byte_range.c, with the libraries api and base.
#include <string.h>

#include "api/byte_range.h"
#include "base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The first two bytes are the size of the content, less one; the rest is the header.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint16_t most;
    if (size < sizeof most)
        return 0;
    memcpy(&most, data, sizeof most);
    int64_t content = (int64_t)most + 1;
    struct byte_ranges ranges;
    bool inside = byte_ranges_read((str) { (const char *)data + sizeof most, size - sizeof most }, content, &ranges);
    ASSERT(ranges.count <= BYTE_RANGES_MAX && (inside || ranges.count == 0));
    for (size_t i = 0; i < ranges.count; i++) {
        struct byte_range one = ranges.items[i];
        ASSERT(one.first >= 0 && one.first <= one.last && one.last < content);
        for (size_t k = 0; k < i; k++)
            ASSERT(one.first > ranges.items[k].last + 1 || ranges.items[k].first > one.last + 1);
    }
    return 0;
}
