// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/scene_view.h"

#include <math.h>

#include "engine/gradient.h"

// As much as the whole composition may take: it is the only one that is large, or all of them are small.
static const size_t LAYER_MEMORY_MAX = (size_t)1 << 30;

// What a layer shows at one moment. Two moments with the same answer look the same.
struct shown {
    bool visible;
    int64_t version;
    struct motion motion;
};

struct item {
    struct arena *arena; // of the layer
    struct layer layer;
    struct shown shown;
    bool changed;           // since the frame before
    struct overlay overlay; // its drawing, when it has one
    struct shown drawn;     // that the overlay shows
};

struct scene_view {
    struct arena *arena;
    const struct composition *composition;
    const struct composition_scene *scene;
    const struct source_io *inputs;
    struct raster *raster;
    struct item *items; // back-most first
    size_t count;
    struct frame *gradient; // the background, when it is one
    struct frame *frame, *base;
    bool has_frame, has_base;
    size_t base_count;   // the base holds the background and so many items
    size_t still_before; // items that did not change at the frame before
};

static void item_done(struct item *item)
{
    overlay_done(&item->overlay);
    arena_free(item->arena);
    *item = (struct item) { 0 };
}

static void done(void *pointer)
{
    struct scene_view *view = pointer;
    for (size_t i = 0; i < view->count; i++)
        item_done(&view->items[i]);
}

// A background from a file is a layer behind all others.
static const struct composition_layer *background_layer(struct arena *arena, const struct composition_scene *scene)
{
    struct composition_layer *layer = ARENA_NEW(arena, struct composition_layer);
    json_t *properties = json_keep(arena, json_pack("{s:s, s:i, s:i}", "fit", "cover", "width", 100, "height", 100));
    *layer = (struct composition_layer) { .id = STR("background"),
        .name = STR("background"),
        .type = STR("media"),
        .end = scene->duration + 1,
        .input = scene->background.input,
        .properties = properties };
    return layer;
}

static error add_item(struct scene_view *view, const struct composition_layer *spec)
{
    struct item *item = &view->items[view->count++];
    item->arena = arena_new(LAYER_MEMORY_MAX);
    return layer_open(item->arena, view->composition, spec, view->inputs, &item->layer);
}

static size_t items_of(const struct composition_scene *scene)
{
    return scene->layer_count + (scene->background.input != NO_INPUT);
}

// Back-most first.
static const struct composition_layer *spec_of(struct arena *arena, const struct composition_scene *scene, size_t index)
{
    size_t behind = scene->background.input != NO_INPUT;
    return index < behind ? background_layer(arena, scene) : &scene->layers[scene->layer_count - 1 - (index - behind)];
}

static void fill_background(struct scene_view *view)
{
    const struct composition_background *background = &view->scene->background;
    if (!background->gradient)
        return;
    if (!view->gradient)
        view->gradient = frame_new(view->arena, view->composition->width, view->composition->height);
    gradient_fill(view->gradient, background->colour, background->colour_2, background->angle);
}

error scene_view_new(struct arena *arena, const struct composition *composition, const struct composition_scene *scene,
    const struct source_io *inputs, struct raster *raster, struct scene_view **ret_view)
{
    struct scene_view *view = ARENA_NEW(arena, struct scene_view);
    view->arena = arena;
    view->composition = composition;
    view->scene = scene;
    view->inputs = inputs;
    view->raster = raster;
    view->items = ARENA_ARRAY(arena, struct item, items_of(scene));
    arena_defer(arena, done, view);
    for (size_t i = 0; i < items_of(scene); i++)
        TRY(add_item(view, spec_of(arena, scene, i)));
    fill_background(view);
    view->frame = frame_new(arena, composition->width, composition->height);
    view->base = frame_new(arena, composition->width, composition->height);
    *ret_view = view;
    return OK;
}

