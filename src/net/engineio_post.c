// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/engineio_post.h"

static const char SEPARATOR = 0x1e;

bool engineio_post_read(
    struct arena *arena, str body, bool (*take)(void *context, bool binary, str packet), void *context)
{
    str packet, bytes;
    if (!body.size || !str_is_utf8(body))
        return false;
    for (int count = 0; body.size && str_split(&body, SEPARATOR, &packet); count++) {
        bool binary = str_starts(packet, STR("b"));
        if (count >= ENGINEIO_POST_PACKETS_MAX
            || (binary && !str_from_base64(arena, str_sub(packet, 1, packet.size), &bytes))
            || !take(context, binary, binary ? bytes : packet))
            return false;
    }
    return true;
}
