// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/otlp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/metric.h"
#include "net/http_client.h"

// OpenTelemetry's protocol, "Failures": these are passing; the wait doubles until the batch is given up.
enum { TRIES_MAX = 5, ANSWER_BYTES = 64 << 10, BATCH_ARENA = 1 << 20 };
static const int64_t WAIT_FIRST_US = SECOND_US / 2, WAIT_MOST_US = 30 * SECOND_US, LAST_US = 2 * SECOND_US;

struct otlp {
    struct otlp_options options;
    struct span_sink sink;
    pthread_t thread;
    pthread_mutex_t lock; // of the ring and `stopping`
    pthread_cond_t wake;
    bool stopping;
    size_t first, count;
    struct span *ring, *batch; // batch: the thread's own
    struct buffer body;
    int64_t last_until_us; // clock_mono_us, once stopping
};

// The queue -------------------------------------------------------------------------------------------

static void take_span(void *context, const struct span *span)
{
    struct otlp *otlp = context;
    size_t room = (size_t)otlp->options.queue_max;
    pthread_mutex_lock(&otlp->lock);
    bool fits = otlp->count < room;
    if (fits)
        otlp->ring[(otlp->first + otlp->count++) % room] = *span;
    if (otlp->count == (size_t)otlp->options.batch_max || otlp->count == room)
        pthread_cond_signal(&otlp->wake);
    pthread_mutex_unlock(&otlp->lock);
    if (!fits)
        metric_add(METRIC_spans, 1, STR("dropped"), STR_NONE);
}

static struct timespec at(int64_t mono_us)
{
    return (struct timespec) { .tv_sec = mono_us / SECOND_US, .tv_nsec = mono_us % SECOND_US * 1000 };
}

// Waits for a full batch or the delay; gives the number of spans in otlp->batch, 0 when stopped and empty.
static size_t next_batch(struct otlp *otlp)
{
    size_t most = (size_t)otlp->options.batch_max, room = (size_t)otlp->options.queue_max, count;
    pthread_mutex_lock(&otlp->lock);
    do {
        struct timespec until = at(clock_mono_us() + otlp->options.delay_us);
        int waited = 0;
        while (otlp->count < most && otlp->count < room && !otlp->stopping && !waited)
            waited = pthread_cond_timedwait(&otlp->wake, &otlp->lock, &until);
    } while (!otlp->count && !otlp->stopping);
    for (count = 0; count < most && count < otlp->count; count++)
        otlp->batch[count] = otlp->ring[(otlp->first + count) % room];
    otlp->first = (otlp->first + count) % room;
    otlp->count -= count;
    pthread_mutex_unlock(&otlp->lock);
    return count;
}

// False when there is no time left for it.
static bool rest(struct otlp *otlp, int64_t us)
{
    pthread_mutex_lock(&otlp->lock);
    struct timespec until = at(clock_mono_us() + us);
    int waited = 0;
    while (!otlp->stopping && !waited)
        waited = pthread_cond_timedwait(&otlp->wake, &otlp->lock, &until);
    bool stopping = otlp->stopping;
    pthread_mutex_unlock(&otlp->lock);
    return !stopping;
}

// The message -----------------------------------------------------------------------------------------

static void put_attribute(struct json_out *out, str name, const str *text, int64_t number)
{
    json_object_begin(out);
    json_key(out, "key");
    json_put_str(out, name);
    json_key(out, "value");
    json_object_begin(out);
    json_key(out, text ? "stringValue" : "intValue");
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    json_put_str(out, text ? *text : str_of(digits)); // 64-bit numbers are texts in this JSON
    json_object_end(out);
    json_object_end(out);
}

static void put_time(struct json_out *out, const char *key, int64_t us)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%lld000", (long long)us);
    json_key(out, key);
    json_put_str(out, str_of(digits));
}

static void put_span(struct json_out *out, const struct span *span)
{
    json_object_begin(out);
    json_key(out, "traceId");
    json_put_str(out, str_of(span->trace.trace_id));
    json_key(out, "spanId");
    json_put_str(out, str_of(span->trace.span_id));
    json_key(out, "parentSpanId");
    json_put_str(out, str_of(span->parent_id));
    json_key(out, "name");
    json_put_str(out, str_of(span->name));
    json_key(out, "kind");
    json_put_int(out, span->kind);
    put_time(out, "startTimeUnixNano", span->start_us);
    put_time(out, "endTimeUnixNano", span->end_us);
    json_key(out, "attributes");
    json_array_begin(out);
    for (size_t i = 0; i < span->attribute_count; i++) {
        const struct span_attribute *one = &span->attributes[i];
        str text = str_of(one->text);
        put_attribute(out, str_of(one->name), one->is_number ? NULL : &text, one->number);
    }
    json_array_end(out);
    json_key(out, "status");
    json_object_begin(out);
    if (span->failed) {
        json_key(out, "message");
        json_put_str(out, str_of(span->message));
        json_key(out, "code");
        json_put_int(out, 2);
    }
    json_object_end(out);
    json_object_end(out);
}

