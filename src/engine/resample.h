// SPDX-License-Identifier: GPL-3.0-or-later
// Moves and enlarges frames with bilinear filtering, plane by plane.
#pragma once

#include "av/frame.h"

// Pixel (x, y) of `to` shows (x - width / 2 - shift_x) / zoom + width / 2 of `from`, and so on; outside, the edge
// goes on. `zoom` above 0; shifts in pixels. The frames are different ones of one size.
void resample_frame(struct frame *to, const struct frame *from, double zoom, double shift_x, double shift_y);
