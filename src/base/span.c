// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/span.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

static _Atomic(const struct span_sink *) the_sink;
static _Thread_local struct span_place here;

void span_set_sink(const struct span_sink *sink)
{
    atomic_store(&the_sink, sink);
}

bool span_is_on(void)
{
    return atomic_load_explicit(&the_sink, memory_order_relaxed) != NULL;
}

// Headers ---------------------------------------------------------------------------------------------

// version-traceid-parentid-flags in lower-case hexadecimal. Versions to come may have more behind it.
bool span_read_header(str traceparent, struct trace *ret_parent, bool *ret_sampled)
{
    static const unsigned char zero[16];
    unsigned char id[16], parent[8], version, flags;
    if (traceparent.size < 55 || traceparent.data[2] != '-' || traceparent.data[35] != '-'
        || traceparent.data[52] != '-')
        return false;
    for (size_t i = 0; i < 55; i++)
        if (traceparent.data[i] >= 'A' && traceparent.data[i] <= 'F')
            return false;
    if (!str_from_hex(str_sub(traceparent, 0, 2), &version, 1) || version == 0xFF
        || (version == 0 && traceparent.size != 55) || (traceparent.size > 55 && traceparent.data[55] != '-')
        || !str_from_hex(str_sub(traceparent, 3, 32), id, 16) || !str_from_hex(str_sub(traceparent, 36, 16), parent, 8)
        || !str_from_hex(str_sub(traceparent, 53, 2), &flags, 1) || !memcmp(id, zero, 16) || !memcmp(parent, zero, 8))
        return false;
    *ret_parent = (struct trace) { 0 };
    memcpy(ret_parent->trace_id, traceparent.data + 3, 32);
    memcpy(ret_parent->span_id, traceparent.data + 36, 16);
    *ret_sampled = flags & 1;
    return true;
}

void span_write_header(const struct trace *trace, char out[static 56])
{
    snprintf(out, 56, "00-%s-%s-01", trace->trace_id, trace->span_id);
}

str span_origin(struct arena *arena, const struct trace *trace)
{
    if (!span_is_on() || !*trace->span_id)
        return STR_NONE;
    return here.on ? str_format(arena, "%s-01", here.trace.span_id) : str_format(arena, "%s-00", trace->span_id);
}

// Beginning and ending --------------------------------------------------------------------------------

static void copy(char *place, size_t room, str text)
{
    text = str_cut_utf8(text, room - 1);
    if (text.size)
        memcpy(place, text.data, text.size);
    place[text.size] = 0;
}

static void open_span(struct span *span, enum span_kind kind, const struct trace *trace)
{
    span->trace = *trace;
    span->parent_id[0] = 0;
    span->kind = kind;
    span->start_us = clock_now_us();
    span->failed = false;
    span->message[0] = 0;
    span->attribute_count = 0;
}

// The trace's own bits decide, so that everybody who sees it decides alike.
static bool is_kept(const struct span_sink *sink, const char *trace_id)
{
    uint32_t chance = 0;
    unsigned char bytes[4];
    if (!str_from_hex(str_sub(str_of(trace_id), 24, 8), bytes, 4))
        return false;
    for (int i = 0; i < 4; i++)
        chance = chance << 8 | bytes[i];
    return (uint64_t)chance * 1000000 >> 32 < (uint64_t)sink->keep_ppm;
}

void span_root(struct span *span, enum span_kind kind, str name, const struct trace *trace, const struct trace *parent,
    bool parent_sampled)
{
    const struct span_sink *sink = atomic_load_explicit(&the_sink, memory_order_acquire);
    bool decided = parent && sink && sink->by_parent;
    span->on = sink && (decided ? parent_sampled : is_kept(sink, trace->trace_id));
    if (!span->on)
        return;
    open_span(span, kind, trace);
    copy(span->name, sizeof span->name, name);
    if (parent)
        copy(span->parent_id, sizeof span->parent_id, str_of(parent->span_id));
}

void span_end_root(struct span *span)
{
    const struct span_sink *sink = atomic_load_explicit(&the_sink, memory_order_acquire);
    if (!span->on || !sink)
        return;
    span->end_us = clock_now_us();
    span->on = false;
    sink->take(sink->context, span);
}

struct span_place span_here(void)
{
    return here;
}

struct span_place span_move(struct span_place place)
{
    struct span_place before = here;
    here = place;
    return before;
}

struct span_place span_enter(const struct span *span)
{
    struct span_place place = { .on = span && span->on };
    if (place.on)
        place.trace = span->trace;
    return span_move(place);
}

void span_leave(struct span_place before)
{
    here = before;
}

void span_begin(struct span *span, enum span_kind kind, const char *verb, str object)
{
    span->on = here.on;
    if (!here.on)
        return;
    struct trace trace;
    trace_new(&trace);
    memcpy(trace.trace_id, here.trace.trace_id, sizeof trace.trace_id);
    open_span(span, kind, &trace);
    memcpy(span->parent_id, here.trace.span_id, sizeof span->parent_id);
    object = str_cut_utf8(object, SPAN_NAME_MAX);
    snprintf(span->name, sizeof span->name, "%s%s%.*s", verb, object.size ? " " : "", STR_ARGS(object));
    span->outer = span_enter(span);
}

void span_end(struct span *span)
{
    if (!span->on)
        return;
    span_leave(span->outer);
    span_end_root(span);
}

// What it says ----------------------------------------------------------------------------------------

static struct span_attribute *attribute(struct span *span, const char *name)
{
    if (!span->on || span->attribute_count == SPAN_ATTRIBUTES_MAX)
        return NULL;
    struct span_attribute *attribute = &span->attributes[span->attribute_count++];
    attribute->name = name;
    attribute->is_number = false;
    attribute->text[0] = 0;
    return attribute;
}

void span_text(struct span *span, const char *name, str value)
{
    struct span_attribute *one = attribute(span, name);
    if (one)
        copy(one->text, sizeof one->text, value);
}

void span_number(struct span *span, const char *name, int64_t value)
{
    struct span_attribute *one = attribute(span, name);
    if (!one)
        return;
    one->is_number = true;
    one->number = value;
}

void span_result(struct span *span, error result)
{
    if (!span->on || !error_is(result))
        return;
    span->failed = true;
    copy(span->message, sizeof span->message, str_of(error_info(result.code)->name));
}
