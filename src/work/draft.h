// SPDX-License-Identifier: GPL-3.0-or-later
// The job "draft" {key, scene_id} of a video: a film of 360 lines of the whole or of one scene, planned, cut into
// pieces and joined as renders are (render.h), from editing proxies; pieces come from the cache, and the film goes
// there.
#pragma once

#include "domain/draft.h"
#include "work/render.h"

// What decides a draft of the video as it is now: fills in `key`. VIDEO_NOT_FOUND, SCENE_NOT_FOUND,
// VIDEO_HAS_NO_SCENES, or what is wrong with the document. `unused` is there for struct app.
MUST_USE error draft_key(void *unused, struct scope *scope, struct draft *draft);
