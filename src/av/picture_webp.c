// SPDX-License-Identifier: GPL-3.0-or-later
// Animated WebP by libwebpdemux; still ones are FFmpeg's.
#include <stdlib.h>
#include <string.h>
#include <webp/demux.h>

#include "av/picture.h"

enum { FILE_BYTES_MAX = 256 << 20 }; // libwebpdemux wants the whole file in memory

struct webp {
    uint8_t *bytes;
    WebPAnimDecoder *decoder;
    WebPAnimInfo info;
    int shown_ms; // when the next picture begins
};

static bool is_animated(const uint8_t head[static PICTURE_HEAD_BYTES])
{
    enum { ANIMATION = 2 };
    return memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBPVP8X", 8) == 0 && head[20] & ANIMATION;
}

static void close_webp(void *state)
{
    struct webp *webp = state;
    WebPAnimDecoderDelete(webp->decoder);
    free(webp->bytes);
    free(webp);
}

static error read_file(const struct source_io *io, struct webp *webp)
{
    if (io->size > FILE_BYTES_MAX)
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The animation has more than %d MB", FILE_BYTES_MAX >> 20);
    webp->bytes = malloc(io->size);
    if (!webp->bytes)
        return error_of(ERROR_LIMIT_EXCEEDED);
    for (size_t done = 0; done < io->size;) {
        size_t got = 0;
        TRY(io->read(io->context, done, webp->bytes + done, io->size - done, &got));
        if (got == 0)
            return error_of(ERROR_NOT_MEDIA);
        done += got;
    }
    return OK;
}

static error open_decoder(const struct source_io *io, struct webp *webp)
{
    WebPData data = { webp->bytes, io->size };
    WebPAnimDecoderOptions options;
    if (!WebPAnimDecoderOptionsInit(&options))
        return error_of(ERROR_NOT_MEDIA);
    // The canvas is allocated at once: its size is looked at before.
    WebPDemuxer *demuxer = WebPDemux(&data);
    int64_t pixels = demuxer ? (int64_t)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH)
                                   * WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT)
                             : 0;
    WebPDemuxDelete(demuxer);
    if (pixels <= 0 || pixels > SOURCE_PIXELS_MAX)
        return error_of(ERROR_NOT_MEDIA);
    options.color_mode = MODE_RGBA;
    options.use_threads = 0;
    webp->decoder = WebPAnimDecoderNew(&data, &options);
    return webp->decoder && WebPAnimDecoderGetInfo(webp->decoder, &webp->info) ? OK : error_of(ERROR_NOT_MEDIA);
}

static int64_t length_us(const struct webp *webp)
{
    int64_t sum_ms = 0;
    WebPIterator frame;
    if (!WebPDemuxGetFrame(WebPAnimDecoderGetDemuxer(webp->decoder), 1, &frame))
        return 0;
    do
        sum_ms += frame.duration;
    while (WebPDemuxNextFrame(&frame));
    WebPDemuxReleaseIterator(&frame);
    return sum_ms * 1000;
}

static error open_webp(const struct source_io *io, struct source_info *info, void **ret_state)
{
    struct webp *webp = calloc(1, sizeof *webp);
    if (!webp)
        return error_of(ERROR_LIMIT_EXCEEDED);
    error result = read_file(io, webp);
    if (!error_is(result))
        result = open_decoder(io, webp);
    if (error_is(result)) {
        close_webp(webp);
        return result;
    }
    int64_t length = length_us(webp);
    bool moves = webp->info.frame_count > 1;
    info->kind = moves ? SOURCE_GIF : SOURCE_IMAGE;
    info->format = "webp_pipe";
    info->video_codec = "webp";
    info->pixel_format = "rgba";
    info->duration_us = moves && length > 0 ? length : -1;
    info->fps = moves && length > 0 ? webp->info.frame_count * 1e6 / (double)length : 0;
    info->width = (int)webp->info.canvas_width;
    info->height = (int)webp->info.canvas_height;
    info->has_alpha = true;
    *ret_state = webp;
    return OK;
}

static error next(void *state, AVFrame *frame, bool *ret_end)
{
    struct webp *webp = state;
    uint8_t *pixels;
    int until_ms;
    *ret_end = !WebPAnimDecoderHasMoreFrames(webp->decoder);
    if (*ret_end)
        return OK;
    if (!WebPAnimDecoderGetNext(webp->decoder, &pixels, &until_ms)) {
        // Damage behind the first picture ends the animation there.
        *ret_end = webp->shown_ms > 0;
        return *ret_end ? OK : error_of(ERROR_NOT_MEDIA);
    }
    int width = (int)webp->info.canvas_width, height = (int)webp->info.canvas_height;
    TRY(picture_frame(frame, width, height));
    for (int y = 0; y < height; y++)
        memcpy(
            frame->data[0] + (ptrdiff_t)y * frame->linesize[0], pixels + (ptrdiff_t)y * width * 4, (size_t)width * 4);
    frame->pts = (int64_t)webp->shown_ms * 1000;
    frame->pkt_duration = (int64_t)(until_ms - webp->shown_ms) * 1000;
    webp->shown_ms = until_ms;
    return OK;
}

const struct picture_format picture_webp = { is_animated, open_webp, next, close_webp };
