// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/recording.h"

#include <math.h>
#include <string.h>

#define SCENE_SECONDS 10.0 // at most, where the words allow
#define PAUSE_SECONDS 2.0  // of silence that are left out
#define PAD_SECONDS 0.25   // around the words, so that nothing is clipped
#define LEAST_SECONDS 0.5

struct spoken {
    str text;
    double start, end;
    bool may_cut, must_cut;  // behind it
    double earliest, latest; // a clip may reach so far around it: what was left out must not be heard
};

struct cutting {
    struct arena *arena;
    const struct recording *recording;
    struct spoken *words;
    size_t count;
    double left_out_until; // end of the words that were left out before the next one; -INFINITY: none
    json_t *scenes;
};

static bool ends_sentence(str word)
{
    while (word.size && strchr("\"')]", word.data[word.size - 1]))
        word.size--;
    return word.size && strchr(".!?", word.data[word.size - 1]);
}

static void take_word(struct cutting *cutting, str text, double start, double end)
{
    cutting->words[cutting->count++] = (struct spoken) { .text = text,
        .start = start,
        .end = end,
        .may_cut = ends_sentence(text),
        .earliest = cutting->left_out_until,
        .latest = INFINITY };
    cutting->left_out_until = -INFINITY;
}

static bool is_left_out(const json_t *without, size_t word)
{
    for (size_t i = 0; i < json_array_size(without); i++)
        if (json_integer_value(json_array_get(without, i)) == (json_int_t)word)
            return true;
    return false;
}

// A segment without word times is one long word. Behind a word that is left out a new clip begins.
static void take_segment(
    struct cutting *cutting, const struct transcript_segment *segment, const json_t *without, bool follows)
{
    if (!follows)
        cutting->left_out_until = -INFINITY;
    if (cutting->count)
        cutting->words[cutting->count - 1].must_cut |= !follows
                                                       || segment->start - cutting->words[cutting->count - 1].end
                                                              > PAUSE_SECONDS;
    if (!segment->word_count)
        take_word(cutting, segment->text, segment->start, segment->end);
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct transcript_word *word = &segment->words[i];
        if (is_left_out(without, i)) {
            struct spoken *before = cutting->count ? &cutting->words[cutting->count - 1] : NULL;
            if (before && isinf(cutting->left_out_until) && (i || follows)) {
                before->must_cut = true;
                before->latest = word->start;
            }
            cutting->left_out_until = word->end;
            continue;
        }
        take_word(cutting, word->text, word->start, word->end);
        cutting->words[cutting->count - 1].must_cut = i + 1 < segment->word_count
                                                      && word[1].start - word->end > PAUSE_SECONDS;
    }
    if (cutting->count)
        cutting->words[cutting->count - 1].may_cut = true;
}

// An index, or {"segment": index, "without": [indexes of words]}.
static error read_item(
    const struct transcript *transcript, const json_t *item, json_int_t *ret_index, const json_t **ret_without)
{
    const json_t *index = json_is_object(item) ? json_object_get(item, "segment") : item;
    const json_t *without = json_is_object(item) ? json_object_get(item, "without") : NULL;
    json_int_t at = json_integer_value(index);
    if (!json_is_integer(index) || at < 0 || at >= (json_int_t)transcript->segment_count)
        return error_make(
            ERROR_VALIDATION_ERROR, "segments", "There are %zu segments, counted from 0", transcript->segment_count);
    if (without && !json_is_array(without))
        return error_make(ERROR_VALIDATION_ERROR, "segments", "\"without\" is a list of indexes of words");
    *ret_index = at;
    *ret_without = without;
    return OK;
}

static error take_segments(struct cutting *cutting, const json_t *chosen)
{
    const struct transcript *transcript = cutting->recording->transcript;
    size_t count = chosen ? json_array_size(chosen) : transcript->segment_count, room = 0;
    for (size_t pass = 0; pass < 2; pass++) { // the first counts the words
        json_int_t before = -1;
        for (size_t i = 0; i < count; i++) {
            json_int_t index = (json_int_t)i;
            const json_t *without = NULL;
            if (chosen)
                TRY(read_item(transcript, json_array_get(chosen, i), &index, &without));
            const struct transcript_segment *segment = &transcript->segments[index];
            if (pass)
                take_segment(cutting, segment, without, index == before + 1);
            room += segment->word_count + 1;
            before = index;
        }
        if (!pass)
            cutting->words = ARENA_ARRAY(cutting->arena, struct spoken, room);
    }
    if (!cutting->count)
        return error_make(ERROR_VALIDATION_ERROR, "segments", "There is no segment to make a scene of");
    return OK;
}

