// SPDX-License-Identifier: GPL-3.0-or-later
// Files made in memory: sound, pictures, films. All 48 kHz stereo, all the same bytes each time.
#pragma once

#include <cairo.h>

#include "av/sink.h"
#include "av/source.h"
#include "base/buffer.h"

enum { THUMBNAIL_SIDE = 320 };

// A sink that writes into the buffer, and a source that reads from it. The buffer stays the caller's.
struct sink_io output_sink(struct buffer *buffer);
struct source_io output_source(const struct buffer *buffer);

// Pairs of left and right as AAC in M4A, and what they look like as a waveform document.
MUST_USE error output_sound(struct arena *arena, const float *samples, size_t frames, int64_t bitrate,
    struct buffer *ret_file, struct buffer *ret_waveform);
// A drawing (CAIRO_FORMAT_RGB24 or ARGB32) as JPEG, and as a smaller one of THUMBNAIL_SIDE pixels.
MUST_USE error output_jpeg(cairo_surface_t *surface, struct buffer *ret_file);
MUST_USE error output_thumbnail(cairo_surface_t *surface, struct buffer *ret_file);
// Reads the sound of a file back as 48 kHz stereo, for checking.
MUST_USE error output_decode_sound(
    struct arena *arena, const struct buffer *file, float **ret_samples, size_t *ret_frames);
