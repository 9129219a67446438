// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/run_observe.h"

#include "base/clock.h"
#include "base/metric.h"

static void observe_factor(str kind, int64_t took_us, double media_seconds)
{
    if (media_seconds <= 0)
        return;
    int64_t factor_ppm = (int64_t)((double)took_us / media_seconds);
    if (str_equal(kind, STR("transcribe")))
        metric_observe(METRIC_transcription_factor, factor_ppm, STR_NONE, STR_NONE);
    else if (str_equal(kind, STR("render")))
        metric_observe(METRIC_render_factor, factor_ppm, STR_NONE, STR_NONE);
}

void run_observe_completed(const struct run *run, const json_t *result)
{
    if (run->job.parent.set || !run->job.started_at.us) // parts are inside of their job's time
        return;
    int64_t took_us = clock_now_us() - run->job.started_at.us;
    if (took_us < 0) // the clock was set back
        took_us = 0;
    metric_observe(METRIC_job_duration, took_us, run->job.kind, STR("completed"));
    observe_factor(run->job.kind, took_us, result ? json_get_number(result, "duration", 0) : 0);
}

void run_observe_attempt(const struct run *run, int64_t started_us)
{
    if (run->job.attempts > 1)
        metric_add(METRIC_job_retries, 1, run->job.kind, STR_NONE);
    if (!run->ended && !atomic_load(&run->cancelled))
        metric_observe(METRIC_job_duration, clock_mono_us() - started_us, run->job.kind, STR("failed"));
}
