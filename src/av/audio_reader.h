// SPDX-License-Identifier: GPL-3.0-or-later
// The sound of a source as interleaved floats at one rate and number of channels, on the file's clock: sample 0 is
// the first moment of the file, silence stands where the file has no sound.
#pragma once

#include "av/source.h"

struct audio_reader;

// NO_AUDIO without a sound track. The source stays the caller's; nothing else may read from it meanwhile.
MUST_USE error audio_reader_open(
    struct source *source, int sample_rate, int channels, struct audio_reader **ret_reader);
void audio_reader_close(struct audio_reader *reader); // NULL is allowed
void audio_reader_cleanup(struct audio_reader **reader);
#define AUDIO_READER_AUTO __attribute__((cleanup(audio_reader_cleanup)))
// Gives up to `frames` frames (samples of all channels); fewer only at the end.
MUST_USE error audio_reader_read(struct audio_reader *reader, float *ret_samples, size_t frames, size_t *ret_frames);
// The next frame read is frame number `frame` of the output.
MUST_USE error audio_reader_seek(struct audio_reader *reader, int64_t frame);
