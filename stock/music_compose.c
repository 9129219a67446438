// SPDX-License-Identifier: GPL-3.0-or-later
// From a recipe to notes: the form is laid out as spans of one chord each, then every part plays over them.
#include <math.h>
#include <string.h>

#include "music.h"

enum { VOICES_PAD = 4, VOICES_COMP = 4 };

void score_add(struct score *score, struct note note)
{
    if (score->note_count == score->note_room) {
        size_t room = score->note_room ? 2 * score->note_room : 4096;
        score->notes = arena_grow(score->arena, score->notes, score->note_room * sizeof note, room * sizeof note);
        score->note_room = room;
    }
    note.velocity = note.velocity < 1 ? 1 : note.velocity > 127 ? 127 : note.velocity;
    score->notes[score->note_count++] = note;
}

const struct span *score_span(const struct score *score, double beat)
{
    beat = fmod(beat + 1e-6, score->beats);
    for (size_t i = 0; i < score->span_count; i++)
        if (beat < score->spans[i].start + score->spans[i].length)
            return &score->spans[i];
    return &score->spans[0];
}

bool part_plays(const struct part *part, const struct span *span)
{
    return span->energy >= part->from && span->energy <= part->to;
}

static void add_span(struct score *score, struct span span)
{
    if (score->span_count == score->span_room) {
        size_t room = score->span_room ? 2 * score->span_room : 128;
        score->spans = arena_grow(score->arena, score->spans, score->span_room * sizeof span, room * sizeof span);
        score->span_room = room;
    }
    score->spans[score->span_count++] = span;
}

// A bar: "Am" or "Am,G".
static bool add_bar(struct score *score, str bar, struct span span)
{
    size_t count = 1;
    for (size_t i = 0; i < bar.size; i++)
        count += bar.data[i] == ',';
    str rest = bar, name;
    for (size_t i = 0; str_split(&rest, ',', &name); i++) {
        span.length = (double)score->piece->beats / (double)count;
        span.start = score->beats + (double)i * span.length;
        span.first = i == 0;
        span.last = i == count - 1;
        if (!chord_parse(name, score->piece->transpose, &span.chord))
            return false;
        add_span(score, span);
    }
    score->beats += score->piece->beats;
    return true;
}

static bool add_section(struct score *score, str name, int *times)
{
    int letter = name.size == 2 ? name.data[0] - 'A' : -1, energy = name.size == 2 ? name.data[1] - '0' : 0;
    if (letter < 0 || letter >= PROGRESSIONS || energy < 1 || energy > ENERGY_MAX)
        return false;
    struct span span = { .section = score->sections, .letter = letter, .energy = energy, .times = times[letter]++ };
    str rest = str_of(score->piece->chords[letter]), bar;
    for (size_t i = 0; i < rest.size; i++)
        span.bars += rest.data[i] == ' ';
    span.bars++;
    for (span.bar = 0; str_split(&rest, ' ', &bar); span.bar++)
        if (!add_bar(score, bar, span))
            return false;
    score->sections++;
    return true;
}

// The bar of a pattern, which may have several.
static str pattern_bar(const char *pattern, int bar)
{
    str rest = str_of(pattern), part = STR_NONE;
    int count = 1;
    for (const char *at = pattern; *at; at++)
        count += *at == '|';
    for (int i = 0; i <= bar % count; i++)
        (void)str_split(&rest, '|', &part);
    return part;
}

static int bar_number(const struct score *score, double beat)
{
    return (int)floor((beat + 1e-6) / score->piece->beats);
}

