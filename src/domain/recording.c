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
    bool may_cut, must_cut; // behind it
};

struct cutting {
    struct arena *arena;
    const struct recording *recording;
    struct spoken *words;
    size_t count;
    json_t *scenes;
};

static bool ends_sentence(str word)
{
    while (word.size && strchr("\"')]", word.data[word.size - 1]))
        word.size--;
    return word.size && strchr(".!?", word.data[word.size - 1]);
}

// A segment without word times is one long word.
static void take_segment(struct cutting *cutting, const struct transcript_segment *segment, bool follows)
{
    if (cutting->count)
        cutting->words[cutting->count - 1].must_cut |= !follows
                                                       || segment->start - cutting->words[cutting->count - 1].end
                                                              > PAUSE_SECONDS;
    if (!segment->word_count)
        cutting->words[cutting->count++] = (struct spoken) { segment->text, segment->start, segment->end, false,
            false };
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct transcript_word *word = &segment->words[i];
        bool pause = i + 1 < segment->word_count && word[1].start - word->end > PAUSE_SECONDS;
        cutting->words[cutting->count++] = (struct spoken) { word->text, word->start, word->end,
            ends_sentence(word->text), pause };
    }
    cutting->words[cutting->count - 1].may_cut = true;
}

static error take_segments(struct cutting *cutting, const json_t *chosen)
{
    const struct transcript *transcript = cutting->recording->transcript;
    size_t count = chosen ? json_array_size(chosen) : transcript->segment_count, room = 0;
    for (size_t pass = 0; pass < 2; pass++) { // the first counts the words
        json_int_t before = -1;
        for (size_t i = 0; i < count; i++) {
            const json_t *item = json_array_get(chosen, i);
            json_int_t index = chosen ? json_integer_value(item) : (json_int_t)i;
            if ((chosen && !json_is_integer(item)) || index < 0 || index >= (json_int_t)transcript->segment_count)
                return error_make(ERROR_VALIDATION_ERROR, "segments", "There are %zu segments, counted from 0",
                    transcript->segment_count);
            const struct transcript_segment *segment = &transcript->segments[index];
            if (pass)
                take_segment(cutting, segment, index == before + 1);
            room += segment->word_count + 1;
            before = index;
        }
        if (!pass)
            cutting->words = ARENA_ARRAY(cutting->arena, struct spoken, room);
    }
    if (!count)
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
    start = to_ms(fmax(0, start));
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
    struct cutting cutting = { .arena = arena, .recording = recording, .scenes = json_array() };
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
