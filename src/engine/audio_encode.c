// SPDX-License-Identifier: GPL-3.0-or-later
// audio.encode: any sound as a small file of one format.
#include "av/audio_reader.h"
#include "av/sound_file.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { BLOCK = SOUND_FILE_RATE / 4 }; // samples at a time

static error encode(struct engine_call *call, json_t **ret_result)
{
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    SOUND_FILE_AUTO struct sound_file *file = NULL;
    struct sink_io io = engine_sink_io(call, 0);
    float samples[BLOCK];
    size_t got = BLOCK;
    int64_t count = 0;
    TRY(engine_source_open(call, 0, &source));
    TRY(audio_reader_open(source, SOUND_FILE_RATE, 1, &reader));
    TRY(sound_file_open(&io, json_get_str(engine_params(call), "format"), &file));
    double whole = (double)source_info(source)->duration_us / 1e6 * SOUND_FILE_RATE;
    while (got == BLOCK) {
        TRY(audio_reader_read(reader, samples, BLOCK, &got));
        TRY(sound_file_add(file, samples, got));
        count += (int64_t)got;
        TRY(engine_progress(call, whole > 0 ? (double)count / whole : 0));
    }
    TRY(sound_file_finish(file));
    *ret_result = json_pack("{s:f}", "duration", (double)count / SOUND_FILE_RATE);
    return OK;
}

const struct engine_op audio_encode_op = { "audio.encode", encode };
