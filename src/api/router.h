// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the route of a method and path. Fixed segments win over {parameters}; a trailing slash makes no difference.
#pragma once

#include "api/route.h"

struct router;
// CONFLICT for two routes of the same method and pattern (parameter names do not tell them apart).
MUST_USE error router_new(const struct route_group *const *groups, struct router **ret_router);
void router_free(struct router *router);

struct router_match {
    const struct route *route; // NULL: none of this method
    bool path_known;           // some route has this path
};
// `path` as sent; allocates nothing. HEAD is answered by GET where it has no route of its own.
struct router_match router_find(const struct router *router, str method, str path);
// "GET, PUT" of a known path.
str router_allowed(const struct router *router, struct arena *arena, str path);
// Value of each {parameter} of the pattern, percent-decoded (RFC 3986 2.1); INVALID_ID for broken escapes or NUL.
struct router_value {
    str name, value;
};
enum { ROUTER_VALUES_MAX = 4 };
MUST_USE error router_values(struct arena *arena, const struct route *route, str path,
    struct router_value ret_values[static ROUTER_VALUES_MAX], size_t *ret_count);
// Decodes percent escapes, and "+" as a blank where `form`; false for broken escapes.
bool router_decode(struct arena *arena, str text, bool form, str *ret_text);
