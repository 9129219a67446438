// SPDX-License-Identifier: GPL-3.0-or-later
// Melodies. Each letter of the form has a motif: two bars of rhythm and a contour in steps of the scale. It is stated,
// answered, varied and brought home over four bars; when the letter returns it is ornamented. On strong beats stand
// tones of the chord, between them the line moves by step; after a leap it turns back.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "music.h"

enum { CELL_NOTES_MAX = 16, CELLS = 6 };

// Lengths of notes in sixteenths (of a bar of three or four beats), rests below zero.
struct rhythm {
    const char *name;
    int beats, count;
    signed char cells[CELLS][CELL_NOTES_MAX];
    signed char close[4]; // the last bar of a phrase
};

static const struct rhythm rhythms[] = {
    { "slow", 4, 5, { { 8, 8 }, { 12, 4 }, { 6, 2, 8 }, { -4, 4, 8 }, { 8, 4, 4 } }, { 16 } },
    { "song", 4, 6,
        { { 4, 4, 8 }, { 6, 2, 4, 4 }, { 4, 2, 2, 8 }, { -2, 2, 4, 4, 4 }, { 8, 2, 2, 4 }, { 4, 4, 4, 2, 2 } },
        { 4, 12 } },
    { "lively", 4, 6,
        { { 2, 2, 2, 2, 4, 4 }, { 4, 2, 2, 2, 2, 4 }, { 2, 2, 4, 2, 2, 4 }, { 3, 1, 4, 2, 2, 4 }, { 4, 4, 2, 2, 2, 2 },
            { -2, 2, 2, 2, 4, 4 } },
        { 4, 4, 8 } },
    { "sync", 4, 6,
        { { 3, 3, 2, 4, 4 }, { -2, 2, 3, 3, 6 }, { 3, 3, 6, 2, 2 }, { 2, 4, 2, 4, 4 }, { -4, 3, 3, 2, 4 },
            { 3, 5, 4, 4 } },
        { 3, 13 } },
    { "swing", 4, 6,
        { { -2, 2, 2, 2, 2, 2, 4 }, { 4, 2, 2, 4, -4 }, { 2, 2, 2, 2, 6, 2 }, { -4, 2, 2, 2, 2, 4 }, { 6, 2, 2, 2, 4 },
            { -2, 4, 2, 2, 2, 4 } },
        { 2, 2, 12 } },
    { "sparse", 4, 4, { { -4, 12 }, { 12, -4 }, { -8, 4, 4 }, { 4, 12 } }, { 16 } },
    { "waltz", 3, 6, { { 4, 4, 4 }, { 8, 4 }, { 6, 2, 4 }, { 4, 8 }, { 4, 2, 2, 4 }, { 12 } }, { 12 } },
    { "jig", 3, 5, { { 2, 2, 2, 2, 2, 2 }, { 4, 2, 4, 2 }, { 2, 2, 2, 4, 2 }, { 4, 2, 2, 2, 2 }, { 6, 4, 2 } },
        { 6, 6 } },
};

// How a motif moves, in steps of the scale from its first note.
static const signed char contours[][8] = {
    { 0, 1, 2, 4, 3, 2, 1, 0 },
    { 0, -1, 0, 2, 1, 0, -1, -2 },
    { 0, 2, 4, 3, 2, 4, 5, 4 },
    { 0, 2, 1, 0, -1, 1, 0, -1 },
    { 0, 1, 0, -1, 0, 2, 4, 2 },
    { 0, -2, -1, 0, 1, 2, 0, 1 },
    { 0, 3, 2, 1, 0, 1, -1, 0 },
    { 0, 4, 3, 2, 3, 1, 2, 0 },
};

struct motif {
    const signed char *cells[4], *shape[2];
    bool lift; // the third bar answers a step higher
};

struct melody {
    struct score *score;
    const struct rhythm *rhythm;
    const struct part *part;
    int number, second; // part, and the one that goes along or -1
    bool five;
    struct motif motifs[PROGRESSIONS];
    int previous, leap; // pitch of the last note, and how it was reached
    struct chance chance;
};

static const struct rhythm *find_rhythm(str name)
{
    if (name.size && name.data[name.size - 1] == '5')
        name.size--;
    for (size_t i = 0; i < sizeof rhythms / sizeof *rhythms; i++)
        if (str_equal_c(name, rhythms[i].name))
            return &rhythms[i];
    return NULL;
}

