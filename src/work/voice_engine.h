// SPDX-License-Identifier: GPL-3.0-or-later
// Text to speech: what every engine can be asked, and the list of them. An engine is one file and one line in
// voice_engine.c; nothing else knows it by name. A voice is "ENGINE:NAME". Who asks speaks sentence by sentence
// (voice_speak.h).
#pragma once

#include "domain/voice.h"
#include "net/child.h"

// A spoken sentence. `facts` are {duration, sample_rate, words: [{text, start, end, offset}], phonemes: [{phoneme,
// start, end}]}: seconds, and bytes of what was said.
struct voice_sound {
    struct buffer samples; // mono, 16 bits, native order; buffer_done afterwards
    const json_t *facts;
};

// How a task of an engine reaches the world; given by who asks.
struct voice_asker {
    void *context;
    // Asks a child of kinora-engine; fills in cancellation and deadline. Where `lanes` is above 1, from as many threads
    // at a time, each with an arena of its own.
    error (*ask)(void *context, struct arena *arena, struct child_call *call, json_t **ret_result);
    int lanes;
    // What was spoken before, by key; both may be NULL. On the thread of the one who asks.
    error (*find)(void *context, str key, struct voice_sound *ret_sound, bool *ret_found);
    error (*keep)(void *context, str key, const struct voice_sound *sound);
    void (*progress)(void *context, double done); // may be NULL
    const atomic_bool *cancelled;                 // may be NULL
    int64_t deadline_us;                          // clock_mono_us time, 0 for none
    const char *engine_path;                      // of kinora-engine, which puts other programs into a sandbox
};

// Where a spoken text goes: mono samples, 16 bits, in order, all at one rate in Hz.
struct voice_sink {
    void *context;
    error (*add)(void *context, int rate, const int16_t *samples, size_t count);
};

struct voice_task {
    struct arena *arena; // of the result too
    const struct voice_asker *asker;
    str voice; // the engine's name of it
    str text;  // a sentence
    double speed, pitch;
    str language; // of the voice, STR_NONE where unknown
};

struct voice_engine {
    const char *name;  // "piper"
    const char *title; // "Piper"
    const char *mend;  // how to make it available, one sentence
    // OK, or ENGINE_MISSING. Quick: looks at settings and files only.
    error (*available)(struct arena *arena);
    // Calls `each` for every voice, whose texts live in the arena; `id` has the engine's name. NULL: the children tell.
    error (*list)(struct arena *arena, void (*each)(void *context, const struct voice *voice), void *context);
    // VOICE_NOT_FOUND, ENGINE_REFUSED where another attempt would be in vain, ENGINE_FAILED, ENGINE_CRASHED, CANCELLED,
    // TIMED_OUT. *ret_sound is empty on failure.
    error (*speak)(const struct voice_task *task, struct voice_sound *ret_sound);
};
extern const struct voice_engine *const voice_engines[]; // NULL-terminated
extern const struct voice_engine voice_espeak, voice_flite, voice_openai, voice_piper;

// The engine of a voice, and the voice's name without it. VOICE_NOT_FOUND, ENGINE_MISSING.
MUST_USE error voice_choose(struct arena *arena, str voice_id, const struct voice_engine **ret_engine, str *ret_name);
// The language of a voice as far as its id tells; STR_NONE: it speaks any, or nobody knows.
str voice_language(struct arena *arena, str voice_id);

// Asks a child for tts.speak; of the local engines, and of those that have no times of their own.
MUST_USE error voice_ask_child(
    const struct voice_task *task, str voice, double speed, double pitch, struct voice_sound *ret_sound);
// Reads a WAV file of mono samples, 16 bits. ENGINE_FAILED, saying `who`, for anything else.
MUST_USE error voice_read_wav(const char *who, str wav, struct buffer *ret_samples, int *ret_rate);
// Of an engine that gives a sound file without times: its sound as samples (by way of a child where it is no WAV file),
// with the words and phonemes of the same text spoken by espeak-ng, stretched over what is heard, and its pitch: an
// engine without one is asked for speed/pitch, and its sound is played faster. ENGINE_FAILED saying `who` when it is no
// sound.
MUST_USE error voice_of_file(const struct voice_task *task, const char *who, str file, struct voice_sound *ret_sound);
