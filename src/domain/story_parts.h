// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader of stories (story.c) hands to the maker of scenes (story_scene.c).
#pragma once

#include "domain/story.h"

struct story_picture {
    str path, alt;
    int64_t words_before; // spoken in its scene before it appears
};

// A scene as written.
struct story_draft {
    str title;
    struct buffer spoken; // with [pause] marks
    struct buffer list;   // lines shown as a list
    struct story_picture *pictures;
    size_t picture_count, list_count;
    bool is_open; // something stands in it
};

// Front matter and options together.
struct story_style {
    str title, voice, avatar, aspect_ratio, captions, music;
    double fps, speed, music_volume;
    json_t *background; // of every scene
    str transition;
    double transition_duration;
};

// Takes "---" lines of `key: value` off the front of *rest, counting lines in *line.
MUST_USE error story_front_matter(
    struct arena *arena, str *rest, size_t *line, struct warnings *warnings, struct story_style *style);
json_t *story_video(const struct story_style *style); // new reference
json_t *story_scene(struct arena *arena, const struct story_style *style, const struct story_draft *draft); // the same

// Text without Markdown's marks for emphasis, code and links.
str story_plain(struct arena *arena, str text);
int64_t story_word_count(str text); // [pause] marks are no words
// Takes the first sentence off *rest; false at the end.
bool story_sentence(str *rest, str *ret_sentence);
// Takes a "[pause 1s]" off the front of *rest; false when it does not start with one.
bool story_pause(str *rest, double *ret_seconds);
