// SPDX-License-Identifier: GPL-3.0-or-later
// An avatar: a drawn figure, or a picture of somebody's own that moves with what is said.
#include <math.h>

#include "av/audio_reader.h"
#include "av/video_reader.h"
#include "engine/avatar_figure.h"
#include "engine/drawing.h"
#include "engine/layer.h"

enum cut { CUT_FULL, CUT_CIRCLE, CUT_SQUARE };

struct avatar_state {
    struct avatar_actor actor;
    struct avatar_figure *figure; // NULL: a picture
    struct video_reader *reader;
    cairo_surface_t *picture; // of the reader, when it is needed
    enum cut cut;
    bool flip, has_disc;
    struct colour disc;
    double zoom; // pixels for a unit of the drawing
    struct avatar_pose pose;
};

// A window around the face for the round and the square cut, in units of the drawing.
static const double window_side = 500, window_y = 290;

static enum avatar_behaviour behaviour_of(str name)
{
    return str_equal_c(name, "idle")    ? AVATAR_IDLE
           : str_equal_c(name, "wave")  ? AVATAR_WAVE
           : str_equal_c(name, "point") ? AVATAR_POINT
                                        : AVATAR_TALKING;
}

// Loudness of a sound in steps of a sixtieth of a second, 0 to 1: quiet rooms keep the mouth shut, speech opens it.
static error read_levels(struct layer *layer, const json_t *sound, struct speaking *ret_speaking)
{
    enum { RATE = 24000, STEP = RATE / 60 };
    double start, from, speed;
    TRY(composition_number(sound, "start", 0, -86400, 86400, &start));
    TRY(composition_number(sound, "start_from", 0, 0, 86400, &from));
    TRY(composition_number(sound, "speed", 1, 0.1, 10, &speed));
    from += fmax(0, layer->spec->start - start) * speed; // what was heard before the avatar came
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(source_open(&layer->inputs[layer->spec->sound], &source));
    TRY(audio_reader_open(source, RATE, 1, &reader));
    TRY(audio_reader_seek(reader, llround(from * RATE)));
    size_t room = (size_t)((layer->spec->end - layer->spec->start) * speed * 60) + 2, got = STEP, count = 0;
    float *levels = ARENA_ARRAY(layer->arena, float, room), samples[STEP];
    while (count < room && got == STEP) {
        TRY(audio_reader_read(reader, samples, STEP, &got));
        double sum = 0;
        for (size_t i = 0; i < got; i++)
            sum += (double)samples[i] * (double)samples[i];
        double loud = 20 * log10(sqrt(sum / STEP) + 1e-9); // dB of full scale: -50 is a room, -14 a loud vowel
        levels[count++] = (float)fmin(1, fmax(0, (loud + 46) / 30));
    }
    *ret_speaking = (struct speaking) { .levels = levels,
        .level_count = count,
        .level_step = 1 / 60.0 / speed,
        .level_start = fmax(0, start - layer->spec->start) };
    return OK;
}

static error read_actor(struct layer *layer, struct avatar_actor *actor)
{
    const struct composition_layer *spec = layer->spec;
    actor->behaviour = behaviour_of(json_get_str(spec->properties, "animation"));
    actor->duration = spec->end - spec->start;
    actor->seed = (unsigned)lround(layer->x * 7 + layer->y * 13) & 0xffff;
    double start;
    TRY(composition_number(spec->speech, "start", 0, -86400, 86400, &start));
    if (spec->sound != NO_INPUT)
        return read_levels(layer, json_object_get(spec->speech, "sound"), &actor->speaking);
    return visemes_read(layer->arena, json_object_get(spec->speech, "phonemes"), start - spec->start, &actor->speaking);
}

static error read_cut(struct layer *layer, struct avatar_state *state)
{
    const json_t *properties = layer->spec->properties;
    str shape = json_get_str(properties, "shape");
    state->cut = str_equal_c(shape, "circle") ? CUT_CIRCLE : str_equal_c(shape, "square") ? CUT_SQUARE : CUT_FULL;
    state->flip = json_get_bool(properties, "flip", false);
    state->has_disc = state->cut != CUT_FULL || json_get_str(properties, "background_color").data;
    return colour_get(properties, "background_color", "#DCE6F5", &state->disc);
}

static void drop_picture(void *pointer)
{
    struct avatar_state *state = pointer;
    cairo_surface_destroy(state->picture);
    state->picture = NULL;
}

static error open_picture(struct layer *layer, struct avatar_state *state)
{
    TRY(video_reader_open(&layer->inputs[layer->spec->input], &state->reader));
    arena_defer(layer->arena, video_reader_free, state->reader);
    arena_defer(layer->arena, drop_picture, state);
    return OK;
}

