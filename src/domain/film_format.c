// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/film_format.h"

// A GIF is made of the segments of an MP4, so that they are encoded once for both.
static const struct film_format formats[] = {
    { "mp4", "video/mp4", "h264", "aac", "render.join" },
    { "mov", "video/quicktime", "h264", "aac", "render.join" },
    { "webm", "video/webm", "vp9", "opus", "render.join" },
    { "gif", "image/gif", "h264", NULL, "render.gif" },
    { "mp3", "audio/mpeg", NULL, "mp3", "render.join" },
    { "wav", "audio/wav", NULL, "pcm", "render.join" },
};

const struct film_format *film_format_find(str name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!name.data || str_equal_c(name, formats[i].name))
            return &formats[i];
    return NULL;
}

static const struct film_effort efforts[] = {
    { "standard", 21, "superfast" },
    { "draft", 26, "superfast" },
    { "high", 18, "medium" },
};

const struct film_effort *film_effort_find(str name)
{
    for (size_t i = 0; i < sizeof efforts / sizeof *efforts; i++)
        if (!name.data || str_equal_c(name, efforts[i].name))
            return &efforts[i];
    return NULL;
}
