// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "av/video_reader.h"
#include "engine/drawing.h"
#include "engine/layer.h"
#include "engine/overlay.h"

struct media_state {
    struct video_reader *reader;
    struct frame_box crop; // of the picture, upright pixels
    double width, height;  // drawn, before the layer's scale
    double radius, border_width;
    struct colour border;
    double start_from, speed; // seconds
    bool loop;
    int64_t number;           // of the reader's current picture
    cairo_surface_t *surface; // the picture with number `drawn`, NULL before it is needed
    int64_t drawn;
    struct frame *sheet; // for pictures that are laid half transparent
};

static const double pan_zoom = 0.15; // kenBurns comes so much closer

enum fit { FIT_CONTAIN, FIT_COVER, FIT_FILL };

static error read_crop(const json_t *properties, struct media_state *state)
{
    const struct source_info *info = video_reader_info(state->reader);
    const json_t *crop = json_object_get(properties, "crop");
    double x, y, width, height;
    TRY(composition_number(crop, "x", 0, 0, 99, &x));
    TRY(composition_number(crop, "y", 0, 0, 99, &y));
    TRY(composition_number(crop, "width", 100 - x, 0.1, 100, &width));
    TRY(composition_number(crop, "height", 100 - y, 0.1, 100, &height));
    struct frame_box box = { .x = (int)(x / 100 * info->width), .y = (int)(y / 100 * info->height) };
    box.width = (int)fmax(1, fmin(round(width / 100 * info->width), info->width - box.x));
    box.height = (int)fmax(1, fmin(round(height / 100 * info->height), info->height - box.y));
    state->crop = box;
    return OK;
}

static enum fit read_fit(const json_t *properties, bool fills)
{
    str fit = json_get_str(properties, "fit");
    return str_equal_c(fit, "cover")     ? FIT_COVER
           : str_equal_c(fit, "fill")    ? FIT_FILL
           : str_equal_c(fit, "contain") ? FIT_CONTAIN
           : fills                       ? FIT_COVER
                                         : FIT_CONTAIN;
}

// Cuts the crop to the shape of the box, from the middle.
static void crop_to(struct frame_box *crop, double width, double height)
{
    double wanted = width / height, has = (double)crop->width / crop->height;
    if (has > wanted) {
        int cut = (int)fmax(1, round(crop->height * wanted));
        crop->x += (crop->width - cut) / 2;
        crop->width = cut;
    } else {
        int cut = (int)fmax(1, round(crop->width / wanted));
        crop->y += (crop->height - cut) / 2;
        crop->height = cut;
    }
}

static error read_box(const struct layer *layer, struct media_state *state)
{
    const json_t *properties = layer->spec->properties;
    const struct composition *canvas = layer->composition;
    double width, height, aspect = (double)state->crop.width / state->crop.height;
    TRY(composition_number(properties, "width", 0, 0, 1000, &width));
    TRY(composition_number(properties, "height", 0, 0, 1000, &height));
    enum fit fit = read_fit(properties, width >= 99 && height >= 99);
    width *= canvas->width / 100.0;
    height *= canvas->height / 100.0;
    if (width <= 0 && height <= 0) {
        width = canvas->width;
        height = canvas->height;
    } else if (width <= 0) {
        width = height * aspect;
    } else if (height <= 0) {
        height = width / aspect;
    }
    if (fit == FIT_COVER)
        crop_to(&state->crop, width, height);
    else if (fit == FIT_CONTAIN && width / height > aspect)
        width = height * aspect;
    else if (fit == FIT_CONTAIN)
        height = width / aspect;
    state->width = fmax(width, 1);
    state->height = fmax(height, 1);
    return OK;
}

static error read_look(struct layer *layer, struct media_state *state)
{
    const json_t *properties = layer->spec->properties, *border = json_object_get(properties, "border");
    double unit = layer->composition->unit;
    TRY(composition_number(properties, "radius", 0, 0, 5000, &state->radius));
    state->radius *= unit;
    if (json_is_object(border)) {
        TRY(colour_get(border, "color", "#FFFFFF", &state->border));
        TRY(composition_number(border, "width", 4, 0, 500, &state->border_width));
        state->border_width *= unit;
    }
    TRY(composition_number(properties, "start_from", 0, 0, 86400, &state->start_from));
    TRY(composition_number(properties, "speed", 1, 0.1, 10, &state->speed));
    state->loop = json_get_bool(properties, "loop", true);
    return OK;
}

static void drop_surface(void *pointer)
{
    struct media_state *state = pointer;
    cairo_surface_destroy(state->surface);
    state->surface = NULL;
}

static error media_open(struct layer *layer)
{
    struct media_state *state = ARENA_NEW(layer->arena, struct media_state);
    arena_defer(layer->arena, drop_surface, state);
    if (layer->spec->input == NO_INPUT)
        return error_make(ERROR_ASSET_MISSING, "input", "A media layer needs its input");
    TRY(video_reader_open(&layer->inputs[layer->spec->input], &state->reader));
    arena_defer(layer->arena, video_reader_free, state->reader);
    TRY(read_crop(layer->spec->properties, state));
    TRY(read_box(layer, state));
    TRY(read_look(layer, state));
    layer->width = state->width + state->border_width;
    layer->height = state->height + state->border_width;
    layer->state = state;
    return OK;
}

