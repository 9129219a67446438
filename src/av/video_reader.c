// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/video_reader.h"

#include <stdlib.h>

#include "av/scale.h"
#include "av/source_av.h"

enum { STEP_MAX_US = 2000000 }; // farther ahead it seeks rather than decodes

struct moment {
    AVFrame *frame; // NULL: none
    int64_t time_us;
    int64_t number;
};

struct video_reader {
    struct source_io io;
    struct source *source;
    AVCodecContext *decoder;
    struct moment current, next;
    int64_t step_us;   // between the last two pictures
    int64_t length_us; // -1 until the end has been met
    bool ended;
    struct scaler scaler, own_scaler; // to the wanted size; to RGB without scaling
    AVFrame *sheet;                   // what was scaled last
};

static void drop(struct moment *moment)
{
    av_frame_free(&moment->frame);
}

static void close_source(struct video_reader *reader)
{
    drop(&reader->current);
    drop(&reader->next);
    avcodec_free_context(&reader->decoder);
    source_close(TAKE(reader->source));
    reader->ended = false;
}

void video_reader_close(struct video_reader *reader)
{
    if (!reader)
        return;
    close_source(reader);
    scaler_done(&reader->scaler);
    scaler_done(&reader->own_scaler);
    av_frame_free(&reader->sheet);
    free(reader);
}

void video_reader_free(void *reader)
{
    video_reader_close(reader);
}

const struct source_info *video_reader_info(const struct video_reader *reader)
{
    return source_info(reader->source);
}

static error open_source(struct video_reader *reader)
{
    close_source(reader);
    TRY(source_open(&reader->io, &reader->source));
    if (!reader->source->video)
        return error_of(ERROR_NO_VIDEO);
    if (source_info(reader->source)->kind == SOURCE_IMAGE)
        TRY(source_look(reader->source));
    return source_decoder(reader->source, reader->source->video, &reader->decoder);
}

error video_reader_open(const struct source_io *io, struct video_reader **ret_reader)
{
    struct video_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return error_of(ERROR_LIMIT_EXCEEDED);
    reader->io = *io;
    reader->length_us = -1;
    error failed = open_source(reader);
    if (error_is(failed)) {
        video_reader_close(reader);
        return failed;
    }
    *ret_reader = reader;
    return OK;
}

static int64_t picture_length_us(const struct video_reader *reader, const AVFrame *frame)
{
    double fps = source_info(reader->source)->fps;
    if (frame->pkt_duration > 0)
        return av_rescale_q(frame->pkt_duration, reader->source->video->time_base, AV_TIME_BASE_Q);
    return reader->step_us > 0 ? reader->step_us : fps > 0 ? (int64_t)(1e6 / fps) : 100000;
}

// Decodes one picture into `next`, or sets `ended`.
static error decode_next(struct video_reader *reader)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    bool end = false;
    error failed = source_decode(reader->source, reader->source->video, reader->decoder, frame, &end);
    if (error_is(failed) || end) {
        av_frame_free(&frame);
        reader->ended = end;
        return failed;
    }
    int64_t time_us = source_frame_time_us(reader->source, reader->source->video, frame);
    const struct moment *before = reader->current.frame ? &reader->current : NULL;
    if (time_us < 0)
        time_us = before ? before->time_us + picture_length_us(reader, before->frame) : 0;
    if (before && time_us > before->time_us)
        reader->step_us = time_us - before->time_us;
    reader->next = (struct moment) { .frame = frame, .time_us = time_us, .number = time_us };
    return OK;
}

// Starts again at or before the time.
static error go_to(struct video_reader *reader, int64_t time_us)
{
    bool seeks = source_info(reader->source)->kind == SOURCE_VIDEO;
    if (seeks) {
        error failed = source_seek(reader->source, reader->source->video, time_us);
        if (!error_is(failed)) {
            avcodec_flush_buffers(reader->decoder);
            drop(&reader->current);
            drop(&reader->next);
            reader->ended = false;
            return OK;
        }
    }
    return open_source(reader);
}

