// SPDX-License-Identifier: GPL-3.0-or-later
// A text as a task of a local pool: for commands.
#pragma once

#include "work/local_pool.h"
#include "work/voice_speak.h"

struct voice_pool {
    const char *engine_path; // of kinora-engine
    const json_t *params;    // as voice_wish_of reads them
    const struct child_output *output;
};
// A task for local_pool_run; `speaking` is borrowed.
struct local_task voice_pool_task(const struct voice_pool *speaking);