static error avatar_open(struct layer *layer)
{
    struct avatar_state *state = ARENA_NEW(layer->arena, struct avatar_state);
    const struct composition *canvas = layer->composition;
    const json_t *look = json_object_get(layer->spec->properties, "look");
    double short_side = fmin(canvas->width, canvas->height), unit = canvas->height / (double)FIGURE_HEIGHT;
    layer->state = state;
    TRY(read_cut(layer, state));
    TRY(read_actor(layer, &state->actor));
    bool gestures = state->actor.behaviour == AVATAR_WAVE || state->actor.behaviour == AVATAR_POINT;
    if (state->cut != CUT_FULL)
        unit = short_side / 2 / window_side;
    layer->height = state->cut == CUT_FULL ? canvas->height : short_side / 2;
    layer->width = state->cut == CUT_FULL ? unit * (gestures ? 840 : 560) : short_side / 2;
    state->zoom = unit;
    double most = fmin(layer->scale * unit, 4 * unit); // larger ones are stretched
    if (layer->spec->input != NO_INPUT)
        return open_picture(layer, state);
    if (!json_is_object(look))
        return error_make(ERROR_ASSET_MISSING, "look", "An avatar layer needs a look or its picture");
    return avatar_figure_new(layer->arena, look, most, &state->figure);
}

static error avatar_version(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version)
{
    struct avatar_state *state = layer->state;
    state->pose = avatar_pose_at(&state->actor, moment->time, ret_version);
    return OK;
}

static error paint_picture(struct layer *layer, struct avatar_state *state, cairo_t *cairo)
{
    const struct source_info *info = video_reader_info(state->reader);
    const struct avatar_pose *pose = &state->pose;
    double fit_x = layer->width / info->width, fit_y = layer->height / info->height;
    double fit = state->cut == CUT_FULL ? fmin(fit_x, fit_y) : fmax(fit_x, fit_y);
    if (!state->picture) {
        int64_t number;
        double scale = fmin(1, fit * fmin(layer->scale, 4));
        int width = (int)fmax(1, round(info->width * scale)), height = (int)fmax(1, round(info->height * scale));
        TRY(video_reader_at(state->reader, 0, false, &number));
        state->picture = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
        if (cairo_surface_status(state->picture) != CAIRO_STATUS_SUCCESS)
            return error_make(ERROR_LIMIT_EXCEEDED, NULL, "No memory for the picture");
        TRY(video_reader_argb(state->reader, (struct frame_box) { 0 }, width, height,
            cairo_image_surface_get_data(state->picture), cairo_image_surface_get_stride(state->picture)));
        cairo_surface_mark_dirty(state->picture);
    }
    // It stands on its lower edge, breathes, nods and grows a little with what it says; never past its box.
    double size = fit * (0.95 + 0.004 * pose->breath + 0.03 * pose->liveness);
    cairo_translate(cairo, 0.2 * state->zoom * pose->head_x, layer->height / 2);
    cairo_rotate(cairo, 0.4 * pose->head_turn * M_PI / 180);
    cairo_scale(cairo, size * info->width / cairo_image_surface_get_width(state->picture),
        size * info->height / cairo_image_surface_get_height(state->picture));
    cairo_set_source_surface(cairo, state->picture, -cairo_image_surface_get_width(state->picture) / 2.0,
        -cairo_image_surface_get_height(state->picture));
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
    cairo_paint(cairo);
    return drawing_check(cairo);
}

static void trace_cut(const struct layer *layer, const struct avatar_state *state, cairo_t *cairo)
{
    double side = layer->height, radius = state->cut == CUT_CIRCLE ? side / 2 : side * 0.09;
    cairo_new_path(cairo);
    if (state->cut == CUT_FULL)
        cairo_rectangle(cairo, -layer->width / 2, -layer->height / 2, layer->width, layer->height);
    else
        drawing_rounded(cairo, -side / 2, -side / 2, side, side, radius);
}

static error avatar_paint(struct layer *layer, const struct layer_moment *moment, cairo_t *cairo)
{
    (void)moment;
    struct avatar_state *state = layer->state;
    cairo_save(cairo);
    trace_cut(layer, state, cairo);
    if (state->has_disc) {
        drawing_colour(cairo, state->disc);
        cairo_fill_preserve(cairo);
    }
    cairo_clip(cairo);
    if (state->flip)
        cairo_scale(cairo, -1, 1);
    error failed;
    if (state->figure) {
        cairo_scale(cairo, state->zoom, state->zoom);
        cairo_translate(cairo, -FIGURE_WIDTH / 2.0, state->cut == CUT_FULL ? -FIGURE_HEIGHT / 2.0 : -window_y);
        failed = avatar_figure_paint(state->figure, &state->pose, cairo);
    } else {
        failed = paint_picture(layer, state, cairo);
    }
    cairo_restore(cairo);
    return failed;
}

static void avatar_rest(struct layer *layer)
{
    struct avatar_state *state = layer->state;
    if (state->figure)
        avatar_figure_rest(state->figure);
    drop_picture(state);
}

const struct layer_kind layer_avatar = {
    .name = "avatar", .open = avatar_open, .version = avatar_version, .paint = avatar_paint, .rest = avatar_rest
};
