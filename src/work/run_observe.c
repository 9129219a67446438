// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/run_observe.h"

#include <string.h>

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
    metric_observe(METRIC_job_duration, took_us, run->job.kind, STR("completed"));
    observe_factor(run->job.kind, took_us, result ? json_get_number(result, "duration", 0) : 0);
}

// The span that queued it, with its decision whether the trace is kept.
static bool has_parent(const struct run *run, struct trace *ret_parent, bool *ret_sampled)
{
    str header = str_format(
        run->scope.arena, "00-%.*s-%.*s", STR_ARGS(run->job.trace_id), STR_ARGS(run->job.parent_span));
    return span_read_header(header, ret_parent, ret_sampled);
}

void run_observe_begin(struct run *run, struct span *span)
{
    struct trace *trace = &run->scope.trace;
    trace_new(trace);
    if (run->job.trace_id.size == sizeof trace->trace_id - 1)
        memcpy(trace->trace_id, run->job.trace_id.data, run->job.trace_id.size);
    str name = str_format(run->scope.arena, "job %.*s", STR_ARGS(run->job.kind));
    struct trace parent;
    bool sampled = false, queued = has_parent(run, &parent, &sampled);
    span_root(span, SPAN_CONSUMER, name, trace, queued ? &parent : NULL, sampled);
    span_text(span, "kinora.job.id", run->job.parent.set ? run->parent.id : run->job.id);
    span_text(span, "kinora.job.stage", run->job.stage);
    span_number(span, "kinora.job.part", run->job.part);
    span_number(span, "kinora.job.attempt", run->job.attempts);
    (void)span_enter(span);
}

void run_observe_attempt(const struct run *run, int64_t started_us, error result, struct span *span)
{
    if (!run->ended)
        span_result(span, result);
    (void)span_enter(NULL);
    span_end_root(span);
    if (run->job.attempts > 1)
        metric_add(METRIC_job_retries, 1, run->job.kind, STR_NONE);
    if (!run->ended && !atomic_load(&run->cancelled))
        metric_observe(METRIC_job_duration, clock_mono_us() - started_us, run->job.kind, STR("failed"));
}
