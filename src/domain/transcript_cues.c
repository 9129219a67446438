// SPDX-License-Identifier: GPL-3.0-or-later
// Subtitles from words: short lines, time to read them, ends where speech has them.
#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "domain/transcript.h"

enum {
    NARROW = 8, // widths are told in eighths of a letter
    WIDE = 21,  // 16 Han letters are as wide as 42 Latin ones: what style guides of both give a line
    SENTENCE_WIDTH = 12 * NARROW,
    ORPHAN_WIDTH = 16 * NARROW,
};
#define PAUSE 0.7 // seconds of silence that end a cue

const struct transcript_rules transcript_rules_default = {
    .line_letters = 42, .lines = 2, .letters_per_second = 17, .least_s = 1, .most_s = 7, .gap_s = 0.04
};

// What is not cut: a word, or a letter of a script without spaces, with the marks that may not stand apart from it.
struct atom {
    str text;
    const struct transcript_segment *of;
    double start, end;
    size_t width, letters; // of the atom; letters count for reading, wide ones double
    bool is_spaced;        // a space before it
    bool ends_segment;
};

struct span {
    size_t first, end; // atoms
};

struct cutting {
    struct arena *arena;
    const struct transcript_rules *rules;
    struct atom *atoms;
    size_t count, room;
    size_t *widths, *letters; // of all atoms before, with their spaces
    struct span *spans;
    size_t span_count;
};

// One letter with its marks.
struct letter {
    utf8proc_int32_t code;
    size_t size; // bytes
    bool is_wide, is_hangul;
};

static struct letter letter_at(str text, size_t at)
{
    const utf8proc_uint8_t *data = (const utf8proc_uint8_t *)text.data;
    struct letter letter = { .size = 1 };
    utf8proc_ssize_t size = utf8proc_iterate(data + at, (utf8proc_ssize_t)(text.size - at), &letter.code);
    if (size <= 0)
        return letter;
    letter.size = (size_t)size;
    letter.is_wide = utf8proc_charwidth(letter.code) == 2;
    letter.is_hangul = (letter.code >= 0x1100 && letter.code <= 0x11FF)
                       || (letter.code >= 0x3130 && letter.code <= 0x318F)
                       || (letter.code >= 0xAC00 && letter.code <= 0xD7AF);
    for (utf8proc_int32_t mark; at + letter.size < text.size; letter.size += (size_t)size) {
        size = utf8proc_iterate(data + at + letter.size, (utf8proc_ssize_t)(text.size - at - letter.size), &mark);
        if (size <= 0 || utf8proc_charwidth(mark) != 0)
            break;
    }
    return letter;
}

static bool is_one_of(utf8proc_int32_t code, const char *marks)
{
    char text[8] = { 0 };
    return code > 0 && utf8proc_encode_char(code, (utf8proc_uint8_t *)text) > 0 && strstr(marks, text);
}

// Line breaking rules of Chinese and Japanese (JIS X 4051, W3C "Requirements for Japanese Text Layout").
static bool may_not_begin(utf8proc_int32_t code)
{
    return is_one_of(code,
        "、。，．,.!?！？：；:;…‥」』）)】〕］]〉》〞”’ーゝゞ々〜～ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ％%・");
}

static bool may_not_end(utf8proc_int32_t code)
{
    return is_one_of(code, "「『（(【〔［[〈《〝“‘￥$");
}

static void add_atom(struct cutting *cutting, struct atom atom)
{
    if (cutting->count == cutting->room) {
        size_t room = cutting->room ? cutting->room * 2 : 256;
        cutting->atoms = arena_grow(cutting->arena, cutting->atoms ? cutting->atoms : arena_alloc(cutting->arena, 0),
            cutting->room * sizeof atom, room * sizeof atom);
        cutting->room = room;
    }
    cutting->atoms[cutting->count++] = atom;
}

static void measure(str text, size_t *ret_width, size_t *ret_letters)
{
    *ret_width = *ret_letters = 0;
    for (size_t at = 0; at < text.size;) {
        struct letter letter = letter_at(text, at);
        *ret_width += letter.is_wide ? WIDE : NARROW;
        *ret_letters += letter.is_wide ? 2 : 1;
        at += letter.size;
    }
}

// Whether what was gathered of a word may end before this letter.
static bool may_cut(utf8proc_int32_t before, bool before_wide, const struct letter *next, size_t width, size_t limit)
{
    bool wide = (before_wide || next->is_wide) && !next->is_hangul;
    return (wide && !may_not_begin(next->code) && !may_not_end(before)) || width + WIDE > limit;
}

