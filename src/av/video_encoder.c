// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/video_encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "av/sink_av.h"

enum { KEY_SECONDS = 5 }; // for seeking

struct video_encoder {
    struct sink sink;
    AVCodecContext *codec;
    AVStream *stream;
    AVFrame *frame;
    int64_t count;
};

static bool known_preset(const char *preset)
{
    static const char *const presets[] = { "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow",
        "slower", "veryslow" };
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(preset, presets[i]) == 0)
            return true;
    return false;
}

static void set_h264(AVCodecContext *codec, const struct video_settings *settings)
{
    av_opt_set(codec->priv_data, "preset", settings->preset, 0);
    av_opt_set(codec->priv_data, "x264-params", "lookahead-threads=1:sliced-threads=0", 0);
    av_opt_set_double(codec->priv_data, "crf", settings->crf, 0);
}

// The scales of libvpx: its constant quality lies about ten above x264's, its speeds go from 0 to 8.
static void set_vp9(AVCodecContext *codec, const struct video_settings *settings)
{
    bool slow = strcmp(settings->preset, "medium") == 0 || str_starts(str_of(settings->preset), STR("slow"))
                || strcmp(settings->preset, "veryslow") == 0;
    bool quick = strcmp(settings->preset, "ultrafast") == 0 || strcmp(settings->preset, "superfast") == 0;
    av_opt_set(codec->priv_data, "deadline", quick ? "realtime" : "good", 0);
    av_opt_set_int(codec->priv_data, "cpu-used", quick ? 8 : slow ? 4 : 5, 0);
    av_opt_set_int(codec->priv_data, "row-mt", 0, 0);
    av_opt_set_int(codec->priv_data, "tile-columns", 0, 0);
    av_opt_set_double(codec->priv_data, "crf", fmin(settings->crf + 10, 63), 0);
    codec->bit_rate = 0; // quality alone decides
}

static error open_codec(struct video_encoder *encoder, const struct video_settings *settings)
{
    bool vp9 = settings->codec == VIDEO_VP9;
    const AVCodec *found = avcodec_find_encoder_by_name(vp9 ? "libvpx-vp9" : "libx264");
    AVCodecContext *codec = encoder->codec = found ? avcodec_alloc_context3(found) : NULL;
    if (!codec)
        return error_make(ERROR_ENGINE_FAILED, NULL, "FFmpeg has no %s", vp9 ? "libvpx" : "x264");
    codec->width = settings->width;
    codec->height = settings->height;
    codec->time_base = (AVRational) { 1, settings->fps };
    codec->framerate = (AVRational) { settings->fps, 1 };
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
    codec->thread_count = 1;
    codec->gop_size = settings->key_frames ? settings->key_frames : settings->fps * KEY_SECONDS;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    codec->flags = (int)((unsigned)codec->flags | AV_CODEC_FLAG_CLOSED_GOP); // the highest bit
    (vp9 ? set_vp9 : set_h264)(codec, settings);
    int result = avcodec_open2(codec, found, NULL);
    return result < 0 ? sink_error(&encoder->sink, "Opening the encoder", result) : OK;
}

static error open_stream(struct video_encoder *encoder)
{
    encoder->stream = avformat_new_stream(encoder->sink.format, NULL);
    encoder->frame = av_frame_alloc();
    if (!encoder->stream || !encoder->frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->stream->avg_frame_rate = encoder->codec->framerate;
    // Decoding times below zero are left as they are, so that the first picture stands at 0.
    encoder->sink.format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    return sink_begin(&encoder->sink, NULL);
}

static error open_all(struct video_encoder *encoder, const struct sink_io *io, const struct video_settings *settings)
{
    TRY(sink_open(&encoder->sink, io, "matroska"));
    TRY(open_codec(encoder, settings));
    return open_stream(encoder);
}

error video_encoder_open(
    const struct sink_io *io, const struct video_settings *settings, struct video_encoder **ret_encoder)
{
    if (!known_preset(settings->preset))
        return error_make(ERROR_VALIDATION_ERROR, "preset", "x264 has no preset %.30s", settings->preset);
    struct video_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_of(ERROR_LIMIT_EXCEEDED);
    error failed = open_all(encoder, io, settings);
    if (error_is(failed)) {
        video_encoder_close(encoder);
        return failed;
    }
    *ret_encoder = encoder;
    return OK;
}

error video_encoder_add(struct video_encoder *encoder, const struct frame *frame)
{
    AVFrame *picture = encoder->frame;
    ASSERT(frame->width == encoder->codec->width && frame->height == encoder->codec->height);
    picture->format = AV_PIX_FMT_YUV420P;
    picture->width = frame->width;
    picture->height = frame->height;
    for (int i = 0; i < 3; i++) {
        picture->data[i] = frame->planes[i];
        picture->linesize[i] = frame->strides[i];
    }
    picture->pts = encoder->count++;
    int result = avcodec_send_frame(encoder->codec, picture);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding", result);
    return sink_drain(&encoder->sink, encoder->codec, encoder->stream);
}

error video_encoder_finish(struct video_encoder *encoder, uint64_t *ret_size_bytes)
{
    int result = avcodec_send_frame(encoder->codec, NULL);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding", result);
    TRY(sink_drain(&encoder->sink, encoder->codec, encoder->stream));
    TRY(sink_end(&encoder->sink));
    *ret_size_bytes = encoder->sink.size;
    return OK;
}

void video_encoder_close(struct video_encoder *encoder)
{
    if (!encoder)
        return;
    avcodec_free_context(&encoder->codec);
    av_frame_free(&encoder->frame);
    sink_close(&encoder->sink);
    free(encoder);
}
