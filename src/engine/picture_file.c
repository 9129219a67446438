// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/picture_file.h"

#include <cairo.h>
#include <turbojpeg.h>

enum { JPEG_QUALITY = 88 };

static error make_jpeg(const uint8_t *pixels, int width, int height, int stride, struct buffer *file)
{
    tjhandle jpeg = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    if (!jpeg)
        return error_of(ERROR_LIMIT_EXCEEDED);
    int failed = tjCompress2(jpeg, pixels, width, stride, height,
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? TJPF_BGRX : TJPF_XRGB, &bytes, &size, TJSAMP_420, JPEG_QUALITY,
        TJFLAG_ACCURATEDCT);
    error result = failed ? error_make(ERROR_ENGINE_FAILED, NULL, "Making the JPEG failed") : OK;
    if (!failed)
        buffer_append(file, bytes, size);
    tjFree(bytes);
    tjDestroy(jpeg);
    return result;
}

static cairo_status_t append(void *buffer, const unsigned char *bytes, unsigned size)
{
    buffer_append(buffer, bytes, size);
    return CAIRO_STATUS_SUCCESS;
}

static error make_png(const uint8_t *pixels, int width, int height, int stride, struct buffer *file)
{
    cairo_surface_t *surface = cairo_image_surface_create_for_data(
        (unsigned char *)pixels, CAIRO_FORMAT_ARGB32, width, height, stride);
    cairo_status_t status = cairo_surface_write_to_png_stream(surface, append, file);
    cairo_surface_destroy(surface);
    if (status != CAIRO_STATUS_SUCCESS)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Making the PNG failed: %s", cairo_status_to_string(status));
    return OK;
}

error picture_file_make(
    enum picture_format format, const uint8_t *pixels, int width, int height, int stride, struct buffer *ret_file)
{
    error failed = format == PICTURE_PNG ? make_png(pixels, width, height, stride, ret_file)
                                         : make_jpeg(pixels, width, height, stride, ret_file);
    TRY(failed);
    return ret_file->failed ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}
