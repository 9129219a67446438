// SPDX-License-Identifier: GPL-3.0-or-later
// asr.audio: the spoken pieces of a recording as one WAV file of 16 kHz mono, for engines that live elsewhere.
#include <math.h>
#include <string.h>

#include "av/audio_reader.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum {
    RATE = 16000,
    HEADER_SIZE = 44,
    BLOCK = RATE / 2,         // frames at a time
    FRAMES_MAX = 3600 * RATE, // an hour: far more than any engine takes at once
    PIECES_MAX = 10000,
};

struct packing {
    struct engine_call *call;
    struct audio_reader *reader;
    int64_t at; // frames written
};

static error write_frames(struct packing *packing, const int16_t *frames, size_t count)
{
    uint64_t offset = HEADER_SIZE + 2 * (uint64_t)packing->at;
    packing->at += (int64_t)count;
    return engine_write(packing->call, 0, offset, frames, count * sizeof *frames);
}

static error write_silence(struct packing *packing, int64_t until)
{
    static const int16_t silence[BLOCK];
    while (packing->at < until) {
        int64_t left = until - packing->at;
        TRY(write_frames(packing, silence, left < BLOCK ? (size_t)left : BLOCK));
    }
    return OK;
}

static error copy(struct packing *packing, int64_t from, int64_t to)
{
    float samples[BLOCK];
    int16_t frames[BLOCK];
    TRY(audio_reader_seek(packing->reader, from));
    while (from < to) {
        size_t got, wanted = to - from < BLOCK ? (size_t)(to - from) : BLOCK;
        TRY(audio_reader_read(packing->reader, samples, wanted, &got));
        for (size_t i = 0; i < got; i++) {
            float scaled = isfinite(samples[i]) ? samples[i] * 32767 : 0;
            frames[i] = (int16_t)lrintf(fminf(fmaxf(scaled, -32768), 32767));
        }
        TRY(write_frames(packing, frames, got));
        from += (int64_t)got;
        if (got < wanted)
            break;
    }
    return OK;
}

static error pack(struct packing *packing, const json_t *pieces)
{
    size_t count = json_array_size(pieces);
    for (size_t i = 0; i < count; i++) {
        const json_t *piece = json_array_get(pieces, i);
        double start = json_get_number(piece, "start", -1), end = json_get_number(piece, "end", -1),
               at = json_get_number(piece, "at", -1);
        bool sane = start >= 0 && end >= start && end < 1e6 && at >= 0 && (at + end - start) * RATE <= FRAMES_MAX;
        if (!sane || llround(at * RATE) < packing->at - 1)
            return error_make(ERROR_VALIDATION_ERROR, "pieces", "Pieces must be in order, and an hour at most");
        TRY(write_silence(packing, llround(at * RATE)));
        TRY(copy(packing, llround(start * RATE), llround(end * RATE)));
        TRY(engine_progress(packing->call, (double)(i + 1) / (double)count));
    }
    return OK;
}

static error write_header(struct packing *packing)
{
    uint32_t size = (uint32_t)packing->at * 2;
    uint32_t words[HEADER_SIZE / 4] = { 0, HEADER_SIZE - 8 + size, 0, 0, 16, 1 | 1 << 16, RATE, RATE * 2, 2 | 16 << 16,
        0, size };
    memcpy(&words[0], "RIFF", 4);
    memcpy(&words[2], "WAVE", 4);
    memcpy(&words[3], "fmt ", 4);
    memcpy(&words[9], "data", 4);
    return engine_write(packing->call, 0, 0, words, sizeof words);
}

static error audio(struct engine_call *call, json_t **ret_result)
{
    const json_t *pieces = json_object_get(engine_params(call), "pieces");
    if (!json_is_array(pieces) || json_array_size(pieces) > PIECES_MAX)
        return error_make(ERROR_VALIDATION_ERROR, "pieces", "There must be pieces, at most %d", PIECES_MAX);
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(engine_source_open(call, 0, &source));
    TRY(audio_reader_open(source, RATE, 1, &reader));
    struct packing packing = { call, reader, 0 };
    TRY(pack(&packing, pieces));
    TRY(write_header(&packing));
    *ret_result = json_pack("{s:f}", "duration", (double)packing.at / RATE);
    return OK;
}

const struct engine_op asr_audio_op = { "asr.audio", audio };
