// SPDX-License-Identifier: GPL-3.0-or-later
// How much a user may keep. What counts is the plain bytes of their media and of what has come of unfinished uploads.
#pragma once

#include "domain/scope.h"

struct quota {
    int64_t used_bytes, allowed_bytes; // allowed 0: no limit
};
MUST_USE error quota_get(struct scope *scope, str user_id, struct quota *ret_quota);
// QUOTA_EXCEEDED, with what is used and allowed, unless the actor may keep `more_bytes` more. Right for certain inside
// a change; outside of one it saves sending in vain.
MUST_USE error quota_require(struct scope *scope, int64_t more_bytes);
// How much more the actor may keep, as of now; INT64_MAX without a limit.
MUST_USE error quota_room(struct scope *scope, int64_t *ret_bytes);
// In a change: a user's own quota; 0: no limit, -1: the server's default.
MUST_USE error quota_set(struct scope *scope, str user_id, int64_t quota_bytes);
// BODY_TOO_LARGE for a file of the kind ("audio", "video", "image", "gif") that is larger than the settings allow.
MUST_USE error quota_check_kind(str kind, int64_t size_bytes);
