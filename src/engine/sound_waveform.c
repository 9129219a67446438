// SPDX-License-Identifier: GPL-3.0-or-later
#include <math.h>

#include "av/audio_reader.h"
#include "engine/engine_source.h"
#include "engine/ops.h"
#include "engine/waveform.h"

enum { BLOCK = 8192, PROGRESS_BLOCKS = 64 };

static error measure(struct engine_call *call, struct source *source, struct waveform *waveform, int64_t *ret_samples)
{
    const struct source_info *info = source_info(source);
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    float block[BLOCK];
    size_t got = BLOCK;
    int64_t total = 0;
    double expected = info->duration_us > 0 ? (double)info->duration_us / 1e6 * info->sample_rate : 0;
    TRY(audio_reader_open(source, info->sample_rate, 1, &reader));
    for (int64_t i = 0; got == BLOCK; i++) {
        TRY(audio_reader_read(reader, block, BLOCK, &got));
        waveform_add(waveform, block, got);
        total += (int64_t)got;
        if (i % PROGRESS_BLOCKS == 0)
            TRY(engine_progress(call, expected > 0 ? fmin(1, (double)total / expected) : 0));
    }
    *ret_samples = total;
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    SOURCE_AUTO struct source *source = NULL;
    int64_t samples = 0;
    struct waveform *waveform = waveform_new(engine_arena(call));
    BUFFER_AUTO struct buffer text = { 0 };
    TRY(engine_source_open(call, 0, &source));
    if (!source_info(source)->audio_codec)
        return error_of(ERROR_NO_AUDIO);
    int sample_rate = source_info(source)->sample_rate;
    TRY(measure(call, source, waveform, &samples));
    if (!samples)
        return error_make(ERROR_NO_AUDIO, NULL, "No sound of the file can be decoded");
    struct waveform_size size = waveform_write(waveform, sample_rate, &text);
    TRY(text.failed ? error_of(ERROR_LIMIT_EXCEEDED) : engine_write(call, 0, 0, text.data, text.size));
    *ret_result = json_pack("{s:f, s:I, s:I}", "duration", (double)samples / sample_rate, "samples_per_pixel",
        (json_int_t)size.samples_per_pixel, "length", (json_int_t)size.length);
    return OK;
}

const struct engine_op sound_waveform_op = { "sound.waveform", run };
