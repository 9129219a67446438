// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of film share; nobody else includes it.
#pragma once

#include "domain/scene_properties.h"
#include "work/film.h"

#define VOICE_LEAD_IN 0.25 // seconds before a voiceover without start_time
#define VOICE_TAIL 0.4     // seconds after the last word of a scene that lasts as long as its voice

// A spoken word on its scene's clock.
struct film_word {
    str text; // as written, punctuation included
    double start, end;
};

// The used part of a synthesized sound: silence around the words is left out.
struct film_speech {
    const struct film_voice *voice;
    double from, length; // seconds of the sound
    double start;        // on the scene's clock
    size_t first_word, word_count;
};

struct plan_layer {
    const json_t *json;
    size_t index; // in the document
    enum property_owner owner;
    json_t *properties; // with defaults
    struct film_asset *asset;
    size_t voice; // index in film->voices, for voiceovers that have something to say
    bool has_voice;
    bool is_missing;  // drawn as a placeholder
    bool is_left_out; // nothing of it is in the film
    double start, end;
    int64_t order;
};

struct plan_scene {
    const json_t *json;
    json_t *options; // with defaults
    struct film_asset *background;
    struct plan_layer *layers; // front-most first
    size_t layer_count;
    bool by_voice;
    double nominal;  // seconds as the document says, 0 when it does not
    double duration; // seconds before rounding to frames
    int64_t transition_frames;
    struct film_word *words;
    size_t word_count;
    struct film_speech *speeches;
    size_t speech_count;
};

struct film_plan {
    struct arena *arena;
    struct film_options options;
    const struct film_source *source;
    struct warnings *warnings; // of the step under way
    json_t *document;          // the video's part of it, as far as the plan allows
    json_t *video;             // the same with defaults
    struct plan_scene *scenes;
    size_t scene_count;
    struct film_asset *music, *watermark, *logo;
};

// film_assets.c: every asset that the scenes use, found or ASSET_MISSING.
MUST_USE error film_find_assets(struct film *film);
// film_voice.c
MUST_USE error film_list_voices(struct film *film);
MUST_USE error film_take_speech(struct film *film); // from the voices' results to words and speeches
// film_timing.c: scene and layer times
void film_set_times(struct film *film);
// film_picture.c: segments
void film_set_segments(struct film *film);
// film_sound.c: mix, captions, chapters
void film_set_sound(struct film *film);

// "scenes.2.layers.1" for warnings and problems.
str film_place(const struct film *film, size_t scene, const struct plan_layer *layer);
// The layer's name, or its type.
str film_layer_name(const struct plan_layer *layer);
void film_hash(struct arena *arena, str text, char ret_hex[static 65]);
