// SPDX-License-Identifier: GPL-3.0-or-later
// Planning of a film: from a project document to the questions that the engine is asked. Pure: opens no file, starts no
// process; same project, same plan.
//
//   film_plan     checks the document, finds every asset (pre-flight), lists the voiceovers to synthesize
//   (the caller synthesizes, or finds by key, film->voices and fills in their results)
//   film_resolve  every time known: scenes, segments to encode, sound to mix, chapters, captions
//
// The document is {"video": {...}, "scenes": [{..., "layers": [...]}]} as document 001 and scene-properties have it.
// A film and all that hangs on it live in the arena given to film_plan.
#pragma once

#include "domain/film_format.h"
#include "domain/transcript.h"
#include "domain/warnings.h"

enum film_asset_kind { FILM_PICTURE, FILM_AUDIO, FILM_AVATAR }; // a picture may be still or moving

struct film_asset {
    enum film_asset_kind kind;
    str reference; // id, URL or path as the document names it
    // The callback fills in the rest.
    void *handle;       // the caller's own: a path, a blob
    str hash;           // decides the content, part of cache keys (SHA-256, or id and size)
    void *proxy_handle; // what is seen in its place, silent; NULL: itself
    str proxy_hash;
    bool is_moving, has_audio, is_engine_own; // engine's own: drawn by the engine from its name, no input
    double duration;                          // seconds; 0 for a still
    const json_t *look;                       // of a drawn avatar
};

struct film_source {
    void *context;
    // Finds an asset and looks at it. NOT_FOUND and NOT_MEDIA become ASSET_MISSING naming layer and asset; other errors
    // end the planning as they are. Asked once for each reference.
    error (*resolve)(void *context, struct film_asset *asset);
};

struct film_options {
    str aspect_ratio; // absent: the video's
    int quality;      // short side: 480, 720, 1080, 1440, 2160; 0 is 1080
    int fps;          // 0: the video's
    // NULL: MP4 of the standard effort.
    const struct film_format *format;
    const struct film_effort *effort;
    str watermark;                // text laid over everything; absent: the video's own, if it has one
    bool is_unmarked;             // not even the video's own watermark
    bool is_unbranded;            // the plan has neither own watermark nor brand: they are left out, with a warning
    str renderer;                 // engine version and fonts: part of every segment's key
    bool allow_missing;           // a missing asset becomes a marked placeholder and a warning
    const json_t *pronunciations; // of the film's maker (voice_text.h); NULL: none
    bool without_speech;          // nothing is spoken: for previews; scenes keep their nominal durations
    bool is_draft;                // sound by quicker ways
};

// What the engine reads: an asset or a spoken voice; exactly one is set.
struct film_input {
    const struct film_asset *asset;
    const struct film_voice *voice;
    bool is_heard; // the asset for its sound, which a proxy has not
};
void *film_input_handle(const struct film_input *input);
str film_input_hash(const struct film_input *input); // of a voice its key

struct film_voice {
    size_t scene, layer; // indices in the document
    str layer_name, text, voice_id;
    double speed, pitch;
    char key[65];         // SHA-256 of all that decides the sound
    const json_t *params; // of tts.speak; volume is applied in the mix
    // To be filled in before film_resolve: the result of tts.speak, and what identifies its sound to the caller.
    const json_t *result;
    void *handle;
};

// A question to the engine about pictures; the composition in `params` numbers `inputs`.
struct film_question {
    json_t *params;
    const struct film_input *inputs;
    size_t input_count;
};

struct film_scene {
    str id, title;
    int64_t first_frame, frame_count; // on the video's clock
    double start, duration;           // seconds; whole frames
};

struct film_segment {
    size_t scene;
    int64_t first_frame, frame_count; // within the scene
    struct film_question question;    // render.segment
    double weight;                    // about how long it takes to encode, beside the others
    char key[65];                     // SHA-256 of all that decides the pixels
};

struct film {
    int width, height, fps;
    double duration; // seconds; whole frames
    int64_t frame_count;
    str title;
    struct film_asset **assets; // in the order of their first use
    size_t asset_count;
    struct film_voice *voices;
    size_t voice_count;
    // From here on set by film_resolve.
    struct film_scene *scenes;
    size_t scene_count;
    struct film_segment *segments; // in the order of the film
    size_t segment_count;          // 0 for sound only
    json_t *mix;                   // params of render.mix; NULL for a silent format
    struct film_input *mix_inputs;
    size_t mix_input_count;
    json_t *chapters;           // [{start, end, title}]
    struct transcript captions; // the spoken words on the video's clock, a segment a sentence
    struct film_plan *plan;     // private
};

// VALIDATION_ERROR names what is wrong in the document, VIDEO_HAS_NO_SCENES, ASSET_MISSING, or what `resolve` gave.
MUST_USE error film_plan(struct arena *arena, const json_t *project, const struct film_options *options,
    const struct film_source *source, struct warnings *warnings, struct film **ret_film);
// What text.fonts is asked about the film's texts, and what it answered: the typefaces become part of the segments'
// keys, and those that are missing a warning. Between film_plan and film_resolve; without it the keys know no
// typefaces.
json_t *film_fonts_params(const struct film *film);
void film_take_fonts(struct film *film, const json_t *result, struct warnings *warnings);
// ENGINE_FAILED when a voice's result makes no sense. Warns of what it clips.
MUST_USE error film_resolve(struct film *film, struct warnings *warnings);
// The question render.frame for `seconds` on the video's clock (the end shows the last frame); after film_resolve.
// `width` 0 is the film's own; `format` is "jpeg" or "png".
void film_frame(
    const struct film *film, double seconds, int width, const char *format, struct film_question *ret_question);
// An avatar that everybody has: fills in its look; false when there is none of that id.
bool film_stock_avatar(struct arena *arena, struct film_asset *asset);
// As film_segment.weight, of the sound.
double film_mix_weight(const struct film *film);
// The format of the options, never NULL.
const struct film_format *film_format_of(const struct film *film);
// Params of the format's join_op; inputs are the segments, then the mix if there is one.
json_t *film_join_params(const struct film *film);
// Subtitles of what is spoken: SRT or VTT. *ret_text is empty when nothing is.
void film_subtitles(struct arena *arena, const struct film *film, bool vtt, struct buffer *ret_text);
// The canvas of an aspect ratio and a short side, both even; false for an unknown ratio.
bool film_canvas(str aspect_ratio, int quality, int *ret_width, int *ret_height);
