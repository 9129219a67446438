// SPDX-License-Identifier: GPL-3.0-or-later
// A progress bar on standard error, when that is a terminal; nothing otherwise.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; // "Rendering"
    bool shown;       // a terminal is there
    int percent;      // as last drawn
    int64_t started_us;
};
void progress_begin(struct progress *progress, const char *what);
void progress_tell(void *progress, double done); // 0..1
void progress_end(struct progress *progress);    // clears the line
