// SPDX-License-Identifier: GPL-3.0-or-later
// Sends ended spans to a collector: OTLP 1.x over HTTP, encoded as JSON, in batches, by a thread of its own. Spans wait
// in a bounded queue; what does not fit is dropped and counted, so that a collector that is slow or away holds up
// nobody.
#pragma once

#include "base/span.h"
#include "net/server.h"

struct otlp;
struct otlp_options {
    const char *url; // "http://127.0.0.1:4318/v1/traces"; borrowed, as all texts here
    const struct http_header *headers;
    size_t header_count;
    const struct http_header *resource; // attributes of this program: service.name and others
    size_t resource_count;
    int64_t timeout_us, delay_us; // of one message; until a batch that is not full goes
    int queue_max, batch_max;     // spans
    int64_t keep_ppm;             // as in struct span_sink
    bool by_parent;
};
// Starts the thread and becomes the sink of spans.
MUST_USE error otlp_start(const struct otlp_options *options, struct otlp **ret_otlp);
// After all threads that make spans have ended: sends what waits, for two seconds at most, and frees. NULL is allowed.
void otlp_stop(struct otlp *otlp);
