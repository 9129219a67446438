// SPDX-License-Identifier: GPL-3.0-or-later
// The pieces as things of the pack, and the rules that all of them keep.
#include "music.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "music_sources.h"
#include "output.h"

enum { MUSIC_BITRATE = 128000, DURATION_MIN_S = 30, DURATION_MAX_S = 180, SECTIONS_MIN = 3 };

size_t music_count(void)
{
    size_t count = 0;
    while (music_pieces[count])
        count++;
    return count;
}

struct item music_item(size_t index)
{
    const struct piece *piece = music_pieces[index];
    return (struct item) { ITEM_MUSIC, piece->slug, piece->title, piece->artist, piece->category, piece->tags,
        piece->premium, true, MUSIC_SOURCES };
}

error music_make(struct arena *arena, size_t index, struct product *ret_product)
{
    struct score score;
    float *samples;
    size_t frames;
    TRY(music_compose(arena, music_pieces[index], &score));
    TRY(music_render(arena, &score, &samples, &frames));
    music_finish(arena, score.piece, samples, frames);
    ret_product->duration_us = (int64_t)frames * 1000000 / AUDIO_RATE;
    return output_sound(arena, samples, frames, MUSIC_BITRATE, &ret_product->file, &ret_product->waveform);
}

// What must differ between any two pieces, as texts.
struct print {
    str chords, bass, instruments;
};

static struct print print_of(struct arena *arena, const struct piece *piece)
{
    BUFFER_AUTO struct buffer bass = { 0 }, instruments = { 0 };
    bool used[129] = { 0 };
    for (int i = 0; i < PARTS_MAX && piece->parts[i].role; i++) {
        const struct part *part = &piece->parts[i];
        used[part->role == ROLE_DRUMS ? 128 : part->program] = true;
        if (part->role == ROLE_BASS)
            buffer_append_c(&bass, part->pattern);
    }
    for (int i = 0; i <= 128; i++)
        if (used[i])
            buffer_format(&instruments, "%d ", i);
    str parts[] = { str_of(piece->chords[0]), str_of(piece->chords[1]), str_of(piece->chords[2]), str_of(piece->form) };
    return (struct print) { str_join(arena, parts, 3, STR(" / ")), str_copy(arena, buffer_str(&bass)),
        str_copy(arena, buffer_str(&instruments)) };
}

json_t *music_describe(struct arena *arena, size_t index)
{
    const struct piece *piece = music_pieces[index];
    struct print print = print_of(arena, piece);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:i}", "slug", piece->slug, "form", piece->form, "chords",
        json_str(print.chords), "bass", json_str(print.bass), "instruments", json_str(print.instruments), "bpm",
        piece->bpm);
}

static error check_difference(struct arena *arena)
{
    size_t count = music_count();
    struct print *prints = ARENA_ARRAY(arena, struct print, count);
    for (size_t i = 0; i < count; i++) {
        prints[i] = print_of(arena, music_pieces[i]);
        for (size_t j = 0; j < i; j++) {
            const char *same = str_equal(prints[i].chords, prints[j].chords)                      ? "chords"
                               : prints[i].bass.size && str_equal(prints[i].bass, prints[j].bass) ? "bass pattern"
                               : str_equal(prints[i].instruments, prints[j].instruments)          ? "instruments"
                                                                                                  : NULL;
            if (same)
                return error_make(ERROR_VALIDATION_ERROR, NULL, "%s and %s share their %s: change one of them",
                    music_pieces[j]->slug, music_pieces[i]->slug, same);
        }
    }
    return OK;
}

static error check_piece(struct arena *arena, const struct piece *piece)
{
    struct score score;
    TRY(music_compose(arena, piece, &score));
    double seconds = score.beats * 60 / piece->bpm;
    bool letters[PROGRESSIONS] = { 0 };
    for (size_t i = 0; i < score.span_count; i++)
        letters[score.spans[i].letter] = true;
    if (!letters[0] || !letters[1] || !letters[2])
        return error_make(ERROR_VALIDATION_ERROR, NULL, "%s does not play all of its sections", piece->slug);
    if (seconds < DURATION_MIN_S || seconds > DURATION_MAX_S || score.sections < SECTIONS_MIN)
        return error_make(ERROR_VALIDATION_ERROR, NULL,
            "%s has %d sections and lasts %.0f s: it wants three and 30 to 180 s", piece->slug, score.sections,
            seconds);
    for (size_t i = 0; i < score.note_count; i++) {
        const struct note *note = &score.notes[i];
        const struct span *span = score_span(&score, note->start);
        if (note->strong && !(span->chord.mask >> note->pitch % 12 & 1))
            return error_make(ERROR_VALIDATION_ERROR, NULL, "The melody of %s has a wrong note at beat %.2f",
                piece->slug, note->start);
    }
    return OK;
}

error music_check(struct arena *arena)
{
    TRY(check_difference(arena));
    for (size_t i = 0; i < music_count(); i++) {
        ARENA_AUTO struct arena *scratch = arena_new(256 << 20);
        TRY(check_piece(scratch, music_pieces[i]));
    }
    return OK;
}
