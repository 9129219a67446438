// SPDX-License-Identifier: GPL-3.0-or-later
// The packets of an Engine.IO POST, and the Socket.IO packets in them: none is lost, made longer or read past its end.
#include "base/error.h"
#include "net/engineio_post.h"
#include "net/socketio_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct arena *arena;
    size_t bytes;
    int count;
};

static bool take(void *context, bool binary, str packet)
{
    struct seen *seen = context;
    struct packet read;
    seen->count++;
    seen->bytes += packet.size;
    if (!binary && str_starts(packet, STR("4")))
        (void)packet_read(seen->arena, str_sub(packet, 1, packet.size), &read);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    // A copy of its own size, so that reading past the end is noticed.
    str body = { arena_copy(arena, data, size), size };
    struct seen seen = { .arena = arena };
    bool good = engineio_post_read(arena, body, take, &seen);
    ASSERT(seen.count <= ENGINEIO_POST_PACKETS_MAX && seen.bytes <= body.size);
    ASSERT(!good || (body.size && str_is_utf8(body) && seen.count));
    return 0;
}
