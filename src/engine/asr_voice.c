// SPDX-License-Identifier: GPL-3.0-or-later
// Every level is compared with its surroundings of twenty seconds: their quiet tenth is the floor, their loud
// twentieth the voice; digital silence, which no room has, is no part of them. Where the two are close nobody speaks.
// What is well above the floor is speech; short gaps in it are closed, short bursts dropped, and a margin put around.
// Stretches between pauses are not joined: one after the other they gave the recognizer fewer wrong words than as long
// utterances, whose mean it takes over several speakers and rooms.
#include "engine/asr_voice.h"

#include <math.h>

enum {
    SURROUNDINGS = 10 * VOICE_LEVELS_A_SECOND, // to either side
    STEP = 10,                                 // levels between two looks at the surroundings
    RANGE_LEAST = 8,                           // dB between floor and voice
    ABSOLUTE_LEAST = -60,                      // dB; quieter is never speech
    DIGITAL_SILENCE = -75,                     // dB and below
    HEARD_LEAST = 100,                         // levels above it, to tell floor from voice
    BURST_LEAST = 8,                           // levels
    GAP_MOST = 30,
    MARGIN = 20,
    EVEN_LEAST = 300,   // a chunk this long ...
    EVEN_DEVIATION = 3, // ... that varies by less dB than this is music or machinery
    DEPTH = 30,         // dB below the loudest voice; quieter is somebody in another room
    HISTOGRAM = -VOICE_LEVEL_LEAST + 1,
};

int8_t voice_level(const float *samples, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double value = isfinite(samples[i]) ? (double)samples[i] : 0;
        sum += value;
        squares += value * value;
    }
    double mean = count ? sum / (double)count : 0;
    double power = count ? squares / (double)count - mean * mean : 0;
    double level = power > 0 ? 10 * log10(power) : VOICE_LEVEL_LEAST;
    return (int8_t)(level > 0 ? 0 : level < VOICE_LEVEL_LEAST ? VOICE_LEVEL_LEAST : lround(level));
}

// The level below which `part` of those counted lie.
static int percentile(const unsigned *histogram, size_t total, double part)
{
    size_t wanted = (size_t)((double)total * part), seen = 0;
    for (int i = 0; i < HISTOGRAM; i++) {
        seen += histogram[i];
        if (seen > wanted)
            return i + VOICE_LEVEL_LEAST;
    }
    return 0;
}

static int threshold(const unsigned *histogram, size_t total)
{
    if (total < HEARD_LEAST)
        return ABSOLUTE_LEAST;
    int floor = percentile(histogram, total, 0.1), voice = percentile(histogram, total, 0.95);
    if (voice - floor < RANGE_LEAST)
        return 1; // nothing is louder than full scale
    int above = (voice - floor) / 4;
    int level = floor + (above < 5 ? 5 : above);
    return level < ABSOLUTE_LEAST ? ABSOLUTE_LEAST : level;
}

// What the surroundings hold, digital silence left out.
struct heard {
    unsigned histogram[HISTOGRAM];
    size_t total;
};

static void hear(struct heard *heard, int level, int change)
{
    if (level <= DIGITAL_SILENCE)
        return;
    heard->histogram[level - VOICE_LEVEL_LEAST] += (unsigned)change;
    heard->total += (size_t)change;
}

static void mark_active(const int8_t *levels, size_t count, bool *active)
{
    struct heard heard = { .total = 0 };
    size_t from = 0, to = 0;
    for (size_t at = 0; at < count; at += STEP) {
        size_t want_to = at + SURROUNDINGS < count ? at + SURROUNDINGS : count;
        size_t want_from = at > SURROUNDINGS ? at - SURROUNDINGS : 0;
        for (; to < want_to; to++)
            hear(&heard, levels[to], 1);
        for (; from < want_from; from++)
            hear(&heard, levels[from], -1);
        int least = threshold(heard.histogram, heard.total);
        for (size_t i = at; i < at + STEP && i < count; i++)
            active[i] = levels[i] >= least;
    }
}

// Runs of active levels, bursts dropped.
static size_t find_runs(const bool *active, size_t count, struct voice_chunk *runs)
{
    size_t found = 0;
    for (size_t at = 0, end; at < count; at = end + 1) {
        for (end = at; end < count && active[end];)
            end++;
        if (end == at)
            continue;
        if (found && at - runs[found - 1].end <= GAP_MOST)
            runs[found - 1].end = end;
        else
            runs[found++] = (struct voice_chunk) { at, end };
    }
    size_t kept = 0;
    for (size_t i = 0; i < found; i++)
        if (runs[i].end - runs[i].start >= BURST_LEAST)
            runs[kept++] = runs[i];
    return kept;
}

