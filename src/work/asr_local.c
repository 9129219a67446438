// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/asr_local.h"

static error ask(void *context, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    return local_ask(context, arena, call, ret_result);
}

static void tell(void *context, double done)
{
    local_tell(context, done);
}

static error run(struct local_asking *asking, struct arena *arena, struct local_task *task)
{
    const struct asr_local *local = task->context;
    struct asr_asker asker = { .context = asking,
        .ask = ask,
        .progress = tell,
        .cancelled = local_cancelled(asking),
        .deadline_us = local->deadline_us,
        .engine_path = local->engine_path,
        .threads = local->threads };
    struct asr_task part = {
        .arena = arena, .asker = &asker, .audio = &local->audio, .chunks = task->params, .language = local->language
    };
    return local->engine->transcribe(&part, &task->result);
}

struct local_task asr_local_task(const struct asr_local *local, const json_t *chunks)
{
    return (struct local_task) {
        .run = run, .context = (void *)local, .params = chunks, .weight = (double)json_array_size(chunks)
    };
}
