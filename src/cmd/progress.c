// SPDX-License-Identifier: GPL-3.0-or-later
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { BAR_CELLS = 30 };

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress) { what, isatty(STDERR_FILENO), -1, clock_mono_us() };
    progress_tell(progress, 0);
}

void progress_tell(void *context, double done)
{
    struct progress *progress = context;
    int percent = (int)(done * 100);
    if (!progress->shown || percent <= progress->percent)
        return;
    progress->percent = percent;
    char bar[BAR_CELLS + 1] = { 0 };
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i * 100 < percent * BAR_CELLS ? '#' : '.';
    fprintf(stderr, "\r\033[K%s [%s] %d %%", progress->what, bar, percent);
    double seconds = (double)(clock_mono_us() - progress->started_us) / 1e6;
    if (percent >= 5 && percent < 100 && seconds > 2)
        fprintf(stderr, ", %.0f s left", seconds * (1 - done) / done + 1);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
