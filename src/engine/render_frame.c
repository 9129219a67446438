// SPDX-License-Identifier: GPL-3.0-or-later
// One frame of a scene as a picture, at the size asked for: composed at that size, not scaled down to it.
//
// Someone who edits asks for many frames of one scene. What was read, opened and drawn for a composition is kept for
// the next question about the same one: then a frame costs decoding, blending and the picture file.
#include <string.h>

#include "engine/compositor.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/overlay.h"
#include "engine/picture_file.h"

// A composition ready to be drawn. Everything lives in the arena.
struct stage {
    struct arena *arena;
    str key;
    struct composition composition;
    struct compositor *compositor;
    const struct source_io *inputs;
    uint8_t *pixels; // room for a picture
};

static void stage_free(void *stage)
{
    arena_free(((struct stage *)stage)->arena);
}

// What decides everything but the time; STR_NONE when it cannot be told.
static str key_of(struct engine_call *call, int width)
{
    struct arena *arena = engine_arena(call);
    BUFFER_AUTO struct buffer key = { 0 };
    buffer_format(&key, "%d\n", width);
    for (unsigned i = 0; i < engine_input_count(call); i++) {
        str name = engine_input_name(call, i);
        if (!name.size)
            return STR_NONE;
        buffer_format(&key, "%.*s\n", STR_ARGS(name));
    }
    buffer_append_str(&key, json_text(arena, json_object_get(engine_params(call), "composition")));
    return key.failed ? STR_NONE : str_copy(arena, buffer_str(&key));
}

static error make_stage(struct engine_call *call, str key, int width, struct stage *stage)
{
    // The composition refers to its JSON, which is the stage's own then.
    json_t *json = json_keep(stage->arena, json_incref(json_object_get(engine_params(call), "composition")));
    TRY(composition_read(stage->arena, json, width, engine_input_count(call), &stage->composition));
    stage->key = str_copy(stage->arena, key);
    stage->inputs = engine_inputs_io(call, stage->arena);
    stage->compositor = compositor_new(stage->arena, &stage->composition, stage->inputs);
    size_t stride = (size_t)stage->composition.width * 4;
    stage->pixels = arena_alloc_raw(stage->arena, stride * (size_t)stage->composition.height);
    return OK;
}

static error stage_new(struct engine_call *call, str key, int width, struct stage **ret_stage)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct stage *stage = ARENA_NEW(arena, struct stage);
    stage->arena = arena;
    error failed = make_stage(call, key, width, stage);
    if (error_is(failed)) {
        stage_free(stage);
        return failed;
    }
    *ret_stage = stage;
    return OK;
}

static error draw(struct engine_call *call, const struct stage *stage, json_t **ret_result)
{
    const json_t *params = engine_params(call);
    const struct composition *composition = &stage->composition;
    const struct frame *frame;
    double scene, time;
    bool changed;
    TRY(composition_number(params, "scene", 0, 0, (double)composition->scene_count - 1, &scene));
    TRY(composition_number(params, "time", 0, 0, composition->scenes[(size_t)scene].duration, &time));
    TRY(compositor_at(stage->compositor, (size_t)scene, time, &frame, &changed));
    int stride = frame->width * 4;
    overlay_to_argb(frame, stage->pixels, stride);
    bool png = str_equal_c(json_get_str(params, "format"), "png");
    BUFFER_AUTO struct buffer file = { 0 };
    TRY(picture_file_make(png ? PICTURE_PNG : PICTURE_JPEG, stage->pixels, frame->width, frame->height, stride, &file));
    TRY(engine_write(call, 0, 0, file.data, file.size));
    *ret_result = json_pack("{s:i, s:i}", "width", frame->width, "height", frame->height);
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    double width;
    TRY(composition_number(engine_params(call), "width", 0, 0, FRAME_SIDE_MAX, &width));
    str key = key_of(call, (int)width);
    struct stage *stage = engine_kept(call, &render_frame_op);
    if (stage && (!key.data || !str_equal(stage->key, key))) {
        stage_free(stage);
        stage = NULL;
    }
    if (stage)
        engine_inputs_move(stage->inputs, call);
    else
        TRY(stage_new(call, key, (int)width, &stage));
    error failed = draw(call, stage, ret_result);
    if (error_is(failed) || !key.data || arena_over(stage->arena))
        stage_free(stage); // a reader that met an error would answer it again
    else
        engine_keep(call, &render_frame_op, stage, stage_free);
    return failed;
}

const struct engine_op render_frame_op = { "render.frame", run };
