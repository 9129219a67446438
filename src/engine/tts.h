// SPDX-License-Identifier: GPL-3.0-or-later
// What every synthesizer does, and the speech that it adds to. A synthesizer is one file with one
// `struct tts_engine` and one line in tts.c.
#pragma once

#include "engine/call.h"

struct tts_voice {
    const char *id; // without the engine's name: "slt", "en-us"
    const char *name, *language, *language_code, *dialect, *gender, *style, *category;
};

struct tts_settings {
    str voice;           // without the engine's name
    double speed, pitch; // factors, 0.5 to 2
};

struct tts_speech;
// Adds mono samples.
MUST_USE error tts_add_samples(struct tts_speech *speech, const int16_t *samples, size_t count);
// From sample `frame` (of all so far) on, what is spoken starts at byte `offset` of the piece of text.
void tts_add_mark(struct tts_speech *speech, size_t offset, int64_t frame);
// Phonemes come in order and end where the next one starts; TTS_SILENCE is one too.
#define TTS_SILENCE "pau"
void tts_add_phoneme(struct tts_speech *speech, const char *name, int64_t frame);
int64_t tts_frames(const struct tts_speech *speech); // samples so far
struct arena *tts_arena(struct tts_speech *speech);
// For long work; CANCELLED as engine_progress.
MUST_USE error tts_progress(struct tts_speech *speech, size_t offset);

struct tts_engine {
    const char *name;
    // Calls `each` for every voice.
    error (*list)(struct arena *arena, void (*each)(void *context, const struct tts_voice *voice), void *context);
    // Loads the voice for the settings: VOICE_NOT_FOUND. *ret_state is handed to the others.
    error (*open)(const struct tts_settings *settings, struct arena *arena, int *ret_sample_rate, void **ret_state);
    // Speaks valid UTF-8 that holds no pause marks.
    error (*speak)(void *state, str text, struct tts_speech *speech);
    void (*close)(void *state);
};
extern const struct tts_engine tts_espeak, tts_flite;
