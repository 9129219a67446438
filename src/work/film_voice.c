// SPDX-License-Identifier: GPL-3.0-or-later
// Voiceovers: what is to be spoken, and what was.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "work/film_parts.h"
#include "work/voice_text.h"

enum { VOICE_KEY_VERSION = 2 }; // raise it when the same words would sound different

// Text without the sound of it: only marks, space and pauses.
static bool says_something(str text)
{
    bool in_mark = false;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '[')
            in_mark = str_starts(str_sub(text, i, 6), STR("[pause"));
        if (!in_mark && (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')))
            return true;
        if (c == ']')
            in_mark = false;
    }
    return false;
}

static void add_voice(struct film *film, size_t scene, struct plan_layer *layer)
{
    struct film_plan *plan = film->plan;
    str text = json_get_str(layer->properties, "text");
    if (!text.size)
        text = json_get_str(plan->scenes[scene].json, "text");
    if (!says_something(text)) {
        warning_add(plan->arena, plan->warnings, film_place(film, scene, layer), "There is nothing to speak");
        layer->is_left_out = true;
        return;
    }
    film->voices = arena_grow(plan->arena, film->voices, film->voice_count * sizeof *film->voices,
        (film->voice_count + 1) * sizeof *film->voices);
    struct film_voice *voice = &film->voices[film->voice_count];
    *voice = (struct film_voice) {
        .scene = scene,
        .layer = layer->index,
        .layer_name = str_copy(plan->arena, film_layer_name(layer)),
        .text = str_copy(plan->arena, text),
        .voice_id = str_copy(plan->arena, json_get_str(layer->properties, "voice_id")),
        .speed = json_get_number(layer->properties, "speed", 1),
        .pitch = json_get_number(layer->properties, "pitch", 1),
    };
    json_t *params = json_keep(
        plan->arena, json_pack("{s:o,s:o,s:f,s:f,s:f}", "voice", json_str(voice->voice_id), "text",
                         json_str(voice->text), "speed", voice->speed, "pitch", voice->pitch, "volume", 1.0));
    if (json_array_size(plan->options.pronunciations))
        json_object_set(params, "pronunciations", (json_t *)plan->options.pronunciations);
    voice->params = params;
    str decides = str_format(plan->arena, "voice %d\n%s", VOICE_KEY_VERSION, json_text(plan->arena, params).data);
    film_hash(plan->arena, decides, voice->key);
    layer->voice = film->voice_count++;
    layer->has_voice = true;
}

error film_list_voices(struct film *film)
{
    for (size_t s = 0; s < film->plan->scene_count; s++) {
        struct plan_scene *scene = &film->plan->scenes[s];
        for (size_t i = 0; i < scene->layer_count; i++)
            if (scene->layers[i].owner == ON_VOICEOVER)
                add_voice(film, s, &scene->layers[i]);
    }
    return OK;
}

// Opening marks at the end of a word's slice belong to the next word.
static size_t opening_size(str slice)
{
    size_t size = 0;
    while (size < slice.size && strchr("\"'([{*", slice.data[slice.size - 1 - size]))
        size++;
    bool alone = size < slice.size && strchr(" \t\r\n", slice.data[slice.size - 1 - size]);
    return alone ? size : 0;
}

// The writer's own spelling of a word, with its punctuation: the text from its offset to the next one's.
static str spelling(struct arena *arena, const struct film_voice *voice, const json_t *words, size_t i, size_t *carry)
{
    int64_t from = json_get_int(json_array_get(words, i), "offset", -1);
    int64_t to = (int64_t)voice->text.size;
    for (size_t k = i + 1; k < json_array_size(words); k++) {
        to = json_get_int(json_array_get(words, k), "offset", -1);
        if (to != from)
            break;
        to = (int64_t)voice->text.size;
    }
    size_t taken = *carry;
    *carry = 0;
    if (from < (int64_t)taken || to <= from || to > (int64_t)voice->text.size)
        return str_trim(json_get_str(json_array_get(words, i), "text"));
    str slice = str_sub(voice->text, (size_t)from - taken, (size_t)(to - from) + taken);
    if (to < (int64_t)voice->text.size)
        *carry = opening_size(slice);
    slice.size -= *carry;
    str word = str_trim(voice_text_plain(arena, slice));
    while (word.size > 1 && word.data[0] == '*') // of emphasis that goes over several words
        word = str_sub(word, 1, word.size);
    while (word.size > 1 && word.data[word.size - 1] == '*')
        word.size--;
    return str_copy(arena, word);
}

