// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_pool.h"

#include "work/voice_wav.h"

static error ask(void *context, struct arena *arena, struct child_call *call, json_t **ret_result)
{
    return local_ask(context, arena, call, ret_result);
}

static void progress(void *context, double done)
{
    local_tell(context, done);
}

static error run(struct local_asking *asking, struct arena *arena, struct local_task *task)
{
    const struct voice_pool *speaking = task->context;
    struct voice_wish wish = voice_wish_of(speaking->params);
    struct voice_asker asker = { .context = asking,
        .ask = ask,
        .lanes = 1,
        .progress = progress,
        .cancelled = local_cancelled(asking),
        .engine_path = speaking->engine_path };
    struct voice_wav file = { .output = speaking->output };
    struct voice_sink sink = voice_wav_sink(&file);
    TRY(voice_speak(arena, &asker, &wish, NULL, &sink, &task->result));
    return voice_wav_end(&file);
}

struct local_task voice_pool_task(const struct voice_pool *speaking)
{
    return (struct local_task) {
        .run = run, .context = (void *)speaking, .weight = (double)json_get_str(speaking->params, "text").size
    };
}
