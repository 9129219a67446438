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

// What was replaced is only given back with the whole.
enum { CHANGES_MAX = 100 };

// A composition ready to be drawn. Everything lives in the arena.
struct stage {
    struct arena *arena;
    str key, inputs_key;
    int changes; // since it was made
    const struct composition *composition;
    struct compositor *compositor;
    const struct source_io *inputs;
    uint8_t *pixels; // room for a picture
};

static void stage_free(void *stage)
{
    arena_free(((struct stage *)stage)->arena);
}

// What decides which files are read, and the size; STR_NONE when it cannot be told.
static str inputs_key_of(struct engine_call *call, int width)
{
    BUFFER_AUTO struct buffer key = { 0 };
    buffer_format(&key, "%d\n", width);
    for (unsigned i = 0; i < engine_input_count(call); i++) {
        str name = engine_input_name(call, i);
        if (!name.size)
            return STR_NONE;
        buffer_format(&key, "%.*s\n", STR_ARGS(name));
    }
    return key.failed ? STR_NONE : str_copy(engine_arena(call), buffer_str(&key));
}

static str key_of(struct engine_call *call)
{
    return json_text(engine_arena(call), json_object_get(engine_params(call), "composition"));
}

// The composition refers to its JSON, which is the stage's own then.
static error read_composition(
    struct engine_call *call, struct stage *stage, int width, const struct composition **ret_composition)
{
    json_t *json = json_keep(stage->arena, json_incref(json_object_get(engine_params(call), "composition")));
    struct composition *composition = ARENA_NEW(stage->arena, struct composition);
    TRY(composition_read(stage->arena, json, width, engine_input_count(call), composition));
    stage->key = str_copy(stage->arena, key_of(call));
    *ret_composition = composition;
    return OK;
}

static error make_stage(struct engine_call *call, str inputs_key, int width, struct stage *stage)
{
    TRY(read_composition(call, stage, width, &stage->composition));
    stage->inputs_key = str_copy(stage->arena, inputs_key);
    stage->inputs = engine_inputs_io(call, stage->arena);
    stage->compositor = compositor_new(stage->arena, stage->composition, stage->inputs);
    size_t stride = (size_t)stage->composition->width * 4;
    stage->pixels = arena_alloc_raw(stage->arena, stride * (size_t)stage->composition->height);
    return OK;
}

static error stage_new(struct engine_call *call, str inputs_key, int width, struct stage **ret_stage)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct stage *stage = ARENA_NEW(arena, struct stage);
    stage->arena = arena;
    error failed = make_stage(call, inputs_key, width, stage);
    if (error_is(failed)) {
        stage_free(stage);
        return failed;
    }
    *ret_stage = stage;
    return OK;
}

static error measure(struct engine_call *call, const struct stage *stage, size_t scene, json_t **ret_result)
{
    struct compositor_box *boxes;
    size_t count;
    TRY(compositor_boxes(stage->compositor, scene, engine_arena(call), &boxes, &count));
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:o, s:f, s:f}", "layer_id", json_str(boxes[i].layer_id), "width",
                                        100 * boxes[i].width / stage->composition->width, "height",
                                        100 * boxes[i].height / stage->composition->height));
    *ret_result = json_pack("{s:o}", "boxes", list);
    return OK;
}

static error draw(struct engine_call *call, const struct stage *stage, json_t **ret_result)
{
    const json_t *params = engine_params(call);
    const struct composition *composition = stage->composition;
    const struct frame *frame;
    double scene, time;
    bool changed;
    TRY(composition_number(params, "scene", 0, 0, (double)composition->scene_count - 1, &scene));
    TRY(composition_number(params, "time", 0, 0, composition->scenes[(size_t)scene].duration, &time));
    if (str_equal_c(json_get_str(params, "format"), "boxes"))
        return measure(call, stage, (size_t)scene, ret_result);
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

// Goes on with what the stage has open; *ret_done is false when too much has changed.
static error stage_change(struct engine_call *call, struct stage *stage, int width, bool *ret_done)
{
    *ret_done = str_equal(stage->key, key_of(call));
    engine_inputs_move(stage->inputs, call);
    if (*ret_done || ++stage->changes > CHANGES_MAX)
        return OK;
    const struct composition *next;
    TRY(read_composition(call, stage, width, &next));
    TRY(compositor_change(stage->compositor, next, ret_done));
    stage->composition = next;
    return OK;
}

static error find_stage(struct engine_call *call, str inputs_key, int width, struct stage **ret_stage)
{
    struct stage *stage = engine_kept(call, &render_frame_op);
    bool done = false;
    if (stage && inputs_key.data && str_equal(stage->inputs_key, inputs_key)) {
        error failed = stage_change(call, stage, width, &done);
        if (error_is(failed)) {
            stage_free(stage);
            return failed;
        }
    }
    if (stage && !done)
        stage_free(TAKE(stage));
    if (!stage)
        return stage_new(call, inputs_key, width, ret_stage);
    *ret_stage = stage;
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    double width;
    struct stage *stage;
    TRY(composition_number(engine_params(call), "width", 0, 0, FRAME_SIDE_MAX, &width));
    str inputs_key = inputs_key_of(call, (int)width);
    TRY(find_stage(call, inputs_key, (int)width, &stage));
    error failed = draw(call, stage, ret_result);
    if (error_is(failed) || !inputs_key.data || arena_over(stage->arena))
        stage_free(stage); // a reader that met an error would answer it again
    else
        engine_keep(call, &render_frame_op, stage, stage_free);
    return failed;
}

const struct engine_op render_frame_op = { "render.frame", run };
