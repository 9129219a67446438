// SPDX-License-Identifier: GPL-3.0-or-later
// What is heard, and what is read of it: the mix, the captions, the chapters.
#include <math.h>
#include <string.h>

#include "work/film_parts.h"

#define LOUDNESS -16.0 // LUFS, EBU R128
enum { SOUND_BITRATE = 160000, CHAPTER_LETTERS = 40 };

struct track {
    struct film_input input;
    const char *role;
    double start, duration, start_from, volume, fade_in, fade_out, speed, pitch;
    bool loop, ducking;
};

// The same source has one number, however many tracks play it.
static json_int_t number_of(struct film *film, struct film_input input)
{
    for (size_t i = 0; i < film->mix_input_count; i++)
        if (film->mix_inputs[i].asset == input.asset && film->mix_inputs[i].voice == input.voice)
            return (json_int_t)i;
    film->mix_inputs = arena_grow(film->plan->arena, film->mix_inputs, film->mix_input_count * sizeof *film->mix_inputs,
        (film->mix_input_count + 1) * sizeof *film->mix_inputs);
    input.is_heard = input.asset != NULL;
    film->mix_inputs[film->mix_input_count] = input;
    return (json_int_t)film->mix_input_count++;
}

static void add_track(struct film *film, json_t *tracks, const struct track *track)
{
    if (track->duration <= 0 || track->volume <= 0)
        return;
    json_array_append_new(
        tracks, json_pack("{s:I,s:s,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:b,s:b}", "input", number_of(film, track->input),
                    "role", track->role, "start", track->start, "duration", track->duration, "start_from",
                    track->start_from, "volume", track->volume, "fade_in", fmin(track->fade_in, track->duration),
                    "fade_out", fmin(track->fade_out, track->duration), "speed", track->speed, "pitch", track->pitch,
                    "loop", track->loop ? 1 : 0, "ducking", track->ducking ? 1 : 0));
}

static void add_layer(struct film *film, json_t *tracks, size_t scene, const struct plan_layer *layer)
{
    const json_t *properties = layer->properties;
    bool is_film = layer->owner == ON_MEDIA;
    if (!layer->asset || !layer->asset->has_audio)
        return;
    struct track track = {
        .input = { .asset = layer->asset },
        .role = json_get_bool(properties, "ducking", false) ? "music" : "sound",
        .start = film->scenes[scene].start + layer->start,
        .duration = layer->end - layer->start,
        .start_from = json_get_number(properties, "start_from", 0),
        .volume = json_get_number(properties, "volume", is_film ? 0 : 0.7),
        .fade_in = json_get_number(properties, "fade_in", 0),
        .fade_out = json_get_number(properties, "fade_out", 0),
        .speed = json_get_number(properties, "speed", 1),
        .pitch = json_get_number(properties, "pitch", 1),
        .loop = json_get_bool(properties, "loop", is_film),
        .ducking = json_get_bool(properties, "ducking", false),
    };
    add_track(film, tracks, &track);
}

static void add_voice(struct film *film, json_t *tracks, size_t scene, const struct plan_layer *layer)
{
    const struct plan_scene *plan = &film->plan->scenes[scene];
    for (size_t i = 0; i < plan->speech_count; i++) {
        const struct film_speech *speech = &plan->speeches[i];
        if (speech->voice != &film->voices[layer->voice])
            continue;
        struct track track = {
            .input = { .voice = speech->voice },
            .role = "speech",
            .start = film->scenes[scene].start + speech->start,
            .duration = layer->end - layer->start,
            .start_from = speech->from,
            .volume = json_get_number(layer->properties, "volume", 1),
            .speed = 1,
            .pitch = 1,
        };
        add_track(film, tracks, &track);
    }
}

static void add_music(struct film *film, json_t *tracks)
{
    const json_t *music = json_object_get(film->plan->video, "music");
    if (!film->plan->music || !film->plan->music->has_audio)
        return;
    struct track track = {
        .input = { .asset = film->plan->music },
        .role = "music",
        .duration = film->duration,
        .volume = json_get_number(music, "volume", 0.25),
        .fade_in = json_get_number(music, "fade_in", 0),
        .fade_out = json_get_number(music, "fade_out", 0),
        .speed = 1,
        .pitch = 1,
        .loop = true,
        .ducking = json_get_bool(music, "ducking", true),
    };
    add_track(film, tracks, &track);
}

