// SPDX-License-Identifier: GPL-3.0-or-later
// The audit log's side of requests: a route that declares `audit` leaves a row for each call that succeeds, in the same
// transaction as its change, and for each that is refused to somebody. What is malformed leaves none.
#pragma once

#include "api/route.h"

// In the change of a call that has succeeded.
MUST_USE error trail_keep(struct api_call *call);
// For a LANE_STREAM call that answers without a change of its own: in a change of this, before it begins. Waits for it.
MUST_USE error trail_keep_now(struct api_call *call);
// The call was refused with `why`: writes that down where it belongs into the log, then calls `then`, on any thread;
// false: nothing is to be written, and `then` is not called.
bool trail_refuse(struct api_call *call, error why, void (*then)(struct api_call *call));
// What the body names, never its values, for call->audit_detail: "email, password".
str trail_names(const struct api_call *call);
// In a change: call->audit_detail says that it is also about this user (id of either kind), as what.
MUST_USE error trail_about_user(struct api_call *call, str user_key, str as);