bool music_rhythm_exists(const char *name)
{
    return find_rhythm(str_of(name)) != NULL;
}

static struct motif make_motif(struct melody *melody)
{
    struct motif motif;
    int first = chance_below(&melody->chance, melody->rhythm->count);
    int second = (first + 1 + chance_below(&melody->chance, melody->rhythm->count - 1)) % melody->rhythm->count;
    int third = (second + 1) % melody->rhythm->count;
    motif.cells[0] = motif.cells[2] = melody->rhythm->cells[first];
    motif.cells[1] = melody->rhythm->cells[second];
    motif.cells[3] = melody->rhythm->cells[third];
    for (int i = 0; i < 2; i++)
        motif.shape[i] = contours[chance_below(&melody->chance, sizeof contours / sizeof *contours)];
    motif.lift = chance_of_one(&melody->chance, 0.6);
    return motif;
}

// Without the fourth and the seventh of the home scale, unless the chord has them.
static unsigned scale_of(const struct melody *melody, const struct chord *chord)
{
    if (!melody->five)
        return chord->scale;
    int home = melody->score->piece->transpose + 12;
    unsigned scale = chord->scale & ~(1u << (home + 5) % 12) & ~(1u << (home + 11) % 12);
    return scale | chord->mask;
}

static int keep_in_range(const struct melody *melody, int pitch)
{
    while (pitch > melody->part->high)
        pitch -= 12;
    while (pitch < melody->part->low)
        pitch += 12;
    return pitch;
}

// A wish becomes a pitch that can stand there.
static int settle(const struct melody *melody, int wish, bool strong, const struct chord *chord)
{
    unsigned scale = scale_of(melody, chord);
    if (abs(wish - melody->previous) > 9) // nobody sings such leaps
        wish = melody->previous + (wish > melody->previous ? 7 : -7);
    if (abs(melody->leap) > 4 && (wish - melody->previous) * melody->leap > 0)
        wish = scale_step(scale, melody->previous, melody->leap > 0 ? -1 : 1);
    wish = keep_in_range(melody, wish);
    return strong ? chord_nearest(chord, wish) : scale_step(scale, wish, 0);
}

static void add_second(struct melody *melody, struct note note, const struct chord *chord)
{
    if (melody->second < 0
        || !part_plays(&melody->score->piece->parts[melody->second], score_span(melody->score, note.start)))
        return;
    int below = scale_step(chord->scale, note.pitch, -2);
    note.pitch = note.strong ? chord_nearest(chord, below) : below;
    note.part = melody->second;
    note.velocity -= 10;
    note.strong = false;
    score_add(melody->score, note);
}

static void add_note(
    struct melody *melody, double start, double length, int wish, const struct span *span, double swell)
{
    double in_bar = fmod(start + 1e-6, melody->score->piece->beats);
    bool on_beat = in_bar - floor(in_bar) < 0.01;
    bool strong = (on_beat && ((int)in_bar == 0 || (melody->score->piece->beats == 4 && (int)in_bar == 2)))
                  || length >= 1.4;
    int pitch = settle(melody, wish, strong, &span->chord);
    struct note note = { start, length * 0.96, melody->number, pitch,
        (int)(64 + 8 * span->energy + swell + (on_beat ? 5 : -3) + 3 * chance_bell(&melody->chance)), strong };
    score_add(melody->score, note);
    add_second(melody, note, &span->chord);
    melody->leap = pitch - melody->previous;
    melody->previous = pitch;
}

// The contour of a motif over one bar of its rhythm.
static void sing_bar(struct melody *melody, const struct span *span, const signed char *cell, const signed char *shape,
    int shift, bool ornament)
{
    double at = span->start, end = span->start + melody->score->piece->beats;
    int centre = (melody->part->low + melody->part->high) / 2 + (span->energy >= 4 ? 3 : 0)
                 + (span->letter == 1 ? 2 : 0);
    // Begins on the tone of the chord between where the line is and where it belongs.
    int anchor = chord_nearest(&span->chord, (2 * melody->previous + centre) / 3), number = 0;
    for (int i = 0; i < CELL_NOTES_MAX && cell[i] && at < end - 0.01; i++) {
        double length = fmin(abs(cell[i]) / 4.0, end - at);
        const struct span *now = score_span(melody->score, at);
        if (cell[i] > 0) {
            int wish = scale_step(scale_of(melody, &now->chord), anchor, shape[number % 8] + shift);
            double swell = 6 * sin(M_PI * (at - span->start) / melody->score->piece->beats);
            if (ornament && length >= 1 && number % 2 == 1) { // a neighbour on the way
                add_note(melody, at, length / 2, wish, now, swell);
                wish = scale_step(scale_of(melody, &now->chord), wish, 1);
                add_note(melody, at + length / 2, length / 2, wish, score_span(melody->score, at + length / 2), swell);
            } else
                add_note(melody, at, length, wish, now, swell);
            number++;
        }
        at += length;
    }
}