// The item of `before` that is the layer of `spec` becomes the view's next, else a new one.
static error take_item(struct scene_view *view, struct item *before, size_t count, const struct composition_layer *spec)
{
    bool moved = false;
    for (size_t i = 0; i < count; i++)
        if (before[i].arena && layer_is(&before[i].layer, spec, &moved)) {
            struct item *item = &view->items[view->count++];
            *item = before[i];
            before[i] = (struct item) { 0 };
            item->drawn.visible = item->drawn.visible && !moved;
            return layer_move(&item->layer, view->composition, spec);
        }
    return add_item(view, spec);
}

error scene_view_change(
    struct scene_view *view, const struct composition *composition, const struct composition_scene *scene)
{
    struct item *before = view->items;
    size_t count = view->count, wanted = items_of(scene);
    error failed = OK;
    view->composition = composition;
    view->scene = scene;
    view->items = ARENA_ARRAY(view->arena, struct item, wanted);
    view->count = 0;
    for (size_t i = 0; i < wanted && !error_is(failed); i++)
        failed = take_item(view, before, count, spec_of(view->arena, scene, i));
    for (size_t i = 0; i < count; i++)
        item_done(&before[i]);
    fill_background(view);
    view->has_frame = view->has_base = false;
    view->still_before = 0;
    return failed;
}

size_t scene_view_count(const struct scene_view *view)
{
    return view->count;
}

const struct layer *scene_view_layer(const struct scene_view *view, size_t index)
{
    return &view->items[index].layer;
}

static bool same_motion(const struct motion *a, const struct motion *b)
{
    return a->x == b->x && a->y == b->y && a->scale == b->scale && a->opacity == b->opacity && a->typed == b->typed
           && a->pan == b->pan;
}

static bool same_shown(const struct shown *a, const struct shown *b)
{
    if (!a->visible || !b->visible)
        return a->visible == b->visible;
    return a->version == b->version && same_motion(&a->motion, &b->motion);
}

static error look(struct item *item, const struct composition *composition, double time)
{
    struct layer *layer = &item->layer;
    const struct composition_layer *spec = layer->spec;
    const double early = 1e-6; // frame times are rounded
    struct shown shown = { 0 };
    double at = time + early;
    if (at >= spec->start && at < spec->end && layer->scale > 0 && layer->opacity > 0) {
        struct layer_moment moment = { .time = fmax(time - spec->start, 0) };
        moment.motion = shown.motion = animation_at(&layer->plan, spec, composition, time);
        shown.visible = shown.motion.opacity > 0;
        if (shown.visible)
            TRY(layer->kind->version(layer, &moment, &shown.version));
    }
    item->changed = !same_shown(&shown, &item->shown);
    if (item->shown.visible && !shown.visible) {
        overlay_done(&item->overlay);
        if (layer->kind->rest)
            layer->kind->rest(layer);
    }
    item->shown = shown;
    return OK;
}

// From the layer's own coordinates to the canvas's.
static cairo_matrix_t place(const struct layer *layer, const struct motion *motion)
{
    cairo_matrix_t matrix;
    cairo_matrix_init_translate(&matrix, layer->x + motion->x, layer->y + motion->y);
    cairo_matrix_rotate(&matrix, layer->rotation * M_PI / 180);
    cairo_matrix_scale(&matrix, layer->scale * motion->scale, layer->scale * motion->scale);
    return matrix;
}

static struct frame_box bounds(const struct layer *layer, const cairo_matrix_t *matrix, const struct raster *raster)
{
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        double x = layer->width / (corner & 1 ? 2 : -2), y = layer->height / (corner & 2 ? 2 : -2);
        cairo_matrix_transform_point(matrix, &x, &y);
        left = fmin(left, x);
        right = fmax(right, x);
        top = fmin(top, y);
        bottom = fmax(bottom, y);
    }
    return raster_box(raster, left, top, right, bottom);
}

