// SPDX-License-Identifier: GPL-3.0-or-later
// Where an encoded file goes: bytes at offsets, readable again for formats that move their index to the front.
#pragma once

#include "base/error.h"

struct sink_io {
    void *context;
    error (*write)(void *context, uint64_t offset, const void *bytes, size_t size);
    // What was written before; fewer bytes only at the end.
    error (*read_back)(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got);
};