static void encode(struct otlp *otlp, size_t count)
{
    struct json_out out = { .buffer = &otlp->body };
    buffer_clear(&otlp->body);
    json_object_begin(&out);
    json_key(&out, "resourceSpans");
    json_array_begin(&out);
    json_object_begin(&out);
    json_key(&out, "resource");
    json_object_begin(&out);
    json_key(&out, "attributes");
    json_array_begin(&out);
    for (size_t i = 0; i < otlp->options.resource_count; i++)
        put_attribute(&out, otlp->options.resource[i].name, &otlp->options.resource[i].value, 0);
    json_array_end(&out);
    json_object_end(&out);
    json_key(&out, "scopeSpans");
    json_array_begin(&out);
    json_object_begin(&out);
    json_key(&out, "scope");
    json_put_raw(&out, STR("{\"name\":\"kinora\",\"version\":\"" KINORA_VERSION "\"}"));
    json_key(&out, "spans");
    json_array_begin(&out);
    for (size_t i = 0; i < count; i++)
        put_span(&out, &otlp->batch[i]);
    json_array_end(&out);
    json_object_end(&out);
    json_array_end(&out);
    json_object_end(&out);
    json_array_end(&out);
    json_object_end(&out);
}

// Sending ---------------------------------------------------------------------------------------------

static bool is_passing(int status)
{
    return status == 429 || status == 502 || status == 503 || status == 504;
}

// One message; gives the answer's status, 0 for none.
static int post(struct otlp *otlp, int64_t timeout_us, int64_t *ret_retry_after_us)
{
    ARENA_AUTO struct arena *arena = arena_new(BATCH_ARENA);
    size_t count = otlp->options.header_count;
    struct http_header *headers = ARENA_ARRAY(arena, struct http_header, count + 1);
    headers[0] = (struct http_header) { STR("Content-Type"), STR("application/json") };
    if (count)
        memcpy(headers + 1, otlp->options.headers, count * sizeof *headers);
    struct http_client_request request = { .method = "POST",
        .url = otlp->options.url,
        .headers = headers,
        .header_count = count + 1,
        .body = buffer_str(&otlp->body),
        .timeout_us = timeout_us,
        .answer_bytes = ANSWER_BYTES };
    struct http_client_answer answer;
    if (error_is(http_client_send(arena, &request, &answer)))
        return 0;
    buffer_done(&answer.body);
    *ret_retry_after_us = answer.retry_after_us;
    return answer.status;
}

static bool deliver(struct otlp *otlp)
{
    int64_t wait_us = WAIT_FIRST_US;
    for (int tries = 1;; tries++) {
        pthread_mutex_lock(&otlp->lock);
        int64_t timeout_us = otlp->options.timeout_us;
        if (otlp->stopping && otlp->last_until_us - clock_mono_us() < timeout_us)
            timeout_us = otlp->last_until_us - clock_mono_us();
        pthread_mutex_unlock(&otlp->lock);
        int64_t asked_us = 0;
        int status = timeout_us > 0 ? post(otlp, timeout_us, &asked_us) : 0;
        if (status >= 200 && status < 300)
            return true;
        if (!is_passing(status) || tries == TRIES_MAX)
            return false;
        if (asked_us)
            wait_us = asked_us;
        if (!rest(otlp, wait_us < WAIT_MOST_US ? wait_us : WAIT_MOST_US))
            return false;
        wait_us *= 2;
    }
}

static void *run(void *context)
{
    struct otlp *otlp = context;
    size_t count;
    while ((count = next_batch(otlp))) {
        encode(otlp, count);
        bool sent = !otlp->body.failed && deliver(otlp);
        metric_add(METRIC_spans, (int64_t)count, sent ? STR("sent") : STR("lost"), STR_NONE);
    }
    return NULL;
}

static void release(struct otlp *otlp)
{
    buffer_done(&otlp->body);
    free(otlp->ring);
    free(otlp->batch);
    free(otlp);
}

error otlp_start(const struct otlp_options *options, struct otlp **ret_otlp)
{
    struct otlp *otlp = calloc(1, sizeof *otlp);
    ASSERT_MEMORY(otlp);
    ASSERT(options->batch_max > 0 && options->queue_max > 0);
    otlp->options = *options;
    otlp->sink = (struct span_sink) { otlp, take_span, options->keep_ppm, options->by_parent };
    otlp->ring = calloc((size_t)options->queue_max, sizeof *otlp->ring);
    otlp->batch = calloc((size_t)options->batch_max, sizeof *otlp->batch);
    if (!otlp->ring || !otlp->batch) {
        release(otlp);
        return error_make(ERROR_UNAVAILABLE, NULL, "There is no memory for the queue of traces");
    }
    pthread_mutex_init(&otlp->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&otlp->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ASSERT_MEMORY(!pthread_create(&otlp->thread, NULL, run, otlp));
    span_set_sink(&otlp->sink);
    *ret_otlp = otlp;
    return OK;
}

void otlp_stop(struct otlp *otlp)
{
    if (!otlp)
        return;
    span_set_sink(NULL);
    pthread_mutex_lock(&otlp->lock);
    otlp->stopping = true;
    otlp->last_until_us = clock_mono_us() + LAST_US;
    pthread_cond_signal(&otlp->wake);
    pthread_mutex_unlock(&otlp->lock);
    pthread_join(otlp->thread, NULL);
    pthread_cond_destroy(&otlp->wake);
    pthread_mutex_destroy(&otlp->lock);
    release(otlp);
}
