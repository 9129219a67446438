// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/diarize_channels.h"

#include <stdlib.h>

enum {
    APART = 10,    // dB between the channels while one person speaks
    CROSSTALK = 6, // dB below the other channel is the other person
    SECONDS_LEAST = 1,
    SPEECH_LEAST = -50, // dB; what is quieter says nothing about persons
};

#define APART_PART 0.8 // of the levels with speech are that far apart; the rest is both at a time
#define PERSON_PART 0.03

bool channels_are_persons(const int8_t *left, const int8_t *right, size_t count)
{
    size_t speech = 0, lefts = 0, rights = 0;
    for (size_t i = 0; i < count; i++) {
        int louder = left[i] > right[i] ? left[i] : right[i];
        if (louder < SPEECH_LEAST)
            continue;
        speech++;
        lefts += left[i] - right[i] >= APART;
        rights += right[i] - left[i] >= APART;
    }
    size_t least = (size_t)(PERSON_PART * (double)speech);
    if (least < SECONDS_LEAST * VOICE_LEVELS_A_SECOND)
        least = SECONDS_LEAST * VOICE_LEVELS_A_SECOND;
    return lefts >= least && rights >= least && (double)(lefts + rights) >= APART_PART * (double)speech;
}

static size_t add_person(struct arena *arena, const int8_t *own, const int8_t *other, size_t count, size_t voice,
    struct diarize_turn *turns, size_t turn_count)
{
    int8_t *levels = arena_alloc_raw(arena, count);
    for (size_t i = 0; i < count; i++)
        levels[i] = own[i] + CROSSTALK < other[i] ? VOICE_LEVEL_LEAST : own[i];
    struct voice_chunk *runs;
    size_t run_count = voice_runs(arena, levels, count, &runs);
    for (size_t i = 0; i < run_count; i++)
        turns[turn_count++] = (struct diarize_turn) { runs[i].start, runs[i].end, voice };
    return turn_count;
}

static int by_start(const void *a, const void *b)
{
    const struct diarize_turn *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

void channels_turns(struct arena *arena, const int8_t *left, const int8_t *right, size_t count,
    struct diarize_turn **ret_turns, size_t *ret_count)
{
    struct diarize_turn *turns = ARENA_ARRAY(arena, struct diarize_turn, 2 * (count / 2 + 1));
    size_t found = add_person(arena, left, right, count, 0, turns, 0);
    found = add_person(arena, right, left, count, 1, turns, found);
    qsort(turns, found, sizeof *turns, by_start);
    *ret_turns = turns;
    *ret_count = found;
}
