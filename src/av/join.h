// SPDX-License-Identifier: GPL-3.0-or-later
// Segments and the sound into one film, by copying packets.
#pragma once

#include "av/sink.h"
#include "av/source.h"

struct join_chapter {
    double start, end; // seconds
    str title;
};

struct join_settings {
    const char *muxer; // "mp4", "mov", "webm"; "mp3" and "wav" without segments
    int fps;
    double duration; // seconds, asked for without segments only: then the sound goes on that long
    str title;       // may be absent
    const struct join_chapter *chapters;
    size_t chapter_count;
    // Told of the share that is done, may be NULL; its error ends the work.
    error (*progress)(void *context, double done);
    void *progress_context;
};

struct join_result {
    double duration; // seconds
    int64_t frames;
    int width, height;
    uint64_t size_bytes;
};

// `segments` are those of video_encoder in order of the film, `audio` that of audio_encoder or NULL; one of the two may
// be absent. Frame n of the film stands at n / fps; the sound begins at 0 and ends with the pictures. The index stands
// in front. ENGINE_FAILED when the segments do not fit together.
MUST_USE error join_run(const struct source_io *segments, size_t count, const struct source_io *audio,
    const struct sink_io *io, const struct join_settings *settings, struct join_result *ret_result);
