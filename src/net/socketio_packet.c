// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/socketio_packet.h"

#include <string.h>

#include "base/json.h"

enum { ACK_DIGITS_MAX = 15, NAMESPACE_MAX = 200 };

// Takes leading digits off; false when there are too many. -1: there were none.
static bool take_number(str *text, int64_t *ret_number)
{
    size_t count = 0;
    while (count < text->size && text->data[count] >= '0' && text->data[count] <= '9')
        count++;
    int64_t number = -1;
    if (count > ACK_DIGITS_MAX || (count && !str_to_int(str_sub(*text, 0, count), &number)))
        return false;
    *text = str_sub(*text, count, text->size);
    *ret_number = number;
    return true;
}

static bool take_attachments(str *text, struct packet *packet)
{
    int64_t count;
    if (packet->type != PACKET_BINARY_EVENT && packet->type != PACKET_BINARY_ACK)
        return true;
    if (!take_number(text, &count) || count < 1 || count > PACKET_ATTACHMENTS_MAX || !str_starts(*text, STR("-")))
        return false;
    packet->attachments = (size_t)count;
    *text = str_sub(*text, 1, text->size);
    return true;
}

static bool take_namespace(str *text, struct packet *packet)
{
    packet->namespace = STR("/");
    if (!str_starts(*text, STR("/")))
        return true;
    ptrdiff_t comma = str_index(*text, ',');
    size_t size = comma < 0 ? text->size : (size_t)comma;
    packet->namespace = str_sub(*text, 0, size);
    ptrdiff_t query = str_index(packet->namespace, '?');
    if (query >= 0)
        packet->namespace = str_sub(packet->namespace, 0, (size_t)query);
    *text = comma < 0 ? STR("") : str_sub(*text, size + 1, text->size);
    return packet->namespace.size <= NAMESPACE_MAX;
}

static bool fits(const struct packet *packet)
{
    const json_t *payload = packet->payload;
    switch (packet->type) {
    case PACKET_CONNECT:
        return !payload || json_is_object(payload);
    case PACKET_DISCONNECT:
        return !payload;
    case PACKET_EVENT:
    case PACKET_BINARY_EVENT:
        return json_is_array(payload) && json_array_size(payload) > 0;
    case PACKET_ACK:
    case PACKET_BINARY_ACK:
        return json_is_array(payload) && packet->ack >= 0;
    default:
        return false;
    }
}

bool packet_read(struct arena *arena, str text, struct packet *ret_packet)
{
    struct packet packet = { 0 };
    if (text.size == 0 || text.data[0] < '0' || text.data[0] > '6')
        return false;
    packet.type = (enum packet_type)(text.data[0] - '0');
    text = str_sub(text, 1, text.size);
    if (!take_attachments(&text, &packet) || !take_namespace(&text, &packet) || !take_number(&text, &packet.ack))
        return false;
    if (text.size && error_is(json_read(arena, text, &packet.payload)))
        return false;
    if (!fits(&packet))
        return false;
    *ret_packet = packet;
    return true;
}

void packet_begin(struct buffer *out, enum packet_type type, size_t attachments, str namespace, int64_t ack)
{
    buffer_append_byte(out, '4');
    buffer_append_byte(out, (char)('0' + type));
    if (attachments)
        buffer_format(out, "%zu-", attachments);
    if (!str_equal(namespace, STR("/"))) {
        buffer_append_str(out, namespace);
        buffer_append_byte(out, ',');
    }
    if (ack >= 0)
        buffer_format(out, "%lld", (long long)ack);
}

bool packet_is_reserved(const char *name)
{
    static const char *const names[] = { "connect", "connect_error", "disconnect", "disconnecting", "newListener",
        "removeListener" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}
