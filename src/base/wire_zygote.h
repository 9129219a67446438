// SPDX-License-Identifier: GPL-3.0-or-later
// What kinora says to a zygote of kinora-engine over a SOCK_SEQPACKET socket: one request, one reply. When the socket
// closes the zygote ends, and its children with it.
#pragma once

#include <stdint.h>

enum zygote_request_kind {
    ZYGOTE_FORK = 1, // with two descriptors: the child's end of the wire, and where its standard error goes
    ZYGOTE_END,      // kills the child if it still runs, and reaps it
};

struct zygote_request {
    uint32_t kind;
    int32_t pid;                       // END
    int64_t memory_bytes, cpu_seconds; // FORK
};

struct zygote_reply {
    int32_t error_number; // 0: done
    int32_t pid;          // FORK
    int32_t status;       // END: as of waitpid
};