// Decodes forward until `next` lies behind the time or the end is met.
static error advance(struct video_reader *reader, int64_t time_us)
{
    while (!reader->ended) {
        if (!reader->next.frame)
            TRY(decode_next(reader));
        if (!reader->next.frame)
            break;
        if (reader->current.frame && reader->next.time_us > time_us)
            return OK;
        drop(&reader->current);
        reader->current = reader->next;
        reader->next.frame = NULL;
    }
    if (reader->current.frame && reader->ended)
        reader->length_us = reader->current.time_us + picture_length_us(reader, reader->current.frame);
    return OK;
}

static error show(struct video_reader *reader, int64_t time_us)
{
    bool back = reader->current.frame && time_us < reader->current.time_us;
    bool far = reader->current.frame && !reader->ended && time_us > reader->current.time_us + STEP_MAX_US;
    if (back || far || (!reader->current.frame && time_us > STEP_MAX_US))
        TRY(go_to(reader, time_us));
    TRY(advance(reader, time_us));
    if (!reader->current.frame) { // nothing decodes from there on: take it from the start
        TRY(open_source(reader));
        TRY(advance(reader, time_us));
    }
    return reader->current.frame ? OK : error_make(ERROR_NOT_MEDIA, NULL, "No picture of the file can be decoded");
}

error video_reader_at(struct video_reader *reader, int64_t time_us, bool loop, int64_t *ret_number)
{
    if (source_info(reader->source)->kind == SOURCE_IMAGE)
        time_us = 0;
    if (loop && reader->length_us > 0)
        time_us %= reader->length_us;
    TRY(show(reader, time_us));
    // The end was met on the way, now it is known where the film begins again.
    if (loop && reader->length_us > 0 && time_us >= reader->length_us)
        TRY(show(reader, time_us % reader->length_us));
    *ret_number = reader->current.number;
    return OK;
}

error video_reader_key(struct video_reader *reader, int64_t time_us)
{
    ASSERT(source_info(reader->source)->kind == SOURCE_VIDEO);
    TRY(go_to(reader, time_us));
    TRY(decode_next(reader));
    if (!reader->next.frame) // behind the last key frame that decodes
        return show(reader, 0);
    drop(&reader->current);
    reader->current = reader->next;
    reader->next.frame = NULL;
    return OK;
}

int64_t video_reader_length_us(const struct video_reader *reader)
{
    return reader->length_us;
}

// The crop in the pixels of the stored picture, which is mirrored and then turned for display.
static struct frame_box stored_box(const struct source_info *info, struct frame_box box)
{
    bool on_side = info->rotation % 180;
    int width = on_side ? info->height : info->width, height = on_side ? info->width : info->height;
    struct frame_box stored = box;
    if (info->rotation == 90)
        stored = (struct frame_box) { box.y, height - box.x - box.width, box.height, box.width };
    else if (info->rotation == 180)
        stored = (struct frame_box) { width - box.x - box.width, height - box.y - box.height, box.width, box.height };
    else if (info->rotation == 270)
        stored = (struct frame_box) { width - box.y - box.height, box.x, box.height, box.width };
    if (info->mirrored)
        stored.x = width - stored.x - stored.width;
    return stored;
}

