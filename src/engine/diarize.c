// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/diarize.h"

#include <math.h>
#include <string.h>

#include "engine/diarize_cluster.h"
#include "engine/mixture.h"

enum {
    PIECE_LEAST = 30,    // a shorter run is one piece with the next
    WINDOW = 100,        // frames to either side of a possible change
    STEP = 5,            // frames between two possible changes
    VOICES_MAX = 40,     // of one block
    CORE_LEAST = 60,     // core frames: who is heard for less is no voice of its own
    PARTS = 8,           // of a voice's mixture
    ROUNDS = 4,          // of training and finding borders
    LONG = 2 * 60 * 100, // frames of speech from which one way of cutting is good enough
    NOBODY = UINT8_MAX,
    TRY_MEMORY = 128 << 20,
};

// What a change of voice costs on the likeliest way, as ln of a probability: frames are not independent, so that it is
// small. Half of it between two runs.
#define CHANGE_PRICE 60.0

// What one more voice must gain, in prices of a Gaussian (gaussian.h). The theory says 1, for frames that do not depend
// on their neighbours. Two persons are told apart up to 2.0; below, one person's voice in a noisy room sometimes
// becomes two or three.
#define VOICE_WEIGHT 2.0

// Frames that a piece has at least, where the speech is that long: each way of cutting is tried, the best kept.
static const size_t piece_sizes[] = { 70, 100, 120 };

struct pieces {
    size_t *starts; // in frames of the block; one more than there are pieces: the end
    size_t count;
};

static struct gaussian gaussian_of(const struct diarize_block *block, size_t from, size_t to)
{
    struct gaussian gaussian = { 0 };
    for (size_t i = from; i < to; i++)
        if (block->core[i])
            gaussian_add(&gaussian, block->frames + i * MFCC_SIZE, 1);
    return gaussian;
}

// How different the sound is before and after a frame.
static double change_at(const struct diarize_block *block, size_t at)
{
    struct gaussian before = { 0 }, after = { 0 };
    if (at < WINDOW || at + WINDOW > block->frame_count)
        return -INFINITY;
    gaussian_add(&before, block->frames + (at - WINDOW) * MFCC_SIZE, WINDOW);
    gaussian_add(&after, block->frames + at * MFCC_SIZE, WINDOW);
    return cluster_distance(&before, &after);
}

// The strongest change that leaves half a piece or more on both sides.
static size_t strongest_change(const struct diarize_block *block, size_t size, size_t start, size_t end)
{
    size_t best = start + size;
    double most = -INFINITY;
    for (size_t at = start + size / 2; at < start + 2 * size && at + size / 2 < end; at += STEP) {
        double change = change_at(block, at);
        if (change > most) {
            most = change;
            best = at;
        }
    }
    return best;
}

static struct pieces cut(struct arena *arena, const struct diarize_block *block, size_t size)
{
    struct pieces pieces = { .starts = ARENA_ARRAY(arena, size_t, 2 * block->frame_count / PIECE_LEAST + 3) };
    size_t start = 0, end = 0;
    for (size_t run = 0; run < block->run_count; run++) {
        end += block->runs[run].end - block->runs[run].start;
        while (end - start > 2 * size) {
            pieces.starts[pieces.count++] = start;
            start = strongest_change(block, size, start, end);
        }
        if (end - start < PIECE_LEAST && run + 1 < block->run_count)
            continue;
        pieces.starts[pieces.count++] = start;
        start = end;
    }
    pieces.starts[pieces.count] = end;
    return pieces;
}

static struct cluster_join *join(struct arena *arena, const struct diarize_block *block, const struct pieces *pieces)
{
    struct gaussian *gaussians = ARENA_ARRAY(arena, struct gaussian, pieces->count);
    for (size_t i = 0; i < pieces->count; i++)
        gaussians[i] = gaussian_of(block, pieces->starts[i], pieces->starts[i + 1]);
    return cluster_joins(arena, gaussians, pieces->count);
}

struct way {
    struct mixture *mixtures;
    double *scores;  // of the best way that ends with this voice
    uint8_t *before; // of each frame and voice, the voice of the frame before
};

