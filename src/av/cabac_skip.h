// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic coder of ITU-T H.264 (9.3.4) for one thing: a P slice all of whose macroblocks are skipped.
#pragma once

#include "av/bits.h"

enum { CABAC_SKIP_INIT = 0 }; // the slice's cabac_init_idc; its quantizer must be 51

// Writes slice_data with the stop bit, to be aligned with zeros. The writer stands at a whole byte.
void cabac_skip_write(struct bit_writer *to, unsigned macroblocks);
