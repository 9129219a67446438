// SPDX-License-Identifier: GPL-3.0-or-later
// Speech as a WAV file of mono samples, 16 bits.
#pragma once

#include "work/voice_engine.h"

struct voice_wav {
    const struct child_output *output;
    int rate;
    int64_t frames;
};
// What the sink gets is written to the output, behind the place of the head; `wav` and its output must outlive it.
struct voice_sink voice_wav_sink(struct voice_wav *wav);
// Writes the head: the file is whole.
MUST_USE error voice_wav_end(const struct voice_wav *wav);
