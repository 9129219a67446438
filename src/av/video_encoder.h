// SPDX-License-Identifier: GPL-3.0-or-later
// Frames into one closed-GOP segment of H.264 or VP9 in Matroska. One thread and no clock: the same frames give the
// same bytes.
#pragma once

#include "av/frame.h"
#include "av/sink.h"

struct video_encoder;

enum video_codec { VIDEO_H264, VIDEO_VP9 };

struct video_settings {
    enum video_codec codec;
    int width, height, fps;
    double crf;         // x264's scale, 0 to 51
    const char *preset; // "veryfast"; x264's name, whatever the codec; borrowed until the encoder is closed
    int key_frames;     // at the most so many from one key frame to the next; 0: five seconds' worth
};

// VALIDATION_ERROR for a preset that x264 does not know.
MUST_USE error video_encoder_open(
    const struct sink_io *io, const struct video_settings *settings, struct video_encoder **ret_encoder);
// Frames follow each other at the settings' rate, the first at time 0. The frame is copied; one that is equal to the
// last one is held.
MUST_USE error video_encoder_add(struct video_encoder *encoder, const struct frame *frame);
// One frame more that looks as the last one, in H.264 at next to no cost; there must be a last one.
void video_encoder_hold(struct video_encoder *encoder);
// Completes the file, which has frames; the encoder is still to be closed.
MUST_USE error video_encoder_finish(struct video_encoder *encoder, uint64_t *ret_size_bytes);
void video_encoder_close(struct video_encoder *encoder); // NULL is allowed
