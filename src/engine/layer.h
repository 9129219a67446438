// SPDX-License-Identifier: GPL-3.0-or-later
// A layer of a scene while frames are made. A kind of layer is one file with one `struct layer_kind` and one line in
// layer.c. What all visible layers share (place, size, turn, opacity, coming and going) is the compositor's business;
// a kind says what there is to see.
#pragma once

#include <cairo.h>

#include "av/frame.h"
#include "av/source.h"
#include "engine/animation.h"

struct layer {
    const struct layer_kind *kind;
    struct arena *arena; // as long as the layer
    const struct composition *composition;
    const struct composition_layer *spec;
    const struct source_io *inputs; // of the question; spec->input is an index
    struct animation_plan plan;
    double x, y, scale, rotation, opacity; // at rest: centre in pixels, degrees clockwise
    // Set by `open`: everything that the kind draws lies within, centred, in pixels before `scale`.
    double width, height;
    void *state; // the kind's own
};

// One moment of a layer.
struct layer_moment {
    double time; // since the layer's start, seconds
    struct motion motion;
};

struct layer_kind {
    const char *name; // as in the document
    error (*open)(struct layer *layer);
    // Numbers what the layer shows at a moment: equal numbers, equal pictures (place and opacity aside). Moments
    // come mostly in order. The number becomes the current picture.
    error (*version)(struct layer *layer, const struct layer_moment *moment, int64_t *ret_version);
    // Draws the current picture with its centre at the origin.
    error (*paint)(struct layer *layer, const struct layer_moment *moment, cairo_t *cairo);
    // Instead of `paint`, may write the current picture straight into the frame where that is quicker: upright,
    // `box` around it in the frame (it may reach outside). false: not possible now, use `paint`.
    error (*lay)(struct layer *layer, const struct layer_moment *moment, struct frame_box box, double opacity,
        struct frame *frame, bool *ret_done);
    // The layer's time is over: gives large memory back; the layer may be shown again.
    void (*rest)(struct layer *layer);
    // Instead of `paint`: changes the frame as it is behind the layer.
    error (*apply)(struct layer *layer, const struct layer_moment *moment, struct frame *frame);
    // `open` reads nothing of where the layer stands (position, rotation, opacity): see layer_move.
    bool stands_anywhere;
};

// What the letters of a text layer, and the box behind them, take up: pixels of the canvas, as it rests.
void layer_text_box(const struct layer *layer, double *ret_width, double *ret_height);
extern const struct layer_kind layer_text, layer_media, layer_shape, layer_avatar, layer_effect;

// VALIDATION_ERROR names the layer and what is wrong with it.
MUST_USE error layer_open(struct arena *arena, const struct composition *composition,
    const struct composition_layer *spec, const struct source_io *inputs, struct layer *ret_layer);
// Whether a layer that is open can be the one of `spec`, whose inputs are the same: it is, but for where it stands.
bool layer_is(const struct layer *layer, const struct composition_layer *spec, bool *ret_moved);
// Then: at the place of `spec`.
MUST_USE error layer_move(
    struct layer *layer, const struct composition *composition, const struct composition_layer *spec);
// Adds the layer's name to an error about it.
MUST_USE error layer_error(const struct composition_layer *spec, error cause);
