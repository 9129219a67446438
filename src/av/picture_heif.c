// SPDX-License-Identifier: GPL-3.0-or-later
// HEIC and AVIF (ISO/IEC 23008-12) by libheif: the primary picture, its tiles joined, upright.
#include <libheif/heif.h>
#include <stdlib.h>
#include <string.h>

#include "av/picture.h"

struct heif {
    struct heif_context *context;
    struct heif_image_handle *primary;
    struct source_io io;
    int64_t position;
    error failure; // the first of `io`
    bool done;
};

static bool is_brand(const uint8_t *brand)
{
    static const char brands[][5] = { "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis" };
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(brand, brands[i], 4) == 0)
            return true;
    return false;
}

static bool is_heif(const uint8_t head[static PICTURE_HEAD_BYTES])
{
    return memcmp(head + 4, "ftyp", 4) == 0 && is_brand(head + 8);
}

static int64_t get_position(void *state)
{
    return ((struct heif *)state)->position;
}

static int read_bytes(void *bytes, size_t size, void *state)
{
    struct heif *heif = state;
    for (size_t done = 0; done < size && !error_is(heif->failure);) {
        size_t got = 0;
        heif->failure = heif->io.read(
            heif->io.context, (uint64_t)heif->position, (char *)bytes + done, size - done, &got);
        if (error_is(heif->failure) || got == 0)
            return 1;
        heif->position += (int64_t)got;
        done += got;
    }
    return error_is(heif->failure);
}

static int seek(int64_t position, void *state)
{
    struct heif *heif = state;
    if (position < 0 || (uint64_t)position > heif->io.size)
        return 1;
    heif->position = position;
    return 0;
}

static enum heif_reader_grow_status wait_for_size(int64_t size, void *state)
{
    bool there = size >= 0 && (uint64_t)size <= ((struct heif *)state)->io.size;
    return there ? heif_reader_grow_status_size_reached : heif_reader_grow_status_size_beyond_eof;
}

static void close_heif(void *state)
{
    struct heif *heif = state;
    heif_image_handle_release(heif->primary);
    heif_context_free(heif->context);
    free(heif);
}

static error failed(const struct heif *heif, struct heif_error why)
{
    if (error_is(heif->failure))
        return heif->failure;
    return why.code == heif_error_Memory_allocation_error
               ? error_make(ERROR_LIMIT_EXCEEDED, NULL, "The picture needs more memory than allowed")
               : error_make(ERROR_NOT_MEDIA, NULL, "%s: %s", error_info(ERROR_NOT_MEDIA)->sentence, why.message);
}

static error read_context(struct heif *heif)
{
    static const struct heif_reader reader = { 1, get_position, read_bytes, seek, wait_for_size };
    heif->context = heif_context_alloc();
    if (!heif->context)
        return error_of(ERROR_LIMIT_EXCEEDED);
    heif_context_set_max_decoding_threads(heif->context, 0);
    struct heif_error result = heif_context_read_from_reader(heif->context, &reader, heif, NULL);
    if (result.code == heif_error_Ok)
        result = heif_context_get_primary_image_handle(heif->context, &heif->primary);
    return result.code == heif_error_Ok ? OK : failed(heif, result);
}

static error describe(const struct heif *heif, struct source_info *info)
{
    uint8_t head[PICTURE_HEAD_BYTES] = { 0 };
    size_t got;
    TRY(heif->io.read(heif->io.context, 0, head, sizeof head, &got));
    int width = heif_image_handle_get_width(heif->primary), height = heif_image_handle_get_height(heif->primary);
    if (width <= 0 || height <= 0 || (int64_t)width * height > SOURCE_PIXELS_MAX)
        return error_of(ERROR_NOT_MEDIA);
    bool av1 = memcmp(head + 8, "avi", 3) == 0;
    for (size_t i = 16; i + 4 <= got && i < 40 && !av1; i += 4) // general brands are followed by the exact ones
        av1 = memcmp(head + 8, "mif1", 4) == 0 && memcmp(head + i, "avi", 3) == 0;
    info->kind = SOURCE_IMAGE;
    info->format = av1 ? "avif" : "heic";
    info->video_codec = av1 ? "av1" : "hevc";
    info->pixel_format = "rgba";
    info->duration_us = -1;
    info->width = width;
    info->height = height;
    info->has_alpha = heif_image_handle_has_alpha_channel(heif->primary);
    return OK;
}

static error open_heif(const struct source_io *io, struct source_info *info, void **ret_state)
{
    struct heif *heif = calloc(1, sizeof *heif);
    if (!heif)
        return error_of(ERROR_LIMIT_EXCEEDED);
    heif->io = *io;
    error result = read_context(heif);
    if (!error_is(result))
        result = describe(heif, info);
    if (error_is(result))
        close_heif(heif);
    else
        *ret_state = heif;
    return result;
}

static error next(void *state, AVFrame *frame, bool *ret_end)
{
    struct heif *heif = state;
    struct heif_image *image = NULL;
    *ret_end = heif->done;
    if (heif->done)
        return OK;
    struct heif_error result = heif_decode_image(
        heif->primary, &image, heif_colorspace_RGB, heif_chroma_interleaved_RGBA, NULL);
    if (result.code != heif_error_Ok)
        return failed(heif, result);
    heif->done = true;
    int stride = 0, width = heif_image_get_primary_width(image), height = heif_image_get_primary_height(image);
    const uint8_t *pixels = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    error copied = pixels ? picture_frame(frame, width, height) : error_of(ERROR_NOT_MEDIA);
    for (int y = 0; y < height && !error_is(copied); y++)
        memcpy(frame->data[0] + (ptrdiff_t)y * frame->linesize[0], pixels + (ptrdiff_t)y * stride, (size_t)width * 4);
    heif_image_release(image);
    frame->pts = 0;
    return copied;
}

const struct picture_format picture_heif = { is_heif, open_heif, next, close_heif };
