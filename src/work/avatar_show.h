// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures and the short talking film of an avatar, made as films are.
#pragma once

#include "domain/avatar.h"
#include "net/warm.h"

// Appends a PNG, or for AVATAR_VIDEO an MP4 with sound. `warm` is the struct warm that is asked. Errors of avatar_get,
// of the film's plan and of warm_ask.
MUST_USE error avatar_show(void *warm, struct scope *scope, str id, enum avatar_sight sight, struct buffer *ret_bytes);
