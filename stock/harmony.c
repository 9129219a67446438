// SPDX-License-Identifier: GPL-3.0-or-later
#include "harmony.h"

#include <limits.h>
#include <stdlib.h>

static const unsigned major_scale = 0xAB5; // C D E F G A B

struct quality {
    const char *name;
    int count, tones[CHORD_TONES_MAX]; // semitones above the root
};

static const struct quality qualities[] = {
    { "", 3, { 0, 4, 7 } },
    { "m", 3, { 0, 3, 7 } },
    { "7", 4, { 0, 4, 7, 10 } },
    { "maj7", 4, { 0, 4, 7, 11 } },
    { "m7", 4, { 0, 3, 7, 10 } },
    { "m7b5", 4, { 0, 3, 6, 10 } },
    { "dim", 3, { 0, 3, 6 } },
    { "dim7", 4, { 0, 3, 6, 9 } },
    { "aug", 3, { 0, 4, 8 } },
    { "sus2", 3, { 0, 2, 7 } },
    { "sus4", 3, { 0, 5, 7 } },
    { "7sus4", 4, { 0, 5, 7, 10 } },
    { "6", 4, { 0, 4, 7, 9 } },
    { "m6", 4, { 0, 3, 7, 9 } },
    { "add9", 4, { 0, 4, 7, 2 } },
    { "madd9", 4, { 0, 3, 7, 2 } },
    { "9", 5, { 0, 4, 7, 10, 2 } },
    { "maj9", 5, { 0, 4, 7, 11, 2 } },
    { "m9", 5, { 0, 3, 7, 10, 2 } },
    { "13", 5, { 0, 4, 9, 10, 2 } },
    { "7b9", 5, { 0, 4, 7, 10, 1 } },
    { "mmaj7", 4, { 0, 3, 7, 11 } },
    { "5", 2, { 0, 7 } },
};

static bool parse_pitch(str *text, int *ret_class)
{
    static const int naturals[] = { 9, 11, 0, 2, 4, 5, 7 };
    if (!text->size || text->data[0] < 'A' || text->data[0] > 'G')
        return false;
    int pitch = naturals[text->data[0] - 'A'];
    size_t used = 1;
    if (text->size > 1 && (text->data[1] == '#' || text->data[1] == 'b')) {
        pitch += text->data[1] == '#' ? 1 : 11;
        used = 2;
    }
    *text = str_sub(*text, used, text->size);
    *ret_class = pitch % 12;
    return true;
}

// Notes of the home scale that would rub against a tone of the chord that is not in it give way to that tone.
static unsigned bend(unsigned tones, unsigned home)
{
    unsigned scale = home | tones;
    for (int i = 0; i < 12; i++) {
        if (!(tones >> i & 1) || home >> i & 1)
            continue;
        for (int side = 1; side <= 11; side += 10) {
            int neighbour = (i + side) % 12;
            if (!(tones >> neighbour & 1))
                scale &= ~(1u << neighbour);
        }
    }
    return scale;
}

bool chord_parse(str text, int transpose, struct chord *ret_chord)
{
    struct chord chord = { 0 };
    str rest = text, name;
    int root, bass;
    if (!parse_pitch(&rest, &root) || !str_split(&rest, '/', &name))
        return false;
    bass = root;
    if (rest.data && (!parse_pitch(&rest, &bass) || rest.size))
        return false;
    const struct quality *found = NULL;
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++)
        if (str_equal_c(name, qualities[i].name))
            found = &qualities[i];
    if (!found)
        return false;
    unsigned home = 0;
    for (int i = 0; i < 12; i++)
        home |= (major_scale >> i & 1) << (i + transpose + 12) % 12;
    chord.root = (root + transpose + 12) % 12;
    chord.bass = (bass + transpose + 12) % 12;
    chord.tone_count = found->count;
    for (int i = 0; i < found->count; i++) {
        chord.tones[i] = (chord.root + found->tones[i]) % 12;
        chord.mask |= 1u << chord.tones[i];
    }
    chord.scale = bend(chord.mask, home);
    *ret_chord = chord;
    return true;
}

int chord_nearest(const struct chord *chord, int pitch)
{
    for (int distance = 0; distance < 12; distance++) {
        if (chord->mask >> (pitch - distance + 120) % 12 & 1)
            return pitch - distance;
        if (chord->mask >> (pitch + distance) % 12 & 1)
            return pitch + distance;
    }
    return pitch;
}

int scale_step(unsigned scale, int pitch, int steps)
{
    while (!(scale >> pitch % 12 & 1))
        pitch--;
    for (int way = steps < 0 ? -1 : 1; steps; steps -= way)
        do
            pitch += way;
        while (!(scale >> pitch % 12 & 1));
    return pitch;
}

int pitch_above(int pitch_class, int low)
{
    return low + ((pitch_class - low) % 12 + 12) % 12;
}

// Which tones to leave out when there are more than voices: the fifth first, then the root, which the bass has.
static int choose_tones(const struct chord *chord, int count, int *chosen)
{
    static const int leave[] = { 2, 0, 4, 1 };
    bool left_out[CHORD_TONES_MAX] = { 0 };
    int kept = 0;
    for (int i = 0; i < chord->tone_count - count; i++)
        left_out[leave[i]] = true;
    for (int i = 0; i < chord->tone_count; i++)
        if (!left_out[i])
            chosen[kept++] = chord->tones[i];
    for (int i = 0; kept < count; i++)
        chosen[kept++] = chord->tones[i % chord->tone_count];
    return kept;
}

static int by_pitch(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static int cost_of(const int *notes, int count, const int *previous, int middle)
{
    int cost = 0, sum = 0;
    for (int i = 0; i < count; i++) {
        sum += notes[i];
        if (previous)
            cost += 4 * abs(notes[i] - previous[i]);
        if (i && notes[i] == notes[i - 1])
            cost += 40; // two voices on one note
        if (i && notes[i] - notes[i - 1] == 1)
            cost += 12; // a bare semitone
        if (i && notes[i] - notes[i - 1] > 12)
            cost += 10;
        if (notes[i] < 52 && i && notes[i] - notes[i - 1] < 5)
            cost += 10; // close chords are mud down there
    }
    return cost + abs(sum / count - middle) * (previous ? 2 : 6);
}

void chord_voice(const struct chord *chord, int low, int high, int count, const int *previous, int *ret_notes)
{
    int tones[CHORD_TONES_MAX], notes[CHORD_TONES_MAX], best = INT_MAX, options = 1;
    choose_tones(chord, count, tones);
    for (int i = 0; i < count; i++)
        options *= 3;
    for (int option = 0; option < options; option++) {
        int rest = option;
        bool fits = true;
        for (int i = 0; i < count; i++, rest /= 3) {
            notes[i] = pitch_above(tones[i], low) + 12 * (rest % 3);
            fits &= notes[i] <= high;
        }
        if (!fits)
            continue;
        qsort(notes, (size_t)count, sizeof *notes, by_pitch);
        int cost = cost_of(notes, count, previous, (low + high) / 2);
        if (cost >= best)
            continue;
        best = cost;
        for (int i = 0; i < count; i++)
            ret_notes[i] = notes[i];
    }
    // A range of less than an octave above `low` may hold none.
    if (best == INT_MAX)
        for (int i = 0; i < count; i++)
            ret_notes[i] = pitch_above(tones[i], low);
}
