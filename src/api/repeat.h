// SPDX-License-Identifier: GPL-3.0-or-later
// The header Idempotency-Key: a POST that carries one may be sent again, and is answered as it was the first time. Only
// successes are kept: what failed changed nothing and is tried anew.
#pragma once

#include "api/route.h"

// POSTs that change something by themselves; not uploads, whose ids do this, and nothing without a user.
bool repeat_is_possible(const struct route *route);
// VALIDATION_ERROR for a key that is empty, too long or not printable ASCII.
MUST_USE error repeat_check(struct api_call *call);
// In a change, first of all: *ret_repeated, and then status and answer as they were. CONFLICT when the key was used for
// another request.
MUST_USE error repeat_find(struct api_call *call, bool *ret_repeated);
// In a change, last of all: keeps the encoded answer of a success. CONFLICT when the same request is under way.
MUST_USE error repeat_keep(struct api_call *call);
