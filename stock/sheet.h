// SPDX-License-Identifier: GPL-3.0-or-later
// Contact sheets: many things small on one picture, to look at.
#pragma once

#include "item.h"

enum { SHEET_CELLS = 30 };

// Draws page `page` (from 0) of the things of a kind into a JPEG file; of sounds the waveforms that the pack in
// `folder` has. NOT_FOUND behind the last page.
MUST_USE error sheet_make(enum item_kind kind, size_t page, const char *folder, const char *file);
