// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/transcript.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static error bad_shape(void)
{
    return error_make(ERROR_ENGINE_FAILED, NULL, "The engine gave a transcript that makes no sense");
}

static error take_words(struct arena *arena, const json_t *list, struct transcript_segment *segment)
{
    segment->word_count = json_array_size(list);
    segment->words = ARENA_ARRAY(arena, struct transcript_word, segment->word_count);
    for (size_t i = 0; i < segment->word_count; i++) {
        const json_t *word = json_array_get(list, i);
        segment->words[i] = (struct transcript_word) {
            .text = str_copy(arena, json_get_str(word, "text")),
            .start = json_get_number(word, "start", NAN),
            .end = json_get_number(word, "end", NAN),
            .confidence = json_get_number(word, "confidence", 0),
        };
        if (!segment->words[i].text.data || !(segment->words[i].end >= segment->words[i].start))
            return bad_shape();
    }
    return OK;
}

static int by_start(const void *a, const void *b)
{
    const struct transcript_segment *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

// The language of the most segments: engines find it out anew for each part, and a short one may mislead them.
static str most_heard(struct arena *arena, const json_t *const *parts, size_t count)
{
    str best = STR_NONE;
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        str language = json_get_str(parts[i], "language");
        size_t heard = 0;
        for (size_t k = 0; k < count && language.data; k++)
            if (str_equal(language, json_get_str(parts[k], "language")))
                heard += json_array_size(json_object_get(parts[k], "segments"));
        if (language.data && (!best.data || heard > most)) {
            best = language;
            most = heard;
        }
    }
    return best.data ? str_copy(arena, best) : STR_NONE;
}

error transcript_merge(
    struct arena *arena, const json_t *const *parts, size_t count, double duration, struct transcript *ret_transcript)
{
    struct transcript merged = { .duration = duration, .language = most_heard(arena, parts, count) };
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += json_array_size(json_object_get(parts[i], "segments"));
    merged.segments = ARENA_ARRAY(arena, struct transcript_segment, total);
    for (size_t i = 0; i < count; i++) {
        const json_t *list = json_object_get(parts[i], "segments");
        if (!json_is_array(list))
            return bad_shape();
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *json = json_array_get(list, k);
            struct transcript_segment segment = {
                .start = json_get_number(json, "start", NAN),
                .end = json_get_number(json, "end", NAN),
                .text = str_copy(arena, json_get_str(json, "text")),
                .confidence = json_get_number(json, "confidence", 0),
            };
            TRY(take_words(arena, json_object_get(json, "words"), &segment));
            if (!segment.text.data || !(segment.end >= segment.start))
                return bad_shape();
            if (segment.text.size)
                merged.segments[merged.segment_count++] = segment;
        }
    }
    qsort(merged.segments, merged.segment_count, sizeof *merged.segments, by_start);
    *ret_transcript = merged;
    return OK;
}

bool transcript_format_of(str name, enum transcript_format *ret_format)
{
    static const char *const names[] = { "txt", "json", "srt", "vtt", "tsv" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_equal_c(name, names[i])) {
            *ret_format = (enum transcript_format)i;
            return true;
        }
    return false;
}

static void write_clock(struct buffer *out, double seconds, char point)
{
    long long ms = llround(fmax(0, seconds) * 1000);
    buffer_format(out, "%02lld:%02lld:%02lld%c%03lld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, point, ms % 1000);
}

static void write_text(struct buffer *out, str text, bool escape)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (escape && (c == '&' || c == '<' || c == '>'))
            buffer_append_c(out, c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;");
        else
            buffer_append_byte(out, c);
    }
}

static bool has_several_speakers(const struct transcript *transcript)
{
    size_t i = 1;
    while (i < transcript->segment_count && str_equal(transcript->segments[i].speaker, transcript->segments[0].speaker))
        i++;
    return i < transcript->segment_count;
}

// WebVTT's voice: a name, or at least an id where there are several.
static void write_voice(const struct transcript_segment *of, bool several, struct buffer *out)
{
    str voice = of->speaker_name.data ? of->speaker_name : several ? of->speaker : STR_NONE;
    if (!voice.data)
        return;
    buffer_append_c(out, "<v ");
    write_text(out, voice, true);
    buffer_append_byte(out, '>');
}

