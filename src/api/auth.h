// SPDX-License-Identifier: GPL-3.0-or-later
// Who a request comes from, and whether this route is for them.
#pragma once

#include "api/route.h"

struct token_cache;
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

// Sets call->scope.actor from the Authorization header as the route's access asks. A token that was good within the
// last second is not looked up again by the same thread.
MUST_USE error auth_check(struct api_call *call);
