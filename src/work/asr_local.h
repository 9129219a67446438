// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of a recording as tasks of a local pool: for commands.
#pragma once

#include "work/asr_engine.h"
#include "work/local_pool.h"

struct asr_local {
    const struct asr_engine *engine; // the pool's children are of its zygote
    const char *engine_path;         // of kinora-engine
    struct child_input audio;
    str language;        // STR_NONE: to be found out
    int threads;         // that a part may keep busy
    int64_t deadline_us; // clock_mono_us time, 0 for none
};
// A task for local_pool_run: `chunks` of the recording (asr.split), borrowed like `local`.
struct local_task asr_local_task(const struct asr_local *local, const json_t *chunks);