static void train(
    const struct diarize_block *block, const uint8_t *owners, size_t voices, uint8_t *masked, struct way *way)
{
    for (size_t i = 0; i < block->frame_count; i++)
        masked[i] = block->core[i] ? owners[i] : NOBODY;
    for (size_t voice = 0; voice < voices; voice++)
        if (!mixture_train(&way->mixtures[voice], block->frames, masked, (uint8_t)voice, block->frame_count, PARTS))
            way->mixtures[voice].parts = 0; // nobody's any more
}

static void step(const struct diarize_block *block, size_t frame, double price, size_t voices, struct way *way)
{
    size_t best = 0;
    for (size_t voice = 1; voice < voices; voice++)
        if (way->scores[voice] > way->scores[best])
            best = voice;
    double changed = way->scores[best] - price;
    for (size_t voice = 0; voice < voices; voice++) {
        bool changes = changed > way->scores[voice];
        way->before[frame * voices + voice] = (uint8_t)(changes ? best : voice);
        if (changes)
            way->scores[voice] = changed;
        if (!way->mixtures[voice].parts)
            way->scores[voice] = -INFINITY;
        else if (block->core[frame])
            way->scores[voice] += mixture_score(&way->mixtures[voice], block->frames + frame * MFCC_SIZE);
    }
}

// Viterbi's way through the voices.
static void find_borders(const struct diarize_block *block, size_t voices, struct way *way, uint8_t *owners)
{
    memset(way->scores, 0, voices * sizeof *way->scores);
    size_t frame = 0, last = 0;
    for (size_t run = 0; run < block->run_count; run++)
        for (size_t i = block->runs[run].start; i < block->runs[run].end; i++)
            step(block, frame++, i == block->runs[run].start ? CHANGE_PRICE / 2 : CHANGE_PRICE, voices, way);
    for (size_t voice = 1; voice < voices; voice++)
        if (way->scores[voice] > way->scores[last])
            last = voice;
    while (frame--) {
        owners[frame] = (uint8_t)last;
        last = way->before[frame * voices + last];
    }
}

// Gives the frames of voices with too few of them to NOBODY; false when there are none, or would be fewer than `least`.
static bool drop_faint(const struct diarize_block *block, size_t voices, size_t least, uint8_t *owners)
{
    size_t counts[VOICES_MAX] = { 0 }, left = 0;
    for (size_t i = 0; i < block->frame_count; i++)
        if (block->core[i] && owners[i] != NOBODY)
            counts[owners[i]]++;
    for (size_t voice = 0; voice < voices; voice++)
        left += counts[voice] >= CORE_LEAST;
    if (left == voices || left < (least ? least : 1))
        return false;
    for (size_t i = 0; i < block->frame_count; i++)
        if (owners[i] != NOBODY && counts[owners[i]] < CORE_LEAST)
            owners[i] = NOBODY;
    return true;
}

static void refine(struct arena *arena, const struct diarize_block *block, size_t voices, size_t least, uint8_t *owners)
{
    struct way way = { .mixtures = ARENA_ARRAY(arena, struct mixture, voices),
        .scores = ARENA_ARRAY(arena, double, voices),
        .before = arena_alloc_raw(arena, block->frame_count * voices) };
    uint8_t *masked = arena_alloc_raw(arena, block->frame_count);
    for (int round = 0; round < ROUNDS; round++) {
        train(block, owners, voices, masked, &way);
        find_borders(block, voices, &way, owners);
    }
    if (drop_faint(block, voices, least, owners)) {
        train(block, owners, voices, masked, &way);
        find_borders(block, voices, &way, owners);
    }
}

// Stretches of frames of one voice, in time.
static size_t take_turns(const struct diarize_block *block, const uint8_t *owners, struct diarize_turn *turns)
{
    size_t count = 0, frame = 0;
    for (size_t run = 0; run < block->run_count; run++)
        for (size_t at = block->runs[run].start; at < block->runs[run].end; at++, frame++) {
            struct diarize_turn *turn = count ? &turns[count - 1] : NULL;
            if (turn && turn->voice == owners[frame] && turn->end == at)
                turn->end++;
            else
                turns[count++] = (struct diarize_turn) { at, at + 1, owners[frame] };
        }
    return count;
}

static void sum_voices(const struct diarize_block *block, const uint8_t *owners, struct diarize_voice *voices)
{
    for (size_t i = 0; i < block->frame_count; i++)
        if (block->core[i])
            gaussian_add(&voices[owners[i]].gaussian, block->frames + i * MFCC_SIZE, 1);
}