static void play_pad(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    int notes[CHORD_TONES_MAX], previous[CHORD_TONES_MAX];
    bool any = false;
    for (size_t i = 0; i < score->span_count; i++) {
        const struct span *span = &score->spans[i];
        if (!part_plays(what, span))
            continue;
        chord_voice(&span->chord, what->low, what->high, VOICES_PAD, any ? previous : NULL, notes);
        for (int voice = 0; voice < VOICES_PAD; voice++)
            if (!voice || notes[voice] != notes[voice - 1])
                score_add(score, (struct note) { span->start, span->length * 0.98, part, notes[voice],
                                     58 + 9 * span->energy, false });
        memcpy(previous, notes, sizeof previous);
        any = true;
    }
}

struct comp {
    struct score *score;
    int part;
    int notes[CHORD_TONES_MAX];
};

static int comp_note(const struct comp *comp, int number)
{
    return comp->notes[number % VOICES_COMP] + 12 * (number / VOICES_COMP);
}

static void comp_step(struct comp *comp, char what, double start, double length, const struct span *span, double accent)
{
    int velocity = (int)(56 + 9 * span->energy + accent), part = comp->part;
    struct note note = { start, length, part, 0, velocity, false };
    if (what >= '0' && what <= '9') {
        note.pitch = comp_note(comp, what - '0');
        score_add(comp->score, note);
    } else if (what == 'b') {
        note.pitch = pitch_above(span->chord.bass, comp->score->piece->parts[part].low - 12);
        score_add(comp->score, note);
    } else {
        bool up = what == 'u';
        for (int i = up; i < VOICES_COMP; i++) {
            double delay = what == 'd' ? 0.022 * i : up ? 0.018 * (VOICES_COMP - 1 - i) : 0;
            if (i && comp->notes[i] == comp->notes[i - 1])
                continue;
            score_add(comp->score, (struct note) { start + delay, length - delay, part, comp->notes[i],
                                       velocity
                                           + (what == 'X' ? 16
                                               : up       ? -10
                                                          : 0),
                                       false });
        }
    }
}

// How long the step at `at` is held, in steps.
static size_t held(str bar, size_t at)
{
    size_t steps = 1;
    while (at + steps < bar.size && bar.data[at + steps] == '-')
        steps++;
    return steps;
}

static void play_comp(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    struct comp comp = { .score = score, .part = part };
    const struct span *voiced = NULL;
    int bars = bar_number(score, score->beats);
    for (int bar = 0; bar < bars; bar++) {
        str steps = pattern_bar(what->pattern, bar);
        double step = (double)score->piece->beats / (double)steps.size;
        for (size_t i = 0; i < steps.size; i++) {
            double start = bar * score->piece->beats + (double)i * step;
            const struct span *span = score_span(score, start);
            if (!part_plays(what, span) || steps.data[i] == '.' || steps.data[i] == '-')
                continue;
            if (span != voiced) {
                int previous[CHORD_TONES_MAX];
                memcpy(previous, comp.notes, sizeof previous);
                chord_voice(&span->chord, what->low, what->high, VOICES_COMP, voiced ? previous : NULL, comp.notes);
                voiced = span;
            }
            double length = fmin((double)held(steps, i) * step, span->start + span->length - start);
            double accent = i == 0 ? 8 : fmod((double)i * step, 1) < 1e-6 ? 3 : -4;
            comp_step(&comp, steps.data[i], start, length * 0.97, span, accent);
        }
    }
}

static int bass_pitch(const struct score *score, const struct part *what, char step, double start, int previous)
{
    const struct span *span = score_span(score, start), *next = score_span(score, span->start + span->length + 0.01);
    const struct chord *chord = &span->chord;
    int root = pitch_above(chord->bass, what->low);
    switch (step) {
    case '3':
        return pitch_above(chord->tones[1], root);
    case '5':
        return pitch_above(chord->tones[chord->tone_count > 2 ? 2 : 1], root);
    case '7':
        return pitch_above(chord->tones[chord->tone_count > 3 ? 3 : 0], root);
    case '8':
        return root + 12;
    case 'a': {
        int target = pitch_above(next->chord.bass, what->low);
        return target > previous ? scale_step(chord->scale, target - 1, 0) : target + 1;
    }
    case 'w': {
        // On its way to the next root, by steps where they suffice.
        int target = pitch_above(next->chord.bass, what->low), way = target + 5 > previous ? 1 : -1;
        int step_to = scale_step(chord->scale, previous, way);
        return step_to > what->high ? chord_nearest(chord, previous - 4) : step_to;
    }
    default:
        return root;
    }
}

