// SPDX-License-Identifier: GPL-3.0-or-later
// libFuzzer: a packet that is read fits its type, and what it is begins the same packet when it is written again.
// clang -fsanitize=fuzzer,address -Isrc tests/fuzz/fuzz_socketio_packet.c, with the libraries net and base.
#include "base/error.h"
#include "net/socketio_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena *arena = arena_new(16 << 20);
    struct packet packet, again;
    if (!packet_read(arena, (str) { (const char *)data, size }, &packet))
        return 0;
    bool binary = packet.type == PACKET_BINARY_EVENT || packet.type == PACKET_BINARY_ACK;
    bool event = packet.type == PACKET_EVENT || packet.type == PACKET_BINARY_EVENT;
    ASSERT(packet.type <= PACKET_BINARY_ACK && packet.type != PACKET_CONNECT_ERROR);
    ASSERT(binary == (packet.attachments > 0) && packet.attachments <= PACKET_ATTACHMENTS_MAX);
    ASSERT(packet.ack >= -1 && str_starts(packet.namespace, STR("/")));
    ASSERT(!event || json_array_size(packet.payload) > 0);
    BUFFER_AUTO struct buffer text = { 0 };
    packet_begin(&text, packet.type, packet.attachments, packet.namespace, packet.ack);
    if (packet.payload) {
        char *payload = json_dumps(packet.payload, JSON_COMPACT);
        ASSERT(payload);
        buffer_append_c(&text, payload);
        free(payload);
    }
    str written = buffer_str(&text);
    ASSERT(packet_read(arena, str_sub(written, 1, written.size), &again));
    ASSERT(again.type == packet.type && again.attachments == packet.attachments && again.ack == packet.ack);
    ASSERT(str_equal(again.namespace, packet.namespace));
    ASSERT(!packet.payload == !again.payload && (!packet.payload || json_equal(packet.payload, again.payload)));
    return 0;
}
