// SPDX-License-Identifier: GPL-3.0-or-later
// The spoken chunks of a part as one short WAV file without the silence between them, and the way back from its clock
// to the recording's. Engines that make words up in silence never get to hear it.
#pragma once

#include "work/asr_engine.h"

struct asr_pack {
    struct asr_piece {
        double start, end, at; // of the recording; where it begins in the pack; seconds
    } * pieces;
    size_t count;
    double duration;   // of the pack
    struct buffer wav; // 16 kHz, mono, 16 bits; buffer_done afterwards
};
// Asks a child for the sound of the task's chunks. LIMIT_EXCEEDED when the file is longer than `size_max` bytes.
MUST_USE error asr_pack_open(const struct asr_task *task, size_t size_max, struct asr_pack *ret_pack);
void asr_pack_done(struct asr_pack *pack);
#define ASR_PACK_AUTO __attribute__((cleanup(asr_pack_done)))
// Seconds of the pack to seconds of the recording; never falls.
double asr_pack_time(const struct asr_pack *pack, double at);