struct guess {
    uint8_t *owners;
    size_t voices;
    double cost; // by the criterion, less is better
};

static double cost_of(struct arena *arena, const struct diarize_block *block, const struct guess *guess)
{
    struct diarize_voice *voices = ARENA_ARRAY(arena, struct diarize_voice, guess->voices);
    double cost = 0, all = 0, used = 0;
    sum_voices(block, guess->owners, voices);
    for (size_t i = 0; i < guess->voices; i++) {
        cost += gaussian_misfit(&voices[i].gaussian);
        all += voices[i].gaussian.count;
        used += voices[i].gaussian.count > 0;
    }
    return cost + VOICE_WEIGHT * used * gaussian_price(all);
}

// `voices` voices: first by the joins, then by borders found anew.
static void guess_voices(const struct diarize_block *block, const struct pieces *pieces,
    const struct cluster_join *joins, size_t voices, size_t least, struct guess *best)
{
    ARENA_AUTO struct arena *scratch = arena_new(TRY_MEMORY);
    struct guess guess = { arena_alloc(scratch, block->frame_count), voices, 0 };
    size_t *labels = ARENA_ARRAY(scratch, size_t, pieces->count);
    cluster_labels(joins, pieces->count, voices, labels);
    for (size_t i = 0; i < pieces->count; i++)
        memset(guess.owners + pieces->starts[i], (int)labels[i], pieces->starts[i + 1] - pieces->starts[i]);
    if (voices > 1)
        refine(scratch, block, voices, least, guess.owners);
    guess.cost = cost_of(scratch, block, &guess);
    if (best->voices && guess.cost >= best->cost)
        return;
    memcpy(best->owners, guess.owners, block->frame_count);
    best->voices = voices;
    best->cost = guess.cost;
}

static void try_pieces(const struct diarize_block *block, size_t size, size_t least, struct guess *best)
{
    ARENA_AUTO struct arena *scratch = arena_new(TRY_MEMORY);
    struct pieces pieces = cut(scratch, block, size);
    if (least > pieces.count)
        least = pieces.count;
    struct cluster_join *joins = join(scratch, block, &pieces);
    size_t number = cluster_number(joins, pieces.count, least, VOICES_MAX - 1);
    for (size_t voices = least; voices <= number + 1 && voices <= pieces.count; voices++)
        guess_voices(block, &pieces, joins, voices, least, best);
}

void diarize_block(struct arena *arena, const struct diarize_block *block, size_t least,
    struct diarize_turn **ret_turns, size_t *ret_turn_count, struct diarize_voice **ret_voices, size_t *ret_voice_count)
{
    struct guess best = { .owners = arena_alloc(arena, block->frame_count) };
    bool is_long = block->frame_count > LONG;
    for (size_t i = 0; i < sizeof piece_sizes / sizeof *piece_sizes; i++)
        if (!is_long || i == 1)
            try_pieces(block, piece_sizes[i], least ? least : 1, &best);
    size_t changes = block->run_count;
    for (size_t i = 1; i < block->frame_count; i++)
        changes += best.owners[i] != best.owners[i - 1];
    *ret_turns = ARENA_ARRAY(arena, struct diarize_turn, changes);
    *ret_turn_count = take_turns(block, best.owners, *ret_turns);
    *ret_voices = ARENA_ARRAY(arena, struct diarize_voice, best.voices);
    sum_voices(block, best.owners, *ret_voices);
    *ret_voice_count = best.voices;
}

size_t diarize_join(struct arena *arena, struct diarize_voice *voices, size_t count, size_t wanted)
{
    struct gaussian *gaussians = ARENA_ARRAY(arena, struct gaussian, count);
    size_t *indexes = ARENA_ARRAY(arena, size_t, count), *labels = ARENA_ARRAY(arena, size_t, count), used = 0;
    for (size_t i = 0; i < count; i++)
        if (voices[i].gaussian.count > 0) { // the others have lost all their turns
            indexes[used] = i;
            gaussians[used++] = voices[i].gaussian;
        }
    struct cluster_join *joins = cluster_joins(arena, gaussians, used);
    size_t speakers = cluster_number(joins, used, wanted ? wanted : 1, wanted ? wanted : DIARIZE_SPEAKERS_MAX);
    cluster_labels(joins, used, speakers, labels);
    for (size_t i = 0; i < used; i++)
        voices[indexes[i]].speaker = labels[i];
    return speakers;
}
