// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles from words.
#include <math.h>
#include <string.h>

#include "domain/transcript.h"

enum { LINE_LETTERS = 42, ORPHAN_LETTERS = 16 };
#define LETTERS_A_SECOND 17.0 // what most people read with ease
#define LEAST_SECONDS 1.0
#define MOST_SECONDS 7.0
#define PAUSE 0.7 // seconds of silence that end a cue
#define GAP 0.04  // between cues, so that the eye sees the change

struct cutting {
    struct arena *arena;
    struct transcript_word *words; // of the whole transcript
    size_t count;
    bool *ends_segment;
    struct transcript_cue *cues;
    size_t cue_count;
};

static size_t letters(str text)
{
    return str_length_utf8(text);
}

// Letters of words [first, end) with spaces between.
static size_t width(const struct cutting *cutting, size_t first, size_t end)
{
    size_t sum = end > first ? end - first - 1 : 0;
    for (size_t i = first; i < end; i++)
        sum += letters(cutting->words[i].text);
    return sum;
}

// Where the second line begins so that both fit and are most alike; `end` for a single line, 0 when nothing fits.
static size_t line_break(const struct cutting *cutting, size_t first, size_t end)
{
    if (width(cutting, first, end) <= LINE_LETTERS || end - first == 1)
        return end;
    size_t best = 0, best_difference = SIZE_MAX;
    for (size_t at = first + 1; at < end; at++) {
        size_t upper = width(cutting, first, at), lower = width(cutting, at, end);
        size_t difference = upper > lower ? upper - lower : lower - upper;
        bool fits = (upper <= LINE_LETTERS || at == first + 1) && (lower <= LINE_LETTERS || at == end - 1);
        if (fits && difference < best_difference) {
            best = at;
            best_difference = difference;
        }
    }
    return best;
}

static bool ends_with(str word, const char *marks)
{
    while (word.size && strchr("\"')]", word.data[word.size - 1]))
        word.size--;
    return word.size && strchr(marks, word.data[word.size - 1]);
}

static bool must_end_before(const struct cutting *cutting, size_t first, size_t next)
{
    const struct transcript_word *words = cutting->words;
    double silence = words[next].start - words[next - 1].end;
    bool sentence = ends_with(words[next - 1].text, ".!?");
    if (silence >= PAUSE || words[next].end - words[first].start > MOST_SECONDS)
        return true;
    if (sentence || (cutting->ends_segment[next - 1] && silence > 0.2))
        return width(cutting, first, next) >= 12;
    return !line_break(cutting, first, next + 1);
}

// First word after the sentence that word `at` stands in.
static size_t sentence_end(const struct cutting *cutting, size_t at)
{
    while (at < cutting->count && !ends_with(cutting->words[at].text, ".!?") && !cutting->ends_segment[at])
        at++;
    return at < cutting->count ? at + 1 : at;
}

// A cue that is full is better cut behind a comma in its second half than in the middle of a phrase, and a sentence
// leaves no last word alone.
static size_t better_end(const struct cutting *cutting, size_t first, size_t end)
{
    const struct transcript_word *words = cutting->words;
    if (end == cutting->count || ends_with(words[end - 1].text, ".!?") || words[end].start - words[end - 1].end >= 0.3)
        return end;
    size_t whole = width(cutting, first, end);
    for (size_t at = end; at > first + 1; at--)
        if (ends_with(words[at - 1].text, ",;:") && width(cutting, first, at) * 2 >= whole)
            return at;
    size_t stop = sentence_end(cutting, end);
    if (width(cutting, end, stop) >= ORPHAN_LETTERS)
        return end;
    while (end > first + 1 && width(cutting, first, end) > width(cutting, end, stop))
        end--;
    return end;
}

static str cue_text(const struct cutting *cutting, size_t first, size_t end)
{
    size_t second = line_break(cutting, first, end);
    BUFFER_AUTO struct buffer text = { 0 };
    for (size_t i = first; i < end; i++) {
        if (i > first)
            buffer_append_byte(&text, i == second ? '\n' : ' ');
        buffer_append_str(&text, cutting->words[i].text);
    }
    return str_copy(cutting->arena, buffer_str(&text));
}

static void cut(struct cutting *cutting)
{
    size_t first = 0;
    while (first < cutting->count) {
        size_t end = first + 1;
        while (end < cutting->count && !must_end_before(cutting, first, end))
            end++;
        end = better_end(cutting, first, end);
        cutting->cues[cutting->cue_count++] = (struct transcript_cue) {
            cutting->words[first].start,
            cutting->words[end - 1].end,
            cue_text(cutting, first, end),
        };
        first = end;
    }
}

// A cue stays as long as reading it takes, but never into the next one.
static void stretch(struct cutting *cutting, double duration)
{
    for (size_t i = 0; i < cutting->cue_count; i++) {
        struct transcript_cue *cue = &cutting->cues[i];
        double wanted = fmax(LEAST_SECONDS, (double)letters(cue->text) / LETTERS_A_SECOND);
        double limit = i + 1 < cutting->cue_count ? cutting->cues[i + 1].start - GAP : fmax(duration, cue->end);
        cue->end = fmin(fmax(cue->end, cue->start + fmin(wanted, MOST_SECONDS)), limit);
        if (cue->end <= cue->start) // words that touch or overlap
            cue->end = cue->start + 0.001;
    }
}

size_t transcript_cues(struct arena *arena, const struct transcript *transcript, struct transcript_cue **ret_cues)
{
    struct cutting cutting = { .arena = arena };
    for (size_t i = 0; i < transcript->segment_count; i++)
        cutting.count += transcript->segments[i].word_count;
    cutting.words = ARENA_ARRAY(arena, struct transcript_word, cutting.count);
    cutting.ends_segment = ARENA_ARRAY(arena, bool, cutting.count);
    cutting.cues = ARENA_ARRAY(arena, struct transcript_cue, cutting.count);
    size_t at = 0;
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct transcript_segment *segment = &transcript->segments[i];
        for (size_t k = 0; k < segment->word_count; k++) {
            cutting.words[at] = segment->words[k];
            cutting.ends_segment[at++] = k + 1 == segment->word_count;
        }
    }
    cut(&cutting);
    stretch(&cutting, transcript->duration);
    *ret_cues = cutting.cues;
    return cutting.cue_count;
}