// The phrase comes to rest: on the root or third in the end, else on the nearest tone.
static void close_phrase(struct melody *melody, const struct span *span, bool home)
{
    double at = span->start;
    const signed char *cell = melody->rhythm->close;
    for (int i = 0; i < 4 && cell[i]; i++) {
        const struct span *now = score_span(melody->score, at);
        bool last = i == 3 || !cell[i + 1];
        double length = fmin(cell[i] / 4.0, span->start + melody->score->piece->beats - at);
        int wish = scale_step(scale_of(melody, &now->chord), melody->previous, last ? -1 : 1);
        if (last && home) {
            int root = pitch_above(now->chord.root, melody->previous - 6);
            int third = pitch_above(now->chord.tones[1], melody->previous - 6);
            wish = abs(third - melody->previous) < abs(root - melody->previous) ? third : root;
        }
        add_note(melody, at, last ? length * 0.85 : length, wish, now, last ? -4 : 2);
        at += length;
    }
}

static void sing(struct melody *melody, const struct span *span)
{
    const struct motif *motif = &melody->motifs[span->letter];
    int place = span->bar % 4;
    bool ornament = span->times > 0 && chance_of_one(&melody->chance, 0.5);
    if (span->bar == span->bars - 1 || (place == 3 && span->bars > 4 && span->bar == 3))
        close_phrase(melody, span, span->bar == span->bars - 1);
    else if (place == 0)
        sing_bar(melody, span, motif->cells[0], motif->shape[0], 0, ornament);
    else if (place == 1)
        sing_bar(melody, span, motif->cells[1], motif->shape[1], 0, false);
    else if (place == 2)
        sing_bar(melody, span, motif->cells[span->bar > 4 ? 3 : 2], motif->shape[0], motif->lift, ornament);
    else
        sing_bar(melody, span, motif->cells[3], motif->shape[1], -1, false);
}

void music_melody(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    struct melody melody = { .score = score, .part = what, .number = part, .second = -1 };
    melody.rhythm = find_rhythm(str_of(what->pattern));
    melody.five = what->pattern[strlen(what->pattern) - 1] == '5';
    char aspect[] = "melody 0";
    aspect[7] = (char)('0' + part);
    melody.chance = chance_of(score->piece->slug, aspect);
    melody.previous = (what->low + what->high) / 2;
    for (int i = 0; i < PROGRESSIONS; i++)
        melody.motifs[i] = make_motif(&melody);
    for (int i = 0; i < PARTS_MAX; i++)
        if (score->piece->parts[i].role == ROLE_SECOND)
            melody.second = i;
    for (size_t i = 0; i < score->span_count; i++)
        if (score->spans[i].first && part_plays(what, &score->spans[i]))
            sing(&melody, &score->spans[i]);
}

// Thirds and sevenths, which say what the chord is, by the smallest step.
void music_line(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    int previous = (what->low + what->high) / 2, middle = previous;
    for (size_t i = 0; i < score->span_count; i++) {
        const struct span *span = &score->spans[i];
        if (!part_plays(what, span))
            continue;
        int best = previous, least = 1000;
        for (int tone = 1; tone < span->chord.tone_count; tone++) {
            for (int pitch = pitch_above(span->chord.tones[tone], what->low); pitch <= what->high; pitch += 12) {
                int cost = 3 * abs(pitch - previous) + abs(pitch - middle) + (tone == 2 ? 4 : 0)
                           + (pitch == previous ? 3 : 0);
                if (cost < least) {
                    least = cost;
                    best = pitch;
                }
            }
        }
        score_add(score, (struct note) { span->start, span->length * 0.99, part, best, 56 + 9 * span->energy, false });
        previous = best;
    }
}
