// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/sound_file.h"

#include <libavcodec/avcodec.h>
#include <math.h>
#include <stdlib.h>

#include "av/sink_av.h"

static const struct kind {
    const char *format, *muxer, *encoder;
    enum AVSampleFormat sample_format;
    int64_t bitrate; // for one voice; 0: lossless
} kinds[] = {
    { "mp3", "mp3", "libmp3lame", AV_SAMPLE_FMT_FLTP, 64000 },
    { "opus", "ogg", "libopus", AV_SAMPLE_FMT_FLT, 32000 },
    { "aac", "adts", "aac", AV_SAMPLE_FMT_FLTP, 64000 },
    { "flac", "flac", "flac", AV_SAMPLE_FMT_S16, 0 },
    { "wav", "wav", "pcm_s16le", AV_SAMPLE_FMT_S16, 0 },
    { "pcm", "s16le", "pcm_s16le", AV_SAMPLE_FMT_S16, 0 },
};

struct sound_file {
    struct sink sink;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    int room, filled; // samples of the frame
    int64_t count;
};

static error open_codec(struct sound_file *file, const struct kind *kind)
{
    enum { FRAME = 1024 }; // for codecs that take any
    const AVCodec *found = avcodec_find_encoder_by_name(kind->encoder);
    AVCodecContext *codec = file->codec = found ? avcodec_alloc_context3(found) : NULL;
    if (!codec)
        return error_make(ERROR_ENGINE_FAILED, NULL, "FFmpeg has no encoder for %s", kind->format);
    codec->sample_rate = SOUND_FILE_RATE;
    codec->sample_fmt = kind->sample_format;
    codec->time_base = (AVRational) { 1, SOUND_FILE_RATE };
    codec->bit_rate = kind->bitrate;
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_BITEXACT;
    if (file->sink.format->oformat->flags & AVFMT_GLOBALHEADER)
        codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&codec->ch_layout, 1);
    int result = avcodec_open2(codec, found, NULL);
    if (result < 0)
        return sink_error(&file->sink, "Opening the sound encoder", result);
    file->room = codec->frame_size > 0 ? codec->frame_size : FRAME;
    return OK;
}

static error open_all(struct sound_file *file, const struct sink_io *io, const struct kind *kind, bool in_order)
{
    TRY(sink_open(&file->sink, io, kind->muxer));
    if (in_order)
        file->sink.format->pb->seekable = 0;
    TRY(open_codec(file, kind));
    file->stream = avformat_new_stream(file->sink.format, NULL);
    file->frame = av_frame_alloc();
    if (!file->stream || !file->frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    avcodec_parameters_from_context(file->stream->codecpar, file->codec);
    file->stream->time_base = file->codec->time_base;
    file->frame->format = file->codec->sample_fmt;
    file->frame->nb_samples = file->room;
    file->frame->sample_rate = SOUND_FILE_RATE;
    av_channel_layout_default(&file->frame->ch_layout, 1);
    if (av_frame_get_buffer(file->frame, 0) < 0)
        return error_of(ERROR_LIMIT_EXCEEDED);
    return sink_begin(&file->sink, NULL);
}

static error make(const struct sink_io *io, str format, bool in_order, struct sound_file **ret_file)
{
    const struct kind *kind = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal_c(format, kinds[i].format))
            kind = &kinds[i];
    if (!kind)
        return error_make(ERROR_VALIDATION_ERROR, "format", "There is no sound format \"%.*s\"", STR_ARGS(format));
    struct sound_file *file = calloc(1, sizeof *file);
    if (!file)
        return error_of(ERROR_LIMIT_EXCEEDED);
    error failed = open_all(file, io, kind, in_order);
    if (error_is(failed)) {
        sound_file_close(file);
        return failed;
    }
    *ret_file = file;
    return OK;
}

error sound_file_open(const struct sink_io *io, str format, struct sound_file **ret_file)
{
    return make(io, format, false, ret_file);
}

error sound_file_stream(const struct sink_io *io, str format, struct sound_file **ret_file)
{
    return make(io, format, true, ret_file);
}

error sound_file_flush(struct sound_file *file)
{
    avio_flush(file->sink.format->pb);
    return file->sink.failure;
}

static error send(struct sound_file *file)
{
    AVFrame *frame = file->frame;
    frame->nb_samples = file->filled;
    frame->pts = file->count;
    int result = avcodec_send_frame(file->codec, frame);
    if (result < 0)
        return sink_error(&file->sink, "Encoding the sound", result);
    file->count += file->filled;
    file->filled = 0;
    TRY(sink_drain(&file->sink, file->codec, file->stream));
    frame->nb_samples = file->room;
    if (av_frame_make_writable(frame) < 0) // the encoder may still hold the old one
        return error_of(ERROR_LIMIT_EXCEEDED);
    return OK;
}

error sound_file_add(struct sound_file *file, const float *samples, size_t count)
{
    bool whole = file->codec->sample_fmt == AV_SAMPLE_FMT_S16;
    for (size_t i = 0; i < count; i++) {
        float clipped = fminf(fmaxf(samples[i], -1), 1);
        if (whole)
            ((int16_t *)file->frame->data[0])[file->filled++] = (int16_t)lrintf(clipped * 32767);
        else
            ((float *)file->frame->data[0])[file->filled++] = clipped;
        if (file->filled == file->room)
            TRY(send(file));
    }
    return OK;
}

error sound_file_finish(struct sound_file *file)
{
    if (file->filled)
        TRY(send(file));
    int result = avcodec_send_frame(file->codec, NULL);
    if (result < 0)
        return sink_error(&file->sink, "Encoding the sound", result);
    TRY(sink_drain(&file->sink, file->codec, file->stream));
    return sink_end(&file->sink);
}

void sound_file_close(struct sound_file *file)
{
    if (!file)
        return;
    avcodec_free_context(&file->codec);
    av_frame_free(&file->frame);
    sink_close(&file->sink);
    free(file);
}

void sound_file_cleanup(struct sound_file **file)
{
    sound_file_close(TAKE(*file));
}
