// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/client.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/settings.h"

// IPv4 stands in IPv6 as RFC 4291 2.5.5.2 maps it, so that one comparison does for both.
struct address {
    unsigned char bytes[16];
};
struct network {
    struct address address;
    int64_t bits; // that count
};
enum { ADDRESS_TEXT_MAX = 46, MAPPED_BITS = 96 };

static bool read_address(str text, struct address *ret_address, bool *ret_is_v4)
{
    static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    char c[ADDRESS_TEXT_MAX];
    struct address address;
    if (!text.size || text.size >= sizeof c || memchr(text.data, 0, text.size))
        return false;
    memcpy(c, text.data, text.size);
    c[text.size] = 0;
    *ret_is_v4 = inet_pton(AF_INET, c, address.bytes + 12) == 1;
    if (*ret_is_v4)
        memcpy(address.bytes, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, c, address.bytes) != 1)
        return false;
    *ret_address = address;
    return true;
}

static bool read_network(str text, struct network *ret_network)
{
    struct network network;
    bool is_v4;
    ptrdiff_t slash = str_index(text, '/');
    str address = slash < 0 ? text : str_sub(text, 0, (size_t)slash);
    if (!read_address(address, &network.address, &is_v4))
        return false;
    int64_t most = is_v4 ? 32 : 128;
    network.bits = most;
    if (slash >= 0
        && (!str_to_int(str_sub(text, (size_t)slash + 1, text.size), &network.bits) || network.bits < 0
            || network.bits > most))
        return false;
    if (is_v4)
        network.bits += MAPPED_BITS;
    *ret_network = network;
    return true;
}

static bool is_in(const struct network *network, const struct address *address)
{
    size_t whole = (size_t)network->bits / 8;
    int rest = (int)(network->bits % 8);
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return !rest || (network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const struct address *address)
{
    str rest = str_of(settings.trusted_proxies), one;
    struct network network;
    while (rest.size && str_split(&rest, ',', &one))
        if (read_network(str_trim(one), &network) && is_in(&network, address))
            return true;
    return false;
}

error client_check_settings(void)
{
    str rest = str_of(settings.trusted_proxies), one;
    struct network network;
    while (rest.size && str_split(&rest, ',', &one))
        if (!read_network(str_trim(one), &network))
            return error_make(ERROR_USAGE, "trusted_proxies",
                "trusted_proxies wants addresses and networks such as 10.0.0.2,fd00::/8; \"%.*s\" is neither",
                STR_ARGS(one));
    return OK;
}

// Takes the last entry off a list; some proxies write a port behind the address, and brackets around IPv6.
static str take_last(str *list)
{
    size_t at = list->size;
    while (at && list->data[at - 1] != ',')
        at--;
    str last = str_trim(str_sub(*list, at, list->size));
    *list = str_sub(*list, 0, at ? at - 1 : 0);
    ptrdiff_t bracket = str_index(last, ']'), colon = str_index(last, ':');
    if (last.size && last.data[0] == '[' && bracket > 0)
        return str_sub(last, 1, (size_t)bracket - 1);
    bool one_colon = colon >= 0 && str_index(str_sub(last, (size_t)colon + 1, last.size), ':') < 0;
    return one_colon ? str_sub(last, 0, (size_t)colon) : last;
}

str client_address(struct arena *arena, const struct http_request *request)
{
    str found = request->remote_address;
    struct address address;
    bool is_v4;
    if (!*settings.trusted_proxies || !read_address(found, &address, &is_v4) || !is_trusted(&address))
        return found;
    for (size_t i = request->header_count; i-- > 0;) {
        str list = request->headers[i].value;
        if (!str_equal_fold(request->headers[i].name, STR("X-Forwarded-For")))
            continue;
        while (list.size) {
            str one = take_last(&list);
            if (!read_address(one, &address, &is_v4)) // whoever wrote that is no proxy of ours
                return found;
            found = str_copy(arena, one);
            if (!is_trusted(&address))
                return found;
        }
    }
    return found;
}

bool client_is_here(struct arena *arena, const struct http_request *request)
{
    str address = client_address(arena, request);
    bool loopback = str_starts(address, STR("127.")) || str_equal(address, STR("::1"))
                    || str_starts(address, STR("::ffff:127."));
    return loopback && !http_header(request, "X-Forwarded-For").data && !http_header(request, "Forwarded").data;
}
