// SPDX-License-Identifier: GPL-3.0-or-later
// A small upright picture of a film or picture: for lists, as a poster, as a stand-in for pictures that browsers cannot
// show. Nothing but pixels goes into it.
#include <math.h>
#include <string.h>

#include "av/video_reader.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/picture_file.h"

enum { SIDE = 480, SIDE_MAX = 4096, GLANCE = 48 };
// What tells something: brighter than that on average and not all of one colour (0 to 255).
static const double dark = 28, flat = 10;

struct glance {
    double mean, deviation; // of the luma
};

static void close_reader(struct video_reader **reader)
{
    video_reader_close(*reader);
}

static error look(struct video_reader *reader, struct glance *ret_glance)
{
    uint8_t pixels[GLANCE * GLANCE * 4 + 64];
    double sum = 0, squares = 0;
    TRY(video_reader_argb(reader, (struct frame_box) { 0 }, GLANCE, GLANCE, pixels, GLANCE * 4));
    for (size_t i = 0; i < GLANCE * GLANCE; i++) {
        uint32_t pixel;
        memcpy(&pixel, pixels + 4 * i, 4);
        double luma = 0.2126 * (pixel >> 16 & 255) + 0.7152 * (pixel >> 8 & 255) + 0.0722 * (pixel & 255);
        sum += luma;
        squares += luma * luma;
    }
    double count = GLANCE * GLANCE, mean = sum / count;
    *ret_glance = (struct glance) { mean, sqrt(fmax(0, squares / count - mean * mean)) };
    return OK;
}

static bool tells(struct glance glance)
{
    return glance.mean >= dark && glance.deviation >= flat;
}

struct moment {
    double seconds;
    bool exact; // else the key frame before it, which is found quickly
};

// Where to look for a picture of a film that is neither black nor empty, the best places first. A film may have one
// black key frame only: then pictures near its start are decoded on the way to them.
static size_t moments_of(const struct source_info *info, struct moment *ret_moments)
{
    static const double shares[] = { 0.1, 0.25, 0.5, 0.75, 0 }, seconds[] = { 0.5, 2, 8 };
    double duration = info->duration_us > 0 ? (double)info->duration_us / 1e6 : 0;
    size_t count = 0;
    for (size_t i = 0; duration > 0 && i < sizeof shares / sizeof *shares; i++)
        ret_moments[count++] = (struct moment) { shares[i] * duration, false };
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        if (duration <= 0 || seconds[i] < duration)
            ret_moments[count++] = (struct moment) { seconds[i], true };
    return count;
}

static error go_to(struct video_reader *reader, struct moment moment)
{
    int64_t number;
    return moment.exact ? video_reader_at(reader, llround(moment.seconds * 1e6), false, &number)
                        : video_reader_key(reader, llround(moment.seconds * 1e6));
}

// Makes the first telling picture current, else the one with most to see.
static error find_picture(struct video_reader *reader, double *ret_seconds)
{
    struct moment moments[8] = { 0 }, best = { 0, true };
    double most = -1;
    size_t count = moments_of(video_reader_info(reader), moments);
    for (size_t i = 0; i < count; i++) {
        struct glance glance;
        TRY(go_to(reader, moments[i]));
        TRY(look(reader, &glance));
        *ret_seconds = moments[i].seconds;
        if (tells(glance))
            return OK;
        if (glance.mean + glance.deviation > most) {
            most = glance.mean + glance.deviation;
            best = moments[i];
        }
    }
    *ret_seconds = best.seconds;
    return go_to(reader, best);
}

static error choose_picture(struct video_reader *reader, const json_t *params, double *ret_seconds)
{
    int64_t number;
    double at;
    TRY(composition_number(params, "at", 0, 0, 24 * 3600, &at));
    *ret_seconds = at;
    if (video_reader_info(reader)->kind == SOURCE_VIDEO && !json_is_number(json_object_get(params, "at")))
        return find_picture(reader, ret_seconds);
    return video_reader_at(reader, llround(at * 1e6), false, &number);
}

// Lays it on white; true when there was anything transparent.
static bool put_on_white(uint8_t *pixels, int width, int height, bool only_look)
{
    bool found = false;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)width * height; i++) {
        uint32_t pixel;
        memcpy(&pixel, pixels + 4 * i, 4);
        uint32_t rest = 255 - (pixel >> 24), result = 0xff000000u;
        found = found || rest;
        if (only_look || !rest)
            continue;
        for (int shift = 0; shift < 24; shift += 8) {
            uint32_t value = (pixel >> shift & 255) + rest;
            result |= (value > 255 ? 255 : value) << shift;
        }
        memcpy(pixels + 4 * i, &result, 4);
    }
    return found;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 30);
    const json_t *params = engine_params(call);
    double side, at;
    TRY(composition_number(params, "side", SIDE, 16, SIDE_MAX, &side));
    if (engine_input_count(call) < 1)
        return error_make(ERROR_ASSET_MISSING, NULL, "A thumbnail needs a file");
    struct source_io io = engine_source_io(call, 0);
    __attribute__((cleanup(close_reader))) struct video_reader *reader = NULL;
    TRY(video_reader_open(&io, &reader));
    TRY(choose_picture(reader, params, &at));
    const struct source_info *info = video_reader_info(reader);
    double scale = fmin(1, side / fmax(info->width, info->height));
    int width = (int)fmax(1, round(info->width * scale)), height = (int)fmax(1, round(info->height * scale));
    uint8_t *pixels = arena_alloc_raw(arena, (size_t)width * (size_t)height * 4 + 64);
    TRY(video_reader_argb(reader, (struct frame_box) { 0 }, width, height, pixels, width * 4));
    bool only_jpeg = str_equal_c(json_get_str(params, "format"), "jpeg");
    bool png = put_on_white(pixels, width, height, !only_jpeg) && !only_jpeg;
    BUFFER_AUTO struct buffer file = { 0 };
    TRY(picture_file_make(png ? PICTURE_PNG : PICTURE_JPEG, pixels, width, height, width * 4, &file));
    TRY(engine_write(call, 0, 0, file.data, file.size));
    *ret_result = json_pack(
        "{s:i, s:i, s:f, s:s}", "width", width, "height", height, "at", at, "mime", png ? "image/png" : "image/jpeg");
    return OK;
}

const struct engine_op picture_thumbnail_op = { "picture.thumbnail", run };
