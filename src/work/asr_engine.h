// SPDX-License-Identifier: GPL-3.0-or-later
// Speech to text: what every engine can be asked, and the list of them. An engine is one file and one line in
// asr_engine.c; nothing else knows it by name. Who asks (a job, a command) splits the recording at silences into parts
// and lets the engine do one part at a time, so that a job that was killed goes on from its last finished part.
#pragma once

#include "net/child.h"

// How a task of an engine reaches the world; given by who asks.
struct asr_asker {
    void *context;
    // Asks a child of kinora-engine, of the zygote that the engine wants; fills in cancellation and deadline.
    error (*ask)(void *context, struct arena *arena, struct child_call *call, json_t **ret_result);
    void (*progress)(void *context, double done); // of this task, 0..1; on the asking thread
    const atomic_bool *cancelled;                 // to be obeyed within two seconds; may be NULL
    int64_t deadline_us;                          // clock_mono_us time, 0 for none
    const char *engine_path;                      // of kinora-engine, which puts other programs into a sandbox
    int threads;                                  // that the task may keep busy
};

// One part of one recording.
struct asr_task {
    struct arena *arena; // of the result too
    const struct asr_asker *asker;
    const struct child_input *audio; // the recording: any sound or film
    const json_t *chunks;            // what is spoken, as asr.split gave it: [{start, end}], seconds
    str language;                    // ISO 639-1; STR_NONE: to be found out, or the only one it knows
};

struct asr_engine {
    const char *name;             // as a request names it: "whisper"
    const char *title;            // "whisper.cpp"
    const char *mend;             // how to make it available, one sentence
    const char *languages;        // codes separated by blanks; NULL: any
    bool (*knows)(str language);  // NULL: as `languages` says
    int quality;                  // the higher the better its text; different for each engine
    double part_least, part_most; // seconds of speech in a part
    enum zygote_kind zygote;      // of the children it asks
    // OK, or ENGINE_MISSING with the sentence what is missing. Quick: looks at settings and files only.
    error (*available)(struct arena *arena);
    // Gives {segments: [{start, end, text, confidence, words: [{text, start, end, confidence}]}], language} in time
    // order, on the recording's clock; a segment's text is its words joined by spaces. Silence gives no segments.
    // ENGINE_REFUSED where another attempt would be in vain, ENGINE_FAILED or ENGINE_CRASHED where it may help,
    // CANCELLED, TIMED_OUT; ENGINE_MISSING as `available`.
    error (*transcribe)(const struct asr_task *task, json_t **ret_result);
};

extern const struct asr_engine *const asr_engines[]; // NULL-terminated

// The engine of this name, or the best that is available and can do the language (STR_NONE: any). VALIDATION_ERROR for
// a name that no engine has, UNSUPPORTED_LANGUAGE (says which could), ENGINE_MISSING (says what is missing).
MUST_USE error asr_choose(struct arena *arena, str name, str language, const struct asr_engine **ret_engine);
// The only language of an engine that knows one; STR_NONE for others.
str asr_only_language(const struct asr_engine *engine);
// Their names, or only of those that are available; NULL-terminated, in the arena.
const char *const *asr_names(struct arena *arena, bool only_available);
// CANCELLED or TIMED_OUT when the asker wants no more: to be asked in loops.
MUST_USE error asr_check(const struct asr_asker *asker);

extern const struct asr_engine asr_openai, asr_pocketsphinx, asr_whisper;
