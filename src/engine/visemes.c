// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/visemes.h"

#include <math.h>

#include "base/json.h"
#include "base/str.h"

static const struct mouth shapes[VISEME_COUNT] = {
    //                   width  open   round  teeth  tongue smile
    [VISEME_REST] = { 0.80, 0.00, 0.00, 0.00, 0.00, 0.70 },
    [VISEME_CLOSED] = { 0.70, 0.00, 0.00, 0.00, 0.00, 0.05 },
    [VISEME_LIP] = { 0.74, 0.16, 0.10, 1.00, 0.00, 0.10 },
    [VISEME_WIDE] = { 0.82, 1.00, 0.45, 0.45, 0.70, 0.20 },
    [VISEME_MIDDLE] = { 0.92, 0.62, 0.25, 0.60, 0.55, 0.35 },
    [VISEME_SPREAD] = { 1.04, 0.36, 0.10, 0.90, 0.20, 0.60 },
    [VISEME_ROUND] = { 0.56, 0.80, 1.00, 0.10, 0.25, 0.00 },
    [VISEME_SMALL] = { 0.36, 0.38, 1.00, 0.00, 0.00, 0.00 },
    [VISEME_R] = { 0.58, 0.34, 0.70, 0.55, 0.30, 0.00 },
    [VISEME_TONGUE] = { 0.84, 0.44, 0.25, 0.60, 1.00, 0.25 },
    [VISEME_TEETH] = { 0.90, 0.24, 0.05, 1.00, 0.00, 0.35 },
    [VISEME_HUSH] = { 0.56, 0.36, 0.60, 1.00, 0.00, 0.00 },
    [VISEME_THROAT] = { 0.82, 0.34, 0.20, 0.50, 0.40, 0.20 },
};

static const struct {
    const char *phonemes; // each between spaces
    enum viseme viseme;
} names[] = {
    { " m b p em ", VISEME_CLOSED },
    { " f v ", VISEME_LIP },
    { " aa ah ay aw ae a aI aU A A: V 0 a: aa: ai au ", VISEME_WIDE },
    { " eh ax e E @ e: E: eI3 3 @L @5 ", VISEME_MIDDLE },
    { " iy ih ey y I i i: eI j I2 i2 ", VISEME_SPREAD },
    { " ao ow oy O O: o o: oU OI O2 ", VISEME_ROUND },
    { " uw uh w u u: U y: Y ", VISEME_SMALL },
    { " er r 3: R r- ", VISEME_R },
    { " l th dh T D L el ", VISEME_TONGUE },
    { " s z t d n en nx dx ", VISEME_TEETH },
    { " sh zh ch jh S Z tS dZ C ", VISEME_HUSH },
    { " k g ng hh h N x G q ", VISEME_THROAT },
};

// For mnemonics that stand in no list: by their first letter.
static enum viseme by_letter(char letter)
{
    static const char *const letters[VISEME_COUNT] = { [VISEME_CLOSED] = "mbpMB",
        [VISEME_LIP] = "fvFP",
        [VISEME_WIDE] = "aAV0",
        [VISEME_MIDDLE] = "eE@38",
        [VISEME_SPREAD] = "iIjJ",
        [VISEME_ROUND] = "oO",
        [VISEME_SMALL] = "uUwWyY",
        [VISEME_R] = "rR",
        [VISEME_TONGUE] = "lLTDK",
        [VISEME_TEETH] = "sztdnc",
        [VISEME_HUSH] = "SZC",
        [VISEME_THROAT] = "kghNxGHXqQ" };
    for (int i = 0; i < VISEME_COUNT; i++)
        if (letters[i] && str_index(str_of(letters[i]), letter) >= 0)
            return (enum viseme)i;
    return VISEME_REST;
}

enum viseme viseme_of(str phoneme)
{
    while (phoneme.size && (phoneme.data[0] == '\'' || phoneme.data[0] == ',' || phoneme.data[0] == '%'))
        phoneme = str_sub(phoneme, 1, phoneme.size); // marks of stress
    if (!phoneme.size || phoneme.data[0] == '_' || str_starts(phoneme, STR("pau")))
        return VISEME_REST;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        str rest = str_of(names[i].phonemes), name;
        while (str_split(&rest, ' ', &name))
            if (str_equal(name, phoneme))
                return names[i].viseme;
    }
    return by_letter(phoneme.data[0]);
}

struct mouth viseme_mouth(enum viseme viseme)
{
    return shapes[viseme];
}

bool viseme_is_vowel(enum viseme viseme)
{
    return viseme >= VISEME_WIDE && viseme <= VISEME_SMALL;
}

error visemes_read(struct arena *arena, const json_t *phonemes, double shift, struct speaking *ret_speaking)
{
    size_t count = json_array_size(phonemes);
    if (count > VISEMES_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "speech", "At most %d phonemes are read", VISEMES_MAX);
    struct viseme_time *times = ARENA_ARRAY(arena, struct viseme_time, count + 1);
    double last = -1e9;
    for (size_t i = 0; i < count; i++) {
        const json_t *phoneme = json_array_get(phonemes, i);
        double start = json_get_number(phoneme, "start", NAN), end = json_get_number(phoneme, "end", NAN);
        if (!(end >= start) || start < last)
            return error_make(ERROR_VALIDATION_ERROR, "speech", "The times of the phonemes make no sense");
        last = start;
        times[i] = (struct viseme_time) { start + shift, end + shift, viseme_of(json_get_str(phoneme, "phoneme")) };
    }
    *ret_speaking = (struct speaking) { .times = times, .count = count };
    return OK;
}

