// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/audio_encoder.h"

#include <libavcodec/avcodec.h>
#include <math.h>
#include <stdlib.h>

#include "av/sink_av.h"

enum { PCM_BLOCK = 1024 }; // samples; codecs say themselves how many they take

struct kind {
    const char *muxer, *encoder;
    enum AVSampleFormat format; // signed 16 bit or float, interleaved or planar
};

static const struct kind kinds[] = {
    [AUDIO_AAC] = { "matroska", "aac", AV_SAMPLE_FMT_FLTP },
    [AUDIO_M4A] = { "mp4", "aac", AV_SAMPLE_FMT_FLTP },
    [AUDIO_PCM] = { "wav", "pcm_s16le", AV_SAMPLE_FMT_S16 },
    [AUDIO_OPUS] = { "matroska", "libopus", AV_SAMPLE_FMT_FLT },
    [AUDIO_MP3] = { "matroska", "libmp3lame", AV_SAMPLE_FMT_FLTP },
};

struct audio_encoder {
    struct sink sink;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    const struct kind *kind;
    int block, filled; // samples of a frame, and how many there are
    int64_t count;
};

static error open_codec(struct audio_encoder *encoder, int64_t bitrate)
{
    const AVCodec *found = avcodec_find_encoder_by_name(encoder->kind->encoder);
    AVCodecContext *codec = encoder->codec = found ? avcodec_alloc_context3(found) : NULL;
    if (!codec)
        return error_make(ERROR_ENGINE_FAILED, NULL, "FFmpeg has no encoder for the sound");
    codec->sample_rate = AUDIO_RATE;
    codec->sample_fmt = encoder->kind->format;
    av_channel_layout_default(&codec->ch_layout, 2);
    codec->time_base = (AVRational) { 1, AUDIO_RATE };
    codec->bit_rate = bitrate;
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    int result = avcodec_open2(codec, found, NULL);
    return result < 0 ? sink_error(&encoder->sink, "Opening the sound encoder", result) : OK;
}

static error begin(struct audio_encoder *encoder)
{
    AVDictionary *options = NULL;
    av_dict_set(&options, "movflags", "+faststart", 0); // the other muxers leave it alone
    error failed = sink_begin(&encoder->sink, &options);
    av_dict_free(&options);
    return failed;
}

static error open_all(struct audio_encoder *encoder, const struct sink_io *io, int64_t bitrate)
{
    TRY(sink_open(&encoder->sink, io, encoder->kind->muxer));
    TRY(open_codec(encoder, bitrate));
    encoder->stream = avformat_new_stream(encoder->sink.format, NULL);
    encoder->frame = av_frame_alloc();
    if (!encoder->stream || !encoder->frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->frame->format = encoder->codec->sample_fmt;
    encoder->block = encoder->codec->frame_size > 0 ? encoder->codec->frame_size : PCM_BLOCK;
    encoder->frame->nb_samples = encoder->block;
    encoder->frame->sample_rate = AUDIO_RATE;
    av_channel_layout_default(&encoder->frame->ch_layout, 2);
    if (av_frame_get_buffer(encoder->frame, 0) < 0)
        return error_of(ERROR_LIMIT_EXCEEDED);
    return begin(encoder);
}

error audio_encoder_open(
    const struct sink_io *io, enum audio_codec codec, int64_t bitrate, struct audio_encoder **ret_encoder)
{
    struct audio_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_of(ERROR_LIMIT_EXCEEDED);
    encoder->kind = &kinds[codec];
    error failed = open_all(encoder, io, bitrate);
    if (error_is(failed)) {
        audio_encoder_close(encoder);
        return failed;
    }
    *ret_encoder = encoder;
    return OK;
}

static error send(struct audio_encoder *encoder)
{
    AVFrame *frame = encoder->frame;
    frame->nb_samples = encoder->filled;
    frame->pts = encoder->count;
    int result = avcodec_send_frame(encoder->codec, frame);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding the sound", result);
    encoder->count += encoder->filled;
    encoder->filled = 0;
    TRY(sink_drain(&encoder->sink, encoder->codec, encoder->stream));
    frame->nb_samples = encoder->block;
    if (av_frame_make_writable(frame) < 0) // the encoder may still hold the old one
        return error_of(ERROR_LIMIT_EXCEEDED);
    return OK;
}

static void put(struct audio_encoder *encoder, const float *pair)
{
    AVFrame *frame = encoder->frame;
    int at = encoder->filled++;
    for (int channel = 0; channel < 2; channel++) {
        if (encoder->kind->format == AV_SAMPLE_FMT_S16)
            ((int16_t *)frame->data[0])[at * 2 + channel] = (int16_t)lrintf(
                fminf(fmaxf(pair[channel] * 32768.0f, -32768.0f), 32767.0f));
        else if (encoder->kind->format == AV_SAMPLE_FMT_FLT)
            ((float *)frame->data[0])[at * 2 + channel] = pair[channel];
        else
            ((float *)frame->data[channel])[at] = pair[channel];
    }
}

error audio_encoder_add(struct audio_encoder *encoder, const float *samples, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        put(encoder, samples + 2 * i);
        if (encoder->filled == encoder->block)
            TRY(send(encoder));
    }
    return OK;
}

error audio_encoder_finish(struct audio_encoder *encoder)
{
    if (encoder->filled)
        TRY(send(encoder));
    int result = avcodec_send_frame(encoder->codec, NULL);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding the sound", result);
    TRY(sink_drain(&encoder->sink, encoder->codec, encoder->stream));
    return sink_end(&encoder->sink);
}

void audio_encoder_close(struct audio_encoder *encoder)
{
    if (!encoder)
        return;
    avcodec_free_context(&encoder->codec);
    av_frame_free(&encoder->frame);
    sink_close(&encoder->sink);
    free(encoder);
}
