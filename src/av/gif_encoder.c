// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/gif_encoder.h"

#include <stdlib.h>
#include <string.h>

#include "av/sink_av.h"

enum { CENTISECONDS = 100 };

struct gif_encoder {
    struct sink sink;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    AVPacket *packet;
    const struct palette *palette;
};

static error open_codec(struct gif_encoder *encoder, int width, int height)
{
    const AVCodec *gif = avcodec_find_encoder(AV_CODEC_ID_GIF);
    AVCodecContext *codec = encoder->codec = gif ? avcodec_alloc_context3(gif) : NULL;
    if (!codec)
        return error_make(ERROR_ENGINE_FAILED, NULL, "FFmpeg has no GIF");
    codec->width = width;
    codec->height = height;
    codec->time_base = (AVRational) { 1, CENTISECONDS };
    codec->pix_fmt = AV_PIX_FMT_PAL8;
    codec->thread_count = 1;
    int result = avcodec_open2(codec, gif, NULL);
    return result < 0 ? sink_error(&encoder->sink, "Opening the GIF encoder", result) : OK;
}

static error open_all(struct gif_encoder *encoder, const struct sink_io *io, int width, int height, int64_t last_cs)
{
    TRY(sink_open(&encoder->sink, io, "gif"));
    TRY(open_codec(encoder, width, height));
    encoder->stream = avformat_new_stream(encoder->sink.format, NULL);
    encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    if (!encoder->stream || !encoder->frame || !encoder->packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->frame->format = AV_PIX_FMT_PAL8;
    encoder->frame->width = width;
    encoder->frame->height = height;
    if (av_frame_get_buffer(encoder->frame, 0) < 0)
        return error_of(ERROR_LIMIT_EXCEEDED);
    AVDictionary *options = NULL;
    av_dict_set_int(&options, "final_delay", last_cs, 0);
    error failed = sink_begin(&encoder->sink, &options);
    av_dict_free(&options);
    return failed;
}

error gif_encoder_open(const struct sink_io *io, int width, int height, const struct palette *palette, int64_t last_cs,
    struct gif_encoder **ret_encoder)
{
    struct gif_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_of(ERROR_LIMIT_EXCEEDED);
    encoder->palette = palette;
    error failed = open_all(encoder, io, width, height, last_cs);
    if (error_is(failed)) {
        gif_encoder_close(encoder);
        return failed;
    }
    *ret_encoder = encoder;
    return OK;
}

error gif_encoder_add(struct gif_encoder *encoder, const uint8_t *pixels, int stride, int64_t time_cs)
{
    AVFrame *frame = encoder->frame;
    if (av_frame_make_writable(frame) < 0) // the encoder keeps the last one to compare with
        return error_of(ERROR_LIMIT_EXCEEDED);
    memcpy(frame->data[1], palette_colours(encoder->palette), PALETTE_SIZE * sizeof(uint32_t));
    palette_map(encoder->palette, pixels, frame->width, frame->height, stride, frame->data[0], frame->linesize[0]);
    frame->pts = time_cs;
    int result = avcodec_send_frame(encoder->codec, frame);
    if (result >= 0)
        result = avcodec_receive_packet(encoder->codec, encoder->packet);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding the GIF", result);
    encoder->packet->stream_index = encoder->stream->index;
    result = av_write_frame(encoder->sink.format, encoder->packet);
    av_packet_unref(encoder->packet);
    return result < 0 ? sink_error(&encoder->sink, "Writing the GIF", result) : OK;
}

error gif_encoder_finish(struct gif_encoder *encoder, uint64_t *ret_size_bytes)
{
    TRY(sink_end(&encoder->sink));
    *ret_size_bytes = encoder->sink.size;
    return OK;
}

void gif_encoder_close(struct gif_encoder *encoder)
{
    if (!encoder)
        return;
    avcodec_free_context(&encoder->codec);
    av_frame_free(&encoder->frame);
    av_packet_free(&encoder->packet);
    sink_close(&encoder->sink);
    free(encoder);
}

void gif_encoder_cleanup(struct gif_encoder **encoder)
{
    gif_encoder_close(TAKE(*encoder));
}
