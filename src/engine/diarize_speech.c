// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/diarize_speech.h"

enum {
    CORE_DEPTH = 16, // dB below the loud parts of a run
    LONG = 250,      // levels: a run this long is kept, for a hoarse voice has little pitch too
    HISTOGRAM = -VOICE_LEVEL_LEAST + 1,
};

#define LOUD_PART 0.9    // of a run's levels are below the loud ones
#define PITCH_LEAST 0.33 // of the share of levels with pitch that the whole recording has

struct share {
    size_t voiced, all;
};

static double part_of(struct share share)
{
    return share.all ? (double)share.voiced / (double)share.all : 0;
}

static int loud_level(const int8_t *levels, struct voice_chunk run)
{
    size_t histogram[HISTOGRAM] = { 0 }, seen = 0;
    for (size_t i = run.start; i < run.end; i++)
        histogram[levels[i] - VOICE_LEVEL_LEAST]++;
    for (int i = 0; i < HISTOGRAM; i++) {
        seen += histogram[i];
        if ((double)seen > LOUD_PART * (double)(run.end - run.start))
            return i + VOICE_LEVEL_LEAST;
    }
    return 0;
}

static struct share share_of(const uint8_t *voiced, const uint8_t *only, struct voice_chunk run)
{
    struct share share = { 0 };
    for (size_t i = run.start; i < run.end; i++)
        if (!only || only[i]) {
            share.voiced += voiced[i];
            share.all++;
        }
    return share;
}

static void add(struct share *sum, struct share share)
{
    sum->voiced += share.voiced;
    sum->all += share.all;
}

size_t diarize_speech(struct arena *arena, const int8_t *levels, const uint8_t *voiced, size_t count,
    struct voice_chunk *runs, size_t run_count, uint8_t **ret_core)
{
    uint8_t *core = arena_alloc(arena, count);
    struct share whole = { 0 }, whole_core = { 0 };
    for (size_t i = 0; i < run_count; i++) {
        int least = loud_level(levels, runs[i]) - CORE_DEPTH;
        for (size_t k = runs[i].start; k < runs[i].end; k++)
            core[k] = levels[k] >= least;
        add(&whole, share_of(voiced, NULL, runs[i]));
        add(&whole_core, share_of(voiced, core, runs[i]));
    }
    size_t kept = 0;
    for (size_t i = 0; i < run_count; i++) {
        bool is_voice = part_of(share_of(voiced, NULL, runs[i])) >= PITCH_LEAST * part_of(whole)
                        && part_of(share_of(voiced, core, runs[i])) >= PITCH_LEAST * part_of(whole_core);
        if (is_voice || runs[i].end - runs[i].start >= LONG)
            runs[kept++] = runs[i];
    }
    *ret_core = core;
    return kept;
}
