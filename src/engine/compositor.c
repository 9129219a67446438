// SPDX-License-Identifier: GPL-3.0-or-later
// What rests is not drawn again: a layer's drawing is kept as an overlay while its picture and place stay the same,
// the frame below the lowest moving layer is kept as a base, and a frame in which nothing moves is not made at all.
#include "engine/compositor.h"

#include <math.h>

#include "engine/captions.h"
#include "engine/scene_view.h"
#include "engine/text_block.h"
#include "engine/transition.h"

struct compositor {
    struct arena *arena;
    const struct composition *composition;
    const struct source_io *inputs;
    struct raster raster;
    struct scene_view **views; // one a scene, NULL until it is needed
    struct captions *captions; // of scene `captioned`
    size_t captioned;
    bool has_captions;    // `captioned` is set
    struct frame *before; // the last frame of scene `before_scene`
    size_t before_scene;
    bool has_before;
    struct frame *out;        // where the scene's own frame is not all
    struct overlay watermark; // empty until it is drawn
    // The last frame that was given out.
    bool given;
    size_t given_scene;
    double given_share;
    int64_t given_caption;
    const struct frame *given_frame;
};

static void done(void *pointer)
{
    struct compositor *compositor = pointer;
    overlay_done(&compositor->watermark);
}

struct compositor *compositor_new(
    struct arena *arena, const struct composition *composition, const struct source_io *inputs)
{
    struct compositor *compositor = ARENA_NEW(arena, struct compositor);
    compositor->arena = arena;
    compositor->composition = composition;
    compositor->inputs = inputs;
    compositor->views = ARENA_ARRAY(arena, struct scene_view *, composition->scene_count);
    raster_init(&compositor->raster, arena, composition->width, composition->height);
    compositor->out = frame_new(arena, composition->width, composition->height);
    arena_defer(arena, done, compositor);
    return compositor;
}

static error view_of(struct compositor *compositor, size_t scene, struct scene_view **ret_view)
{
    ASSERT(scene < compositor->composition->scene_count);
    if (!compositor->views[scene])
        TRY(scene_view_new(compositor->arena, compositor->composition, &compositor->composition->scenes[scene],
            compositor->inputs, &compositor->raster, &compositor->views[scene]));
    *ret_view = compositor->views[scene];
    return OK;
}

static error captions_of(struct compositor *compositor, size_t scene)
{
    if (compositor->has_captions && compositor->captioned == scene)
        return OK;
    TRY(captions_new(
        compositor->arena, compositor->composition, &compositor->composition->scenes[scene], &compositor->captions));
    compositor->captioned = scene;
    compositor->has_captions = true;
    return OK;
}

// The transition that is under way, NULL for none.
static const struct transition *transition_at(
    const struct compositor *compositor, size_t scene, double time, double *ret_share)
{
    const struct composition_scene *spec = &compositor->composition->scenes[scene];
    double length = fmin(spec->transition_duration, spec->duration);
    if (scene == 0 || time >= length)
        return NULL;
    *ret_share = time / length;
    return transition_find(spec->transition);
}

static error draw_before(struct compositor *compositor, size_t scene)
{
    if (compositor->has_before && compositor->before_scene == scene)
        return OK;
    const struct composition_scene *spec = &compositor->composition->scenes[scene];
    double last = fmax(0, (double)(spec->frames - 1) / compositor->composition->fps);
    struct scene_view *view;
    const struct frame *frame;
    bool changed;
    TRY(view_of(compositor, scene, &view));
    TRY(scene_view_at(view, last, &frame, &changed));
    if (!compositor->before)
        compositor->before = frame_new(compositor->arena, frame->width, frame->height);
    frame_copy(compositor->before, frame);
    compositor->before_scene = scene;
    compositor->has_before = true;
    return OK;
}

// The centre of the watermark, which is so large.
static void place_watermark(
    const struct composition *composition, double width, double height, double *ret_x, double *ret_y)
{
    str where = composition->watermark_position;
    double margin = 28 * composition->unit;
    *ret_x = str_ends(where, STR("left")) ? margin + width / 2 : composition->width - margin - width / 2;
    *ret_y = str_starts(where, STR("top")) ? margin + height / 2 : composition->height - margin - height / 2;
    if (str_equal_c(where, "center")) {
        *ret_x = composition->width / 2.0;
        *ret_y = composition->height / 2.0;
    }
}

static error draw_watermark(struct compositor *compositor)
{
    const struct composition *composition = compositor->composition;
    double size = 30 * composition->unit, width, height, x, y;
    struct text_style style = {
        .size = size,
        .weight = 600,
        .colour = { 1, 1, 1, 1 },
        .align = TEXT_RIGHT,
        .line_height = 1.2,
        .wrap_width = composition->width * 0.5,
        .shadow = { 0, 0, 0, 0.6 },
        .shadow_y = 1.5 * composition->unit,
        .shadow_blur = 4 * composition->unit,
        .zoom = 1,
        .most_width = composition->width,
        .most_height = composition->height,
    };
    struct text_block *block;
    TRY(text_block_new(compositor->arena, composition->watermark, &style, &block));
    text_block_size(block, &width, &height);
    place_watermark(composition, width, height, &x, &y);
    struct frame_box box = raster_box(
        &compositor->raster, x - width / 2, y - height / 2, x + width / 2, y + height / 2);
    if (box.width <= 0)
        return OK;
    cairo_t *cairo = raster_begin(&compositor->raster, box);
    cairo_translate(cairo, x, y);
    struct text_look look = { .typed = TEXT_ALL };
    error failed = text_block_paint(block, &look, cairo);
    error ended = raster_end(&compositor->raster, &compositor->watermark);
    text_block_rest(block);
    return error_is(failed) ? failed : ended;
}

