// SPDX-License-Identifier: GPL-3.0-or-later
// The log of changes to a video's scene document: who changed which rows how, with the patch that takes it back
// (patch.h). Undo and redo are rows of the log too: they name the change that they took back or did again.
#pragma once

#include "domain/patch.h"
#include "domain/scope.h"

enum {
    // Of a video; the oldest go. Some days of work by several people, and at 1 KB a change 10 MB of database.
    REVISIONS_MAX = 10000,
    REVISIONS_SLACK = 100, // how many may be over it, so that not every change has to count them
};

struct revision_new {
    const char *kind; // "layer.update"
    str video_id, target_id, scene_id;
    str subject;               // what people call it: a layer's or version's name, a scene's number
    const struct patch *patch; // borrowed
    int64_t undo_of;           // 0: it is a change of its own
};
// In a change: adds the row, unless nothing differs, and raises the video's revision number.
MUST_USE error revision_add(struct scope *scope, const struct revision_new *revision);

struct revision {
    int64_t number;
    str user_id, username, kind, target_id, scene_id, subject;
    struct raw_json change, inverse;
    int64_t undo_of; // 0: none, or it can be neither undone nor done again any more
    bool undone;
    str root_kind, root_subject; // of the change that undo_of names, while that is in the log
    time_us created_at;
};

// What undo, or with `again` redo, is about: the actor's last change, or the one that was undone last.
MUST_USE error revision_candidate(
    struct scope *scope, str video_id, bool again, struct revision *ret_revision, bool *ret_found);
// The last row about a change: itself, or its last undo or redo.
MUST_USE error revision_last_about(struct scope *scope, str video_id, int64_t number, struct revision *ret_revision);
// In a change.
MUST_USE error revision_set_undone(struct scope *scope, int64_t number, bool undone);
// Rows of others after `number`, but those that they took back themselves since.
MUST_USE error revision_of_others(struct scope *scope, str video_id, int64_t number, struct list *ret_revisions);
// Newest first.
MUST_USE error revision_list(
    struct scope *scope, str video_id, int64_t offset, int64_t limit, struct list *ret_revisions, int64_t *ret_total);
// Rows that say something of a row of the video, newest first, at most 1000.
MUST_USE error revision_naming(struct scope *scope, str video_id, str row_id, struct list *ret_revisions);