static error media_version(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version)
{
    struct media_state *state = layer->state;
    double time = state->start_from + moment->time * state->speed;
    TRY(video_reader_at(state->reader, llround(time * 1e6), state->loop, &state->number));
    *ret_version = state->number;
    return OK;
}

// The picture at the size in which it will be seen, but no larger than is sensible for the canvas.
static error refresh(struct layer *layer, struct media_state *state)
{
    if (state->surface && state->drawn == state->number)
        return OK;
    if (!state->surface) {
        double scale = layer->scale * (layer->plan.pans ? 1 + pan_zoom : 1);
        scale = fmin(
            scale, fmin(2 * layer->composition->width / state->width, 2 * layer->composition->height / state->height));
        int width = (int)fmax(1, round(state->width * scale)), height = (int)fmax(1, round(state->height * scale));
        state->surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
        if (cairo_surface_status(state->surface) != CAIRO_STATUS_SUCCESS)
            return error_make(ERROR_LIMIT_EXCEEDED, NULL, "No memory for the picture");
    }
    cairo_surface_flush(state->surface);
    TRY(video_reader_argb(state->reader, state->crop, cairo_image_surface_get_width(state->surface),
        cairo_image_surface_get_height(state->surface), cairo_image_surface_get_data(state->surface),
        cairo_image_surface_get_stride(state->surface)));
    cairo_surface_mark_dirty(state->surface);
    state->drawn = state->number;
    return OK;
}

static error media_paint(struct layer *layer, const struct layer_moment *moment, cairo_t *cairo)
{
    struct media_state *state = layer->state;
    TRY(refresh(layer, state));
    double pan = moment->motion.pan, zoom = 1 + pan_zoom * pan;
    drawing_rounded(cairo, -state->width / 2, -state->height / 2, state->width, state->height, state->radius);
    cairo_save(cairo);
    cairo_clip(cairo);
    int width = cairo_image_surface_get_width(state->surface), height = cairo_image_surface_get_height(state->surface);
    // The picture drifts a little to the upper left while it comes closer.
    cairo_translate(cairo, -pan * pan_zoom * 0.2 * state->width, -pan * pan_zoom * 0.2 * state->height);
    cairo_scale(cairo, state->width * zoom / width, state->height * zoom / height);
    cairo_translate(cairo, -width / 2.0, -height / 2.0);
    if (!layer->plan.pans)
        drawing_snap(cairo);
    cairo_set_source_surface(cairo, state->surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    cairo_restore(cairo);
    if (state->border_width > 0) {
        drawing_rounded(cairo, -state->width / 2, -state->height / 2, state->width, state->height, state->radius);
        drawing_colour(cairo, state->border);
        cairo_set_line_width(cairo, state->border_width);
        cairo_stroke(cairo);
    }
    return drawing_check(cairo);
}

// Cuts the box to the frame and the crop with it.
static bool cut(const struct frame *frame, struct frame_box *box, struct frame_box *crop)
{
    struct frame_box whole = *box, source = *crop;
    int left = whole.x < 0 ? 0 : whole.x, top = whole.y < 0 ? 0 : whole.y;
    int right = whole.x + whole.width, bottom = whole.y + whole.height;
    right = right > frame->width ? frame->width : right;
    bottom = bottom > frame->height ? frame->height : bottom;
    if (left >= right || top >= bottom)
        return false;
    *box = (struct frame_box) { left, top, right - left, bottom - top };
    double across = (double)source.width / whole.width, down = (double)source.height / whole.height;
    crop->x = source.x + (int)floor((left - whole.x) * across);
    crop->y = source.y + (int)floor((top - whole.y) * down);
    crop->width = (int)fmax(1, fmin(round(box->width * across), source.x + source.width - crop->x));
    crop->height = (int)fmax(1, fmin(round(box->height * down), source.y + source.height - crop->y));
    return true;
}

// Films go plane by plane into the frame: no way through RGB, no drawing.
static error media_lay(struct layer *layer, const struct layer_moment *moment, struct frame_box box, double opacity,
    struct frame *frame, bool *ret_done)
{
    struct media_state *state = layer->state;
    const struct source_info *info = video_reader_info(state->reader);
    if (info->kind != SOURCE_VIDEO || info->has_alpha || state->radius > 0 || state->border_width > 0
        || moment->motion.pan > 0) {
        *ret_done = false;
        return OK;
    }
    struct frame_box crop = state->crop;
    *ret_done = true;
    if (!cut(frame, &box, &crop))
        return OK;
    struct frame part = frame_part(frame, box);
    if (opacity >= 1)
        return video_reader_frame(state->reader, crop, &part);
    if (!state->sheet)
        state->sheet = frame_new(layer->arena, frame->width, frame->height);
    struct frame sheet = frame_part(state->sheet, (struct frame_box) { 0, 0, box.width, box.height });
    TRY(video_reader_frame(state->reader, crop, &sheet));
    overlay_mix(&part, &sheet, 1 - opacity);
    return OK;
}

static void media_rest(struct layer *layer)
{
    drop_surface(layer->state);
}

const struct layer_kind layer_media = {
    .name = "media",
    .open = media_open,
    .version = media_version,
    .paint = media_paint,
    .lay = media_lay,
    .rest = media_rest,
    .stands_anywhere = true,
};