static error rasterise(struct scene_view *view, struct item *item, const struct layer_moment *moment)
{
    struct layer *layer = &item->layer;
    struct shown wanted = item->shown;
    wanted.motion.opacity = 1; // is applied when blending
    if (item->drawn.visible && item->overlay.room && same_shown(&wanted, &item->drawn))
        return OK;
    cairo_matrix_t matrix = place(layer, &moment->motion);
    struct frame_box box = bounds(layer, &matrix, view->raster);
    item->overlay.box = box;
    if (box.width <= 0)
        return OK;
    cairo_t *cairo = raster_begin(view->raster, box);
    cairo_transform(cairo, &matrix);
    error failed = layer->kind->paint(layer, moment, cairo);
    error ended = raster_end(view->raster, &item->overlay);
    item->drawn = wanted;
    return error_is(failed) ? failed : ended;
}

// The layer's own rectangle to the nearest even pixels.
static struct frame_box upright_box(const struct layer *layer, const struct motion *motion)
{
    double scale = layer->scale * motion->scale, width = layer->width * scale, height = layer->height * scale;
    struct frame_box box = { .width = (int)lround(width / 2) * 2, .height = (int)lround(height / 2) * 2 };
    box.x = (int)lround((layer->x + motion->x - box.width / 2.0) / 2) * 2;
    box.y = (int)lround((layer->y + motion->y - box.height / 2.0) / 2) * 2;
    return box;
}

static error draw_item(struct scene_view *view, struct item *item, double time)
{
    struct layer *layer = &item->layer;
    if (!item->shown.visible)
        return OK;
    struct layer_moment moment = { .time = fmax(time - layer->spec->start, 0), .motion = item->shown.motion };
    if (layer->kind->apply)
        return layer->kind->apply(layer, &moment, view->frame);
    double opacity = layer->opacity * moment.motion.opacity;
    struct frame_box box = upright_box(layer, &moment.motion);
    if (layer->kind->lay && layer->rotation == 0 && box.width >= 2 && box.height >= 2) {
        bool laid = false;
        TRY(layer->kind->lay(layer, &moment, box, opacity, view->frame, &laid));
        if (laid)
            return OK;
    }
    TRY(rasterise(view, item, &moment));
    overlay_blend(&item->overlay, opacity, view->frame);
    return OK;
}

static void draw_background(struct scene_view *view)
{
    const struct colour *colour = &view->scene->background.colour;
    if (view->scene->background.gradient)
        frame_copy(view->frame, view->gradient);
    else if (view->scene->background.input == NO_INPUT)
        overlay_fill(view->frame, overlay_colour(colour->red, colour->green, colour->blue));
    else
        overlay_fill(view->frame, overlay_colour(0, 0, 0));
}

// `still`: so many items from the back are as they were in the frame before.
static error draw(struct scene_view *view, size_t still, double time)
{
    size_t from = 0;
    // Worth keeping is what has been still for two frames running.
    size_t keep = still < view->still_before ? still : view->still_before;
    if (view->has_base && view->base_count <= still) {
        frame_copy(view->frame, view->base);
        from = view->base_count;
    } else {
        view->has_base = false;
        draw_background(view);
    }
    for (size_t i = from; i < view->count; i++) {
        if (i == keep && (!view->has_base || view->base_count < keep)) {
            frame_copy(view->base, view->frame);
            view->has_base = true;
            view->base_count = keep;
        }
        error failed = draw_item(view, &view->items[i], time);
        if (error_is(failed))
            return layer_error(view->items[i].layer.spec, failed);
    }
    return OK;
}

error scene_view_at(struct scene_view *view, double time, const struct frame **ret_frame, bool *ret_changed)
{
    size_t still = view->count;
    for (size_t i = view->count; i-- > 0;) {
        error failed = look(&view->items[i], view->composition, time);
        if (error_is(failed))
            return layer_error(view->items[i].layer.spec, failed);
        if (view->items[i].changed || !view->has_frame)
            still = i;
    }
    bool changed = still < view->count || !view->has_frame;
    if (changed) {
        TRY(draw(view, still, time));
        view->has_frame = true;
        view->still_before = still;
    }
    *ret_frame = view->frame;
    *ret_changed = changed;
    return OK;
}
