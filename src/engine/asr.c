// SPDX-License-Identifier: GPL-3.0-or-later
// asr.split and asr.decode: speech in a recording, then its words.
#include <math.h>
#include <stdlib.h>

#include "av/audio_reader.h"
#include "engine/asr_sphinx.h"
#include "engine/asr_voice.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/voicing.h"

enum {
    RATE = 16000,
    LEVEL_FRAMES = RATE / VOICE_LEVELS_A_SECOND,
    CHUNK_SECONDS_MAX = 60,
    CHUNKS_MAX = 100000,
    HOURS_MAX = 48, // of a recording
    INVENTED_WORDS_MAX = 3,
    BEFORE = RATE / 2, // frames before a chunk that the recognizer learns the noise from
    MUSIC_LEVELS_LEAST = 3 * VOICE_LEVELS_A_SECOND,
};

// Parts of a chunk that have a pitch: of speech a third to three quarters.
#define VOICED_PART_LEAST 0.03
#define VOICED_PART_MOST 0.92

#define INVENTED_CONFIDENCE_MAX 0.02

static error open_audio(struct engine_call *call, struct source **ret_source, struct audio_reader **ret_reader)
{
    SOURCE_AUTO struct source *source = NULL;
    TRY(engine_source_open(call, 0, &source));
    TRY(audio_reader_open(source, RATE, 1, ret_reader));
    *ret_source = TAKE(source);
    return OK;
}

// One byte a hundredth of a second each.
struct sound {
    struct buffer levels, voiced;
    int64_t frames;
};

static void sound_done(struct sound *sound)
{
    buffer_done(&sound->levels);
    buffer_done(&sound->voiced);
}

#define SOUND_AUTO __attribute__((cleanup(sound_done)))

static error measure(struct engine_call *call, struct audio_reader *reader, double duration, struct sound *sound)
{
    float samples[LEVEL_FRAMES];
    struct voicing voicing = { 0 };
    size_t got = LEVEL_FRAMES;
    while (got == LEVEL_FRAMES) {
        TRY(audio_reader_read(reader, samples, LEVEL_FRAMES, &got));
        sound->frames += (int64_t)got;
        if (got) {
            bool is_voiced = voicing_hear(&voicing, samples, got);
            buffer_append_byte(&sound->levels, (char)voice_level(samples, got));
            if (sound->levels.size > VOICING_LAG)
                buffer_append_byte(&sound->voiced, is_voiced);
        }
        if (sound->frames % (10 * RATE) == 0)
            TRY(engine_progress(call, duration > 0 ? (double)sound->frames / RATE / duration : 0));
        if (sound->levels.failed)
            return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The recording is longer than %d hours", HOURS_MAX);
    }
    return OK;
}

// Vowels come and go: what never has a pitch is noise, what always has one is music.
static bool may_be_speech(const struct sound *sound, struct voice_chunk chunk)
{
    size_t voiced = 0, size = chunk.end - chunk.start;
    for (size_t i = chunk.start; i < chunk.end && i < sound->voiced.size; i++)
        voiced += (size_t)sound->voiced.data[i];
    double part = (double)voiced / (double)size;
    return part >= VOICED_PART_LEAST && (part <= VOICED_PART_MOST || size < MUSIC_LEVELS_LEAST);
}

static error split(struct engine_call *call, json_t **ret_result)
{
    double longest = json_get_number(engine_params(call), "chunk_max", 15);
    if (!(longest >= 1 && longest <= CHUNK_SECONDS_MAX))
        return error_make(ERROR_VALIDATION_ERROR, "chunk_max", "chunk_max must be between 1 and %d", CHUNK_SECONDS_MAX);
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(open_audio(call, &source, &reader));
    const struct source_info *info = source_info(source);
    SOUND_AUTO struct sound sound = { .levels.limit = (size_t)HOURS_MAX * 3600 * VOICE_LEVELS_A_SECOND };
    TRY(measure(call, reader, (double)info->duration_us / 1e6, &sound));
    struct voice_chunk *chunks;
    size_t count = voice_chunks(engine_arena(call), (const int8_t *)sound.levels.data, sound.levels.size,
        (size_t)(longest * VOICE_LEVELS_A_SECOND), &chunks);
    double duration = (double)sound.frames / RATE;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (!may_be_speech(&sound, chunks[i]))
            continue;
        double end = (double)chunks[i].end / VOICE_LEVELS_A_SECOND;
        json_array_append_new(list, json_pack("{s:f, s:f}", "start", (double)chunks[i].start / VOICE_LEVELS_A_SECOND,
                                        "end", end < duration ? end : duration));
    }
    *ret_result = json_pack("{s:f, s:i, s:o}", "duration", duration, "channels", info->channels, "chunks", list);
    return OK;
}

struct chunk {
    int64_t start, end; // frames
};

