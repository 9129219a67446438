// SPDX-License-Identifier: GPL-3.0-or-later
// What a film is made of, read from the JSON of a question (docs/engine-ops.md, Composition) and checked. Everything
// is borrowed from that JSON or lives in the arena. Times are seconds, sizes pixels.
#pragma once

#include "engine/colour.h"

enum { COMPOSITION_LAYERS_MAX = 1000, COMPOSITION_SCENES_MAX = 2000, COMPOSITION_WORDS_MAX = 20000, NO_INPUT = -1 };

struct composition_layer {
    str id, name, type;
    double start, end;        // of its scene
    int input;                // NO_INPUT, or an index below the number of inputs
    const json_t *properties; // an object
    const json_t *speech;     // what an avatar says: {phonemes, start} or {sound: {input, start, start_from}}; or NULL
    int sound;                // the input of that sound, or NO_INPUT
};

struct composition_word {
    str text;
    double start, end; // of its scene
};

struct composition_background {
    struct colour colour, colour_2; // the second of a gradient
    bool gradient;
    double angle; // degrees, 0 upwards, clockwise
    int input;    // NO_INPUT, or a picture or film that covers the canvas
};

struct composition_scene {
    str id;
    double duration;
    int64_t frames; // on the video's clock
    struct composition_background background;
    str transition; // "cut" and so on, never absent
    double transition_duration;
    const struct composition_word *words;
    size_t word_count;
    const struct composition_layer *layers; // front-most first
    size_t layer_count;
};

struct composition_captions {
    bool shown, karaoke;
    str font_family, position; // position: top, middle, bottom
    double font_size;          // as in a document: of a canvas whose short side is 1080
    struct colour colour, highlight, background;
};

struct composition {
    int width, height; // even
    int fps;
    double unit; // pixels of this canvas for one of a canvas whose short side is 1080
    struct composition_captions captions;
    str watermark;          // absent: none
    str watermark_position; // top_left and so on; absent: bottom_right
    double watermark_opacity;
    const struct composition_scene *scenes;
    size_t scene_count;
};

// `width` 0 takes the composition's own size, else the canvas is scaled to that width (even, the height follows).
// VALIDATION_ERROR names the member or layer that is wrong.
MUST_USE error composition_read(
    struct arena *arena, const json_t *json, int width, size_t inputs, struct composition *ret_composition);
// A number of the layer's properties, or `fallback`; VALIDATION_ERROR outside of least to most and for other kinds.
MUST_USE error composition_number(
    const json_t *object, const char *key, double fallback, double least, double most, double *ret_value);
