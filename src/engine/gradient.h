// SPDX-License-Identifier: GPL-3.0-or-later
// A frame that runs from one colour to another.
#pragma once

#include "av/frame.h"
#include "engine/colour.h"

// `angle` in degrees, 0 upwards, clockwise: where the second colour lies. The corners in that direction get the pure
// colours. Steps between neighbouring values are scattered, so that no bands are seen.
void gradient_fill(struct frame *frame, struct colour first, struct colour second, double angle);
