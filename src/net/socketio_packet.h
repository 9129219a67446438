// SPDX-License-Identifier: GPL-3.0-or-later
// The text of a Socket.IO packet: "<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]". Behind it stands the "4" of
// Engine.IO's message when it is written; packet_read gets it without.
#pragma once

#include <jansson.h>

#include "base/buffer.h"

enum packet_type {
    PACKET_CONNECT,
    PACKET_DISCONNECT,
    PACKET_EVENT,
    PACKET_ACK,
    PACKET_CONNECT_ERROR,
    PACKET_BINARY_EVENT,
    PACKET_BINARY_ACK,
};
enum { PACKET_ATTACHMENTS_MAX = 10 };

struct packet {
    enum packet_type type;
    size_t attachments;
    str namespace;   // "/" when it names none
    int64_t ack;     // -1: none
    json_t *payload; // NULL: none
};

// False when it is malformed or its payload does not fit its type. Everything lives in the arena.
bool packet_read(struct arena *arena, str text, struct packet *ret_packet);
// Writes what stands before the payload, from the "4" on. `ack` -1: none.
void packet_begin(struct buffer *out, enum packet_type type, size_t attachments, str namespace, int64_t ack);
// Names that belong to the protocol's clients.
bool packet_is_reserved(const char *name);
