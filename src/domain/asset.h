// SPDX-License-Identifier: GPL-3.0-or-later
// What the properties of videos, scenes and layers name: files of a library and of the stock.
#pragma once

#include "domain/scope.h"
#include "domain/warnings.h"

// Whether the actor may use what `now` (an object or NULL) names under `id_key`, or else by its address under `url_key`
// (NULL: there is none). MEDIA_NOT_FOUND for a file that the actor may not read, PLAN_REQUIRED for premium stock on
// plan free; either may stay where it stood `before` (may be NULL): members change what shows each other's files. An id
// that nobody knows is a warning (`warnings` may be NULL).
MUST_USE error asset_check(struct scope *scope, const json_t *before, const json_t *now, const char *id_key,
    const char *url_key, struct warnings *warnings);
// The same for all that the properties of a video or a scene name: background, music, watermark and logo.
MUST_USE error asset_check_options(struct scope *scope, const json_t *before, const json_t *now);
