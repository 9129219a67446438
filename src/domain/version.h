// SPDX-License-Identifier: GPL-3.0-or-later
// Named states of a video that can be returned to.
#pragma once

#include "domain/scope.h"

enum { VERSIONS_MAX = 100 }; // of a video: each holds the whole document, so that they stay below some megabytes

struct version {
    str id, user_id, username, name;
    int64_t revision; // of the video then
    time_us created_at;
};
extern const struct shape version_shape;

// In a change, by somebody who may edit: keeps the video as it is now. LIMIT_EXCEEDED past VERSIONS_MAX.
MUST_USE error version_add(struct scope *scope, str video_id, str name, struct version *ret_version);
// Newest first, for everybody who may open the video.
MUST_USE error version_list(struct scope *scope, str video_id, struct list *ret_versions);
// In a change, by somebody who may edit: makes the video what it was, in one change that can be undone, with one event
// `video:restored`. VERSION_NOT_FOUND.
MUST_USE error version_restore(struct scope *scope, str video_id, str id, struct version *ret_version);
