// SPDX-License-Identifier: GPL-3.0-or-later
// Spans: what took how long, for which request or job (OpenTelemetry's model, W3C Trace Context's ids). Each thread
// knows the span that it works inside of; what begins there is its child. Without a sink, or outside of a sampled span,
// a span is a look at one variable of the thread.
#pragma once

#include "base/error.h"
#include "base/log.h"

// Numbers as in OpenTelemetry's protocol.
enum span_kind { SPAN_INTERNAL = 1, SPAN_SERVER, SPAN_CLIENT, SPAN_PRODUCER, SPAN_CONSUMER };

// Limits: names of routes and statements, hosts and words fit; what is longer is cut.
enum { SPAN_NAME_MAX = 96, SPAN_TEXT_MAX = 80, SPAN_ATTRIBUTES_MAX = 6 };

struct span_attribute {
    const char *name; // lasting
    bool is_number;
    int64_t number;
    char text[SPAN_TEXT_MAX];
};

// Where a thread works: the ids of a span that is sampled, or `on` unset.
struct span_place {
    bool on;
    struct trace trace;
};

struct span {
    bool on; // else nothing below is set
    struct trace trace;
    char parent_id[17]; // empty: none
    char name[SPAN_NAME_MAX];
    enum span_kind kind;
    int64_t start_us, end_us; // wall clock
    bool failed;
    char message[SPAN_TEXT_MAX]; // of the failure
    size_t attribute_count;
    struct span_attribute attributes[SPAN_ATTRIBUTES_MAX];
    struct span_place outer; // where the thread was before (span_begin)
};

// The whole program's sink, called by any thread at the end of each span, which must not wait; NULL: none. Before the
// threads start and after they have ended. `keep_ppm` of a million traces are kept where nobody decided before;
// `by_parent`: who calls us with a traceparent has decided.
struct span_sink {
    void *context;
    void (*take)(void *context, const struct span *span);
    int64_t keep_ppm;
    bool by_parent;
};
void span_set_sink(const struct span_sink *sink); // borrowed
bool span_is_on(void);

// Reads a `traceparent` header (W3C Trace Context 3.2); false when there is none or it is not valid.
bool span_read_header(str traceparent, struct trace *ret_parent, bool *ret_sampled);
// Writes one: 55 characters.
void span_write_header(const struct trace *trace, char out[static 56]);
// The end of a traceparent, "SPAN-FLAGS", for work that is queued here and done later, of the span that the thread
// works inside of; of `trace`, as not sampled, where there is none. STR_NONE without a sink or a trace. In the arena.
str span_origin(struct arena *arena, const struct trace *trace);

// The root of what happens here: `trace` are its ids, `parent` (may be NULL) the caller's span with its decision. Off
// when there is no sink or the trace is not kept. The thread does not enter it.
void span_root(struct span *span, enum span_kind kind, str name, const struct trace *trace, const struct trace *parent,
    bool parent_sampled);
void span_end_root(struct span *span);

// The thread works inside of `span` (NULL or off: of none) until span_leave with what span_enter gave.
struct span_place span_enter(const struct span *span);
void span_leave(struct span_place before);
// Where this thread is, for another one that goes on with its work: span_move there, span_leave at the end.
struct span_place span_here(void);
struct span_place span_move(struct span_place place);

#define SPAN_WITHIN(span)                                                                                              \
    __attribute__((cleanup(span_leave_cleanup), unused)) const struct span_place span_before_ = span_enter(span)
static inline void span_leave_cleanup(const struct span_place *before)
{
    span_leave(*before);
}

// A child of where the thread is; off outside of a sampled span. The thread is inside of it until span_end.
void span_begin(struct span *span, enum span_kind kind, const char *verb, str object);
void span_end(struct span *span);
#define SPAN_AUTO __attribute__((cleanup(span_end)))

void span_text(struct span *span, const char *name, str value);
void span_number(struct span *span, const char *name, int64_t value);
// Marks it as failed when `result` is an error.
void span_result(struct span *span, error result);
