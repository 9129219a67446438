// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a source one after another, upright and scaled. A still picture is a film of one picture.
#pragma once

#include "av/frame.h"
#include "av/source.h"

struct video_reader;

// NO_VIDEO without a picture; else the errors of source_open. `io` is copied; its context must outlive the reader.
MUST_USE error video_reader_open(const struct source_io *io, struct video_reader **ret_reader);
void video_reader_close(struct video_reader *reader); // NULL is allowed
void video_reader_free(void *reader);                 // the same, for arena_defer

// Width and height are right for still pictures too, whose turn is learnt by decoding.
const struct source_info *video_reader_info(const struct video_reader *reader);

// Makes that picture current which shows at `time_us` (the newest at or before it, whatever the distances between
// pictures; the first one before there is any). Behind the end stands the last picture, or with `loop` the film
// again. Going forward in small steps is quick; else it seeks. *ret_number differs between different pictures.
// NOT_MEDIA when there is no picture to decode.
MUST_USE error video_reader_at(struct video_reader *reader, int64_t time_us, bool loop, int64_t *ret_number);

// The same for the key frame at or before `time_us`: one picture is decoded, whatever the distance of key frames.
// Only for films (SOURCE_VIDEO).
MUST_USE error video_reader_key(struct video_reader *reader, int64_t time_us);
// How long the pictures go on, or -1 until reading has met their end.
int64_t video_reader_length_us(const struct video_reader *reader);

// Writes the part `crop` of the current picture (upright pixels; empty: all) into the frame, scaled to its size.
MUST_USE error video_reader_frame(struct video_reader *reader, struct frame_box crop, const struct frame *frame);
// The same as premultiplied native-endian ARGB.
MUST_USE error video_reader_argb(
    struct video_reader *reader, struct frame_box crop, int width, int height, uint8_t *ret_pixels, int stride);
