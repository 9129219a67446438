// SPDX-License-Identifier: GPL-3.0-or-later
// When scenes and layers begin and end.
#include <math.h>

#include "work/film_parts.h"

#define SAME 0.0015 // times that differ by less are the same: documents round to milliseconds

// Letters and digits of a word, lower case, as a person would say it.
static str bare(struct arena *arena, str word)
{
    char *out = arena_alloc_raw(arena, word.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < word.size; i++) {
        unsigned char c = (unsigned char)word.data[i];
        if (c >= 'A' && c <= 'Z')
            c |= 32;
        if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'')
            out[size++] = (char)c;
    }
    out[size] = '\0';
    return (str) { out, size };
}

// The first place where the words of `phrase` are spoken one after the other.
static const struct film_word *find_phrase(struct arena *arena, const struct plan_scene *scene, str phrase)
{
    for (size_t at = 0; at < scene->word_count; at++) {
        size_t matched = 0;
        bool fits = true;
        str rest = phrase, part;
        while (fits && str_split(&rest, ' ', &part)) {
            str wanted = bare(arena, part);
            if (!wanted.size)
                continue;
            fits = at + matched < scene->word_count && str_equal(bare(arena, scene->words[at + matched].text), wanted);
            matched += fits;
        }
        if (fits && matched)
            return &scene->words[at];
    }
    return NULL;
}

// The spoken word that a layer is anchored to, or NULL.
static const struct film_word *anchor(struct film *film, size_t index, struct plan_layer *layer)
{
    struct film_plan *plan = film->plan;
    const struct plan_scene *scene = &plan->scenes[index];
    const json_t *start_at = json_object_get(layer->properties, "start_at");
    if (!start_at)
        start_at = json_object_get(layer->json, "start_at");
    if (!json_is_object(start_at) || (plan->options.without_speech && !scene->word_count))
        return NULL;
    str phrase = json_get_str(start_at, "phrase");
    double number = json_get_number(start_at, "word", 0);
    if (phrase.data) {
        const struct film_word *word = find_phrase(plan->arena, scene, phrase);
        if (!word)
            warning_add(plan->arena, plan->warnings, film_place(film, index, layer),
                "\"%.*s\" is not spoken in this scene; the layer starts at its start_time", STR_ARGS(phrase));
        return word;
    }
    if (number < 1)
        return NULL;
    if (number > (double)scene->word_count)
        warning_add(plan->arena, plan->warnings, film_place(film, index, layer),
            "Word %.0f is not spoken: the scene has %zu words", number, scene->word_count);
    if (!scene->word_count)
        return NULL;
    size_t at = (size_t)fmin(number, (double)scene->word_count);
    return &scene->words[at - 1];
}

// Start and end as the document means them; INFINITY is the end of the scene.
static void wanted_times(struct film *film, size_t index, struct plan_layer *layer, double *ret_start, double *ret_end)
{
    const struct plan_scene *scene = &film->plan->scenes[index];
    double start = json_get_number(layer->json, "start_time", 0);
    double length = json_get_number(layer->json, "duration", -1);
    double end = json_get_number(layer->json, "end_time", length >= 0 ? start + length : INFINITY);
    // What reaches the end of a scene whose length was an estimate goes on to the true end.
    if (scene->by_voice && scene->nominal > 0 && end >= scene->nominal - SAME)
        end = INFINITY;
    const struct film_word *word = anchor(film, index, layer);
    if (word) {
        end += word->start - start;
        start = word->start;
    }
    *ret_start = start;
    *ret_end = end;
}

// A sound that is not repeated ends with its recording.
static double sound_end(const struct plan_layer *layer, double start, double end)
{
    if (layer->owner != ON_AUDIO || !layer->asset || layer->asset->duration <= 0
        || json_get_bool(layer->properties, "loop", false))
        return end;
    double left = layer->asset->duration - json_get_number(layer->properties, "start_from", 0);
    return fmin(end, start + fmax(0, left) / json_get_number(layer->properties, "speed", 1));
}

