// SPDX-License-Identifier: GPL-3.0-or-later
// The log of changes to a video's scene document: each change as a merge patch, with the patch that takes it back.
#pragma once

#include "domain/scope.h"

struct revision_new {
    const char *kind; // "layer.update"
    str video_id, target_id;
    const json_t *change, *inverse; // borrowed objects
};
// In a change: adds the row and raises the video's revision number.
MUST_USE error revision_add(struct scope *scope, const struct revision_new *revision);
// The merge patch (RFC 7396) that turns the result of merging `patch` into `target` back into `target`.
json_t *revision_inverse(struct arena *arena, const json_t *target, const json_t *patch);
