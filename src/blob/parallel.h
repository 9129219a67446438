// SPDX-License-Identifier: GPL-3.0-or-later
// A few threads that do numbered steps of one thing side by side, for as long as the call lasts.
#pragma once

#include "base/error.h"

enum { PARALLEL_MAX = 8 };

// Calls step(context, 0) … step(context, count - 1), at most `width` at once, the calling thread among them. After
// the first error no further step begins; that error is returned.
MUST_USE error parallel_run(size_t count, size_t width, error (*step)(void *context, size_t number), void *context);
