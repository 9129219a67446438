// SPDX-License-Identifier: GPL-3.0-or-later
// Videos: a title and options; their scenes and layers are in scene.h and layer.h.
#pragma once

#include "domain/scope.h"
#include "domain/warnings.h"

struct video {
    int64_t number;
    str id, user_id, title;
    struct raw_json properties; // the options of the property table that were set
    int64_t revision, scene_count;
    double duration; // seconds, of all scenes
    time_us created_at, updated_at;
};
extern const struct shape video_row_shape;

// How a change is merged with those of others: the last writer of a property wins, but a strict one that was based on
// an older revision is refused where the property has changed since.
struct merging {
    struct opt_int base_revision;
    bool strict;
};

struct video_change {
    str title; // STR_NONE: as it is
    struct merging merging;
    const json_t *options; // the whole body, of which the property table's members are taken
};

enum video_right { VIDEO_READ, VIDEO_WRITE, VIDEO_OWN };
// VIDEO_NOT_FOUND for an unknown one and for one that the actor may not even read; READ_ONLY for a viewer who wants to
// write, OWNER_REQUIRED for a member who wants what only the owner may.
MUST_USE error video_get(struct scope *scope, str id, enum video_right right, struct video *ret_video);
// The actor's and those shared with the actor, newest first.
MUST_USE error video_list(
    struct scope *scope, int64_t offset, int64_t limit, struct list *ret_videos, int64_t *ret_total);
// In a change. `options` holds the other members of the body (borrowed); wrong ones are problems.
MUST_USE error video_create(
    struct scope *scope, str title, const json_t *options, struct problems *problems, struct video *ret_video);
// The same under an id (a new UUID) that was chosen before.
MUST_USE error video_create_as(
    struct scope *scope, str id, str title, const json_t *options, struct problems *problems, struct video *ret_video);
// In a change: merges options key by key.
MUST_USE error video_update(
    struct scope *scope, str id, const struct video_change *change, struct problems *problems, struct video *ret_video);
MUST_USE error video_tell(struct scope *scope, const struct video *video); // the event that it was changed
MUST_USE error video_delete(struct scope *scope, str id);
// The whole document as the renderer takes it: {"video": {...}, "scenes": [{..., "layers": [...]}]}.
MUST_USE error video_document(struct scope *scope, const struct video *video, json_t **ret_document);
// In a change: makes a video with its scenes and layers from such a document.
MUST_USE error video_import_as(struct scope *scope, str id, const json_t *document, struct problems *problems,
    struct warnings *warnings, struct video *ret_video);
MUST_USE error video_import(struct scope *scope, const json_t *document, struct problems *problems,
    struct warnings *warnings, struct video *ret_video);
