// SPDX-License-Identifier: GPL-3.0-or-later
#include "motion.h"

#include <math.h>

#include "av/gif_encoder.h"
#include "av/join.h"
#include "av/video_encoder.h"
#include "engine/overlay.h"
#include "motion_sources.h"
#include "output.h"
#include "picture_sources.h"

enum { WIDTH = 1280, HEIGHT = 720, FPS = 25, GIF_WIDTH = 480, GIF_HEIGHT = 270, GIF_FPS = 20 };
static const double video_quality = 23; // x264's crf

static size_t count_of(const struct motion *list)
{
    size_t count = 0;
    while (list[count].slug)
        count++;
    return count;
}

size_t motion_count(void)
{
    return count_of(motion_list);
}

size_t motion_gif_count(void)
{
    return count_of(motion_gif_list);
}

static struct item item_of(const struct motion *motion, enum item_kind kind)
{
    return (struct item) { kind, motion->slug, motion->title, "Kinora Motion", motion->category, motion->tags,
        motion->premium, true, MOTION_SOURCES PICTURE_SOURCES };
}

struct item motion_item(size_t index)
{
    return item_of(&motion_list[index], ITEM_VIDEO);
}

struct item motion_gif_item(size_t index)
{
    return item_of(&motion_gif_list[index], ITEM_GIF);
}

// A film under way.
struct stage {
    const struct motion *motion;
    struct paint paint;
    cairo_surface_t *surface;
    int frames;
};

static error stage_open(
    struct arena *arena, const struct motion *motion, int width, int height, int fps, struct stage *ret_stage)
{
    if (!paint_palette_exists(motion->palette))
        return error_make(ERROR_VALIDATION_ERROR, NULL, "There is no palette %s", motion->palette);
    *ret_stage = (struct stage) { .motion = motion,
        .paint = paint_new(arena, motion->slug, motion->palette, width, height, motion->coarse),
        .surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height),
        .frames = (int)lround(motion->seconds * fps) };
    return OK;
}

static void stage_draw(struct stage *stage, int frame)
{
    paint_restart(&stage->paint, (double)frame / stage->frames);
    for (int i = 0; i < PAINT_NUMBERS; i++) // a family may change its own
        stage->paint.n[i] = stage->motion->numbers[i];
    stage->motion->paint(&stage->paint);
    paint_finish(&stage->paint, 0, stage->surface);
}

static error encode(struct arena *arena, struct stage *stage, struct video_encoder *encoder, struct buffer *thumbnail,
    uint64_t *ret_size)
{
    struct frame *frame = frame_new(arena, WIDTH, HEIGHT);
    struct overlay overlay = { 0 };
    error failed = OK;
    for (int i = 0; i < stage->frames && !error_is(failed); i++) {
        stage_draw(stage, i);
        const uint8_t *pixels = cairo_image_surface_get_data(stage->surface);
        int stride = cairo_image_surface_get_stride(stage->surface);
        if (i == stage->frames / 3)
            failed = output_thumbnail(stage->surface, thumbnail);
        if (!error_is(failed))
            failed = overlay_from_argb(&overlay, (struct frame_box) { 0, 0, WIDTH, HEIGHT }, pixels, stride);
        if (error_is(failed))
            break;
        overlay_blend(&overlay, 1, frame);
        failed = video_encoder_add(encoder, frame);
    }
    overlay_done(&overlay);
    TRY(failed);
    return video_encoder_finish(encoder, ret_size);
}

static error make_video(struct arena *arena, struct stage *stage, struct product *product)
{
    BUFFER_AUTO struct buffer segment = { 0 };
    struct sink_io segment_sink = output_sink(&segment), sink = output_sink(&product->file);
    struct video_settings settings = { VIDEO_H264, WIDTH, HEIGHT, FPS, video_quality, "veryfast", 2 * FPS };
    struct video_encoder *encoder = NULL;
    uint64_t size;
    TRY(video_encoder_open(&segment_sink, &settings, &encoder));
    error failed = encode(arena, stage, encoder, &product->thumbnail, &size);
    video_encoder_close(encoder);
    TRY(failed);
    struct source_io source = output_source(&segment);
    struct join_settings join = { .muxer = "mp4", .fps = FPS, .title = str_of(stage->motion->title) };
    struct join_result result;
    TRY(join_run(&source, 1, NULL, &sink, &join, &result));
    product->duration_us = (int64_t)(result.duration * 1e6 + 0.5);
    product->width = WIDTH;
    product->height = HEIGHT;
    return OK;
}

