// SPDX-License-Identifier: GPL-3.0-or-later
// Effects change the frame as it is behind their layer.
#include <math.h>
#include <string.h>

#include "engine/layer.h"
#include "engine/overlay.h"
#include "engine/raster.h"
#include "engine/resample.h"

struct effect_state {
    const struct effect *effect;
    double intensity; // 0..1
    struct overlay_colour colour;
    bool has_colour;
    struct frame *sheet;    // a copy of the frame, for effects that need one
    struct frame *sharp;    // another, of the glow
    struct overlay overlay; // of the vignette
    int *sums;              // of the blur
};

struct effect {
    const char *name;
    error (*apply)(struct layer *layer, const struct layer_moment *moment, struct frame *frame);
    bool moves; // looks different from moment to moment
};

static void map_plane(struct frame *frame, int plane, const uint8_t table[256])
{
    int part = plane > 0 ? 2 : 1;
    for (int y = 0; y < frame->height / part; y++) {
        uint8_t *row = frame->planes[plane] + (ptrdiff_t)y * frame->strides[plane];
        for (int x = 0; x < frame->width / part; x++)
            row[x] = table[row[x]];
    }
}

// value -> centre + (value - centre) * gain + shift
static void map_linear(struct frame *frame, int plane, double centre, double gain, double shift)
{
    uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)fmin(fmax(round(centre + (i - centre) * gain + shift), 16), plane > 0 ? 240 : 235);
    map_plane(frame, plane, table);
}

static double intensity_of(const struct layer *layer)
{
    const struct effect_state *state = layer->state;
    return state->intensity;
}

// 0.5 changes nothing.
static error apply_brightness(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    map_linear(frame, 0, 16, 1, (intensity_of(layer) - 0.5) * 200);
    return OK;
}

static error apply_contrast(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    double gain = intensity_of(layer) * 2;
    map_linear(frame, 0, 126, gain, 0);
    return OK;
}

static error apply_saturation(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    map_linear(frame, 1, 128, intensity_of(layer) * 2, 0);
    map_linear(frame, 2, 128, intensity_of(layer) * 2, 0);
    return OK;
}

static error apply_grayscale(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    map_linear(frame, 1, 128, 1 - intensity_of(layer), 0);
    map_linear(frame, 2, 128, 1 - intensity_of(layer), 0);
    return OK;
}

static error apply_sepia(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    double amount = intensity_of(layer);
    map_linear(frame, 1, 128, 1 - amount, -16 * amount);
    map_linear(frame, 2, 128, 1 - amount, 14 * amount);
    return OK;
}

static error apply_color_overlay(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    const struct effect_state *state = layer->state;
    overlay_tint(frame, state->colour, state->intensity);
    return OK;
}

static error apply_fade(struct layer *layer, double there, struct frame *frame)
{
    const struct effect_state *state = layer->state;
    struct overlay_colour black = overlay_colour(0, 0, 0);
    overlay_tint(frame, state->has_colour ? state->colour : black, 1 - fmin(fmax(there, 0), 1));
    return OK;
}

static error apply_fade_in(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    return apply_fade(layer, moment->time / fmax(layer->spec->end - layer->spec->start, 0.001), frame);
}

static error apply_fade_out(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    return apply_fade(layer, 1 - moment->time / fmax(layer->spec->end - layer->spec->start, 0.001), frame);
}

static struct frame *copy_of(struct layer *layer, const struct frame *frame)
{
    struct effect_state *state = layer->state;
    if (!state->sheet)
        state->sheet = frame_new(layer->arena, frame->width, frame->height);
    frame_copy(state->sheet, frame);
    return state->sheet;
}

static error apply_zoom(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    double share = moment->time / fmax(layer->spec->end - layer->spec->start, 0.001);
    resample_frame(frame, copy_of(layer, frame), 1 + intensity_of(layer) * 0.5 * share, 0, 0);
    return OK;
}

static error apply_shake(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    double reach = intensity_of(layer) * 24 * layer->composition->unit, t = moment->time;
    double x = reach * sin(t * 47) * cos(t * 13), y = reach * sin(t * 41 + 1) * cos(t * 17);
    resample_frame(frame, copy_of(layer, frame), 1 + 2 * reach / layer->composition->width * 1.8, x, y);
    return OK;
}

// A sum of `span` bytes, rounded up by half of it, divided by it: by a product, which is quicker.
static unsigned reciprocal(int span)
{
    return 65536u / (unsigned)span + 1;
}

static void blur_row(uint8_t *to, const uint8_t *from, int width, int radius)
{
    int span = 2 * radius + 1, last = width - 1, sum = span / 2;
    unsigned factor = reciprocal(span);
    for (int i = -radius; i <= radius; i++)
        sum += from[i < 0 ? 0 : i > last ? last : i];
    for (int x = 0; x < width; x++) {
        to[x] = (uint8_t)((unsigned)sum * factor >> 16);
        int in = x + radius + 1, out = x - radius;
        sum += from[in > last ? last : in] - from[out < 0 ? 0 : out];
    }
}

