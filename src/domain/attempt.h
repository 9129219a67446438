// SPDX-License-Identifier: GPL-3.0-or-later
// How often something may be tried, counted in the database: over all servers, by its clock, through restarts. For what
// is rare and dangerous (logins that fail, new passwords), not for each request.
#pragma once

#include "domain/scope.h"

// A bucket of `burst` attempts that fills again at `per_second`.
struct attempt_limit {
    double burst, per_second;
};
// Whether one is left, without taking it; else *ret_wait_seconds until then, at least 1. `key` is not kept in the
// clear.
MUST_USE error attempt_look(
    struct scope *scope, str key, struct attempt_limit limit, bool *ret_left, int64_t *ret_wait_seconds);
// Takes one, in a change of its own (never inside of another): of many at the same time no more than are left.
MUST_USE error attempt_take(struct scope *scope, struct db_pool *pool, str key, struct attempt_limit limit,
    bool *ret_taken, int64_t *ret_wait_seconds);
