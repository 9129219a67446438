// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_run.h"

#include "domain/pronunciation.h"
#include "work/render.h"
#include "work/voice_cache.h"
#include "work/voice_wav.h"

static error ask(void *context, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    (void)arena; // of the run, as what is asked
    return run_ask(context, ZYGOTE_PLAIN, call, ret_result);
}

// Most of a voice job is this; in a render the stage's own share counts.
static void progress(void *context, double done)
{
    struct run *run = context;
    if (run->from == run->to)
        run_progress(run, done * 0.8);
}

static error find(void *context, str key, struct voice_sound *ret_sound, bool *ret_found)
{
    return voice_cache_find(&((struct run *)context)->scope, key, ret_sound, ret_found);
}

static error keep(void *context, str key, const struct voice_sound *sound)
{
    struct run *run = context;
    struct render_made made = { .key = key, .facts = sound->facts };
    TRY(voice_cache_store(&run->scope, sound, &made.blob));
    return run_write(run, render_put, &made);
}

error voice_run_speak(struct run *run, const struct voice_wish *wish, struct scratch **ret_wav, json_t **ret_result)
{
    const json_t *pronunciations;
    struct scratch *wav;
    struct voice_asker asker = { .context = run,
        .ask = ask,
        .lanes = 1,
        .find = find,
        .keep = keep,
        .progress = progress,
        .cancelled = &run->cancelled,
        .deadline_us = run->scope.deadline_us,
        .engine_path = run_engine_path(run) };
    TRY(run_scratch(run, &wav));
    struct child_output output = child_output_of_scratch(wav);
    struct voice_wav file = { .output = &output };
    struct voice_sink sink = voice_wav_sink(&file);
    TRY(pronunciation_words(&run->scope, &pronunciations));
    TRY(voice_speak(run->scope.arena, &asker, wish, pronunciations, &sink, ret_result));
    TRY(voice_wav_end(&file));
    *ret_wav = wav;
    return OK;
}
