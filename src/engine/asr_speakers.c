// SPDX-License-Identifier: GPL-3.0-or-later
// asr.speakers: who speaks when. The sound is read twice: once for levels and pitch, which tell where somebody speaks,
// and once for the sound of these places, ten minutes of speech at a time.
#include <math.h>
#include <string.h>

#include "av/audio_reader.h"
#include "engine/diarize_channels.h"
#include "engine/diarize_speech.h"
#include "engine/engine_source.h"
#include "engine/mfcc.h"
#include "engine/ops.h"
#include "engine/voicing.h"

enum {
    RATE = MFCC_RATE,
    HOP = MFCC_HOP,
    HOURS_MAX = 48, // of a recording, as asr.split
    LEVELS_MAX = HOURS_MAX * 3600 * VOICE_LEVELS_A_SECOND,
    BLOCK_MEMORY = 64 << 20,
};

#define READ_SHARE 0.4 // of the progress, for the first reading

struct listening {
    struct engine_call *call;
    struct audio_reader *reader;
    unsigned channels;               // 1 or 2
    struct buffer levels[3], voiced; // of the mix and of each channel; one byte a hop
    double duration;
};

static void measure_channels(struct listening *listening, const float *samples, size_t count)
{
    float channel[HOP];
    for (unsigned c = 0; listening->channels == 2 && c < 2; c++) {
        for (size_t i = 0; i < count; i++)
            channel[i] = samples[2 * i + c];
        buffer_append_byte(&listening->levels[1 + c], (char)voice_level(channel, count));
    }
}

static void measure_hop(struct listening *listening, const float *samples, size_t count, struct voicing *voicing)
{
    float mix[HOP];
    for (size_t i = 0; i < count; i++)
        mix[i] = listening->channels == 2 ? (samples[2 * i] + samples[2 * i + 1]) / 2 : samples[i];
    buffer_append_byte(&listening->levels[0], (char)voice_level(mix, count));
    measure_channels(listening, samples, count);
    bool is_voiced = voicing_hear(voicing, mix, count);
    if (listening->levels[0].size > VOICING_LAG)
        buffer_append_byte(&listening->voiced, is_voiced);
}

static error measure(struct listening *listening, double expected)
{
    float samples[2 * HOP];
    struct voicing voicing = { 0 };
    int64_t frames = 0;
    for (size_t got = HOP; got == HOP;) {
        TRY(audio_reader_read(listening->reader, samples, HOP, &got));
        if (got)
            measure_hop(listening, samples, got, &voicing);
        frames += (int64_t)got;
        if (listening->levels[0].size > LEVELS_MAX)
            return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The recording is longer than %d hours", HOURS_MAX);
        if (frames % (10 * RATE) == 0)
            TRY(engine_progress(listening->call, expected > 0 ? READ_SHARE * (double)frames / RATE / expected : 0));
    }
    while (listening->voiced.size < listening->levels[0].size)
        buffer_append_byte(&listening->voiced, 0);
    listening->duration = (double)frames / RATE;
    return OK;
}

// The next `count` samples of the mix, silence past the end.
static error read_mix(struct listening *listening, float *ret_samples, size_t count)
{
    float samples[2 * MFCC_WINDOW];
    size_t got;
    TRY(audio_reader_read(listening->reader, samples, count, &got));
    for (size_t i = 0; i < count; i++)
        ret_samples[i] = i >= got                   ? 0
                         : listening->channels == 2 ? (samples[2 * i] + samples[2 * i + 1]) / 2
                                                    : samples[i];
    return OK;
}

// Cepstra of the hops of one run, each from a window around its middle.
static error read_run(struct listening *listening, struct mfcc *mfcc, struct voice_chunk run, float *ret_frames)
{
    static const size_t before = (MFCC_WINDOW - HOP) / 2;
    float window[MFCC_WINDOW] = { 0 };
    size_t from = run.start * HOP, missing = from < before ? before - from : 0; // before the first sample
    TRY(audio_reader_seek(listening->reader, (int64_t)(from + missing - before)));
    TRY(read_mix(listening, window + missing, MFCC_WINDOW - missing));
    for (size_t hop = run.start; hop < run.end; hop++) {
        mfcc_frame(mfcc, window, ret_frames + (hop - run.start) * MFCC_SIZE);
        memmove(window, window + HOP, (MFCC_WINDOW - HOP) * sizeof *window);
        if (hop + 1 < run.end)
            TRY(read_mix(listening, window + MFCC_WINDOW - HOP, HOP));
    }
    return OK;
}

struct found {
    struct arena *arena;
    struct diarize_turn *turns; // with the voices of all blocks
    struct diarize_voice *voices;
    size_t turn_count, voice_count;
};

static void add_block(struct found *found, const struct diarize_turn *turns, size_t turn_count,
    const struct diarize_voice *voices, size_t voice_count)
{
    size_t turn_size = sizeof *turns, voice_size = sizeof *voices;
    found->turns = arena_grow(
        found->arena, found->turns, found->turn_count * turn_size, (found->turn_count + turn_count) * turn_size);
    found->voices = arena_grow(
        found->arena, found->voices, found->voice_count * voice_size, (found->voice_count + voice_count) * voice_size);
    for (size_t i = 0; i < turn_count; i++) {
        found->turns[found->turn_count + i] = turns[i];
        found->turns[found->turn_count + i].voice += found->voice_count;
    }
    memcpy(found->voices + found->voice_count, voices, voice_count * voice_size);
    found->turn_count += turn_count;
    found->voice_count += voice_count;
}

