// SPDX-License-Identifier: GPL-3.0-or-later
// Project documents as OpenTimelineIO (https://opentimelineio.readthedocs.io, file format of version 0.15) and back.
// Scenes are clips of one track, their layers clips of the tracks above and below it; what that format has no word for
// stands in "metadata" under "kinora", so that nothing is lost on the way and back. Pure.
#pragma once

#include "base/json.h"
#include "domain/warnings.h"

// `names` maps references of assets (ids) to names of files, for programs that look for them; NULL: as they are.
// The result is freed with the arena.
json_t *otio_write(struct arena *arena, const json_t *document, const json_t *names);
// A document from a timeline, ours or another program's: there each clip of the lowest video track becomes a scene, and
// what lies above it or is heard with it a layer. Warns of what was left out. VALIDATION_ERROR when it is no timeline.
MUST_USE error otio_read(struct arena *arena, const json_t *timeline, struct warnings *warnings, json_t **ret_document);
// Whether a JSON value is meant to be OpenTimelineIO.
bool otio_is(const json_t *value);