// A word becomes one atom, unless it is of a script without spaces or longer than a line. Its letters share its time.
static void add_word(struct cutting *cutting, const struct transcript_segment *of, const struct transcript_word *word)
{
    size_t width, letters, limit = (size_t)cutting->rules->line_letters * NARROW, from = 0, said = 0;
    measure(word->text, &width, &letters);
    double share = letters ? (word->end - word->start) / (double)letters : 0;
    struct atom atom = { .of = of, .start = word->start, .is_spaced = true };
    struct letter before = { 0 };
    for (size_t at = 0; at < word->text.size;) {
        struct letter letter = letter_at(word->text, at);
        if (at > from && may_cut(before.code, before.is_wide && !before.is_hangul, &letter, atom.width, limit)) {
            atom.text = str_sub(word->text, from, at - from);
            atom.end = word->start + share * (double)said;
            add_atom(cutting, atom);
            atom = (struct atom) { .of = of, .start = atom.end };
            from = at;
        }
        atom.width += letter.is_wide ? WIDE : NARROW;
        atom.letters += letter.is_wide ? 2 : 1;
        said += letter.is_wide ? 2 : 1;
        at += letter.size;
        before = letter;
    }
    atom.text = str_sub(word->text, from, word->text.size);
    atom.end = word->end;
    atom.ends_segment = word == &of->words[of->word_count - 1];
    add_atom(cutting, atom);
}

static void sum_up(struct cutting *cutting)
{
    cutting->widths = ARENA_ARRAY(cutting->arena, size_t, cutting->count + 1);
    cutting->letters = ARENA_ARRAY(cutting->arena, size_t, cutting->count + 1);
    for (size_t i = 0; i < cutting->count; i++) {
        const struct atom *atom = &cutting->atoms[i];
        cutting->widths[i + 1] = cutting->widths[i] + atom->width + (atom->is_spaced ? NARROW : 0);
        cutting->letters[i + 1] = cutting->letters[i] + atom->letters + atom->is_spaced;
    }
}

// Of atoms [first, end) on one line.
static size_t width(const struct cutting *cutting, size_t first, size_t end)
{
    bool leads = end > first && cutting->atoms[first].is_spaced;
    return cutting->widths[end] - cutting->widths[first] - (leads ? NARROW : 0);
}

static size_t letters(const struct cutting *cutting, struct span span)
{
    return cutting->letters[span.end] - cutting->letters[span.first] - cutting->atoms[span.first].is_spaced;
}

// First atom of the next line when as much as fits into `limit` is put on this one.
static size_t line_end(const struct cutting *cutting, size_t first, size_t end, size_t limit)
{
    size_t at = first + 1;
    while (at < end && width(cutting, first, at + 1) <= limit)
        at++;
    return at;
}

static size_t lines_of(const struct cutting *cutting, size_t first, size_t end, size_t limit)
{
    size_t lines = 0;
    for (; first < end; lines++)
        first = line_end(cutting, first, end, limit);
    return lines;
}

static size_t limit_of(const struct cutting *cutting)
{
    return (size_t)cutting->rules->line_letters * NARROW;
}

static bool fits(const struct cutting *cutting, size_t first, size_t end)
{
    return lines_of(cutting, first, end, limit_of(cutting)) <= (size_t)cutting->rules->lines;
}

static bool ends_with(str word, const char *const *marks)
{
    static const char *const closing[] = { "\"", "'", ")", "]", "”", "’", "」", "』", "）", NULL };
    for (size_t i = 0; closing[i];) {
        bool closes = str_ends(word, str_of(closing[i])) && word.size > strlen(closing[i]);
        word.size -= closes ? strlen(closing[i]) : 0;
        i = closes ? 0 : i + 1;
    }
    for (size_t i = 0; marks[i]; i++)
        if (str_ends(word, str_of(marks[i])))
            return true;
    return false;
}

static bool ends_sentence(str word)
{
    static const char *const marks[] = { ".", "!", "?", "…", "。", "！", "？", "؟", "।", NULL };
    return ends_with(word, marks);
}

static bool ends_clause(str word)
{
    static const char *const marks[] = { ",", ";", ":", "、", "，", "；", "：", "،", NULL };
    return ends_with(word, marks);
}

static bool same_speaker(const struct atom *a, const struct atom *b)
{
    return str_equal(a->of->speaker, b->of->speaker);
}

static bool must_end_before(const struct cutting *cutting, size_t first, size_t next)
{
    const struct atom *atoms = cutting->atoms;
    double silence = atoms[next].start - atoms[next - 1].end;
    if (!fits(cutting, first, next + 1) || silence >= PAUSE
        || atoms[next].end - atoms[first].start > cutting->rules->most_s
        || !same_speaker(&atoms[next], &atoms[next - 1]))
        return true;
    bool ends = ends_sentence(atoms[next - 1].text) || (atoms[next - 1].ends_segment && silence > 0.2);
    return ends && width(cutting, first, next) >= SENTENCE_WIDTH;
}

// First atom after the sentence that `at` stands in.
static size_t sentence_end(const struct cutting *cutting, size_t at)
{
    while (at < cutting->count && !ends_sentence(cutting->atoms[at].text) && !cutting->atoms[at].ends_segment)
        at++;
    return at < cutting->count ? at + 1 : at;
}

