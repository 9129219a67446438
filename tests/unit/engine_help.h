// SPDX-License-Identifier: GPL-3.0-or-later
// Files in memory for questions to the engine, and the questions.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "net/child.h"
#include "test.h"

struct memory_file {
    const char *data;
    size_t size;
    uint64_t bytes_read;
};

static inline error memory_read(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct memory_file *file = context;
    *ret_got = offset >= file->size ? 0 : size < file->size - offset ? size : file->size - (size_t)offset;
    memcpy(ret_bytes, file->data + (offset < file->size ? offset : 0), *ret_got);
    file->bytes_read += *ret_got;
    return OK;
}

static inline error buffer_write(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct buffer *buffer = context;
    while (buffer->size < offset + size)
        buffer_append_byte(buffer, 0);
    memcpy(buffer->data + offset, bytes, size);
    return OK;
}

static inline error buffer_read(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    struct memory_file file = { .data = ((struct buffer *)context)->data, .size = ((struct buffer *)context)->size };
    return memory_read(&file, offset, ret_bytes, size, ret_got);
}

static inline struct memory_file file_load(const char *path)
{
    struct memory_file file = { 0 };
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return file;
    fseek(stream, 0, SEEK_END);
    file.size = (size_t)ftell(stream);
    rewind(stream);
    char *data = malloc(file.size + 1);
    assert_int_equal(fread(data, 1, file.size, stream), file.size);
    fclose(stream);
    file.data = data;
    return file;
}

// A question about one file, with at most one output.
static inline error ask(struct child *child, struct arena *arena, const char *op, json_t *params,
    struct memory_file *file, struct buffer *output, json_t **ret_result)
{
    struct child_input input = { .context = file, .size = file ? file->size : 0, .read = memory_read };
    struct child_output out = { .context = output, .write = buffer_write, .read = buffer_read };
    struct child_call call = { .op = op,
        .params = params,
        .inputs = &input,
        .input_count = file ? 1 : 0,
        .outputs = &out,
        .output_count = output ? 1 : 0,
        .deadline_us = clock_mono_us() + 60 * SECOND_US };
    return child_ask(child, arena, &call, ret_result);
}

static inline const char *engine_path(void)
{
    const char *path = getenv("KINORA_ENGINE");
    assert_non_null(path);
    return path;
}

// A mono 16-bit WAV of a tone.
static inline struct memory_file tone_wav(double seconds, unsigned sample_rate)
{
    uint32_t frames = (uint32_t)(seconds * sample_rate), data_size = frames * 2;
    char *wav = calloc(1, 44 + data_size);
    uint32_t riff_size = 36 + data_size, format_size = 16, byte_rate = sample_rate * 2;
    uint16_t pcm = 1, channels = 1, block = 2, bits = 16;
    memcpy(wav, "RIFF", 4);
    memcpy(wav + 4, &riff_size, 4);
    memcpy(wav + 8, "WAVEfmt ", 8);
    memcpy(wav + 16, &format_size, 4);
    memcpy(wav + 20, &pcm, 2);
    memcpy(wav + 22, &channels, 2);
    memcpy(wav + 24, &sample_rate, 4);
    memcpy(wav + 28, &byte_rate, 4);
    memcpy(wav + 32, &block, 2);
    memcpy(wav + 34, &bits, 2);
    memcpy(wav + 36, "data", 4);
    memcpy(wav + 40, &data_size, 4);
    for (uint32_t i = 0; i < frames; i++) {
        int16_t sample = (int16_t)(i / 40 % 2 ? 6000 : -6000);
        memcpy(wav + 44 + i * 2, &sample, 2);
    }
    return (struct memory_file) { .data = wav, .size = 44 + data_size };
}