static void set_layer(struct film *film, size_t index, struct plan_layer *layer)
{
    struct film_plan *plan = film->plan;
    const struct plan_scene *scene = &plan->scenes[index];
    double start, end;
    wanted_times(film, index, layer, &start, &end);
    end = sound_end(layer, start, end);
    if (isfinite(end) && end > scene->duration + SAME && start < scene->duration)
        warning_add(plan->arena, plan->warnings, film_place(film, index, layer),
            "The layer \"%.*s\" ends at %.2f s, after its scene (%.2f s): it is cut there",
            STR_ARGS(film_layer_name(layer)), end, scene->duration);
    layer->start = start;
    layer->end = fmin(end, scene->duration);
    if (layer->end > layer->start)
        return;
    layer->is_left_out = true;
    warning_add(plan->arena, plan->warnings, film_place(film, index, layer),
        "The layer \"%.*s\" lies outside of its scene or has no length: it is left out",
        STR_ARGS(film_layer_name(layer)));
}

static void set_voice(struct film *film, size_t index, struct plan_layer *layer)
{
    struct film_plan *plan = film->plan;
    const struct plan_scene *scene = &plan->scenes[index];
    if (layer->end > scene->duration + SAME)
        warning_add(plan->arena, plan->warnings, film_place(film, index, layer),
            "The voiceover \"%.*s\" is %.2f s longer than its scene and is cut", STR_ARGS(film_layer_name(layer)),
            layer->end - scene->duration);
    layer->end = fmin(layer->end, scene->duration);
    layer->is_left_out |= layer->end <= layer->start;
}

static double length_of(const struct plan_scene *scene)
{
    double length = 0;
    if (scene->by_voice)
        for (size_t i = 0; i < scene->speech_count; i++)
            length = fmax(length, scene->speeches[i].start + scene->speeches[i].length + VOICE_TAIL);
    if (length > 0)
        return fmax(length, 1);
    if (scene->nominal > 0)
        return scene->nominal;
    for (size_t i = 0; i < scene->layer_count; i++) {
        const json_t *layer = scene->layers[i].json;
        double start = json_get_number(layer, "start_time", 0);
        length = fmax(length, json_get_number(layer, "end_time", start + json_get_number(layer, "duration", 0)));
    }
    return length > 0 ? length : 3;
}

// The first scene has nothing to come from; a transition longer than its scene ends with it.
static void set_transition(struct film *film, size_t index, int64_t frame_count)
{
    struct film_plan *plan = film->plan;
    struct plan_scene *scene = &plan->scenes[index];
    const json_t *transition = json_object_get(scene->options, "transition");
    str type = json_get_str(transition, "type");
    scene->transition_frames = 0;
    if (!index || !type.data || str_equal_c(type, "cut"))
        return;
    double seconds = json_get_number(transition, "duration", 0.5);
    scene->transition_frames = llround(seconds * film->fps);
    if (scene->transition_frames <= frame_count)
        return;
    warning_add(plan->arena, plan->warnings, film_place(film, index, NULL),
        "The transition is longer than its scene and is shortened");
    scene->transition_frames = frame_count;
}

void film_set_times(struct film *film)
{
    struct film_plan *plan = film->plan;
    film->scenes = ARENA_ARRAY(plan->arena, struct film_scene, plan->scene_count);
    film->scene_count = plan->scene_count;
    double clock = 0; // exact, so that rounding to frames does not add up
    for (size_t s = 0; s < plan->scene_count; s++) {
        struct plan_scene *scene = &plan->scenes[s];
        struct film_scene *result = &film->scenes[s];
        scene->duration = length_of(scene);
        result->first_frame = llround(clock * film->fps);
        clock += scene->duration;
        result->frame_count = llround(clock * film->fps) - result->first_frame;
        if (result->frame_count < 1)
            result->frame_count = 1, clock = (double)(result->first_frame + 1) / film->fps;
        result->start = (double)result->first_frame / film->fps;
        result->duration = (double)result->frame_count / film->fps;
        result->id = json_get_str(scene->json, "id");
        if (!result->id.size)
            result->id = str_format(plan->arena, "scene-%zu", s + 1);
        set_transition(film, s, result->frame_count);
        for (size_t i = 0; i < scene->layer_count; i++) {
            struct plan_layer *layer = &scene->layers[i];
            if (layer->owner == ON_VOICEOVER && layer->has_voice)
                set_voice(film, s, layer);
            else if (layer->owner != ON_VOICEOVER && !layer->is_left_out)
                set_layer(film, s, layer);
        }
    }
    const struct film_scene *last = &film->scenes[film->scene_count - 1];
    film->frame_count = last->first_frame + last->frame_count;
    film->duration = (double)film->frame_count / film->fps;
}