// Goes down all columns at once; `sums` has room for one a column.
static void blur_columns(
    uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int width, int height, int radius, int *sums)
{
    int span = 2 * radius + 1, last = height - 1;
    unsigned factor = reciprocal(span);
    for (int x = 0; x < width; x++)
        sums[x] = span / 2;
    for (int i = -radius; i <= radius; i++) {
        const uint8_t *row = from + (ptrdiff_t)(i < 0 ? 0 : i > last ? last : i) * from_stride;
        for (int x = 0; x < width; x++)
            sums[x] += row[x];
    }
    for (int y = 0; y < height; y++) {
        int in = y + radius + 1, out = y - radius;
        const uint8_t *comes = from + (ptrdiff_t)(in > last ? last : in) * from_stride;
        const uint8_t *goes = from + (ptrdiff_t)(out < 0 ? 0 : out) * from_stride;
        uint8_t *row = to + (ptrdiff_t)y * to_stride;
        for (int x = 0; x < width; x++) {
            row[x] = (uint8_t)((unsigned)sums[x] * factor >> 16);
            sums[x] += comes[x] - goes[x];
        }
    }
}

static error apply_blur(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    struct effect_state *state = layer->state;
    struct frame *sheet = copy_of(layer, frame);
    if (!state->sums)
        state->sums = ARENA_ARRAY(layer->arena, int, (size_t)frame->width);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 3; i++) {
            int part = i > 0 ? 2 : 1, width = frame->width / part, height = frame->height / part;
            int radius = (int)lround(intensity_of(layer) * 32 * layer->composition->unit / part);
            if (radius < 1)
                continue;
            for (int y = 0; y < height; y++)
                blur_row(sheet->planes[i] + (ptrdiff_t)y * sheet->strides[i],
                    frame->planes[i] + (ptrdiff_t)y * frame->strides[i], width, radius);
            blur_columns(frame->planes[i], frame->strides[i], sheet->planes[i], sheet->strides[i], width, height,
                radius, state->sums);
        }
    }
    return OK;
}

static error apply_pixelate(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    int block = (int)lround((4 + intensity_of(layer) * 60) * layer->composition->unit) / 2 * 2;
    for (int i = 0; i < 3; i++) {
        int part = i > 0 ? 2 : 1, width = frame->width / part, height = frame->height / part;
        int size = (block < 2 ? 2 : block) / part;
        for (int y = 0; y < height; y++) {
            int middle = y / size * size + size / 2;
            const uint8_t *source = frame->planes[i]
                                    + (ptrdiff_t)(y % size          ? y / size * size
                                                  : middle < height ? middle
                                                                    : y)
                                          * frame->strides[i];
            uint8_t *row = frame->planes[i] + (ptrdiff_t)y * frame->strides[i];
            for (int x = 0; x < width; x++) {
                int centre = x / size * size + size / 2;
                row[x] = y % size ? source[x] : source[x % size ? x / size * size : centre < width ? centre : x];
            }
        }
    }
    return OK;
}

// Noise that follows from the moment and the place alone.
static error apply_grain(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    uint32_t seed = (uint32_t)llround(moment->time * 24) * 2654435761u + 1;
    int reach = (int)lround(intensity_of(layer) * 60);
    for (int y = 0; y < frame->height; y++) {
        uint8_t *row = frame->planes[0] + (ptrdiff_t)y * frame->strides[0];
        for (int x = 0; x < frame->width; x++) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            int value = row[x] + (((int)(seed >> 8 & 255) - 128) * reach >> 8);
            row[x] = (uint8_t)(value < 16 ? 16 : value > 235 ? 235 : value);
        }
    }
    return OK;
}

static error draw_vignette(struct layer *layer, const struct frame *frame)
{
    struct effect_state *state = layer->state;
    struct raster raster;
    raster_init(&raster, layer->arena, frame->width, frame->height);
    cairo_t *cairo = raster_begin(&raster, (struct frame_box) { 0, 0, frame->width, frame->height });
    cairo_pattern_t *shade = cairo_pattern_create_radial(0, 0, 0.55, 0, 0, 1.42);
    cairo_pattern_add_color_stop_rgba(shade, 0, 0, 0, 0, 0);
    cairo_pattern_add_color_stop_rgba(shade, 0.5, 0, 0, 0, state->intensity * 0.35);
    cairo_pattern_add_color_stop_rgba(shade, 1, 0, 0, 0, state->intensity);
    cairo_translate(cairo, frame->width / 2.0, frame->height / 2.0);
    cairo_scale(cairo, frame->width / 2.0, frame->height / 2.0);
    cairo_set_source(cairo, shade);
    cairo_paint(cairo);
    cairo_pattern_destroy(shade);
    return raster_end(&raster, &state->overlay);
}

