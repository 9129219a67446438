// SPDX-License-Identifier: GPL-3.0-or-later
// The whole sound of a file as AAC: a proxy by itself, or that of a film, to be joined by render.join.
#include <math.h>

#include "av/audio_encoder.h"
#include "av/audio_reader.h"
#include "engine/composition.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { BLOCK = 4096, PROGRESS_BLOCKS = 64 };

static void close_encoder(struct audio_encoder **encoder)
{
    audio_encoder_close(*encoder);
}

static error copy(struct engine_call *call, struct source *source, struct audio_encoder *encoder, int64_t *ret_frames)
{
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    float block[BLOCK * 2];
    size_t got = BLOCK;
    int64_t total = 0, length_us = source_info(source)->duration_us;
    TRY(audio_reader_open(source, AUDIO_RATE, 2, &reader));
    for (int64_t i = 0; got == BLOCK; i++) {
        TRY(audio_reader_read(reader, block, BLOCK, &got));
        TRY(audio_encoder_add(encoder, block, got));
        total += (int64_t)got;
        if (i % PROGRESS_BLOCKS == 0)
            TRY(engine_progress(
                call, length_us > 0 ? fmin(1, (double)total * 1e6 / AUDIO_RATE / (double)length_us) : 0));
    }
    *ret_frames = total;
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    const json_t *params = engine_params(call);
    double bitrate;
    int64_t frames;
    TRY(composition_number(params, "bitrate", 160000, 32000, 512000, &bitrate));
    SOURCE_AUTO struct source *source = NULL;
    TRY(engine_source_open(call, 0, &source));
    if (!source_info(source)->audio_codec)
        return error_of(ERROR_NO_AUDIO);
    bool whole = str_equal_c(json_get_str(params, "format"), "m4a");
    struct sink_io sink = engine_sink_io(call, 0);
    __attribute__((cleanup(close_encoder))) struct audio_encoder *encoder = NULL;
    TRY(audio_encoder_open(&sink, whole ? AUDIO_M4A : AUDIO_AAC, (int64_t)bitrate, &encoder));
    TRY(copy(call, source, encoder, &frames));
    if (!frames)
        return error_make(ERROR_NO_AUDIO, NULL, "No sound of the file can be decoded");
    TRY(audio_encoder_finish(encoder));
    *ret_result = json_pack("{s:f}", "duration", (double)frames / AUDIO_RATE);
    return OK;
}

const struct engine_op proxy_sound_op = { "proxy.sound", run };
