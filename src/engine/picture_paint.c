// SPDX-License-Identifier: GPL-3.0-or-later
// picture.paint: a layered scene painted from words. It knows some subjects, times, weathers, moods and styles, and
// says which words it understood: no model that has seen pictures.
#include <math.h>

#include "engine/ops.h"
#include "engine/paint.h"
#include "engine/picture_file.h"

enum { SIDE_LEAST = 64, SIDE_MOST = 2160 };

static void paint_scene(struct paint *paint)
{
    unsigned subjects = paint->words->subjects;
    if (subjects & PAINT_ABSTRACT) {
        paint_abstract(paint);
        return;
    }
    if (subjects & PAINT_SPACE)
        paint_space(paint);
    else
        paint_sky(paint);
    if (subjects & PAINT_MOUNTAINS)
        paint_mountains(paint);
    if (subjects & PAINT_DESERT)
        paint_desert(paint);
    if (subjects & PAINT_FIELD)
        paint_field(paint);
    bool watery = subjects & (PAINT_SEA | PAINT_LAKE);
    if (subjects & PAINT_CITY)
        paint_city(paint);
    if (subjects & PAINT_FOREST)
        paint_forest(paint);
    if (watery)
        paint_water(paint, subjects & PAINT_SEA ? 0.62 + 0.35 * (paint->words->weather == PAINT_STORM) : 0.16);
}

static error draw(struct engine_call *call, struct paint *paint)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, paint->width, paint->height);
    if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(surface);
        return error_of(ERROR_LIMIT_EXCEEDED);
    }
    BUFFER_AUTO struct buffer file = { 0 };
    paint->pixels = cairo_image_surface_get_data(surface);
    paint->stride = cairo_image_surface_get_stride(surface);
    paint->cairo = cairo_create(surface);
    paint_light(paint);
    paint_scene(paint);
    if (!(paint->words->subjects & PAINT_ABSTRACT) || paint->words->weather != PAINT_CLEAR)
        paint_weather(paint);
    paint_finish(paint);
    cairo_surface_flush(surface);
    error result = picture_file_make(PICTURE_PNG, paint->pixels, paint->width, paint->height, paint->stride, &file);
    cairo_destroy(paint->cairo);
    cairo_surface_destroy(surface);
    TRY(result);
    return engine_write(call, 0, 0, file.data, file.size);
}

static error run(struct engine_call *call, json_t **ret_result)
{
    const json_t *params = engine_params(call);
    struct paint_words words;
    uint64_t seed = (uint64_t)json_get_int(params, "seed", 1);
    str prompt = json_get_str(params, "prompt"), style = json_get_str(params, "style");
    struct paint paint = { .arena = engine_arena(call),
        .width = (int)json_get_int(params, "width", 0),
        .height = (int)json_get_int(params, "height", 0),
        .random = seed * 0x9E3779B97F4A7C15u + str_hash(prompt.data ? prompt : STR("")),
        .words = &words };
    if (paint.width < SIDE_LEAST || paint.height < SIDE_LEAST || paint.width > SIDE_MOST * 2
        || paint.height > SIDE_MOST * 2)
        return error_make(
            ERROR_VALIDATION_ERROR, "width", "A picture is painted at %d to %d pixels", SIDE_LEAST, SIDE_MOST * 2);
    paint_words_read(engine_arena(call), prompt.data ? prompt : STR(""), style.data ? style : STR(""), seed, &words);
    bool watery = words.subjects & (PAINT_SEA | PAINT_LAKE);
    paint.unit = fmin(paint.width, paint.height);
    paint.horizon = floor(paint.height * (watery ? 0.60 : 0.58));
    TRY(draw(call, &paint));
    *ret_result = json_pack("{s:i, s:i, s:s, s:O}", "width", paint.width, "height", paint.height, "mime", "image/png",
        "understood", words.understood);
    return OK;
}

const struct engine_op picture_paint_op = { "picture.paint", run };
