// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles of SubRip (.srt) and WebVTT (.vtt) files, as they are found: with or without a byte order mark, numbers,
// hours, settings, styles, tags. Pure; any bytes may come.
#pragma once

#include "base/error.h"
#include "base/shape.h"

enum {
    CAPTION_FILE_BYTES = 4 << 20, // ten hours of speech are about 1 MB
    CAPTIONS_MAX = 50000,         // two for each second of seven hours
    CAPTION_BYTES = 10000,        // of one text
};

struct caption {
    double start, end; // seconds, start <= end
    str text;          // one line, without tags, never empty
    str speaker;       // of <v Name>; STR_NONE
};
// Captions (struct caption) in order of their starts. VALIDATION_ERROR about "file" names the line that makes no sense,
// or says that there are no subtitles in it.
MUST_USE error caption_file_read(struct arena *arena, str bytes, struct list *ret_captions);
