// SPDX-License-Identifier: GPL-3.0-or-later
// A stretch of a film's pictures, upright, smaller and at a steady rate: a piece of a proxy, to be joined by
// render.join.
#include <math.h>

#include "av/video_encoder.h"
#include "av/video_reader.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

static const double frames_max = 24.0 * 3600 * 60; // a day at 60 a second
// The last picture is held so long beyond the end of the pictures, for sound that goes on; a file may claim any length.
static const int64_t hold_us = 60000000;

struct stretch {
    struct video_settings video;
    int64_t first, count;
    bool open; // ends with the film, or after `count` frames
};

static int even(double side)
{
    return (int)fmax(2, round(side / 2) * 2);
}

static error read_params(const json_t *params, const struct source_info *info, struct stretch *stretch)
{
    double side, fps, first, count, crf, key_frames;
    TRY(composition_number(params, "side", 480, 16, 2160, &side));
    TRY(composition_number(params, "fps", 30, 1, 60, &fps));
    TRY(composition_number(params, "first_frame", 0, 0, frames_max, &first));
    TRY(composition_number(params, "frame_count", frames_max, 1, frames_max, &count));
    TRY(composition_number(params, "crf", 23, 0, 51, &crf));
    TRY(composition_number(params, "key_frames", 12, 1, 600, &key_frames));
    double scale = fmin(1, side / fmin(info->width, info->height));
    scale = fmin(scale, (double)FRAME_SIDE_MAX / fmax(info->width, info->height));
    *stretch = (struct stretch) {
        .video = { .width = even(info->width * scale),
            .height = even(info->height * scale),
            .fps = (int)fps,
            .crf = crf,
            .preset = "veryfast",
            .key_frames = (int)key_frames },
        .first = (int64_t)first,
        .count = (int64_t)count,
        .open = !json_is_number(json_object_get(params, "frame_count")),
    };
    return OK;
}

static void close_reader(struct video_reader **reader)
{
    video_reader_close(*reader);
}

static void close_encoder(struct video_encoder **encoder)
{
    video_encoder_close(*encoder);
}

static error copy(struct engine_call *call, const struct stretch *stretch, struct video_reader *reader,
    struct video_encoder *encoder, struct frame *frame, int64_t *ret_frames)
{
    int64_t i, number, shown = -1, length_us = video_reader_info(reader)->duration_us;
    double expected = stretch->open ? (double)length_us / 1e6 * stretch->video.fps : (double)stretch->count;
    for (i = 0; i < stretch->count; i++) {
        int64_t time_us = (stretch->first + i) * 1000000 / stretch->video.fps;
        TRY(video_reader_at(reader, time_us, false, &number));
        int64_t end_us = video_reader_length_us(reader);
        if (i > 0 && end_us >= 0 && time_us >= end_us + (stretch->open ? 0 : hold_us))
            break;
        if (i == 0 || number != shown)
            TRY(video_reader_frame(reader, (struct frame_box) { 0 }, frame));
        shown = number;
        TRY(video_encoder_add(encoder, frame));
        TRY(engine_progress(call, expected > 0 ? fmin(1, (double)(i + 1) / expected) : 0));
    }
    *ret_frames = i;
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    struct stretch stretch;
    int64_t frames;
    uint64_t size_bytes;
    if (engine_input_count(call) < 1)
        return error_make(ERROR_ASSET_MISSING, NULL, "A proxy needs a film");
    struct source_io io = engine_source_io(call, 0);
    struct sink_io sink = engine_sink_io(call, 0);
    __attribute__((cleanup(close_reader))) struct video_reader *reader = NULL;
    TRY(video_reader_open(&io, &reader));
    TRY(read_params(engine_params(call), video_reader_info(reader), &stretch));
    struct frame *frame = frame_new(engine_arena(call), stretch.video.width, stretch.video.height);
    __attribute__((cleanup(close_encoder))) struct video_encoder *encoder = NULL;
    TRY(video_encoder_open(&sink, &stretch.video, &encoder));
    TRY(copy(call, &stretch, reader, encoder, frame, &frames));
    TRY(video_encoder_finish(encoder, &size_bytes));
    *ret_result = json_pack(
        "{s:I, s:i, s:i}", "frames", (json_int_t)frames, "width", stretch.video.width, "height", stretch.video.height);
    return OK;
}

const struct engine_op proxy_pictures_op = { "proxy.pictures", run };
