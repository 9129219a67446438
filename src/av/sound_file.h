// SPDX-License-Identifier: GPL-3.0-or-later
// Mono sound of 24 kHz into the files that people exchange: mp3, opus (in Ogg), aac (ADTS), flac, wav, and pcm: 16
// bits, little-endian, without a head.
#pragma once

#include "av/sink.h"

struct sound_file;

enum { SOUND_FILE_RATE = 24000 };

// VALIDATION_ERROR for a format that is none of these, ENGINE_FAILED when FFmpeg lacks it.
MUST_USE error sound_file_open(const struct sink_io *io, str format, struct sound_file **ret_file);
// The same for one that is sent while it is made: written from front to back, what is known at the end only (lengths)
// left out.
MUST_USE error sound_file_stream(const struct sink_io *io, str format, struct sound_file **ret_file);
// Writes what the encoder has given so far.
MUST_USE error sound_file_flush(struct sound_file *file);
MUST_USE error sound_file_add(struct sound_file *file, const float *samples, size_t count);
MUST_USE error sound_file_finish(struct sound_file *file);
void sound_file_close(struct sound_file *file); // NULL is allowed
void sound_file_cleanup(struct sound_file **file);
#define SOUND_FILE_AUTO __attribute__((cleanup(sound_file_cleanup)))