error compositor_check(struct compositor *compositor, size_t scene)
{
    struct scene_view *view;
    TRY(view_of(compositor, scene, &view));
    TRY(captions_of(compositor, scene));
    double share;
    if (transition_at(compositor, scene, 0, &share))
        TRY(view_of(compositor, scene - 1, &view));
    if (compositor->composition->watermark.size && !compositor->watermark.room)
        TRY(draw_watermark(compositor));
    return OK;
}

static bool colour_same(struct colour a, struct colour b)
{
    return a.red == b.red && a.green == b.green && a.blue == b.blue && a.alpha == b.alpha;
}

static bool same_captions(const struct composition_captions *a, const struct composition_captions *b)
{
    return a->shown == b->shown && a->karaoke == b->karaoke && a->font_size == b->font_size
           && str_equal(a->font_family, b->font_family) && str_equal(a->position, b->position)
           && colour_same(a->colour, b->colour) && colour_same(a->highlight, b->highlight)
           && colour_same(a->background, b->background);
}

static bool same_around(const struct composition *a, const struct composition *b)
{
    return a->width == b->width && a->height == b->height && a->fps == b->fps && a->unit == b->unit
           && a->scene_count == b->scene_count && same_captions(&a->captions, &b->captions)
           && str_equal(a->watermark, b->watermark) && str_equal(a->watermark_position, b->watermark_position)
           && a->watermark_opacity == b->watermark_opacity;
}

error compositor_change(struct compositor *compositor, const struct composition *composition, bool *ret_done)
{
    *ret_done = same_around(compositor->composition, composition);
    if (!*ret_done)
        return OK;
    compositor->composition = composition;
    compositor->has_captions = compositor->has_before = compositor->given = false;
    compositor->captions = NULL;
    for (size_t i = 0; i < composition->scene_count; i++)
        if (compositor->views[i])
            TRY(scene_view_change(compositor->views[i], composition, &composition->scenes[i]));
    return OK;
}

error compositor_boxes(struct compositor *compositor, size_t scene, struct arena *arena,
    struct compositor_box **ret_boxes, size_t *ret_count)
{
    struct scene_view *view;
    TRY(view_of(compositor, scene, &view));
    size_t count = 0;
    struct compositor_box *boxes = ARENA_ARRAY(arena, struct compositor_box, scene_view_count(view));
    for (size_t i = 0; i < scene_view_count(view); i++) {
        const struct layer *layer = scene_view_layer(view, i);
        if (layer->kind == &layer_text && layer->scale > 0) {
            struct compositor_box *box = &boxes[count++];
            layer_text_box(layer, &box->width, &box->height);
            box->layer_id = layer->spec->id;
        }
    }
    *ret_boxes = boxes;
    *ret_count = count;
    return OK;
}

// What lies over the scene's own frame.
static error finish(struct compositor *compositor, const struct transition *transition, double share, int64_t caption,
    const struct frame *scene, const struct frame **ret_frame)
{
    if (!transition && caption < 0 && !compositor->watermark.room) {
        *ret_frame = scene;
        return OK;
    }
    if (transition)
        transition_draw(transition, compositor->before, scene, share, compositor->out);
    else
        frame_copy(compositor->out, scene);
    if (caption >= 0) {
        const struct overlay *overlay;
        TRY(captions_draw(compositor->captions, caption, &compositor->raster, &overlay));
        overlay_blend(overlay, 1, compositor->out);
    }
    overlay_blend(&compositor->watermark, compositor->composition->watermark_opacity, compositor->out);
    *ret_frame = compositor->out;
    return OK;
}

error compositor_at(
    struct compositor *compositor, size_t scene, double time, const struct frame **ret_frame, bool *ret_changed)
{
    double share = -1;
    struct scene_view *view;
    const struct frame *own;
    bool changed;
    // Frames are counted on the video's clock, so that a scene's last one may stand at its very end.
    const double inside = 0.001;
    time = fmax(0, fmin(time, compositor->composition->scenes[scene].duration - inside));
    TRY(compositor_check(compositor, scene));
    TRY(view_of(compositor, scene, &view));
    const struct transition *transition = transition_at(compositor, scene, time, &share);
    if (transition)
        TRY(draw_before(compositor, scene - 1));
    else
        share = -1;
    TRY(scene_view_at(view, time, &own, &changed));
    int64_t caption = compositor->captions ? captions_version(compositor->captions, time) : -1;
    changed = changed || !compositor->given || compositor->given_scene != scene || compositor->given_share != share
              || compositor->given_caption != caption;
    if (changed)
        TRY(finish(compositor, transition, share, caption, own, &compositor->given_frame));
    compositor->given = true;
    compositor->given_scene = scene;
    compositor->given_share = share;
    compositor->given_caption = caption;
    *ret_frame = compositor->given_frame;
    *ret_changed = changed;
    return OK;
}