static void write_cues(struct arena *arena, const struct transcript *transcript, enum transcript_format format,
    const struct transcript_rules *rules, struct buffer *out)
{
    bool vtt = format == TRANSCRIPT_VTT, several = has_several_speakers(transcript);
    struct transcript_cue *cues;
    size_t count = transcript_cues(arena, transcript, rules, &cues);
    if (vtt)
        buffer_append_c(out, "WEBVTT\n\n");
    for (size_t i = 0; i < count; i++) {
        if (!vtt)
            buffer_format(out, "%zu\n", i + 1);
        write_clock(out, cues[i].start, vtt ? '.' : ',');
        buffer_append_c(out, " --> ");
        write_clock(out, cues[i].end, vtt ? '.' : ',');
        buffer_append_byte(out, '\n');
        if (vtt)
            write_voice(cues[i].of, several, out);
        write_text(out, cues[i].text, vtt);
        buffer_append_c(out, "\n\n");
    }
}

static double to_ms(double seconds)
{
    return (double)llround(seconds * 1000) / 1000;
}

static void put_time(struct json_out *out, const char *key, double seconds)
{
    json_key(out, key);
    json_put_number(out, to_ms(seconds));
}

static void put_segment(struct json_out *out, const struct transcript_segment *segment)
{
    json_object_begin(out);
    put_time(out, "start", segment->start);
    put_time(out, "end", segment->end);
    json_key(out, "text");
    json_put_str(out, segment->text);
    put_time(out, "confidence", segment->confidence);
    if (segment->speaker.data) {
        json_key(out, "speaker");
        json_put_str(out, segment->speaker);
    }
    if (segment->speaker_name.data) {
        json_key(out, "speaker_name");
        json_put_str(out, segment->speaker_name);
    }
    json_key(out, "words");
    json_array_begin(out);
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct transcript_word *word = &segment->words[i];
        json_object_begin(out);
        json_key(out, "text");
        json_put_str(out, word->text);
        put_time(out, "start", word->start);
        put_time(out, "end", word->end);
        put_time(out, "confidence", word->confidence);
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
}

static void write_json(const struct transcript *transcript, struct buffer *buffer)
{
    struct json_out out = { .buffer = buffer };
    BUFFER_AUTO struct buffer text = { 0 };
    for (size_t i = 0; i < transcript->segment_count; i++) {
        if (i)
            buffer_append_byte(&text, ' ');
        buffer_append_str(&text, transcript->segments[i].text);
    }
    json_object_begin(&out);
    json_key(&out, "language");
    json_put_str(&out, transcript->language);
    put_time(&out, "duration", transcript->duration);
    json_key(&out, "text");
    json_put_str(&out, text.size ? buffer_str(&text) : STR(""));
    json_key(&out, "segments");
    json_array_begin(&out);
    for (size_t i = 0; i < transcript->segment_count; i++)
        put_segment(&out, &transcript->segments[i]);
    json_array_end(&out);
    json_object_end(&out);
    buffer_append_byte(buffer, '\n');
}

void transcript_write(
    struct arena *arena, const struct transcript *transcript, enum transcript_format format, struct buffer *out)
{
    transcript_write_by(arena, transcript, format, &transcript_rules_default, out);
}

void transcript_write_by(struct arena *arena, const struct transcript *transcript, enum transcript_format format,
    const struct transcript_rules *rules, struct buffer *out)
{
    switch (format) {
    case TRANSCRIPT_TXT:
        for (size_t i = 0; i < transcript->segment_count; i++) {
            buffer_append_str(out, transcript->segments[i].text);
            buffer_append_byte(out, '\n');
        }
        return;
    case TRANSCRIPT_JSON:
        write_json(transcript, out);
        return;
    case TRANSCRIPT_SRT:
    case TRANSCRIPT_VTT:
        write_cues(arena, transcript, format, rules, out);
        return;
    case TRANSCRIPT_TSV: // milliseconds, as whisper writes it
        buffer_append_c(out, "start\tend\ttext\n");
        for (size_t i = 0; i < transcript->segment_count; i++) {
            const struct transcript_segment *segment = &transcript->segments[i];
            buffer_format(out, "%lld\t%lld\t", llround(segment->start * 1000), llround(segment->end * 1000));
            for (size_t k = 0; k < segment->text.size; k++)
                buffer_append_byte(out, segment->text.data[k] == '\t' ? ' ' : segment->text.data[k]);
            buffer_append_byte(out, '\n');
        }
        return;
    }
}
