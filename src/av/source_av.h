// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a source, for the files of this folder only.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "av/source.h"

struct picture_format;

struct source {
    AVFormatContext *format;
    AVIOContext *avio;
    AVStream *video, *audio; // the best of each, NULL for none; all others are discarded
    int64_t start_us;        // of the first moment on the file's own clock; our times count from it
    struct source_io io;
    const struct picture_format *picture; // not NULL: it is read by that instead of FFmpeg
    void *picture_state;
    uint64_t position; // of the next read, bytes
    error failure;     // the first that `io` answered
    struct source_info info;
};

// The error for a failed FFmpeg call: the source's own read error when there was one, else `code` with FFmpeg's reason.
MUST_USE error source_error(const struct source *source, enum error_code code, int av_code);
// Opens a single-threaded decoder for one of the source's streams (NULL where none is needed); the caller frees it with
// avcodec_free_context.
MUST_USE error source_decoder(struct source *source, AVStream *stream, AVCodecContext **ret_decoder);
// Sends the next packet of `stream` to the decoder, or its end, until a frame comes out. *ret_end at the end.
// Damaged packets are passed over.
MUST_USE error source_decode(
    struct source *source, AVStream *stream, AVCodecContext *decoder, AVFrame *frame, bool *ret_end);
// Time of the frame on the source's clock (0 is the first moment of the file), or -1 when the file does not say.
int64_t source_frame_time_us(const struct source *source, const AVStream *stream, const AVFrame *frame);
// The next packet is the first of a key frame at or before the time (of the whole file where it cannot be sought in;
// the streams are then new ones, so look at source->video and source->audio again). The caller flushes its decoder.
MUST_USE error source_seek(struct source *source, AVStream *stream, int64_t time_us);
// Takes the orientation out of the EXIF data of a decoded still picture, if it has any, into the source's info.
void source_orient(struct source *source, const AVFrame *frame);