// The voices of as many runs as make up one block; *ret_used is their number.
static error find_block(struct listening *listening, struct mfcc *mfcc, const uint8_t *core,
    const struct voice_chunk *runs, size_t run_count, size_t wanted, struct found *found, size_t *ret_used)
{
    ARENA_AUTO struct arena *arena = arena_new(BLOCK_MEMORY);
    size_t used = 0, frames = 0;
    while (used < run_count && frames < DIARIZE_BLOCK_FRAMES)
        frames += runs[used].end - runs[used].start, used++;
    float *cepstra = arena_alloc_raw(arena, frames * MFCC_SIZE * sizeof *cepstra);
    uint8_t *block_core = arena_alloc_raw(arena, frames);
    size_t at = 0;
    for (size_t i = 0; i < used; at += runs[i].end - runs[i].start, i++) {
        TRY(read_run(listening, mfcc, runs[i], cepstra + at * MFCC_SIZE));
        memcpy(block_core + at, core + runs[i].start, runs[i].end - runs[i].start);
        if (listening->duration > 0)
            TRY(engine_progress(listening->call,
                READ_SHARE + (1 - READ_SHARE) * (double)runs[i].start / VOICE_LEVELS_A_SECOND / listening->duration));
    }
    struct diarize_block block = { runs, used, cepstra, block_core, frames };
    struct diarize_turn *turns;
    struct diarize_voice *voices;
    size_t turn_count, voice_count;
    diarize_block(arena, &block, wanted, &turns, &turn_count, &voices, &voice_count);
    add_block(found, turns, turn_count, voices, voice_count);
    *ret_used = used;
    return OK;
}

static error find_voices(struct listening *listening, size_t wanted, struct found *found)
{
    const int8_t *levels = (const int8_t *)listening->levels[0].data;
    size_t count = listening->levels[0].size, used;
    uint8_t *core;
    struct voice_chunk *runs;
    size_t run_count = voice_runs(found->arena, levels, count, &runs);
    run_count = diarize_speech(
        found->arena, levels, (const uint8_t *)listening->voiced.data, count, runs, run_count, &core);
    struct mfcc *mfcc = mfcc_new();
    error failure = OK;
    for (size_t at = 0; at < run_count && !error_is(failure); at += used)
        failure = find_block(listening, mfcc, core, runs + at, run_count - at, wanted, found, &used);
    mfcc_free(mfcc);
    return failure;
}

// Turns with their speakers; `speaker` counts from 1 in order of the first turn.
static json_t *result_of(const struct found *found, double duration, bool by_channel)
{
    size_t numbers[DIARIZE_SPEAKERS_MAX + 2] = { 0 }, speakers = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < found->turn_count; i++) {
        const struct diarize_turn *turn = &found->turns[i];
        size_t speaker = by_channel ? turn->voice : found->voices[turn->voice].speaker;
        if (!numbers[speaker])
            numbers[speaker] = ++speakers;
        double end = (double)turn->end / VOICE_LEVELS_A_SECOND;
        json_array_append_new(list, json_pack("{s:f, s:f, s:i}", "start", (double)turn->start / VOICE_LEVELS_A_SECOND,
                                        "end", end < duration ? end : duration, "speaker", (int)numbers[speaker]));
    }
    return json_pack("{s:f, s:i, s:b, s:o}", "duration", duration, "speakers", (int)speakers, "by_channel",
        (int)by_channel, "turns", list);
}

static error listen_to(struct listening *listening, double expected, size_t wanted, json_t **ret_result)
{
    struct found found = { .arena = engine_arena(listening->call) };
    found.turns = ARENA_ARRAY(found.arena, struct diarize_turn, 0);
    found.voices = ARENA_ARRAY(found.arena, struct diarize_voice, 0);
    TRY(measure(listening, expected));
    const int8_t *left = (const int8_t *)listening->levels[1].data, *right = (const int8_t *)listening->levels[2].data;
    size_t count = listening->levels[0].size;
    bool by_channel = listening->channels == 2 && (!wanted || wanted == 2) && channels_are_persons(left, right, count);
    if (by_channel) {
        channels_turns(found.arena, left, right, count, &found.turns, &found.turn_count);
    } else {
        TRY(find_voices(listening, wanted, &found));
        diarize_join(found.arena, found.voices, found.voice_count, wanted);
    }
    *ret_result = result_of(&found, listening->duration, by_channel);
    return OK;
}

static error speakers(struct engine_call *call, json_t **ret_result)
{
    int64_t wanted = json_get_int(engine_params(call), "speakers", 0);
    if (wanted < 0 || wanted > DIARIZE_SPEAKERS_MAX)
        return error_make(
            ERROR_VALIDATION_ERROR, "speakers", "speakers must be between 1 and %d", DIARIZE_SPEAKERS_MAX);
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(engine_source_open(call, 0, &source));
    const struct source_info *info = source_info(source);
    struct listening listening = { .call = call, .channels = info->channels == 2 ? 2 : 1 };
    TRY(audio_reader_open(source, RATE, (int)listening.channels, &reader));
    listening.reader = reader;
    error failure = listen_to(&listening, (double)info->duration_us / 1e6, (size_t)wanted, ret_result);
    for (int i = 0; i < 3; i++)
        buffer_done(&listening.levels[i]);
    buffer_done(&listening.voiced);
    return failure;
}

const struct engine_op asr_speakers_op = { "asr.speakers", speakers };
