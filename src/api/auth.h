// SPDX-License-Identifier: GPL-3.0-or-later
// Who a request comes from, and whether this route is for them.
#pragma once

#include "api/route.h"

struct token_cache;
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

// Who holds an access token, and until when (microseconds since 1970): NOT_AUTHENTICATED for none who may. Texts live
// in the scope's arena.
MUST_USE error auth_actor(
    struct worker *worker, struct scope *scope, str token, struct actor *ret_actor, int64_t *ret_expires_us);
// Sets call->scope.actor from the Authorization header as the route's access asks. A token that was good within the
// last second is not looked up again by the same thread.
MUST_USE error auth_check(struct api_call *call);