// A cue that is full is better cut behind a comma in its second half than in the middle of a phrase, and a sentence
// leaves no last word alone.
static size_t better_end(const struct cutting *cutting, size_t first, size_t end)
{
    const struct atom *atoms = cutting->atoms;
    if (end == cutting->count || ends_sentence(atoms[end - 1].text) || atoms[end].start - atoms[end - 1].end >= 0.3
        || !same_speaker(&atoms[end], &atoms[end - 1]))
        return end;
    size_t whole = width(cutting, first, end);
    for (size_t at = end; at > first + 1; at--)
        if (ends_clause(atoms[at - 1].text) && width(cutting, first, at) * 2 >= whole)
            return at;
    size_t stop = sentence_end(cutting, end);
    if (width(cutting, end, stop) >= ORPHAN_WIDTH)
        return end;
    while (end > first + 1 && width(cutting, first, end) > width(cutting, end, stop))
        end--;
    return end;
}

static void cut(struct cutting *cutting)
{
    cutting->spans = ARENA_ARRAY(cutting->arena, struct span, cutting->count);
    for (size_t first = 0; first < cutting->count;) {
        size_t end = first + 1;
        while (end < cutting->count && !must_end_before(cutting, first, end))
            end++;
        end = better_end(cutting, first, end);
        cutting->spans[cutting->span_count++] = (struct span) { first, end };
        first = end;
    }
}

static double wanted_s(const struct cutting *cutting, struct span span)
{
    const struct transcript_rules *rules = cutting->rules;
    return fmin(fmax(rules->least_s, (double)letters(cutting, span) / rules->letters_per_second), rules->most_s);
}

// Whether reading the first takes longer than there is before the next, and both together make a good cue.
static bool should_join(const struct cutting *cutting, struct span a, struct span b)
{
    const struct atom *atoms = cutting->atoms;
    double there = atoms[b.first].start - cutting->rules->gap_s - atoms[a.first].start;
    return there < wanted_s(cutting, a) && same_speaker(&atoms[a.first], &atoms[b.first])
           && atoms[b.first].start - atoms[a.end - 1].end < PAUSE
           && atoms[b.end - 1].end - atoms[a.first].start <= cutting->rules->most_s && fits(cutting, a.first, b.end);
}

static void join(struct cutting *cutting)
{
    size_t kept = 0;
    for (size_t i = 1; i < cutting->span_count; i++) {
        if (should_join(cutting, cutting->spans[kept], cutting->spans[i]))
            cutting->spans[kept].end = cutting->spans[i].end;
        else
            cutting->spans[++kept] = cutting->spans[i];
    }
    cutting->span_count = cutting->count ? kept + 1 : 0;
}

// On as few lines as there can be, these as alike as they get.
static str text_of(const struct cutting *cutting, struct span span)
{
    size_t limit = limit_of(cutting), lines = lines_of(cutting, span.first, span.end, limit);
    size_t even = lines > 1 ? width(cutting, span.first, span.end) / lines : limit;
    while (even < limit && lines_of(cutting, span.first, span.end, even) > lines)
        even++;
    BUFFER_AUTO struct buffer text = { 0 };
    for (size_t first = span.first; first < span.end;) {
        size_t end = line_end(cutting, first, span.end, even);
        if (first > span.first)
            buffer_append_byte(&text, '\n');
        for (size_t i = first; i < end; i++) {
            if (i > first && cutting->atoms[i].is_spaced)
                buffer_append_byte(&text, ' ');
            buffer_append_str(&text, cutting->atoms[i].text);
        }
        first = end;
    }
    return str_copy(cutting->arena, text.size ? buffer_str(&text) : STR(""));
}

// A cue stays as long as reading it takes, but never into the next one.
static void show(struct cutting *cutting, double duration, struct transcript_cue *cues)
{
    const struct transcript_rules *rules = cutting->rules;
    for (size_t i = 0; i < cutting->span_count; i++) {
        struct span span = cutting->spans[i];
        const struct atom *first = &cutting->atoms[span.first], *last = &cutting->atoms[span.end - 1];
        double limit = i + 1 < cutting->span_count ? cutting->atoms[cutting->spans[i + 1].first].start - rules->gap_s
                                                   : fmax(duration, last->end);
        double end = fmax(last->end, first->start + wanted_s(cutting, span));
        end = fmin(fmin(end, first->start + rules->most_s), limit);
        if (end <= first->start) // words that touch or overlap
            end = first->start + 0.001;
        cues[i] = (struct transcript_cue) { first->start, end, text_of(cutting, span), first->of };
    }
}

size_t transcript_cues(struct arena *arena, const struct transcript *transcript, const struct transcript_rules *rules,
    struct transcript_cue **ret_cues)
{
    struct cutting cutting = { .arena = arena, .rules = rules };
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct transcript_segment *segment = &transcript->segments[i];
        for (size_t k = 0; k < segment->word_count; k++)
            if (segment->words[k].text.size)
                add_word(&cutting, segment, &segment->words[k]);
    }
    sum_up(&cutting);
    cut(&cutting);
    join(&cutting);
    *ret_cues = ARENA_ARRAY(arena, struct transcript_cue, cutting.span_count);
    show(&cutting, transcript->duration, *ret_cues);
    return cutting.span_count;
}
