// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_stream.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOUND_BYTES_MAX = 64 << 20, ARENA_BYTES = 1 << 20, FORMAT_SIZE = 8 };

struct voice_stream {
    struct zygote *zygote;
    char format[FORMAT_SIZE];
    int64_t deadline_us;
    struct voice_out to;
    int rate; // Hz, set before the thread starts
    bool started;
    pthread_t thread;
    atomic_bool cancelled;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct buffer samples; // all so far
    bool end;              // no more come
    struct error_copy {
        enum error_code code;
        char message[400];
    } failure; // of the thread, whose errors' texts end with it
};

// Waits until there is something at the offset, or never will be.
static error read_samples(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct voice_stream *stream = context;
    pthread_mutex_lock(&stream->lock);
    while (stream->samples.size <= offset && !stream->end)
        pthread_cond_wait(&stream->more, &stream->lock);
    *ret_got = buffer_read_at(&stream->samples, offset, ret_bytes, size);
    pthread_mutex_unlock(&stream->lock);
    return OK;
}

static error write_file(void *context, uint64_t offset, const void *bytes, size_t size)
{
    const struct voice_stream *stream = context;
    (void)offset; // the file is written from front to back
    return stream->to.write(stream->to.context, bytes, size);
}

static error encode(struct voice_stream *stream, struct arena *arena)
{
    struct child *child;
    json_t *result;
    struct child_input input = { .context = stream, .size = INT64_MAX, .read = read_samples };
    struct child_output output = { .context = stream, .write = write_file };
    struct child_call call = { .op = "audio.stream",
        .params = json_keep(arena, json_pack("{s:s, s:i}", "format", stream->format, "rate", stream->rate)),
        .inputs = &input,
        .input_count = 1,
        .outputs = &output,
        .output_count = 1,
        .cancelled = &stream->cancelled,
        .deadline_us = stream->deadline_us };
    TRY(child_fork(stream->zygote, &(struct child_limits) { 0 }, &child));
    error failure = child_ask(child, arena, &call, &result);
    child_end(child);
    return failure;
}

static void *run(void *context)
{
    struct voice_stream *stream = context;
    ARENA_AUTO struct arena *arena = arena_new(ARENA_BYTES);
    error failure = encode(stream, arena);
    pthread_mutex_lock(&stream->lock);
    stream->failure.code = failure.code;
    snprintf(stream->failure.message, sizeof stream->failure.message, "%s", failure.message ? failure.message : "");
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

static error failure_of(const struct voice_stream *stream)
{
    const struct error_copy *failure = &stream->failure;
    return failure->code == ERROR_NONE ? OK : error_make(failure->code, NULL, "%s", failure->message);
}

static error add(void *context, int rate, const int16_t *samples, size_t count)
{
    struct voice_stream *stream = context;
    if (!stream->started) {
        stream->rate = rate;
        stream->started = !pthread_create(&stream->thread, NULL, run, stream);
    }
    if (!stream->started)
        return error_make(ERROR_UNAVAILABLE, NULL, "No thread could be started");
    pthread_mutex_lock(&stream->lock);
    buffer_append(&stream->samples, samples, count * sizeof *samples);
    error failure = stream->samples.failed ? error_of(ERROR_LIMIT_EXCEEDED) : failure_of(stream);
    pthread_cond_signal(&stream->more);
    pthread_mutex_unlock(&stream->lock);
    return failure;
}

struct voice_sink voice_stream_sink(struct voice_stream *stream)
{
    return (struct voice_sink) { stream, add };
}

error voice_stream_open(struct zygote *zygote, str format, int64_t deadline_us, const struct voice_out *to,
    struct voice_stream **ret_stream)
{
    struct voice_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return error_of(ERROR_LIMIT_EXCEEDED);
    *stream = (struct voice_stream) {
        .zygote = zygote, .deadline_us = deadline_us, .to = *to, .samples = { .limit = SOUND_BYTES_MAX }
    };
    snprintf(stream->format, sizeof stream->format, "%.*s", STR_ARGS(format));
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->more, NULL);
    *ret_stream = stream;
    return OK;
}

error voice_stream_end(struct voice_stream *stream, bool whole)
{
    if (!whole)
        atomic_store(&stream->cancelled, true);
    pthread_mutex_lock(&stream->lock);
    stream->end = true;
    pthread_cond_signal(&stream->more);
    pthread_mutex_unlock(&stream->lock);
    if (stream->started)
        pthread_join(stream->thread, NULL);
    error failure = failure_of(stream);
    pthread_cond_destroy(&stream->more);
    pthread_mutex_destroy(&stream->lock);
    buffer_done(&stream->samples);
    free(stream);
    return failure;
}