static void play_bass(struct score *score, int part)
{
    const struct part *what = &score->piece->parts[part];
    int bars = bar_number(score, score->beats), previous = what->low;
    for (int bar = 0; bar < bars; bar++) {
        str steps = pattern_bar(what->pattern, bar);
        double step = (double)score->piece->beats / (double)steps.size;
        for (size_t i = 0; i < steps.size; i++) {
            double start = bar * score->piece->beats + (double)i * step;
            const struct span *span = score_span(score, start);
            char kind = steps.data[i];
            if (!part_plays(what, span) || kind == '.' || kind == '-')
                continue;
            // Whatever the pattern says, a new chord begins on its root.
            if (start < span->start + 0.26 && kind != 'r' && start < span->start + step)
                kind = 'R';
            int pitch = bass_pitch(score, what, kind, start, previous);
            double length = fmin((double)held(steps, i) * step, span->start + span->length - start);
            score_add(score, (struct note) { start, length * 0.95, part, pitch,
                                 70 + 7 * span->energy + (i == 0 ? 8 : 0) - (kind == 'r' ? 18 : 0), false });
            previous = pitch;
        }
    }
}

static error check_part(const struct piece *piece, const struct part *part)
{
    static const char *const known[] = { [ROLE_COMP] = ".-xXdu0123456789b|", [ROLE_BASS] = ".-Rr3578aw|" };
    bool good = part->level > 0 && part->from >= 1 && part->to <= ENERGY_MAX;
    if (part->role == ROLE_COMP || part->role == ROLE_BASS)
        good &= part->pattern && strspn(part->pattern, known[part->role]) == strlen(part->pattern);
    if (part->role == ROLE_DRUMS)
        good &= part->pattern && music_groove_exists(part->pattern);
    else
        good &= part->low >= 20 && part->high > part->low + 11 && part->high <= 108;
    if (part->role == ROLE_LEAD)
        good &= part->pattern && music_rhythm_exists(part->pattern);
    return good ? OK
                : error_make(ERROR_VALIDATION_ERROR, NULL, "Part %d of %s makes no sense",
                    (int)(part - piece->parts) + 1, piece->slug);
}

static void play(struct score *score, int part)
{
    switch (score->piece->parts[part].role) {
    case ROLE_PAD:
        play_pad(score, part);
        break;
    case ROLE_COMP:
        play_comp(score, part);
        break;
    case ROLE_BASS:
        play_bass(score, part);
        break;
    case ROLE_LEAD:
        music_melody(score, part);
        break;
    case ROLE_LINE:
        music_line(score, part);
        break;
    case ROLE_DRUMS:
        music_drums(score, part);
        break;
    case ROLE_SECOND: // comes with its lead
    case ROLE_NONE:
        break;
    }
}

error music_compose(struct arena *arena, const struct piece *piece, struct score *ret_score)
{
    struct score score = { .piece = piece, .arena = arena };
    int times[PROGRESSIONS] = { 0 };
    str rest = str_of(piece->form), section;
    while (str_split(&rest, ' ', &section))
        if (!add_section(&score, section, times))
            return error_make(
                ERROR_VALIDATION_ERROR, NULL, "Section %.*s of %s makes no sense", STR_ARGS(section), piece->slug);
    for (int i = 0; i < PARTS_MAX && piece->parts[i].role; i++)
        TRY(check_part(piece, &piece->parts[i]));
    for (int i = 0; i < PARTS_MAX; i++)
        play(&score, i);
    *ret_score = score;
    return OK;
}
