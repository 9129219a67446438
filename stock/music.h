// SPDX-License-Identifier: GPL-3.0-or-later
// Music by rule: a piece is chords, a form and parts with patterns; the melodies come of its name.
#pragma once

#include "base/json.h"
#include "harmony.h"
#include "item.h"
#include "random.h"

enum { PARTS_MAX = 9, PROGRESSIONS = 3, ENERGY_MAX = 4 };

enum role {
    ROLE_NONE,
    ROLE_PAD,  // held chords
    ROLE_COMP, // chords in a rhythm, or broken
    ROLE_BASS,
    ROLE_LEAD,   // the melody
    ROLE_SECOND, // the melody a third or sixth below
    ROLE_LINE,   // long notes between the chords
    ROLE_DRUMS,
};

// A pattern is one character a step, bars separated by '|':
//   '.' rest, '-' holds; ROLE_COMP: 'x' 'X' the chord (loud), 'd' 'u' a strum down and up, '0'..'9' one of its notes
//   from below, 'b' its bass an octave down; ROLE_BASS: 'R' 'r' root (soft), '3' '5' '8' '7', 'a' a step before the
//   next root, 'w' a walking note.
// ROLE_LEAD: the name of a set of rhythms, with a '5' behind it when the melody keeps to five notes.
// ROLE_DRUMS: the name of a groove.
struct part {
    enum role role;
    int program; // General MIDI, from 0; of drums the kit
    const char *pattern;
    int low, high;        // MIDI pitches
    int level, pan, room; // 0 to 127, as MIDI controls have them
    int from, to;         // sections of which energy it plays in
};

enum finish { FINISH_CLEAN, FINISH_WARM, FINISH_LOFI, FINISH_PUMP };

struct piece {
    const char *slug, *title, *artist, *category, *tags;
    bool premium;
    int bpm, beats;                   // a bar
    int transpose;                    // semitones; chords are written in C major and its relatives
    double swing;                     // by what share of a step the second of a pair comes late
    int swing_steps;                  // a beat: 2 or 4
    const char *chords[PROGRESSIONS]; // a bar each, or several with commas
    const char *form;                 // "A1 B3": which chords, with which energy
    struct part parts[PARTS_MAX];
    enum finish finish;
    double room;  // size of the hall, 0 to 1
    double loose; // seconds by which players miss the beat
};
extern const struct piece *const music_pieces[];
size_t music_count(void);

struct note {
    double start, length; // beats
    int part, pitch, velocity;
    bool strong; // of a melody: on a beat that wants a tone of the chord
};

struct span {             // during which one chord sounds
    double start, length; // beats
    struct chord chord;
    int section, letter, energy, times; // times: how often the letter came before
    int bar, bars;                      // of the section
    bool first, last;                   // of its bar
};

struct score {
    const struct piece *piece;
    struct arena *arena;
    struct span *spans;
    size_t span_count, span_room;
    struct note *notes;
    size_t note_count, note_room;
    double beats; // in all
    int sections;
};

// Writes the piece out. VALIDATION_ERROR for a recipe that makes no sense.
MUST_USE error music_compose(struct arena *arena, const struct piece *piece, struct score *ret_score);
void score_add(struct score *score, struct note note);
// The span that sounds at this beat, which may lie behind the end: there the piece begins again.
const struct span *score_span(const struct score *score, double beat);
bool part_plays(const struct part *part, const struct span *span);

// Adds the notes of a part; of ROLE_LEAD those of ROLE_SECOND too.
void music_melody(struct score *score, int part);
void music_line(struct score *score, int part);
void music_drums(struct score *score, int part);
bool music_groove_exists(const char *name);
bool music_rhythm_exists(const char *name);

// Plays it as pairs of 48 kHz, as a loop without a seam, -16 LUFS loud.
MUST_USE error music_render(struct arena *arena, struct score *score, float **ret_samples, size_t *ret_frames);
// Finishes the sound of a loop in place: colour, compression, loudness.
void music_finish(struct arena *arena, const struct piece *piece, float *samples, size_t frames);

// VALIDATION_ERROR naming two pieces that share their chords, their bass or their instruments, or a melody with a wrong
// note on a strong beat.
MUST_USE error music_check(struct arena *arena);
// A recipe in brief, for others to compare: slug, form, chords, bass, instruments, bpm. A new reference.
json_t *music_describe(struct arena *arena, size_t index);

struct item music_item(size_t index);
MUST_USE error music_make(struct arena *arena, size_t index, struct product *ret_product);