static bool is_even(const int8_t *levels, struct voice_chunk chunk)
{
    double sum = 0, squares = 0, size = (double)(chunk.end - chunk.start);
    if (chunk.end - chunk.start < EVEN_LEAST)
        return false;
    for (size_t i = chunk.start; i < chunk.end; i++) {
        sum += levels[i];
        squares += levels[i] * levels[i];
    }
    return squares / size - sum / size * (sum / size) < EVEN_DEVIATION * EVEN_DEVIATION;
}

// Puts margins around the runs; those that meet share what is between. Drops what is even.
static size_t put_margins(const int8_t *levels, size_t count, struct voice_chunk *runs, size_t run_count)
{
    size_t kept = 0;
    for (size_t i = 0; i < run_count; i++) {
        if (is_even(levels, runs[i]))
            continue;
        struct voice_chunk run = { runs[i].start > MARGIN ? runs[i].start - MARGIN : 0,
            runs[i].end + MARGIN < count ? runs[i].end + MARGIN : count };
        if (kept && run.start < runs[kept - 1].end)
            run.start = runs[kept - 1].end -= (runs[kept - 1].end - run.start) / 2;
        runs[kept++] = run;
    }
    return kept;
}

// The quietest place in the middle half, over a tenth of a second.
static size_t quietest(const int8_t *levels, struct voice_chunk chunk, size_t longest)
{
    enum { SPAN = 10 };
    size_t size = chunk.end - chunk.start;
    size_t from = chunk.start + size / 4, to = chunk.end - size / 4, best = from + (to - from) / 2;
    // With a little more than the longest there is no need to halve.
    if (size < 2 * longest) {
        from = chunk.end - longest > chunk.start + SPAN ? chunk.end - longest : chunk.start + SPAN;
        to = chunk.start + longest < chunk.end - SPAN ? chunk.start + longest : chunk.end - SPAN;
    }
    int least = INT32_MAX;
    for (size_t at = from; at + SPAN <= to; at++) {
        int sum = 0;
        for (size_t i = 0; i < SPAN; i++)
            sum += levels[at + i];
        if (sum < least) {
            least = sum;
            best = at + SPAN / 2;
        }
    }
    return best;
}

static size_t cut(
    const int8_t *levels, struct voice_chunk chunk, size_t longest, struct voice_chunk *chunks, size_t count)
{
    while (chunk.end - chunk.start > longest) {
        size_t middle = quietest(levels, chunk, longest);
        count = cut(levels, (struct voice_chunk) { chunk.start, middle }, longest, chunks, count);
        chunk.start = middle;
    }
    chunks[count++] = chunk;
    return count;
}

size_t voice_chunks(
    struct arena *arena, const int8_t *levels, size_t count, size_t longest, struct voice_chunk **ret_chunks)
{
    bool *active = arena_alloc(arena, count);
    mark_active(levels, count, active);
    struct voice_chunk *runs = ARENA_ARRAY(arena, struct voice_chunk, count / 2 + 1);
    size_t run_count = put_margins(levels, count, runs, find_runs(active, count, runs));
    // Each cut leaves pieces of a quarter of the longest or more.
    struct voice_chunk *chunks = ARENA_ARRAY(arena, struct voice_chunk, run_count + 8 * (count / longest + 1));
    size_t found = 0;
    for (size_t i = 0; i < run_count; i++)
        found = cut(levels, runs[i], longest, chunks, found);
    *ret_chunks = chunks;
    return found;
}

// The level that a tenth of what is active exceeds.
static int loud_level(const int8_t *levels, const bool *active, size_t count)
{
    unsigned histogram[HISTOGRAM] = { 0 };
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        if (active[i]) {
            histogram[levels[i] - VOICE_LEVEL_LEAST]++;
            total++;
        }
    return percentile(histogram, total, 0.9);
}

size_t voice_runs(struct arena *arena, const int8_t *levels, size_t count, struct voice_chunk **ret_runs)
{
    bool *active = arena_alloc(arena, count);
    mark_active(levels, count, active);
    int least = loud_level(levels, active, count) - DEPTH;
    for (size_t i = 0; i < count; i++)
        active[i] = active[i] && levels[i] >= least;
    struct voice_chunk *runs = ARENA_ARRAY(arena, struct voice_chunk, count / 2 + 1);
    size_t run_count = find_runs(active, count, runs), kept = 0;
    for (size_t i = 0; i < run_count; i++)
        if (!is_even(levels, runs[i]))
            runs[kept++] = runs[i];
    *ret_runs = runs;
    return kept;
}