// The first time that ends after a moment.
static size_t find(const struct speaking *speaking, double time)
{
    size_t low = 0, high = speaking->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (speaking->times[middle].end > time)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

enum viseme speaking_viseme(const struct speaking *speaking, double time)
{
    size_t at = find(speaking, time);
    return at < speaking->count && speaking->times[at].start <= time ? speaking->times[at].viseme : VISEME_REST;
}

static void mix(struct mouth *sum, struct mouth shape, double share)
{
    sum->width += share * shape.width;
    sum->open += share * shape.open;
    sum->round += share * shape.round;
    sum->teeth += share * shape.teeth;
    sum->tongue += share * shape.tongue;
    sum->smile += share * shape.smile;
}

// Of the loudness between two moments.
static double level_between(const struct speaking *speaking, double from, double to)
{
    double first = (from - speaking->level_start) / speaking->level_step;
    double last = (to - speaking->level_start) / speaking->level_step, sum = 0;
    size_t count = 0;
    for (double i = fmax(0, floor(first)); i <= last && i < (double)speaking->level_count; i++, count++)
        sum += (double)speaking->levels[(size_t)i];
    return count ? sum / (double)count : 0;
}

// A sound without words: it opens the mouth as far as it is loud, and the vowel changes with the syllables.
static struct mouth loud_mouth(const struct speaking *speaking, double time)
{
    static const enum viseme vowels[] = { VISEME_WIDE, VISEME_MIDDLE, VISEME_ROUND, VISEME_MIDDLE, VISEME_SPREAD };
    const double syllable = 0.19;
    double level = level_between(speaking, time - 0.03, time + 0.02), number = floor(time / syllable);
    double share = fmin(1, fmax(0, (time / syllable - number) * 3)); // a third of it flows
    size_t index = (size_t)fmax(0, number);
    struct mouth mouth = { 0 };
    mix(&mouth, shapes[VISEME_REST], 1 - level);
    mix(&mouth, shapes[vowels[index % 5]], level * share);
    mix(&mouth, shapes[vowels[(index + 4) % 5]], level * (1 - share));
    return mouth;
}

struct mouth speaking_mouth(const struct speaking *speaking, double time)
{
    // The mean over a window as long as a frame; sounds are seen a little before they are heard.
    const double before = 0.022, after = 0.012, window = before + after;
    struct mouth mouth = { 0 };
    double left = 1;
    if (speaking->levels)
        return loud_mouth(speaking, time);
    for (size_t i = find(speaking, time - before); i < speaking->count; i++) {
        const struct viseme_time *part = &speaking->times[i];
        if (part->start >= time + after)
            break;
        double share = (fmin(part->end, time + after) - fmax(part->start, time - before)) / window;
        share = fmin(left, fmax(0, share));
        mix(&mouth, shapes[part->viseme], share);
        left -= share;
    }
    mix(&mouth, shapes[VISEME_REST], left);
    return mouth;
}

double speaking_share(const struct speaking *speaking, double time)
{
    const double around = 0.35;
    double sum = 0;
    if (speaking->levels)
        return fmin(1, 2 * level_between(speaking, time - around, time + around));
    for (size_t i = find(speaking, time - around); i < speaking->count; i++) {
        const struct viseme_time *part = &speaking->times[i];
        if (part->start >= time + around)
            break;
        if (part->viseme != VISEME_REST)
            sum += fmin(part->end, time + around) - fmax(part->start, time - around);
    }
    return fmin(1, sum / (1.6 * around));
}

// Rises in a sixth of a second and sinks in half of one.
static double bump(double since)
{
    const double rise = 0.16, fall = 0.5;
    if (since <= -rise || since >= fall)
        return 0;
    double part = since < 0 ? 1 + since / rise : 1 - since / fall;
    return part * part * (3 - 2 * part);
}

static unsigned scatter(size_t number)
{
    uint64_t mixed = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (unsigned)((mixed ^ mixed >> 29) * UINT64_C(0xBF58476D1CE4E5B9) >> 40);
}

double speaking_accent(const struct speaking *speaking, double time, double *ret_side)
{
    double most = 0;
    *ret_side = 1;
    for (size_t i = find(speaking, time - 1); i < speaking->count && speaking->times[i].start < time + 0.2; i++) {
        const struct viseme_time *part = &speaking->times[i];
        bool starts = part->viseme != VISEME_REST && (i == 0 || speaking->times[i - 1].viseme == VISEME_REST);
        bool chosen = viseme_is_vowel(part->viseme) && scatter(i) % 5 == 0;
        double weight = (starts ? 1 : chosen ? 0.75 : 0) * bump(time - part->start);
        if (weight > most) {
            most = weight;
            *ret_side = scatter(i) & 64 ? 1 : -1;
        }
    }
    return most;
}