static error read_chunk(const json_t *value, int64_t after, struct chunk *ret_chunk)
{
    double start = json_get_number(value, "start", -1), end = json_get_number(value, "end", -1);
    if (!(start >= 0 && end > start && end - start <= CHUNK_SECONDS_MAX + 1 && end <= HOURS_MAX * 3600.0))
        return error_make(ERROR_VALIDATION_ERROR, "chunks",
            "A chunk must have a start and an end of at most %d seconds", CHUNK_SECONDS_MAX);
    struct chunk chunk = { llround(start * RATE), llround(end * RATE) };
    if (chunk.start < after)
        return error_make(ERROR_VALIDATION_ERROR, "chunks", "Chunks must be in order and must not overlap");
    *ret_chunk = chunk;
    return OK;
}

static int16_t sample_of(float value)
{
    if (!isfinite(value))
        return 0;
    float scaled = value * 32767;
    return (int16_t)(scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled);
}

static error read_samples(
    struct audio_reader *reader, int64_t start, int64_t end, int16_t *ret_samples, size_t *ret_count)
{
    float block[RATE / 10];
    size_t wanted = (size_t)(end - start), done = 0, got = 1;
    TRY(audio_reader_seek(reader, start));
    while (done < wanted && got) {
        size_t some = wanted - done < RATE / 10 ? wanted - done : RATE / 10;
        TRY(audio_reader_read(reader, block, some, &got));
        for (size_t i = 0; i < got; i++)
            ret_samples[done + i] = sample_of(block[i]);
        done += got;
    }
    *ret_count = done;
    return OK;
}

static json_t *segment_of(struct arena *arena, struct chunk chunk, const struct sphinx_word *words, size_t count)
{
    double base = (double)chunk.start / RATE, sum = 0;
    str *texts = ARENA_ARRAY(arena, str, count);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        texts[i] = str_of(words[i].text);
        sum += words[i].confidence;
        json_array_append_new(
            list, json_pack("{s:s, s:f, s:f, s:f}", "text", words[i].text, "start", base + words[i].start, "end",
                      base + words[i].end, "confidence", words[i].confidence));
    }
    return json_pack("{s:f, s:f, s:s, s:f, s:o}", "start", base + words[0].start, "end", base + words[count - 1].end,
        "text", str_join(arena, texts, count, STR(" ")).data, "confidence", sum / (double)count, "words", list);
}

// A word or two that the recognizer does not believe itself: made of noise.
static bool is_invented(const struct sphinx_word *words, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, words[i].confidence);
    return count <= INVENTED_WORDS_MAX && most < INVENTED_CONFIDENCE_MAX;
}

static error decode_chunks(
    struct engine_call *call, struct audio_reader *reader, const json_t *chunks, json_t *segments)
{
    int16_t *samples = malloc((((CHUNK_SECONDS_MAX + 1) * RATE) + BEFORE + 1) * sizeof *samples);
    if (!samples)
        return error_of(ERROR_LIMIT_EXCEEDED);
    error failure = OK;
    struct chunk chunk = { 0 };
    for (size_t i = 0; i < json_array_size(chunks) && !error_is(failure); i++) {
        size_t count = 0, word_count = 0;
        struct sphinx_word *words;
        failure = read_chunk(json_array_get(chunks, i), chunk.end, &chunk);
        size_t before = chunk.start < BEFORE ? (size_t)chunk.start : BEFORE;
        if (!error_is(failure))
            failure = read_samples(reader, chunk.start - (int64_t)before, chunk.end, samples, &count);
        if (!error_is(failure) && count > before)
            failure = sphinx_decode(engine_arena(call), samples, before, count - before, &words, &word_count);
        if (error_is(failure))
            break;
        if (word_count && !is_invented(words, word_count))
            json_array_append_new(segments, segment_of(engine_arena(call), chunk, words, word_count));
        failure = engine_progress(call, (double)(i + 1) / (double)json_array_size(chunks));
    }
    free(samples);
    return failure;
}

static error decode(struct engine_call *call, json_t **ret_result)
{
    const json_t *params = engine_params(call), *chunks = json_object_get(params, "chunks");
    str name = json_get_str(params, "engine"), language = json_get_str(params, "language");
    if (name.data && !str_equal(name, STR("pocketsphinx")))
        return error_make(ERROR_VALIDATION_ERROR, "engine", "This engine knows pocketsphinx only");
    if (language.data && !str_equal(language, STR("en")))
        return error_make(ERROR_UNSUPPORTED_LANGUAGE, "language", "pocketsphinx can transcribe: en");
    if (!json_is_array(chunks) || json_array_size(chunks) > CHUNKS_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "chunks", "There must be chunks, at most %d", CHUNKS_MAX);
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(open_audio(call, &source, &reader));
    json_t *segments = json_keep(engine_arena(call), json_array());
    TRY(decode_chunks(call, reader, chunks, segments));
    *ret_result = json_pack("{s:O, s:s}", "segments", segments, "language", "en");
    return OK;
}

const struct engine_op asr_split_op = { "asr.split", split };
const struct engine_op asr_decode_op = { "asr.decode", decode };
