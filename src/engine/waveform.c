// SPDX-License-Identifier: GPL-3.0-or-later
// Points begin with 256 samples each. Whenever there would be more than POINTS_MAX of them, neighbours are merged and
// hold twice as many samples from then on: memory is bounded, and no length need be known before.
#include "engine/waveform.h"

#include <math.h>

enum { POINTS_MAX = 20000, SAMPLES_FIRST = 256 };

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

struct waveform *waveform_new(struct arena *arena)
{
    struct waveform *waveform = ARENA_NEW(arena, struct waveform);
    *waveform = (struct waveform) { .samples = SAMPLES_FIRST, .now = { INFINITY, -INFINITY } };
    waveform->points = ARENA_ARRAY(arena, struct point, POINTS_MAX + 1);
    return waveform;
}

void waveform_add(struct waveform *waveform, const float *samples, size_t count)
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

struct waveform_size waveform_write(struct waveform *waveform, int sample_rate, struct buffer *ret_json)
{
    if (waveform->filled)
        end_point(waveform);
    buffer_format(ret_json,
        "{\"version\":2,\"channels\":1,\"sample_rate\":%d,\"samples_per_pixel\":%lld,\"bits\":8,\"length\":%zu,"
        "\"data\":[",
        sample_rate, (long long)waveform->samples, waveform->count);
    for (size_t i = 0; i < waveform->count; i++)
        buffer_format(
            ret_json, "%s%d,%d", i ? "," : "", byte_of(waveform->points[i].low), byte_of(waveform->points[i].high));
    buffer_append_str(ret_json, STR("]}\n"));
    return (struct waveform_size) { waveform->samples, waveform->count };
}
