// SPDX-License-Identifier: GPL-3.0-or-later
// Frames between kinora and kinora-engine on a stream socket: u32 size of the payload, u8 type, u8 zero,
// u16 index, u64 offset (little-endian), payload. The engine is synchronous: after READ it waits for DATA.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum wire_type {
    // to the engine
    WIRE_START = 1, // payload: JSON {"op", "params", "inputs": [{"size", "name"}], "outputs": n}
    WIRE_DATA,      // answer to READ and READ_BACK; short at the end of the input, empty past it
    WIRE_CANCEL,    // advisory: the engine may end early; the killer comes behind it
    // from the engine
    WIRE_READ = 16, // input `index` at `offset`; payload: u32 number of bytes wanted
    WIRE_READ_BACK, // the same of output `index`, for muxers that rewrite
    WIRE_WRITE,     // output `index` at `offset`; payload: the bytes
    WIRE_PROGRESS,  // payload: JSON {"progress": 0..1, ...}
    WIRE_RESULT,    // payload: JSON object; the call is over
    WIRE_FAIL,      // payload: JSON {"code": "NOT_MEDIA", "field", "message"}; the call is over
};

enum { WIRE_PAYLOAD_MAX = 4 << 20, WIRE_HEADER_SIZE = 16, WIRE_BLOCK = 256 << 10 };

struct wire_frame {
    enum wire_type type;
    unsigned index;
    uint64_t offset;
    uint32_t size; // of the payload
};

// Both block; `timeout_ms` below 0 waits for ever. A closed peer is ENGINE_CRASHED, a timeout TIMED_OUT.
MUST_USE error wire_send(
    int fd, enum wire_type type, unsigned index, uint64_t offset, const void *payload, size_t size);
// Reads a header; the caller then reads the payload with wire_payload (all of it, before the next header).
MUST_USE error wire_receive(int fd, int timeout_ms, struct wire_frame *ret_frame);
MUST_USE error wire_payload(int fd, void *ret_bytes, size_t size);