// Adds a voice's words to its scene, on the voice's own clock still. One written word that is spoken as several
// ("42") stays one.
static error add_words(struct film *film, struct plan_scene *scene, const struct film_voice *voice)
{
    struct arena *arena = film->plan->arena;
    const json_t *words = json_object_get(voice->result, "words");
    size_t count = json_array_size(words), carry = 0;
    int64_t last_offset = -1;
    double last_end = 0;
    scene->words = arena_grow(arena, scene->words, scene->word_count * sizeof *scene->words,
        (scene->word_count + count) * sizeof *scene->words);
    for (size_t i = 0; i < count; i++) {
        const json_t *word = json_array_get(words, i);
        double start = json_get_number(word, "start", -1), end = json_get_number(word, "end", -1);
        int64_t offset = json_get_int(word, "offset", -1);
        if (!(start >= 0 && end >= start && start + 0.001 >= last_end - 1))
            return error_make(ERROR_ENGINE_FAILED, "words", "The voice \"%.*s\" gave word times that make no sense",
                STR_ARGS(voice->voice_id));
        last_end = end;
        if (i && offset >= 0 && offset == last_offset) {
            scene->words[scene->word_count - 1].end = end;
            continue;
        }
        last_offset = offset;
        scene->words[scene->word_count++] = (struct film_word) { spelling(arena, voice, words, i, &carry), start, end };
    }
    return OK;
}

// Silence before the first and after the last word is the engine's, except where the text asks for a pause.
static void trim(struct film_speech *speech, const struct film_word *words, double duration)
{
    str text = str_trim(speech->voice->text);
    double from = 0, to = duration;
    if (speech->word_count) {
        if (!str_starts(text, STR("[pause")))
            from = fmax(0, words[0].start - 0.02);
        if (!str_ends(text, STR("]")))
            to = fmin(duration, words[speech->word_count - 1].end + 0.1);
    }
    speech->from = from;
    speech->length = fmax(0, to - from);
}

static error take_voice(struct film *film, struct plan_scene *scene, struct plan_layer *layer)
{
    const struct film_voice *voice = &film->voices[layer->voice];
    if (!voice->result) {
        if (film->plan->options.without_speech)
            return OK;
        return error_make(ERROR_ENGINE_FAILED, NULL, "The layer \"%.*s\" was not spoken", STR_ARGS(voice->layer_name));
    }
    double duration = json_get_number(voice->result, "duration", -1);
    if (!(duration > 0 && duration < 86400))
        return error_make(ERROR_ENGINE_FAILED, NULL, "The voice \"%.*s\" gave no sound", STR_ARGS(voice->voice_id));
    struct film_speech *speech = &scene->speeches[scene->speech_count++];
    *speech = (struct film_speech) { .voice = voice, .first_word = scene->word_count };
    speech->start = json_get_number(layer->json, "start_time", VOICE_LEAD_IN);
    TRY(add_words(film, scene, voice));
    speech->word_count = scene->word_count - speech->first_word;
    struct film_word *words = scene->words + speech->first_word;
    trim(speech, words, duration);
    for (size_t i = 0; i < speech->word_count; i++) {
        words[i].start += speech->start - speech->from;
        words[i].end += speech->start - speech->from;
    }
    layer->start = speech->start;
    layer->end = speech->start + speech->length;
    return OK;
}

// What is said in a film or recording, as far as the layer shows it.
static void take_recorded(struct film *film, struct plan_scene *scene, const struct plan_layer *layer)
{
    const json_t *words = json_object_get(layer->properties, "words"), *word;
    size_t count = json_array_size(words), i;
    double start = json_get_number(layer->json, "start_time", 0), length = json_get_number(layer->json, "duration", -1);
    double from = json_get_number(layer->properties, "start_from", 0);
    double speed = json_get_number(layer->properties, "speed", 1), limit = length < 0 ? INFINITY : start + length;
    scene->words = arena_grow(film->plan->arena, scene->words, scene->word_count * sizeof *scene->words,
        (scene->word_count + count) * sizeof *scene->words);
    json_array_foreach ((json_t *)words, i, word) {
        double first = start + (json_get_number(word, "start", 0) - from) / speed;
        double last = start + (json_get_number(word, "end", 0) - from) / speed;
        if (last > start && first < limit)
            scene->words[scene->word_count++] = (struct film_word) { json_get_str(word, "text"), fmax(first, start),
                fmin(last, limit) };
    }
}

static int by_time(const void *a, const void *b)
{
    const struct film_word *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

error film_take_speech(struct film *film)
{
    for (size_t s = 0; s < film->plan->scene_count; s++) {
        struct plan_scene *scene = &film->plan->scenes[s];
        scene->speeches = ARENA_ARRAY(film->plan->arena, struct film_speech, scene->layer_count);
        scene->speech_count = scene->word_count = 0;
        size_t recorded = 0;
        for (size_t i = 0; i < scene->layer_count; i++) {
            if (scene->layers[i].has_voice)
                TRY(take_voice(film, scene, &scene->layers[i]));
            else if (json_object_get(scene->layers[i].properties, "words")) {
                take_recorded(film, scene, &scene->layers[i]);
                recorded++;
            }
        }
        if (scene->speech_count + recorded > 1)
            qsort(scene->words, scene->word_count, sizeof *scene->words, by_time);
    }
    return OK;
}
