// SPDX-License-Identifier: GPL-3.0-or-later
// What a recording looks like: its lowest and highest samples, point by point, as JSON of audiowaveform's version 2
// (the format is described in audiowaveform's doc/DataFormat.md).
#pragma once

#include "base/buffer.h"

struct waveform;

struct waveform_size {
    int64_t samples_per_pixel;
    size_t length; // points
};

// Lives in the arena.
struct waveform *waveform_new(struct arena *arena);
// Samples of one channel, -1 to 1; what is not a number counts as silence.
void waveform_add(struct waveform *waveform, const float *samples, size_t count);
// Ends the last point and appends the document. Nothing is added afterwards.
struct waveform_size waveform_write(struct waveform *waveform, int sample_rate, struct buffer *ret_json);
