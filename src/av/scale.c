// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/scale.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <string.h>

enum { HD_HEIGHT = 720 }; // films that do not say mean BT.601 below it

void scaler_done(struct scaler *scaler)
{
    sws_freeContext(scaler->context);
    *scaler = (struct scaler) { 0 };
}

static bool is_rgb(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(format);
    return pixel && pixel->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

static int space_of(const AVFrame *frame)
{
    // From RGB to RGB swscale goes through YUV, there and back with these two tables: they must be the same.
    if (is_rgb((enum AVPixelFormat)frame->format))
        return AVCOL_SPC_BT709;
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED && frame->colorspace != AVCOL_SPC_RGB)
        return (int)frame->colorspace;
    return frame->height >= HD_HEIGHT ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

// The formats of the name yuvj are the older way of saying full range.
static enum AVPixelFormat plain_format(enum AVPixelFormat format, bool *full)
{
    static const enum AVPixelFormat pairs[][2] = { { AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P },
        { AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P }, { AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P },
        { AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P }, { AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (format == pairs[i][0]) {
            *full = true;
            return pairs[i][1];
        }
    }
    return format;
}

// Horizontal and vertical place of a chroma sample in 1/256 of the distance of luma samples.
static void set_site(
    struct SwsContext *context, const char *across, const char *down, enum AVPixelFormat format, int site)
{
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get(format);
    if (!pixel || pixel->flags & AV_PIX_FMT_FLAG_RGB || pixel->log2_chroma_w != 1 || pixel->log2_chroma_h != 1)
        return;
    av_opt_set_int(context, across, site == AVCHROMA_LOC_CENTER ? 128 : 0, 0);
    av_opt_set_int(context, down, site == AVCHROMA_LOC_TOPLEFT ? 0 : 128, 0);
}

static error prepare(struct scaler *scaler, const AVFrame *from, int width, int height, enum AVPixelFormat format)
{
    bool full = from->color_range == AVCOL_RANGE_JPEG;
    enum AVPixelFormat source_format = plain_format((enum AVPixelFormat)from->format, &full);
    full = full && !is_rgb(source_format);
    struct scaler wanted = { .source_width = from->width,
        .source_height = from->height,
        .source_format = source_format,
        .source_space = space_of(from),
        .source_range = full,
        .source_site = (int)from->chroma_location,
        .width = width,
        .height = height,
        .format = format };
    wanted.context = scaler->context;
    if (scaler->context && memcmp(&wanted, scaler, offsetof(struct scaler, format) + sizeof wanted.format) == 0)
        return OK;
    scaler_done(scaler);
    struct SwsContext *context = sws_alloc_context();
    if (!context)
        return error_of(ERROR_LIMIT_EXCEEDED);
    av_opt_set_int(context, "srcw", from->width, 0);
    av_opt_set_int(context, "srch", from->height, 0);
    av_opt_set_int(context, "src_format", source_format, 0);
    av_opt_set_int(context, "dstw", width, 0);
    av_opt_set_int(context, "dsth", height, 0);
    av_opt_set_int(context, "dst_format", format, 0);
    av_opt_set_int(context, "sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    set_site(context, "src_h_chr_pos", "src_v_chr_pos", source_format, (int)from->chroma_location);
    set_site(context, "dst_h_chr_pos", "dst_v_chr_pos", format, AVCHROMA_LOC_LEFT);
    sws_setColorspaceDetails(context, sws_getCoefficients(wanted.source_space), full,
        sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
    if (sws_init_context(context, NULL, NULL) < 0) {
        sws_freeContext(context);
        return error_make(ERROR_NOT_MEDIA, NULL, "The picture's pixel format cannot be converted");
    }
    *scaler = wanted;
    scaler->context = context;
    return OK;
}

error scaler_run(struct scaler *scaler, const AVFrame *from, int width, int height, enum AVPixelFormat format,
    uint8_t *const planes[], const int strides[])
{
    TRY(prepare(scaler, from, width, height, format));
    int rows = sws_scale(
        scaler->context, (const uint8_t *const *)from->data, from->linesize, 0, from->height, planes, strides);
    return rows == height ? OK : error_make(ERROR_NOT_MEDIA, NULL, "The picture cannot be converted");
}

void scale_turn(const uint8_t *from, int from_stride, int width, int height, int item_size, int rotation, bool mirrored,
    uint8_t *to, int to_stride)
{
    ptrdiff_t across = mirrored ? -item_size : item_size, down = from_stride;
    const uint8_t *start = from + (mirrored ? (ptrdiff_t)(width - 1) * item_size : 0);
    ptrdiff_t last_column = across * (width - 1), last_row = down * (height - 1);
    ptrdiff_t step_x = across, step_y = down;
    if (rotation == 90) {
        start += last_row;
        step_x = -down;
        step_y = across;
    } else if (rotation == 180) {
        start += last_column + last_row;
        step_x = -across;
        step_y = -down;
    } else if (rotation == 270) {
        start += last_column;
        step_x = down;
        step_y = -across;
    }
    int to_width = rotation % 180 ? height : width, to_height = rotation % 180 ? width : height;
    for (int y = 0; y < to_height; y++) {
        const uint8_t *source = start + y * step_y;
        uint8_t *row = to + (ptrdiff_t)y * to_stride;
        if (step_x == item_size) {
            memcpy(row, source, (size_t)to_width * (size_t)item_size);
        } else if (item_size == 1) {
            for (int x = 0; x < to_width; x++)
                row[x] = source[x * step_x];
        } else {
            for (int x = 0; x < to_width; x++)
                memcpy(row + (ptrdiff_t)x * 4, source + x * step_x, 4);
        }
    }
}

void scale_premultiply(uint8_t *pixels, int width, int height, int stride)
{
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *at = pixels + (ptrdiff_t)y * stride + (ptrdiff_t)x * 4;
            uint32_t pixel, result;
            memcpy(&pixel, at, 4);
            uint32_t alpha = pixel >> 24;
            if (alpha == 255)
                continue;
            result = alpha << 24;
            for (int shift = 0; shift < 24; shift += 8)
                result |= ((pixel >> shift & 255) * alpha + 127) / 255 << shift;
            memcpy(at, &result, 4);
        }
    }
}
