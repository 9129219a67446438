// SPDX-License-Identifier: GPL-3.0-or-later
// One frame of a scene as a picture, at the size asked for: composed at that size, not scaled down to it.
#include "engine/compositor.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/overlay.h"
#include "engine/picture_file.h"

static error run(struct engine_call *call, json_t **ret_result)
{
    ARENA_AUTO struct arena *arena = arena_new((size_t)1 << 30);
    const json_t *params = engine_params(call);
    struct composition composition;
    double width, scene, time;
    TRY(composition_number(params, "width", 0, 0, FRAME_SIDE_MAX, &width));
    TRY(composition_read(
        arena, json_object_get(params, "composition"), (int)width, engine_input_count(call), &composition));
    TRY(composition_number(params, "scene", 0, 0, (double)composition.scene_count - 1, &scene));
    TRY(composition_number(params, "time", 0, 0, composition.scenes[(size_t)scene].duration, &time));
    struct compositor *compositor = compositor_new(arena, &composition, engine_inputs_io(call, arena));
    const struct frame *frame;
    bool changed;
    TRY(compositor_at(compositor, (size_t)scene, time, &frame, &changed));
    int stride = frame->width * 4;
    uint8_t *pixels = arena_alloc_raw(arena, (size_t)stride * (size_t)frame->height);
    overlay_to_argb(frame, pixels, stride);
    bool png = str_equal_c(json_get_str(params, "format"), "png");
    BUFFER_AUTO struct buffer file = { 0 };
    TRY(picture_file_make(png ? PICTURE_PNG : PICTURE_JPEG, pixels, frame->width, frame->height, stride, &file));
    TRY(engine_write(call, 0, 0, file.data, file.size));
    *ret_result = json_pack("{s:i, s:i}", "width", frame->width, "height", frame->height);
    return OK;
}

const struct engine_op render_frame_op = { "render.frame", run };
