// SPDX-License-Identifier: GPL-3.0-or-later
// Segments become an animated GIF. A GIF counts hundredths of a second and browsers show at most 50 pictures in one, so
// of a film of more than 25 pictures a second every second or third is taken.
#include <math.h>

#include "av/gif_encoder.h"
#include "av/video_reader.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { FPS_MOST = 25, FPS_MAX = 120 };
static const double frames_max = 24.0 * 3600 * FPS_MAX;

struct animation {
    struct engine_call *call;
    struct arena *arena;
    const struct source_io *segments;
    int64_t *frames; // of each segment
    size_t count;
    int64_t total;
    int fps, width, height, stride;
    uint8_t *pixels;
    // The pass under way: every `step`th frame is used, `from` to `to` of the progress.
    error (*use)(struct animation *animation, int64_t frame, void *context);
    void *context;
    int64_t step;
    double from, to;
};

static error read_params(struct animation *animation)
{
    const json_t *params = engine_params(animation->call), *frames = json_object_get(params, "frames");
    double fps;
    animation->count = json_array_size(frames);
    TRY(composition_number(params, "fps", 30, 1, FPS_MAX, &fps));
    animation->fps = (int)lround(fps);
    if (!animation->count || animation->count > engine_input_count(animation->call))
        return error_make(ERROR_VALIDATION_ERROR, "frames", "A GIF needs the number of frames of each segment");
    animation->frames = ARENA_ARRAY(animation->arena, int64_t, animation->count);
    for (size_t i = 0; i < animation->count; i++) {
        double number = json_number_value(json_array_get(frames, i));
        if (!(number >= 1 && number <= frames_max))
            return error_make(ERROR_VALIDATION_ERROR, "frames", "A segment has at least one frame");
        animation->frames[i] = (int64_t)number;
        animation->total += animation->frames[i];
    }
    animation->segments = engine_inputs_io(animation->call, animation->arena);
    return OK;
}

// *at counts the frames of the film.
static error show_segment(struct animation *animation, size_t index, int64_t *at)
{
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct video_reader *reader;
    TRY(video_reader_open(&animation->segments[index], &reader));
    arena_defer(arena, video_reader_free, reader);
    for (int64_t i = 0; i < animation->frames[index]; i++, (*at)++) {
        int64_t number, half = 500000 / animation->fps;
        if (*at % animation->step)
            continue;
        TRY(video_reader_at(reader, i * 1000000 / animation->fps + half, false, &number));
        if (!animation->pixels) {
            animation->width = video_reader_info(reader)->width;
            animation->height = video_reader_info(reader)->height;
            animation->stride = animation->width * 4;
            animation->pixels = arena_alloc_raw(
                animation->arena, (size_t)animation->stride * (size_t)animation->height);
        }
        TRY(video_reader_argb(reader, (struct frame_box) { 0 }, animation->width, animation->height, animation->pixels,
            animation->stride));
        TRY(animation->use(animation, *at, animation->context));
        double done = (double)(*at + 1) / (double)animation->total;
        TRY(engine_progress(animation->call, animation->from + (animation->to - animation->from) * done));
    }
    return OK;
}

static error show(struct animation *animation)
{
    int64_t at = 0;
    for (size_t i = 0; i < animation->count; i++)
        TRY(show_segment(animation, i, &at));
    return OK;
}

static error count_colours(struct animation *animation, int64_t frame, void *palette)
{
    (void)frame;
    palette_count(palette, animation->pixels, animation->width, animation->height, animation->stride);
    return OK;
}

static int64_t centiseconds(const struct animation *animation, int64_t frame)
{
    return llround((double)frame * 100 / animation->fps);
}

static error write_picture(struct animation *animation, int64_t frame, void *context)
{
    return gif_encoder_add(context, animation->pixels, animation->stride, centiseconds(animation, frame));
}

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new((size_t)256 << 20);
    struct palette *palette = palette_new(arena);
    struct animation animation = { .call = call, .arena = arena, .use = count_colours, .context = palette, .to = 0.1 };
    TRY(read_params(&animation));
    animation.step = animation.fps; // one picture a second tells the colours
    TRY(show(&animation));
    palette_settle(palette);
    animation.step = (animation.fps + FPS_MOST - 1) / FPS_MOST;
    int64_t last = (animation.total - 1) / animation.step * animation.step;
    int64_t last_cs = centiseconds(&animation, animation.total) - centiseconds(&animation, last);
    GIF_ENCODER_AUTO struct gif_encoder *encoder = NULL;
    struct sink_io sink = engine_sink_io(call, 0);
    TRY(gif_encoder_open(&sink, animation.width, animation.height, palette, last_cs, &encoder));
    animation.use = write_picture;
    animation.context = encoder;
    animation.from = animation.to;
    animation.to = 1;
    TRY(show(&animation));
    uint64_t size_bytes;
    TRY(gif_encoder_finish(encoder, &size_bytes));
    *ret_result = json_pack("{s:f, s:I, s:i, s:i, s:I}", "duration", (double)animation.total / animation.fps, "frames",
        (json_int_t)animation.total, "width", animation.width, "height", animation.height, "bytes",
        (json_int_t)size_bytes);
    return OK;
}

const struct engine_op render_gif_op = { "render.gif", run };
