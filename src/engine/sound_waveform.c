// SPDX-License-Identifier: GPL-3.0-or-later
// What a recording looks like: its lowest and highest samples, point by point, as JSON of audiowaveform's version 2
// (the format is described in audiowaveform's doc/DataFormat.md).
//
// Points begin with 256 samples each. Whenever there would be more than POINTS_MAX of them, neighbours are merged and
// hold twice as many samples from then on: memory is bounded, and no length need be known before.
#include <math.h>

#include "av/audio_reader.h"
#include "engine/engine_source.h"
#include "engine/ops.h"

enum { POINTS_MAX = 20000, SAMPLES_FIRST = 256, BLOCK = 8192, PROGRESS_BLOCKS = 64 };

struct point {
    float low, high;
};

struct waveform {
    struct point *points;
    size_t count;            // that are whole
    struct point now;        // under way
    int64_t samples, filled; // samples a point has; that the one under way has
};

static void merge(struct waveform *waveform)
{
    struct point *points = waveform->points;
    for (size_t i = 0; i < POINTS_MAX / 2; i++)
        points[i] = (struct point) { fminf(points[2 * i].low, points[2 * i + 1].low),
            fmaxf(points[2 * i].high, points[2 * i + 1].high) };
    waveform->count = POINTS_MAX / 2;
    waveform->samples *= 2;
}

static void end_point(struct waveform *waveform)
{
    waveform->points[waveform->count++] = waveform->now;
    waveform->now = (struct point) { INFINITY, -INFINITY };
    waveform->filled = 0;
}

static void add(struct waveform *waveform, const float *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        float sample = isfinite(samples[i]) ? samples[i] : 0;
        if (waveform->filled == 0 && waveform->count == POINTS_MAX)
            merge(waveform);
        waveform->now.low = fminf(waveform->now.low, sample);
        waveform->now.high = fmaxf(waveform->now.high, sample);
        if (++waveform->filled == waveform->samples)
            end_point(waveform);
    }
}

static int byte_of(float sample)
{
    return (int)fminf(fmaxf(floorf(sample * 128), -128), 127);
}

static error write_json(struct engine_call *call, const struct waveform *waveform, int sample_rate)
{
    BUFFER_AUTO struct buffer text = { 0 };
    buffer_format(&text,
        "{\"version\":2,\"channels\":1,\"sample_rate\":%d,\"samples_per_pixel\":%lld,\"bits\":8,\"length\":%zu,"
        "\"data\":[",
        sample_rate, (long long)waveform->samples, waveform->count);
    for (size_t i = 0; i < waveform->count; i++)
        buffer_format(
            &text, "%s%d,%d", i ? "," : "", byte_of(waveform->points[i].low), byte_of(waveform->points[i].high));
    buffer_append_str(&text, STR("]}\n"));
    return text.failed ? error_of(ERROR_LIMIT_EXCEEDED) : engine_write(call, 0, 0, text.data, text.size);
}

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
        add(waveform, block, got);
        total += (int64_t)got;
        if (i % PROGRESS_BLOCKS == 0)
            TRY(engine_progress(call, expected > 0 ? fmin(1, (double)total / expected) : 0));
    }
    if (waveform->filled)
        end_point(waveform);
    *ret_samples = total;
    return OK;
}

static error run(struct engine_call *call, json_t **ret_result)
{
    SOURCE_AUTO struct source *source = NULL;
    int64_t samples = 0;
    struct waveform waveform = { .samples = SAMPLES_FIRST, .now = { INFINITY, -INFINITY } };
    waveform.points = ARENA_ARRAY(engine_arena(call), struct point, POINTS_MAX + 1);
    TRY(engine_source_open(call, 0, &source));
    if (!source_info(source)->audio_codec)
        return error_of(ERROR_NO_AUDIO);
    int sample_rate = source_info(source)->sample_rate;
    TRY(measure(call, source, &waveform, &samples));
    if (!samples)
        return error_make(ERROR_NO_AUDIO, NULL, "No sound of the file can be decoded");
    TRY(write_json(call, &waveform, sample_rate));
    *ret_result = json_pack("{s:f, s:I, s:I}", "duration", (double)samples / sample_rate, "samples_per_pixel",
        (json_int_t)waveform.samples, "length", (json_int_t)waveform.count);
    return OK;
}

const struct engine_op sound_waveform_op = { "sound.waveform", run };
