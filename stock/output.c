// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.h"

#include <string.h>

#include "av/audio_encoder.h"
#include "av/audio_reader.h"
#include "engine/picture_file.h"
#include "engine/waveform.h"

static error write_bytes(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct buffer *buffer = context;
    if (offset + size > buffer->size) {
        size_t more = (size_t)(offset + size - buffer->size);
        char *room = buffer_reserve(buffer, more);
        if (!room)
            return error_of(ERROR_LIMIT_EXCEEDED);
        memset(room, 0, more);
        buffer->size += more;
    }
    memcpy(buffer->data + offset, bytes, size);
    return OK;
}

static error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct buffer *buffer = context;
    size_t there = offset < buffer->size ? buffer->size - (size_t)offset : 0;
    *ret_got = size < there ? size : there;
    if (*ret_got)
        memcpy(ret_bytes, buffer->data + offset, *ret_got);
    return OK;
}

struct sink_io output_sink(struct buffer *buffer)
{
    return (struct sink_io) { buffer, write_bytes, read_bytes };
}

struct source_io output_source(const struct buffer *buffer)
{
    return (struct source_io) { (void *)buffer, buffer->size, read_bytes };
}

static error encode(struct audio_encoder *encoder, const float *samples, size_t frames)
{
    TRY(audio_encoder_add(encoder, samples, frames));
    return audio_encoder_finish(encoder);
}

error output_sound(struct arena *arena, const float *samples, size_t frames, int64_t bitrate, struct buffer *ret_file,
    struct buffer *ret_waveform)
{
    struct sink_io io = output_sink(ret_file);
    struct audio_encoder *encoder = NULL;
    TRY(audio_encoder_open(&io, AUDIO_M4A, bitrate, &encoder));
    error failed = encode(encoder, samples, frames);
    audio_encoder_close(encoder);
    TRY(failed);
    struct waveform *waveform = waveform_new(arena);
    for (size_t i = 0; i < frames; i++) {
        float middle = (samples[2 * i] + samples[2 * i + 1]) / 2;
        waveform_add(waveform, &middle, 1);
    }
    waveform_write(waveform, AUDIO_RATE, ret_waveform);
    return ret_waveform->failed ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}

error output_jpeg(cairo_surface_t *surface, struct buffer *ret_file)
{
    cairo_surface_flush(surface);
    return picture_file_make(PICTURE_JPEG, cairo_image_surface_get_data(surface),
        cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface),
        cairo_image_surface_get_stride(surface), ret_file);
}

error output_thumbnail(cairo_surface_t *surface, struct buffer *ret_file)
{
    int width = cairo_image_surface_get_width(surface), height = cairo_image_surface_get_height(surface);
    double scale = (double)THUMBNAIL_SIDE / (width > height ? width : height);
    int small_width = (int)(width * scale + 0.5), small_height = (int)(height * scale + 0.5);
    cairo_surface_t *small = cairo_image_surface_create(CAIRO_FORMAT_RGB24, small_width, small_height);
    cairo_t *cairo = cairo_create(small);
    cairo_scale(cairo, (double)small_width / width, (double)small_height / height);
    cairo_set_source_surface(cairo, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cairo), CAIRO_EXTEND_PAD);
    cairo_paint(cairo);
    cairo_destroy(cairo);
    error failed = output_jpeg(small, ret_file);
    cairo_surface_destroy(small);
    return failed;
}

error output_decode_sound(struct arena *arena, const struct buffer *file, float **ret_samples, size_t *ret_frames)
{
    enum { BLOCK = 48000 };
    struct source_io io = output_source(file);
    SOURCE_AUTO struct source *source = NULL;
    AUDIO_READER_AUTO struct audio_reader *reader = NULL;
    TRY(source_open(&io, &source));
    TRY(audio_reader_open(source, AUDIO_RATE, 2, &reader));
    size_t room = BLOCK * 240, frames = 0, got = BLOCK;
    float *samples = arena_alloc_raw(arena, room * 2 * sizeof *samples);
    while (got == BLOCK && frames + BLOCK <= room) {
        TRY(audio_reader_read(reader, samples + 2 * frames, BLOCK, &got));
        frames += got;
    }
    *ret_samples = samples;
    *ret_frames = frames;
    return OK;
}
