// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

// Not to be reached from outside, or not one host: IANA's registry, and multicast.
static const struct {
    uint32_t network;
    int bits;
} closed_4[] = {
    { 0x00000000, 8 },  // this host
    { 0x0A000000, 8 },  // private
    { 0x64400000, 10 }, // shared by providers
    { 0x7F000000, 8 },  // loopback
    { 0xA9FE0000, 16 }, // link-local, metadata services
    { 0xAC100000, 12 }, // private
    { 0xC0000000, 24 }, // protocols
    { 0xC0000200, 24 }, // documentation
    { 0xC0586300, 24 }, // relays of 6to4
    { 0xC0A80000, 16 }, // private
    { 0xC6120000, 15 }, // benchmarks
    { 0xC6336400, 24 }, // documentation
    { 0xCB007100, 24 }, // documentation
    { 0xE0000000, 4 },  // multicast
    { 0xF0000000, 4 },  // reserved, broadcast
};

static bool is_public_4(uint32_t address)
{
    for (size_t i = 0; i < sizeof closed_4 / sizeof *closed_4; i++)
        if ((address ^ closed_4[i].network) >> (32 - closed_4[i].bits) == 0)
            return false;
    return true;
}

// Only 2000::/3 is given to hosts; parts of it are special.
static bool is_public_6(const unsigned char a[static 16])
{
    unsigned first = (unsigned)a[0] << 8 | a[1], second = (unsigned)a[2] << 8 | a[3];
    if ((a[0] & 0xE0) != 0x20)
        return false;
    bool protocols = first == 0x2001 && second < 0x0200; // Teredo, benchmarks, ORCHID
    bool documentation = (first == 0x2001 && second == 0x0DB8) || (first == 0x3FFF && second < 0x1000);
    return !protocols && !documentation && first != 0x2002; // 6to4
}

static bool same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (!b || a->sa_family != b->sa_family)
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr
               == ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
    return !memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
        &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr, sizeof(struct in6_addr));
}

static bool is_own(const struct sockaddr *address)
{
    struct ifaddrs *list;
    bool own = false;
    if (getifaddrs(&list) < 0)
        return true;
    for (const struct ifaddrs *one = list; one && !own; one = one->ifa_next)
        own = same_host(address, one->ifa_addr);
    freeifaddrs(list);
    return own;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_public_4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr))
               && !is_own(address);
    if (address->sa_family == AF_INET6)
        return is_public_6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr) && !is_own(address);
    return false;
}

static bool is_multicast(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >= 0xE0000000;
    return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr[0] == 0xFF;
}

static unsigned port_of(const struct sockaddr *address)
{
    return ntohs(address->sa_family == AF_INET ? ((const struct sockaddr_in *)(const void *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

error address_check(const struct sockaddr *address, bool allow_private)
{
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return error_make(ERROR_FORBIDDEN, "url", "Only addresses of the internet can be reached");
    unsigned port = port_of(address);
    if (port < 1024 && port != 80 && port != 443)
        return error_make(ERROR_FORBIDDEN, "url", "Port %u is not one of the web", port);
    if (is_multicast(address) || (!allow_private && !address_is_public(address)))
        return error_make(ERROR_FORBIDDEN, "url",
            "The address leads into a private network or to this machine, which the server does not allow");
    return OK;
}

error address_resolve(
    const char *host, const char *port, bool allow_private, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV }, *list;
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed)
        return error_make(ERROR_UNAVAILABLE, "url", "%s: %s", host, gai_strerror(failed));
    error result = error_make(ERROR_UNAVAILABLE, "url", "%s has no address", host);
    for (const struct addrinfo *one = list; one && error_is(result); one = one->ai_next) {
        result = address_check(one->ai_addr, allow_private);
        if (error_is(result))
            continue;
        memcpy(ret_address, one->ai_addr, one->ai_addrlen);
        *ret_size = one->ai_addrlen;
    }
    freeaddrinfo(list);
    return result;
}
