// SPDX-License-Identifier: GPL-3.0-or-later
// The spoken words of a scene as subtitles, a few at a time; with karaoke the word being spoken stands out.
#pragma once

#include "engine/composition.h"
#include "engine/raster.h"

struct captions;

// *ret_captions is NULL when there is nothing to show. Lives in the arena.
MUST_USE error captions_new(struct arena *arena, const struct composition *composition,
    const struct composition_scene *scene, struct captions **ret_captions);
// Numbers what is to be seen at `time` of the scene; -1: nothing.
int64_t captions_version(const struct captions *captions, double time);
// Draws that version, not -1. The overlay is borrowed until the next call.
MUST_USE error captions_draw(
    struct captions *captions, int64_t version, struct raster *raster, const struct overlay **ret_overlay);
