// SPDX-License-Identifier: GPL-3.0-or-later
// Metrics: what /metrics shows, declared once in metric_list.h. They are of the whole program, as the log is, and may
// be changed by any thread without waiting: a look for the series, and relaxed additions.
#pragma once

#include "base/buffer.h"

#define METRIC(name, exposed, kind, first, second, doc) METRIC_##name,
enum metric_id {
#include "base/metric_list.h"
    METRIC_COUNT
};
#undef METRIC

// COUNTER and GAUGE hold whole numbers; COUNTER_US and GAUGE_US microseconds, shown as seconds; SECONDS and RATIO are
// histograms of microseconds and of millionths, shown as seconds and as ones.
enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_COUNTER_US,
    METRIC_GAUGE_US,
    METRIC_SECONDS,
    METRIC_RATIO,
};

// Values of the labels that the list names; STR_NONE for those that it does not. A value is cut at 39 bytes. From the
// 64th pair of values on all are counted as "other".
void metric_add(enum metric_id id, int64_t amount, str first, str second);
// Of a gauge, or of a counter that the system counts.
void metric_set(enum metric_id id, int64_t value, str first, str second);
// Of a histogram: microseconds or millionths; below zero counts as zero.
void metric_observe(enum metric_id id, int64_t value, str first, str second);
// Sets all series of a gauge to zero: those that the next reading does not mention are gone.
void metric_clear(enum metric_id id);
// Appends all of them in the text format of Prometheus, version 0.0.4.
void metric_write(struct buffer *out);
