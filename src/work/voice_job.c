// SPDX-License-Identifier: GPL-3.0-or-later
// The job "voice" {voice, text, speed, pitch, volume}: a text too long to be spoken while somebody waits. Its sentences
// are in the cache, so that a second run goes on where the first one was.
#include "domain/voice_file.h"
#include "work/job_kind.h"
#include "work/voice_run.h"

static error put(struct scope *scope, const struct run *run, void *blob)
{
    return voice_file_put(scope, run->job.id, blob);
}

static error start(struct run *run)
{
    struct voice_wish wish = voice_wish_of(run->params);
    struct scratch *wav, *file;
    struct blob_info blob;
    json_t *spoken, *facts;
    run_share(run, 0, 0);
    TRY(voice_run_speak(run, &wish, &wav, &spoken));
    TRY(run_scratch(run, &file));
    struct child_input input = child_input_of_scratch(wav);
    struct child_output output = child_output_of_scratch(file);
    struct child_call call = { .op = "audio.encode",
        .params = json_keep(run->scope.arena, json_pack("{s:s}", "format", "mp3")),
        .inputs = &input,
        .input_count = 1,
        .outputs = &output,
        .output_count = 1 };
    run_share(run, 0.8, 1);
    TRY(run_ask(run, ZYGOTE_PLAIN, &call, &facts));
    TRY(run_keep(run, file, &blob));
    json_t *result = json_pack(
        "{s:O, s:O}", "duration", json_object_get(spoken, "duration"), "words", json_object_get(spoken, "words"));
    return run_complete(run, json_keep(run->scope.arena, result), put, &blob);
}

const struct job_kind voice_kind = { "voice", start, NULL, NULL };
