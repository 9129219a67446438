// SPDX-License-Identifier: GPL-3.0-or-later
// What every change of a video's document leaves behind: one row of the log, and the events that tell of it.
#pragma once

#include "domain/layer.h"
#include "domain/patch.h"

struct change_note {
    const char *event, *kind; // "layer:updated", "layer.update"
    str video_id, scene_id, layer_id;
    str subject; // see struct revision_new
    const struct patch *patch;
    json_t *change; // borrowed: what the event says of it
    json_t *object; // the scene or layer as it is now; may be NULL
    int64_t revision;
};
// In a change: one event and one revision.
MUST_USE error change_record(struct scope *scope, const struct change_note *note);
// In a change: the events for everything in a patch that is written already.
MUST_USE error change_tell(struct scope *scope, str video_id, const struct patch *patch);
