// SPDX-License-Identifier: GPL-3.0-or-later
// The packets in the body of an Engine.IO POST (protocol 4): separated by 0x1e, binary ones as "b" and base64. Pure.
#pragma once

#include "base/str.h"

enum { ENGINEIO_POST_PACKETS_MAX = 1024 }; // of one POST: each costs memory of its own, however short it is

// Gives each packet, in order, to `take`, until that says false. False for a body that is empty, no UTF-8, has too many
// packets or wrong base64, and when `take` said so.
bool engineio_post_read(
    struct arena *arena, str body, bool (*take)(void *context, bool binary, str packet), void *context);
