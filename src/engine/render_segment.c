// SPDX-License-Identifier: GPL-3.0-or-later
// Some frames of one scene as a segment of the film.
#include "av/video_encoder.h"
#include "engine/compositor.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

static const double frames_max = 24.0 * 3600 * 120;

struct segment {
    struct composition composition;
    size_t scene;
    int64_t first, count;
    struct video_settings video;
};

static error read_params(struct engine_call *call, struct arena *arena, struct segment *segment)
{
    const json_t *params = engine_params(call), *video = json_object_get(params, "video");
    double scene, first, count;
    TRY(composition_read(
        arena, json_object_get(params, "composition"), 0, engine_input_count(call), &segment->composition));
    TRY(composition_number(params, "scene", 0, 0, (double)segment->composition.scene_count - 1, &scene));
    segment->scene = (size_t)scene;
    int64_t frames = segment->composition.scenes[segment->scene].frames;
    TRY(composition_number(params, "first_frame", 0, 0, frames_max, &first));
    segment->first = (int64_t)first;
    TRY(composition_number(params, "frame_count", (double)(frames - segment->first), 1, frames_max, &count));
    segment->count = (int64_t)count;
    if (segment->first + segment->count > frames + 1) // the asker may have rounded the other way
        return error_make(ERROR_VALIDATION_ERROR, "frame_count", "The scene has only %lld frames", (long long)frames);
    str codec = json_get_str(video, "codec"), preset = json_get_str(video, "preset");
    if (codec.data && !str_equal_c(codec, "h264") && !str_equal_c(codec, "vp9"))
        return error_make(ERROR_VALIDATION_ERROR, "codec", "Segments are encoded as h264 or vp9");
    segment->video.codec = str_equal_c(codec, "vp9") ? VIDEO_VP9 : VIDEO_H264;
    TRY(composition_number(video, "crf", 21, 0, 51, &segment->video.crf));
    segment->video.preset = preset.data ? str_to_c(arena, preset) : "veryfast";
    segment->video.width = segment->composition.width;
    segment->video.height = segment->composition.height;
    segment->video.fps = segment->composition.fps;
    return OK;
}

static void close_encoder(struct video_encoder **encoder)
{
    video_encoder_close(*encoder);
}

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 30);
    struct segment segment = { 0 };
    TRY(read_params(call, arena, &segment));
    struct compositor *compositor = compositor_new(arena, &segment.composition, engine_inputs_io(call, arena));
    TRY(compositor_check(compositor, segment.scene));
    struct sink_io sink = engine_sink_io(call, 0);
    __attribute__((cleanup(close_encoder))) struct video_encoder *encoder = NULL;
    TRY(video_encoder_open(&sink, &segment.video, &encoder));
    for (int64_t i = 0; i < segment.count; i++) {
        const struct frame *frame;
        bool changed;
        double time = (double)(segment.first + i) / segment.composition.fps;
        TRY(compositor_at(compositor, segment.scene, time, &frame, &changed));
        if (changed || i == 0)
            TRY(video_encoder_add(encoder, frame));
        else
            video_encoder_hold(encoder);
        TRY(engine_progress(call, (double)(i + 1) / (double)segment.count));
    }
    uint64_t size_bytes;
    TRY(video_encoder_finish(encoder, &size_bytes));
    *ret_result = json_pack("{s:I, s:I}", "frames", (json_int_t)segment.count, "bytes", (json_int_t)size_bytes);
    return OK;
}

const struct engine_op render_segment_op = { "render.segment", run };