// A reference to the wanted part of the current picture; the caller frees it.
static error cropped(struct video_reader *reader, struct frame_box crop, AVFrame **ret_frame)
{
    const struct source_info *info = source_info(reader->source);
    ASSERT(reader->current.frame);
    AVFrame *frame = av_frame_clone(reader->current.frame);
    if (!frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    *ret_frame = frame;
    if (crop.width <= 0 || crop.height <= 0)
        return OK;
    struct frame_box box = stored_box(info, crop);
    // A film may change its size on the way; the crop was made for the first.
    if (box.x < 0 || box.y < 0 || box.x + box.width > frame->width || box.y + box.height > frame->height)
        return OK;
    frame->crop_left = (size_t)box.x;
    frame->crop_top = (size_t)box.y;
    frame->crop_right = (size_t)(frame->width - box.x - box.width);
    frame->crop_bottom = (size_t)(frame->height - box.y - box.height);
    av_frame_apply_cropping(frame, AV_FRAME_CROP_UNALIGNED);
    return OK;
}

// A sheet of the size, kept for the next picture. Scaling writes past the end of its rows, so that it never goes
// straight to where the picture is wanted.
static error sheet_of(struct video_reader *reader, enum AVPixelFormat format, int width, int height)
{
    AVFrame *sheet = reader->sheet;
    if (sheet && sheet->format == format && sheet->width == width && sheet->height == height)
        return OK;
    av_frame_free(&reader->sheet);
    sheet = reader->sheet = av_frame_alloc();
    if (!sheet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    sheet->format = format;
    sheet->width = width;
    sheet->height = height;
    return av_frame_get_buffer(sheet, 0) < 0 ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}

// Scales, then turns what does not stand upright.
static error convert(struct video_reader *reader, const AVFrame *from, enum AVPixelFormat format, int width, int height,
    uint8_t *const planes[], const int strides[])
{
    const struct source_info *info = source_info(reader->source);
    bool on_side = info->rotation % 180;
    TRY(sheet_of(reader, format, on_side ? height : width, on_side ? width : height));
    const AVFrame *sheet = reader->sheet;
    TRY(scaler_run(&reader->scaler, from, sheet->width, sheet->height, format, sheet->data, sheet->linesize));
    bool planar = format == AV_PIX_FMT_YUV420P;
    for (int i = 0; i < (planar ? 3 : 1); i++) {
        int part = i > 0 ? 2 : 1;
        scale_turn(sheet->data[i], sheet->linesize[i], sheet->width / part, sheet->height / part, planar ? 1 : 4,
            info->rotation, info->mirrored, planes[i], strides[i]);
    }
    return OK;
}

error video_reader_frame(struct video_reader *reader, struct frame_box crop, const struct frame *frame)
{
    AVFrame *part;
    TRY(cropped(reader, crop, &part));
    uint8_t *planes[4] = { frame->planes[0], frame->planes[1], frame->planes[2] };
    int strides[4] = { frame->strides[0], frame->strides[1], frame->strides[2] };
    error failed = convert(reader, part, AV_PIX_FMT_YUV420P, frame->width, frame->height, planes, strides);
    av_frame_free(&part);
    return failed;
}

// Scaling a picture whose colours are not multiplied by its alpha would draw in the colours of what is invisible.
static error premultiplied(struct video_reader *reader, AVFrame **frame)
{
    AVFrame *own = av_frame_alloc();
    if (!own)
        return error_of(ERROR_LIMIT_EXCEEDED);
    own->format = AV_PIX_FMT_RGB32;
    own->width = (*frame)->width;
    own->height = (*frame)->height;
    error failed = av_frame_get_buffer(own, 0) < 0 ? error_of(ERROR_LIMIT_EXCEEDED)
                                                   : scaler_run(&reader->own_scaler, *frame, own->width, own->height,
                                                       AV_PIX_FMT_RGB32, own->data, own->linesize);
    if (error_is(failed)) {
        av_frame_free(&own);
        return failed;
    }
    scale_premultiply(own->data[0], own->width, own->height, own->linesize[0]);
    av_frame_free(frame);
    *frame = own;
    return OK;
}

error video_reader_argb(
    struct video_reader *reader, struct frame_box crop, int width, int height, uint8_t *ret_pixels, int stride)
{
    AVFrame *part;
    TRY(cropped(reader, crop, &part));
    error failed = OK;
    if (source_info(reader->source)->has_alpha)
        failed = premultiplied(reader, &part);
    uint8_t *planes[4] = { ret_pixels };
    int strides[4] = { stride };
    if (!error_is(failed))
        failed = convert(reader, part, AV_PIX_FMT_RGB32, width, height, planes, strides);
    av_frame_free(&part);
    return failed;
}
