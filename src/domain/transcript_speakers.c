// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/transcript_speakers.h"

#include <math.h>
#include <stdlib.h>

enum { SPEAKERS_MAX = 64 };

struct turn {
    double start, end;
    int speaker; // from 1
};

struct turns {
    struct turn *list;  // by start
    size_t count, next; // the first that begins after the last word asked for
    double longest;
    int numbers[SPEAKERS_MAX + 1], used; // of each speaker in order of the first words
};

static int by_start(const void *a, const void *b)
{
    const struct turn *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

static error read_turns(struct arena *arena, const json_t *list, struct turns *turns)
{
    turns->count = json_array_size(list);
    turns->list = ARENA_ARRAY(arena, struct turn, turns->count);
    for (size_t i = 0; i < turns->count; i++) {
        const json_t *json = json_array_get(list, i);
        struct turn turn = { json_get_number(json, "start", NAN), json_get_number(json, "end", NAN),
            (int)json_get_int(json, "speaker", 0) };
        if (!(turn.end >= turn.start) || turn.speaker < 1 || turn.speaker > SPEAKERS_MAX)
            return error_make(ERROR_ENGINE_FAILED, NULL, "The engine gave turns of speakers that make no sense");
        turns->longest = fmax(turns->longest, turn.end - turn.start);
        turns->list[i] = turn;
    }
    qsort(turns->list, turns->count, sizeof *turns->list, by_start);
    return OK;
}

// Above 0: seconds that turn and word share; below: seconds between them.
static double overlap(const struct turn *turn, double start, double end)
{
    return fmin(turn->end, end) - fmax(turn->start, start);
}

// Who says what is heard from `start` to `end`; asked in order of time.
static int speaker_at(struct turns *turns, double start, double end)
{
    double shares[SPEAKERS_MAX + 1] = { 0 }, nearest = -INFINITY;
    int best = 0;
    while (turns->next < turns->count && turns->list[turns->next].start <= end)
        turns->next++;
    if (turns->next < turns->count) {
        best = turns->list[turns->next].speaker;
        nearest = overlap(&turns->list[turns->next], start, end);
    }
    for (size_t i = turns->next; i-- > 0;) {
        const struct turn *turn = &turns->list[i];
        double shared = overlap(turn, start, end);
        if (shared > 0)
            shared = shares[turn->speaker] += shared;
        if (shared > nearest) {
            nearest = shared;
            best = turn->speaker;
        }
        if (turn->start + turns->longest < start - fmax(0, -nearest))
            break; // none before it comes nearer
    }
    return best;
}

static int number_of(struct turns *turns, int speaker)
{
    if (!turns->numbers[speaker])
        turns->numbers[speaker] = ++turns->used;
    return turns->numbers[speaker];
}

// A part of a segment: words `from` to `to`.
static struct transcript_segment part_of(
    struct arena *arena, const struct transcript_segment *segment, size_t from, size_t to)
{
    struct transcript_segment part = { .start = from ? segment->words[from].start : segment->start,
        .end = to < segment->word_count ? segment->words[to - 1].end : segment->end,
        .words = segment->words + from,
        .word_count = to - from };
    str *texts = ARENA_ARRAY(arena, str, to - from);
    for (size_t i = from; i < to; i++) {
        texts[i - from] = segment->words[i].text;
        part.confidence += segment->words[i].confidence / (double)(to - from);
    }
    part.text = str_join(arena, texts, to - from, STR(" "));
    return part;
}

static size_t split(struct arena *arena, const struct transcript_segment *segment, struct turns *turns,
    struct transcript_segment *ret_parts)
{
    size_t count = 0, from = 0;
    const struct transcript_word *first = segment->word_count ? segment->words : NULL;
    int speaker = speaker_at(turns, first ? first->start : segment->start, first ? first->end : segment->end);
    for (size_t i = 1; i <= segment->word_count; i++) {
        bool at_end = i == segment->word_count;
        int next = at_end ? 0 : speaker_at(turns, segment->words[i].start, segment->words[i].end);
        if (next == speaker)
            continue;
        ret_parts[count] = from == 0 && at_end ? *segment : part_of(arena, segment, from, i);
        ret_parts[count++].speaker = str_format(arena, "speaker_%d", number_of(turns, speaker));
        speaker = next;
        from = i;
    }
    if (!segment->word_count) {
        ret_parts[count] = *segment;
        ret_parts[count++].speaker = str_format(arena, "speaker_%d", number_of(turns, speaker));
    }
    return count;
}

error transcript_set_speakers(struct arena *arena, struct transcript *transcript, const json_t *speakers)
{
    struct turns turns = { 0 };
    size_t room = 0, count = 0;
    TRY(read_turns(arena, json_object_get(speakers, "turns"), &turns));
    for (size_t i = 0; i < transcript->segment_count; i++) {
        room += transcript->segments[i].word_count + 1;
        if (!turns.count)
            transcript->segments[i].speaker = STR("speaker_1");
    }
    if (!turns.count)
        return OK;
    struct transcript_segment *segments = ARENA_ARRAY(arena, struct transcript_segment, room);
    for (size_t i = 0; i < transcript->segment_count; i++)
        count += split(arena, &transcript->segments[i], &turns, segments + count);
    transcript->segments = segments;
    transcript->segment_count = count;
    return OK;
}
