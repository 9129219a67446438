// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that the engine can be asked. docs/engine-ops.md says what each takes and gives.
#include "engine/ops.h"

const struct engine_op *const engine_ops[] = {
    &probe_op,
    &tts_voices_op,
    &tts_speak_op,
    NULL,
};