error motion_make(struct arena *arena, size_t index, struct product *ret_product)
{
    struct stage stage;
    TRY(stage_open(arena, &motion_list[index], WIDTH, HEIGHT, FPS, &stage));
    error failed = make_video(arena, &stage, ret_product);
    cairo_surface_destroy(stage.surface);
    return failed;
}

static error encode_gif(struct stage *stage, struct gif_encoder *encoder, uint64_t *ret_size)
{
    for (int i = 0; i < stage->frames; i++) {
        stage_draw(stage, i);
        TRY(gif_encoder_add(encoder, cairo_image_surface_get_data(stage->surface),
            cairo_image_surface_get_stride(stage->surface), (int64_t)i * 100 / GIF_FPS));
    }
    return gif_encoder_finish(encoder, ret_size);
}

static error make_gif(struct arena *arena, struct stage *stage, struct product *product)
{
    struct palette *palette = palette_new(arena);
    for (int i = 0; i < stage->frames; i += 4) {
        stage_draw(stage, i);
        palette_count(palette, cairo_image_surface_get_data(stage->surface), GIF_WIDTH, GIF_HEIGHT,
            cairo_image_surface_get_stride(stage->surface));
    }
    palette_settle(palette);
    stage_draw(stage, stage->frames / 3);
    TRY(output_thumbnail(stage->surface, &product->thumbnail));
    GIF_ENCODER_AUTO struct gif_encoder *encoder = NULL;
    struct sink_io sink = output_sink(&product->file);
    uint64_t size;
    TRY(gif_encoder_open(&sink, GIF_WIDTH, GIF_HEIGHT, palette, 100 / GIF_FPS, &encoder));
    TRY(encode_gif(stage, encoder, &size));
    product->duration_us = (int64_t)stage->frames * 1000000 / GIF_FPS;
    product->width = GIF_WIDTH;
    product->height = GIF_HEIGHT;
    return OK;
}

error motion_gif_make(struct arena *arena, size_t index, struct product *ret_product)
{
    struct stage stage;
    TRY(stage_open(arena, &motion_gif_list[index], GIF_WIDTH, GIF_HEIGHT, GIF_FPS, &stage));
    error failed = make_gif(arena, &stage, ret_product);
    cairo_surface_destroy(stage.surface);
    return failed;
}

// How far two pictures are apart, 0..1.
static double distance(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += fabs(a[i] - b[i]);
    return sum / (double)count;
}

static error check_loop(const struct motion *motion, int fps)
{
    enum { SMALL_WIDTH = 192, SMALL_HEIGHT = 108, COUNT = SMALL_WIDTH * SMALL_HEIGHT * 3, PICTURES = 4 };
    ARENA_AUTO struct arena *arena = arena_new(64 << 20);
    struct stage stage;
    float *pictures[PICTURES];
    TRY(stage_open(arena, motion, SMALL_WIDTH, SMALL_HEIGHT, fps, &stage));
    const int frames[PICTURES] = { stage.frames - 2, stage.frames - 1, 0, 1 };
    for (int i = 0; i < PICTURES; i++) {
        stage_draw(&stage, frames[i]);
        pictures[i] = arena_copy(arena, stage.paint.pixels, COUNT * sizeof(float));
    }
    cairo_surface_destroy(stage.surface);
    double usual = fmax(distance(pictures[0], pictures[1], COUNT), distance(pictures[2], pictures[3], COUNT));
    double seam = distance(pictures[1], pictures[2], COUNT);
    if (seam > 2 * usual + 0.002 || usual <= 0)
        return error_make(
            ERROR_VALIDATION_ERROR, NULL, "%s jumps where it closes: by %.4f, else by %.4f", motion->slug, seam, usual);
    return OK;
}

error motion_check(void)
{
    for (const struct motion *motion = motion_list; motion->slug; motion++)
        TRY(check_loop(motion, FPS));
    for (const struct motion *motion = motion_gif_list; motion->slug; motion++)
        TRY(check_loop(motion, GIF_FPS));
    return OK;
}
