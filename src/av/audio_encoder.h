// SPDX-License-Identifier: GPL-3.0-or-later
// 48 kHz stereo sound into AAC, Opus or MP3 in Matroska, AAC in M4A (its index in front), or 16-bit PCM in WAV.
#pragma once

#include "av/sink.h"

struct audio_encoder;

enum { AUDIO_RATE = 48000 };
enum audio_codec { AUDIO_AAC, AUDIO_M4A, AUDIO_PCM, AUDIO_OPUS, AUDIO_MP3 };

// `bitrate` in bits a second, of no use to PCM.
MUST_USE error audio_encoder_open(
    const struct sink_io *io, enum audio_codec codec, int64_t bitrate, struct audio_encoder **ret_encoder);
// `frames` pairs of left and right, -1 to 1; what lies outside is clipped by PCM.
MUST_USE error audio_encoder_add(struct audio_encoder *encoder, const float *samples, size_t frames);
MUST_USE error audio_encoder_finish(struct audio_encoder *encoder);
void audio_encoder_close(struct audio_encoder *encoder); // NULL is allowed
