// SPDX-License-Identifier: GPL-3.0-or-later
// Which addresses of the network a link may lead to. What is asked is the address that will be connected to, so that
// no spelling of it and no name can lead around the answer.
#pragma once

#include <sys/socket.h>

#include "base/error.h"

// Public unicast, as of IANA's special-purpose registries (RFC 6890 and what came after), and none of this machine's
// own. IPv6 addresses that carry an IPv4 one (mapped, NAT64, 6to4, Teredo) are not.
bool address_is_public(const struct sockaddr *address);
// OK, or FORBIDDEN with the sentence why: private addresses unless `allow_private`, multicast always, and ports below
// 1024 other than those of the web.
MUST_USE error address_check(const struct sockaddr *address, bool allow_private);
// Resolves once and gives the first address that passes; FORBIDDEN when none does, UNAVAILABLE for an unknown name.
MUST_USE error address_resolve(
    const char *host, const char *port, bool allow_private, struct sockaddr_storage *ret_address, socklen_t *ret_size);