static void set_mix(struct film *film)
{
    film->mix_inputs = NULL;
    film->mix_input_count = 0;
    film->mix = NULL;
    const char *codec = film_format_of(film)->audio_codec;
    if (!codec)
        return;
    json_t *tracks = json_array();
    for (size_t s = 0; s < film->scene_count; s++) {
        const struct plan_scene *scene = &film->plan->scenes[s];
        for (size_t i = 0; i < scene->layer_count; i++) {
            const struct plan_layer *layer = &scene->layers[i];
            if (layer->is_left_out)
                continue;
            if (layer->has_voice)
                add_voice(film, tracks, s, layer);
            else if (layer->owner == ON_AUDIO || layer->owner == ON_MEDIA)
                add_layer(film, tracks, s, layer);
        }
    }
    add_music(film, tracks);
    json_t *mix = json_pack("{s:f,s:f,s:o,s:{s:s,s:i}}", "duration", film->duration, "loudness", LOUDNESS, "tracks",
        tracks, "audio", "codec", codec, "bitrate", SOUND_BITRATE);
    if (film->plan->options.is_draft)
        json_object_set_new(mix, "draft", json_true());
    film->mix = json_keep(film->plan->arena, mix);
}

static bool ends_sentence(str word)
{
    while (word.size && strchr("\"')]", word.data[word.size - 1]))
        word.size--;
    return word.size && strchr(".!?", word.data[word.size - 1]);
}

// A segment from words [first, end) of a scene.
static void add_sentence(struct film *film, size_t scene, size_t first, size_t end)
{
    struct arena *arena = film->plan->arena;
    const struct film_word *words = film->plan->scenes[scene].words;
    struct transcript *captions = &film->captions;
    captions->segments = arena_grow(arena, captions->segments, captions->segment_count * sizeof *captions->segments,
        (captions->segment_count + 1) * sizeof *captions->segments);
    struct transcript_segment *segment = &captions->segments[captions->segment_count++];
    double offset = film->scenes[scene].start;
    *segment = (struct transcript_segment) { .word_count = end - first, .confidence = 1 };
    segment->words = ARENA_ARRAY(arena, struct transcript_word, end - first);
    str *texts = ARENA_ARRAY(arena, str, end - first);
    for (size_t i = first; i < end; i++) {
        texts[i - first] = words[i].text;
        segment->words[i - first] = (struct transcript_word) { words[i].text, offset + words[i].start,
            offset + words[i].end, 1 };
    }
    segment->start = segment->words[0].start;
    segment->end = segment->words[end - first - 1].end;
    segment->text = str_join(arena, texts, end - first, STR(" "));
}

// Words behind the end of a fixed scene are not heard and so not read.
static void set_captions(struct film *film)
{
    film->captions = (struct transcript) { .duration = film->duration };
    for (size_t s = 0; s < film->scene_count; s++) {
        const struct plan_scene *scene = &film->plan->scenes[s];
        size_t count = scene->word_count, first = 0;
        while (count && scene->words[count - 1].start >= film->scenes[s].duration)
            count--;
        for (size_t i = 0; i < count; i++)
            if (i + 1 == count || ends_sentence(scene->words[i].text)) {
                add_sentence(film, s, first, i + 1);
                first = i + 1;
            }
    }
}

static bool is_title(const struct plan_layer *layer)
{
    return layer->owner == ON_TEXT && str_starts(json_get_str(layer->json, "name"), STR("Title"));
}

static str first_line(str text)
{
    str line = STR(""), rest = text;
    str_split(&rest, '\n', &line);
    return str_trim(line);
}

// The scene's title, its title layer, the beginning of what is spoken, or its number.
static str title_of(struct film *film, size_t index)
{
    const struct plan_scene *scene = &film->plan->scenes[index];
    str title = first_line(json_get_str(scene->json, "title"));
    for (size_t i = 0; !title.size && i < scene->layer_count; i++)
        if (is_title(&scene->layers[i]))
            title = first_line(json_get_str(scene->layers[i].properties, "text"));
    if (title.size)
        return str_copy(film->plan->arena, title);
    str text = first_line(json_get_str(scene->json, "text"));
    if (!text.size)
        return str_format(film->plan->arena, "Scene %zu", index + 1);
    str cut = str_cut_utf8(text, CHAPTER_LETTERS);
    while (cut.size < text.size && cut.size && cut.data[cut.size - 1] != ' ')
        cut.size--;
    return str_format(film->plan->arena, "%.*s%s", STR_ARGS(str_trim(cut)), cut.size < text.size ? "…" : "");
}

static void set_chapters(struct film *film)
{
    film->chapters = json_keep(film->plan->arena, json_array());
    for (size_t i = 0; i < film->scene_count; i++) {
        struct film_scene *scene = &film->scenes[i];
        scene->title = title_of(film, i);
        json_array_append_new(film->chapters, json_pack("{s:f,s:f,s:o}", "start", scene->start, "end",
                                                  scene->start + scene->duration, "title", json_str(scene->title)));
    }
}

void film_set_sound(struct film *film)
{
    set_mix(film);
    set_captions(film);
    set_chapters(film);
}