static error apply_vignette(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    struct effect_state *state = layer->state;
    if (!state->overlay.room)
        TRY(draw_vignette(layer, frame));
    overlay_blend(&state->overlay, 1, frame);
    return OK;
}

// A turn of the colour circle: intensity 1 is once around it, 0.5 the opposite colours.
static error apply_hue(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    (void)moment;
    double angle = intensity_of(layer) * 2 * M_PI;
    int along = (int)lround(cos(angle) * 256), across = (int)lround(sin(angle) * 256);
    for (int y = 0; y < frame->height / 2; y++) {
        uint8_t *u = frame->planes[1] + (ptrdiff_t)y * frame->strides[1];
        uint8_t *v = frame->planes[2] + (ptrdiff_t)y * frame->strides[2];
        for (int x = 0; x < frame->width / 2; x++) {
            int blue = u[x] - 128, red = v[x] - 128;
            int new_blue = (blue * along - red * across) / 256 + 128,
                new_red = (blue * across + red * along) / 256 + 128;
            u[x] = (uint8_t)(new_blue < 16 ? 16 : new_blue > 240 ? 240 : new_blue);
            v[x] = (uint8_t)(new_red < 16 ? 16 : new_red > 240 ? 240 : new_red);
        }
    }
    return OK;
}

// A blurred copy of the light laid over the picture by "screen": what is bright spreads, nothing grows darker.
static error apply_glow(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    struct effect_state *state = layer->state;
    if (!state->sharp)
        state->sharp = frame_new(layer->arena, frame->width, frame->height);
    frame_copy(state->sharp, frame);
    TRY(apply_blur(layer, moment, frame));
    int share = (int)lround(state->intensity * 256);
    for (int y = 0; y < frame->height; y++) {
        uint8_t *row = frame->planes[0] + (ptrdiff_t)y * frame->strides[0];
        const uint8_t *sharp = state->sharp->planes[0] + (ptrdiff_t)y * state->sharp->strides[0];
        for (int x = 0; x < frame->width; x++) {
            int light = sharp[x] > 16 ? sharp[x] - 16 : 0, glow = row[x] > 16 ? (row[x] - 16) * share >> 8 : 0;
            int sum = light + glow - light * glow / 219 + 16;
            row[x] = (uint8_t)(sum > 235 ? 235 : sum);
        }
    }
    for (int i = 1; i < 3; i++)
        for (int y = 0; y < frame->height / 2; y++)
            memcpy(frame->planes[i] + (ptrdiff_t)y * frame->strides[i],
                state->sharp->planes[i] + (ptrdiff_t)y * state->sharp->strides[i], (size_t)frame->width / 2);
    return OK;
}

static const struct effect effects[] = {
    { "hue", apply_hue, false },
    { "glow", apply_glow, false },
    { "brightness", apply_brightness, false },
    { "contrast", apply_contrast, false },
    { "saturation", apply_saturation, false },
    { "grayscale", apply_grayscale, false },
    { "sepia", apply_sepia, false },
    { "color_overlay", apply_color_overlay, false },
    { "vignette", apply_vignette, false },
    { "blur", apply_blur, false },
    { "pixelate", apply_pixelate, false },
    { "grain", apply_grain, true },
    { "zoom", apply_zoom, true },
    { "shake", apply_shake, true },
    { "fade_in", apply_fade_in, true },
    { "fade_out", apply_fade_out, true },
};

static void effect_done(void *pointer)
{
    struct effect_state *state = pointer;
    overlay_done(&state->overlay);
}

static error effect_open(struct layer *layer)
{
    struct effect_state *state = ARENA_NEW(layer->arena, struct effect_state);
    const json_t *properties = layer->spec->properties;
    str name = json_get_str(properties, "effect");
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (str_equal_c(name, effects[i].name))
            state->effect = &effects[i];
    if (!state->effect)
        return error_make(
            ERROR_VALIDATION_ERROR, "effect", "The engine knows no effect %.*s", STR_ARGS(str_cut_utf8(name, 40)));
    struct colour colour;
    TRY(composition_number(properties, "intensity", 0.5, 0, 1, &state->intensity));
    TRY(colour_get(properties, "color", "#000000", &colour));
    state->has_colour = json_get_str(properties, "color").data != NULL;
    state->colour = overlay_colour(colour.red, colour.green, colour.blue);
    arena_defer(layer->arena, effect_done, state);
    layer->state = state;
    return OK;
}

static error effect_version(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version)
{
    const struct effect_state *state = layer->state;
    *ret_version = state->effect->moves ? llround(moment->time * 1e6) : 0;
    return OK;
}

static error effect_apply(struct layer *layer, const struct layer_moment *moment, struct frame *frame)
{
    const struct effect_state *state = layer->state;
    return state->effect->apply(layer, moment, frame);
}

const struct layer_kind layer_effect = {
    .name = "effect", .open = effect_open, .version = effect_version, .apply = effect_apply
};
