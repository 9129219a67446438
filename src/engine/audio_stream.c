// SPDX-License-Identifier: GPL-3.0-or-later
// audio.stream: samples that are still being made as a file that goes out as far as it has come.
#include "av/rate_change.h"
#include "av/sound_file.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { BLOCK = 4000, RATE_LEAST = 4000, RATE_MOST = 192000 }; // samples at a time; Hz

static error copy(struct engine_call *call, struct rate_change *change, struct sound_file *file, int64_t *ret_count)
{
    int16_t samples[BLOCK];
    size_t got = 1, count;
    const float *changed;
    for (uint64_t at = 0; got; at += got) {
        TRY(engine_read(call, 0, at, samples, sizeof samples, &got));
        TRY(rate_change_add(change, samples, got / sizeof *samples, &changed, &count));
        TRY(sound_file_add(file, changed, count));
        TRY(sound_file_flush(file));
        *ret_count += (int64_t)count;
    }
    return OK;
}

static error stream(struct engine_call *call, json_t **ret_result)
{
    RATE_CHANGE_AUTO struct rate_change *change = NULL;
    SOUND_FILE_AUTO struct sound_file *file = NULL;
    struct sink_io io = engine_sink_io(call, 0);
    int64_t rate = json_get_int(engine_params(call), "rate", 0), count = 0;
    if (rate < RATE_LEAST || rate > RATE_MOST)
        return error_make(ERROR_VALIDATION_ERROR, "rate", "A rate of %lld Hz is not possible", (long long)rate);
    TRY(rate_change_open((int)rate, SOUND_FILE_RATE, &change));
    TRY(sound_file_stream(&io, json_get_str(engine_params(call), "format"), &file));
    TRY(copy(call, change, file, &count));
    TRY(sound_file_finish(file));
    *ret_result = json_pack("{s:f}", "duration", (double)count / SOUND_FILE_RATE);
    return OK;
}

const struct engine_op audio_stream_op = { "audio.stream", stream };
