// SPDX-License-Identifier: GPL-3.0-or-later
// The embedded engine: pocketsphinx with Debian's English model, in children that have it loaded.
#include <unistd.h>

#include "work/asr_engine.h"

#define MODEL "/usr/share/pocketsphinx/model/en-us"

static error available(struct arena *arena)
{
    (void)arena;
    if (access(MODEL "/en-us", R_OK))
        return error_make(ERROR_ENGINE_MISSING, "engine", "pocketsphinx's English model is not in " MODEL);
    return OK;
}

static error transcribe(const struct asr_task *task, json_t **ret_result)
{
    json_t *params = json_keep(task->arena,
        json_pack("{s:s, s:s, s:O}", "engine", "pocketsphinx", "language", "en", "chunks", (json_t *)task->chunks));
    struct child_call call = { .op = "asr.decode", .params = params, .inputs = task->audio, .input_count = 1 };
    return task->asker->ask(task->asker->context, task->arena, &call, ret_result);
}

const struct asr_engine asr_pocketsphinx = {
    .name = "pocketsphinx",
    .title = "pocketsphinx",
    .mend = "apt-get install pocketsphinx-en-us",
    .languages = "en",
    .quality = 10,
    .part_least = 15, // starting a child does not matter
    .part_most = 60,  // some machines can work on one recording
    .zygote = ZYGOTE_SPEECH,
    .available = available,
    .transcribe = transcribe,
};
