// SPDX-License-Identifier: GPL-3.0-or-later
// The log of a video's changes as people read it.
#pragma once

#include "domain/revision.h"

struct history_entry {
    int64_t number;
    str user_id, username, kind, target_id, scene_id, layer_id;
    str summary;        // "Ada changed the text of layer Title"
    struct list fields; // str: "text", "properties.color"
    struct opt_int undo_of;
    bool undone;
    time_us created_at;
};
extern const struct shape history_entry_shape;

MUST_USE error history_entry_of(struct arena *arena, const struct revision *revision, struct history_entry *ret_entry);
// What was done, without who: "changed the text of layer Title".
str history_sentence(struct arena *arena, const struct revision *revision);
// Newest first, for everybody who may open the video.
MUST_USE error history_list(
    struct scope *scope, str video_id, int64_t offset, int64_t limit, struct list *ret_entries, int64_t *ret_total);
