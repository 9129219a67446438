// SPDX-License-Identifier: GPL-3.0-or-later
// Speaking inside a job's run.
#pragma once

#include "work/run.h"
#include "work/voice_speak.h"

// voice_speak into a scratch file of the run, with the cache of sentences and the pronunciations of the job's owner.
MUST_USE error voice_run_speak(
    struct run *run, const struct voice_wish *wish, struct scratch **ret_wav, json_t **ret_result);
