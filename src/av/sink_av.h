// SPDX-License-Identifier: GPL-3.0-or-later
// The inside of a sink, for the files of this folder only: a muxer whose output goes to a struct sink_io.
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "av/sink.h"

struct sink {
    struct sink_io io;
    AVFormatContext *format;
    uint64_t position, size; // bytes
    error failure;           // the first that `io` answered
};

// Makes the muxer `format` ("matroska", "mp4", "mov", "wav"): no times, versions or random numbers in the file.
// `sink` must stay where it is until sink_close.
MUST_USE error sink_open(struct sink *sink, const struct sink_io *io, const char *format);
void sink_close(struct sink *sink); // allowed for a zeroed one
// The error for a failed FFmpeg call: the sink's own write error when there was one, else ENGINE_FAILED.
MUST_USE error sink_error(const struct sink *sink, const char *what, int av_code);
// avformat_write_header and av_write_trailer.
MUST_USE error sink_begin(struct sink *sink, AVDictionary **options);
MUST_USE error sink_end(struct sink *sink);
// Sends what the encoder has ready to the stream.
MUST_USE error sink_drain(struct sink *sink, AVCodecContext *encoder, AVStream *stream);