static json_t *title_layer(const struct cutting *cutting, double duration)
{
    return json_pack("{s:s, s:s, s:f, s:{s:o, s:i, s:s, s:s, s:{s:i, s:i}, s:i}}", "type", "text", "name", "Title",
        "duration", duration, "properties", "text", json_str(cutting->recording->title), "font_size", 56, "font_weight",
        "bold", "color", "#FFFFFF", "position", "x", 50, "y", 22, "width", 80);
}

static json_t *recorded_layer(const struct cutting *cutting, double start, double duration, json_t *words)
{
    const struct recording *recording = cutting->recording;
    json_t *properties = json_pack("{s:f, s:f, s:o}", "start_from", start, "volume", 1.0, "words", words);
    json_object_set_new(properties, recording->is_film ? "media_id" : "audio_id", json_str(recording->media_id));
    if (recording->is_film)
        json_object_update_new(properties,
            json_pack("{s:s, s:b, s:i, s:i}", "media_type", "video", "loop", 0, "width", 100, "height", 100));
    return json_pack("{s:s, s:s, s:f, s:o}", "type", recording->is_film ? "media" : "audio", "name", "Recording",
        "duration", duration, "properties", properties);
}

// Times to the millisecond: documents are for people too.
static double to_ms(double seconds)
{
    return (double)llround(seconds * 1000) / 1000;
}

// One scene of the words [first, end). Half of a gap belongs to each neighbour, up to PAD_SECONDS.
static void add_scene(struct cutting *cutting, size_t first, size_t end)
{
    const struct spoken *words = cutting->words;
    double start = words[first].start - PAD_SECONDS, stop = words[end - 1].end + PAD_SECONDS;
    if (first && !words[first - 1].must_cut)
        start = fmax(start, (words[first - 1].end + words[first].start) / 2);
    if (end < cutting->count && !words[end - 1].must_cut)
        stop = fmin(stop, (words[end - 1].end + words[end].start) / 2);
    start = to_ms(fmax(fmax(0, start), words[first].earliest));
    stop = fmin(stop, words[end - 1].latest);
    if (cutting->recording->transcript->duration > 0)
        stop = fmin(stop, cutting->recording->transcript->duration);
    double duration = to_ms(fmax(stop - start, LEAST_SECONDS));
    BUFFER_AUTO struct buffer text = { 0 };
    json_t *list = json_array(), *layers = json_array();
    for (size_t i = first; i < end; i++) {
        if (i > first)
            buffer_append_byte(&text, ' ');
        buffer_append_str(&text, words[i].text);
        json_array_append_new(list, json_pack("{s:o, s:f, s:f}", "text", json_str(words[i].text), "start",
                                        words[i].start, "end", words[i].end));
    }
    json_array_append_new(layers, recorded_layer(cutting, start, duration, list));
    if (!cutting->recording->is_film)
        json_array_append_new(layers, title_layer(cutting, duration));
    json_array_append_new(cutting->scenes, json_pack("{s:o, s:f, s:s, s:o}", "text", json_str(buffer_str(&text)),
                                               "duration", duration, "duration_mode", "fixed", "layers", layers));
}

static void cut(struct cutting *cutting)
{
    const struct spoken *words = cutting->words;
    size_t first = 0, good = 0; // the last place where a scene may end
    for (size_t i = 0; i < cutting->count; i++) {
        while (i > first && words[i].end - words[first].start > SCENE_SECONDS) {
            size_t end = good > first ? good : i;
            add_scene(cutting, first, end);
            first = end;
        }
        if (words[i].may_cut)
            good = i + 1;
        if (words[i].must_cut || i + 1 == cutting->count) {
            add_scene(cutting, first, i + 1);
            first = i + 1;
        }
    }
}

// The aspect ratio of the four that is closest to the film's.
static const char *ratio_of(const struct recording *recording)
{
    double ratio = recording->is_film && recording->height > 0 ? recording->width / recording->height : 16.0 / 9;
    return ratio < 0.68 ? "9:16" : ratio < 0.9 ? "4:5" : ratio < 1.3 ? "1:1" : "16:9";
}

error recording_document(
    struct arena *arena, const struct recording *recording, const json_t *segments, json_t **ret_document)
{
    struct cutting cutting = {
        .arena = arena, .recording = recording, .left_out_until = -INFINITY, .scenes = json_array()
    };
    json_t *document = json_keep(arena, json_object());
    json_object_set_new(document, "scenes", cutting.scenes);
    json_t *captions = recording->is_film
                           ? json_pack("{s:s}", "mode", "karaoke")
                           : json_pack("{s:s, s:s, s:i}", "mode", "karaoke", "position", "middle", "font_size", 64);
    json_object_set_new(document, "video",
        json_pack("{s:o, s:s, s:s, s:o}", "title", json_str(recording->title), "aspect_ratio", ratio_of(recording),
            "background", recording->is_film ? "#000000" : "#16213E", "captions", captions));
    TRY(take_segments(&cutting, segments));
    cut(&cutting);
    *ret_document = document;
    return OK;
}
