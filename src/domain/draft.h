// SPDX-License-Identifier: GPL-3.0-or-later
// Drafts of a video or of one of its scenes: small films for whoever edits, made when they are asked for and kept in
// the cache under a key that is a hash of all that decides them.
#pragma once

#include "domain/job.h"

// What is known of the draft that somebody wants to see: it lies in the cache, or a job is about it, or neither.
struct draft {
    str video_id, scene_id; // scene_id absent: the whole video
    str key;
    bool is_made;
    struct raw_json facts; // when it is made: {"duration", "width", "height", "size_bytes", "warnings"}
    struct job job;        // when it is not and `job.id` is set: on its way, or failed
};

// Looks for it by video_id and key, which are set, and fills in the rest.
MUST_USE error draft_look(struct scope *scope, struct draft *draft);
// In a change: was just asked for.
MUST_USE error draft_touch(struct scope *scope, const struct draft *draft);
// In a change: has it made, unless it is on its way by now. What the same person wanted to see of the same scene or
// video in an older state is cancelled. Looks anew afterwards.
MUST_USE error draft_start(struct scope *scope, struct draft *draft);
// The bytes of a draft of a video that the actor may read: NOT_FOUND when the cache has it no more.
MUST_USE error draft_blob(struct scope *scope, str video_id, str key, str *ret_blob_id);
