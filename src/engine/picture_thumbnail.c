// SPDX-License-Identifier: GPL-3.0-or-later
// A small upright picture of a film or picture.
#include <math.h>
#include <string.h>

#include "av/video_reader.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/picture_file.h"

enum { WIDTH = 480, SIDE_MAX = 4096 };

static void close_reader(struct video_reader **reader)
{
    video_reader_close(*reader);
}

// What is transparent becomes white.
static void put_on_white(uint8_t *pixels, int width, int height)
{
    for (ptrdiff_t i = 0; i < (ptrdiff_t)width * height; i++) {
        uint32_t pixel;
        memcpy(&pixel, pixels + 4 * i, 4);
        uint32_t rest = 255 - (pixel >> 24), result = 0xff000000u;
        for (int shift = 0; shift < 24; shift += 8) {
            uint32_t value = (pixel >> shift & 255) + rest;
            result |= (value > 255 ? 255 : value) << shift;
        }
        memcpy(pixels + 4 * i, &result, 4);
    }
}

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 30);
    const json_t *params = engine_params(call);
    double width, at;
    int64_t number;
    TRY(composition_number(params, "width", WIDTH, 16, SIDE_MAX, &width));
    TRY(composition_number(params, "at", 0, 0, 24 * 3600, &at));
    if (engine_input_count(call) < 1)
        return error_make(ERROR_ASSET_MISSING, NULL, "A thumbnail needs a file");
    struct source_io io = engine_source_io(call, 0);
    __attribute__((cleanup(close_reader))) struct video_reader *reader = NULL;
    TRY(video_reader_open(&io, &reader));
    TRY(video_reader_at(reader, llround(at * 1e6), false, &number));
    const struct source_info *info = video_reader_info(reader);
    double scale = fmin(width / info->width, (double)SIDE_MAX / info->height);
    scale = fmin(scale, 1);
    int out_width = (int)fmax(1, round(info->width * scale)), out_height = (int)fmax(1, round(info->height * scale));
    uint8_t *pixels = arena_alloc_raw(arena, (size_t)out_width * (size_t)out_height * 4 + 64);
    TRY(video_reader_argb(reader, (struct frame_box) { 0 }, out_width, out_height, pixels, out_width * 4));
    put_on_white(pixels, out_width, out_height);
    BUFFER_AUTO struct buffer file = { 0 };
    TRY(picture_file_make(PICTURE_JPEG, pixels, out_width, out_height, out_width * 4, &file));
    TRY(engine_write(call, 0, 0, file.data, file.size));
    *ret_result = json_pack("{s:i, s:i}", "width", out_width, "height", out_height);
    return OK;
}

const struct engine_op picture_thumbnail_op = { "picture.thumbnail", run };
