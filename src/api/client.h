// SPDX-License-Identifier: GPL-3.0-or-later
// Who is at the other end, also where proxies stand between (setting trusted_proxies).
#pragma once

#include "net/server.h"

// The nearest address that is none of a trusted proxy: the peer's, or what trusted proxies say of it in
// X-Forwarded-For. In the arena or borrowed from the request.
str client_address(struct arena *arena, const struct http_request *request);
// Whether that address is of this machine, and nothing says that somebody else is behind it.
bool client_is_here(struct arena *arena, const struct http_request *request);
// USAGE for a setting trusted_proxies that is no list of addresses and networks.
MUST_USE error client_check_settings(void);
