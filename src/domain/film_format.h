// SPDX-License-Identifier: GPL-3.0-or-later
// The kinds of file that a video can be rendered to, and how much work goes into it.
#pragma once

#include "base/str.h"

struct film_format {
    const char *name; // and the file's ending
    const char *mime_type;
    const char *video_codec; // of the segments; NULL: sound only
    const char *audio_codec; // of the mix; NULL: silent
    const char *join_op;     // the engine's ability that puts segments and mix together
};

// NULL for an unknown name; an absent one is "mp4".
const struct film_format *film_format_find(str name);

struct film_effort {
    const char *name;
    int crf;            // x264's scale
    const char *preset; // x264's name
};

// NULL for an unknown name; an absent one is "standard".
const struct film_effort *film_effort_find(str name);
