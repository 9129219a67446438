// SPDX-License-Identifier: GPL-3.0-or-later
// A story in Markdown (or plain text) becomes a project document, the API's own scene document:
// {"video": {title, aspect_ratio, fps, captions, music}, "scenes": [{title, text, duration, duration_mode, background,
// transition, layers: [...]}]}. Pure. docs/story.md tells writers what they may write.
#pragma once

#include "domain/warnings.h"

enum story_breakdown {
    STORY_HEADING,   // a heading starts a scene; without any heading every paragraph is one
    STORY_PARAGRAPH, // every paragraph or list is a scene
    STORY_SENTENCE,  // every sentence is a scene
};

enum { STORY_SCENES_MAX = 500, STORY_BYTES_MAX = 1 << 20 };
#define STORY_VOICE "flite:slt" // where nothing names a voice

// What the caller decides; it is stronger than the story's front matter. Absent strs decide nothing.
struct story_options {
    str title, voice, avatar, aspect_ratio;
    enum story_breakdown breakdown;
};

// "heading", "paragraph", "sentence"; false for anything else.
bool story_breakdown_of(str name, enum story_breakdown *ret_breakdown);
// Durations in the document are estimates: scenes with a voice last as long as it does (duration_mode "voice").
// VALIDATION_ERROR about "script" names the line. The document is freed with the arena.
MUST_USE error story_read(struct arena *arena, str markdown, const struct story_options *options,
    struct warnings *warnings, json_t **ret_project);
