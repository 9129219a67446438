// SPDX-License-Identifier: GPL-3.0-or-later
// The only way of a downloader to the network: an HTTP proxy (CONNECT, and GET of http:// addresses) that resolves each
// name once, checks the address (net/address.h) and connects to that one. A thread a connection, bounded.
#pragma once

#include <stdatomic.h>

#include "base/error.h"

struct web_proxy;

struct web_proxy_options {
    // A socket over which comes, once, a socket that listens (engine/wall.h); taken over. -1: listens on this machine's
    // loopback, and wants the password of web_proxy_url.
    int handed;
    bool allow_private;
};
MUST_USE error web_proxy_start(const struct web_proxy_options *options, struct web_proxy **ret_proxy);
int web_proxy_port(const struct web_proxy *proxy); // 0 when it was handed its socket
// "http://user:password@127.0.0.1:port" as downloaders take it; in the arena.
str web_proxy_url(struct arena *arena, const struct web_proxy *proxy);
// How many connections were refused by the rules so far.
int web_proxy_refusals(const struct web_proxy *proxy);
// Ends all connections and threads. NULL is allowed.
void web_proxy_stop(struct web_proxy *proxy);
