// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/video_encoder.h"

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "av/h264_skip.h"
#include "av/sink_av.h"

enum {
    KEY_SECONDS = 5,  // for seeking
    RUNS_MAX = 128,   // frames inside x264 at a time: it looks ahead by 60 at the most, and reorders
    WEIGHT_MAX = 8,   // frames; x264 is not told that one is held longer: it would spend more than the eye sees
    REST_FRAMES = 10, // held so long at the start or the end of a segment, a frame may go on in the next one
};

// What x264 takes off for a picture from which ten more follow unchanged, when it sees them: 2 * log2(1 + 10).
static const double rest_finer = 7;

// A frame and how long it is held.
struct run {
    int64_t first, count; // frames
    int64_t fed;          // its time for x264
};

struct video_encoder {
    struct sink sink;
    struct video_settings settings;
    AVCodecContext *codec; // NULL between stretches
    AVStream *stream;      // NULL before the first
    AVFrame *frame;        // of `run`
    AVPacket *packet;
    struct run run; // not sent yet; a count of 0: none
    int key_frames;
    // From here on for H.264 alone.
    struct h264_sets sets;
    int64_t key_at;            // the last key frame of the stretch, as far as is known
    bool held_since;           // a frame was held since then
    struct run sent[RUNS_MAX]; // to x264, by their number
    unsigned sent_count, taken_count;
    struct run held;          // written but for its repetitions; a count of 0: none
    struct h264_picture last; // of `held`
    struct buffer unit, key;  // an access unit; that of `held` if it is a key frame
    struct h264_shift shift;
    int64_t written; // pictures
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

// One reference frame and no pyramid: see h264_skip.h. `stitchable`: all segments have the same parameter sets. No
// small inter partitions: openh264 (2.3.1) derives other motion from them than everyone else in pictures that follow.
// `cpu-independent`: the same bytes on every processor; without it the look-ahead's AVX-512 code (core 164) gives other
// bits from run to run where a row has few macroblocks.
#define COMMON                                                                                                         \
    "ref=1:b-pyramid=none:partitions=i8x8,i4x4:stitchable=1:cpu-independent=1:lookahead-threads=1:sliced-threads=0"

static void set_h264(AVCodecContext *codec, const struct video_settings *settings, double crf)
{
    // The quick search of "superfast" with the bits where "veryfast" puts them: on moving pictures two thirds of the
    // time of the latter, for a twentieth more bytes at the same likeness.
    bool quick = strcmp(settings->preset, "superfast") == 0;
    av_opt_set(codec->priv_data, "preset", settings->preset, 0);
    av_opt_set(codec->priv_data, "x264-params", quick ? COMMON ":mbtree=1:rc-lookahead=10" : COMMON, 0);
    av_opt_set_double(codec->priv_data, "crf", crf, 0);
}

// The scales of libvpx: its constant quality lies about ten above x264's, its speeds go from 0 to 8.
static void set_vp9(AVCodecContext *codec, const struct video_settings *settings, double crf)
{
    bool slow = strcmp(settings->preset, "medium") == 0 || str_starts(str_of(settings->preset), STR("slow"))
                || strcmp(settings->preset, "veryslow") == 0;
    // A minute at 1080p is to be done in less than five, on two slow cores.
    av_opt_set(codec->priv_data, "deadline", slow ? "good" : "realtime", 0);
    av_opt_set_int(codec->priv_data, "cpu-used", slow ? 4 : 6, 0);
    av_opt_set_int(codec->priv_data, "row-mt", 0, 0);
    av_opt_set_int(codec->priv_data, "tile-columns", 0, 0);
    av_opt_set_double(codec->priv_data, "crf", fmin(crf + 10, 63), 0);
    codec->bit_rate = 0; // quality alone decides
}

static error open_codec(struct video_encoder *encoder, double crf)
{
    const struct video_settings *settings = &encoder->settings;
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
    codec->gop_size = encoder->key_frames;
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    codec->flags = (int)((unsigned)codec->flags | AV_CODEC_FLAG_CLOSED_GOP); // the highest bit
    (vp9 ? set_vp9 : set_h264)(codec, settings, crf);
    int result = avcodec_open2(codec, found, NULL);
    return result < 0 ? sink_error(&encoder->sink, "Opening the encoder", result) : OK;
}

static error open_stream(struct video_encoder *encoder)
{
    if (encoder->settings.codec == VIDEO_H264)
        TRY(h264_skip_sets(encoder->codec->extradata, (size_t)encoder->codec->extradata_size, &encoder->sets));
    encoder->stream = avformat_new_stream(encoder->sink.format, NULL);
    if (!encoder->stream)
        return error_of(ERROR_LIMIT_EXCEEDED);
    avcodec_parameters_from_context(encoder->stream->codecpar, encoder->codec);
    encoder->stream->time_base = encoder->codec->time_base;
    encoder->stream->avg_frame_rate = encoder->codec->framerate;
    // Decoding times below zero are left as they are, so that the first picture stands at 0.
    encoder->sink.format->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    return sink_begin(&encoder->sink, NULL);
}

// A stretch begins with a key frame and knows nothing of those before.
static error begin_stretch(struct video_encoder *encoder, double crf)
{
    TRY(open_codec(encoder, crf));
    if (!encoder->stream)
        return open_stream(encoder);
    const AVCodecParameters *first = encoder->stream->codecpar;
    const AVCodecContext *codec = encoder->codec;
    if (codec->extradata_size != first->extradata_size
        || memcmp(codec->extradata, first->extradata, (size_t)first->extradata_size))
        return error_make(ERROR_ENGINE_FAILED, NULL, "The encoder's parameters differ within a film");
    return OK;
}

static error open_all(struct video_encoder *encoder, const struct sink_io *io)
{
    const struct video_settings *settings = &encoder->settings;
    encoder->key_frames = settings->key_frames ? settings->key_frames : settings->fps * KEY_SECONDS;
    encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    if (!encoder->frame || !encoder->packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    return sink_open(&encoder->sink, io, "matroska");
}

error video_encoder_open(
    const struct sink_io *io, const struct video_settings *settings, struct video_encoder **ret_encoder)
{
    if (!known_preset(settings->preset))
        return error_make(ERROR_VALIDATION_ERROR, "preset", "x264 has no preset %.30s", settings->preset);
    struct video_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return error_of(ERROR_LIMIT_EXCEEDED);
    encoder->settings = *settings;
    error failed = open_all(encoder, io);
    if (error_is(failed)) {
        video_encoder_close(encoder);
        return failed;
    }
    *ret_encoder = encoder;
    return OK;
}

// What x264 gave out, with what it was not asked to encode.

static error write_unit(struct video_encoder *encoder, const struct buffer *unit, int64_t at, bool is_key)
{
    AVPacket packet = { .data = (uint8_t *)unit->data,
        .size = (int)unit->size,
        .pts = at,
        .dts = encoder->written++ - encoder->codec->has_b_frames,
        .duration = 1,
        .flags = is_key ? AV_PKT_FLAG_KEY : 0,
        .pos = -1,
        .stream_index = encoder->stream->index };
    if (unit->failed)
        return error_of(ERROR_LIMIT_EXCEEDED);
    av_packet_rescale_ts(&packet, encoder->codec->time_base, encoder->stream->time_base);
    int result = av_write_frame(encoder->sink.format, &packet);
    return result < 0 ? sink_error(&encoder->sink, "Encoding", result) : OK;
}

// The key frame once more: bit by bit the same picture, and a place to seek to.
static error repeat_key(struct video_encoder *encoder, int64_t at)
{
    struct h264_picture again;
    encoder->shift.pictures = 0;
    encoder->shift.idr_id ^= 1;
    buffer_clear(&encoder->unit);
    TRY(h264_skip_shift(&encoder->sets, (const uint8_t *)encoder->key.data, encoder->key.size, &encoder->shift,
        &encoder->unit, &again));
    encoder->last = again;
    return write_unit(encoder, &encoder->unit, at, true);
}

static error write_held(struct video_encoder *encoder)
{
    struct run held = encoder->held;
    encoder->held.count = 0;
    for (int64_t i = 1; i < held.count; i++) {
        if (i % encoder->key_frames == 0 && encoder->key.size) {
            TRY(repeat_key(encoder, held.first + i));
            continue;
        }
        buffer_clear(&encoder->unit);
        h264_skip_append(&encoder->sets, &encoder->last, &encoder->unit);
        encoder->shift.pictures++;
        TRY(write_unit(encoder, &encoder->unit, held.first + i, false));
    }
    return OK;
}

// The number of the run that the packet shows; x264 keeps times.
static error find_sent(struct video_encoder *encoder, int64_t fed, struct run *ret_run)
{
    for (unsigned i = encoder->sent_count; i-- > 0 && encoder->sent_count - i <= RUNS_MAX;)
        if (encoder->sent[i % RUNS_MAX].fed == fed) {
            *ret_run = encoder->sent[i % RUNS_MAX];
            return OK;
        }
    return error_make(ERROR_ENGINE_FAILED, NULL, "x264 gave a picture that it was not given");
}

static error take_packet(struct video_encoder *encoder)
{
    struct run run;
    struct h264_picture picture;
    const AVPacket *packet = encoder->packet;
    bool is_key = packet->flags & AV_PKT_FLAG_KEY;
    TRY(find_sent(encoder, packet->pts, &run));
    // Pictures that are shown before the held one may come after it.
    if (encoder->held.count && run.first > encoder->held.first)
        TRY(write_held(encoder));
    if (is_key) {
        encoder->shift.pictures = 0;
        encoder->shift.idr_id ^= 1;
    }
    buffer_clear(&encoder->unit);
    TRY(h264_skip_shift(&encoder->sets, packet->data, (size_t)packet->size, &encoder->shift, &encoder->unit, &picture));
    encoder->taken_count++;
    TRY(write_unit(encoder, &encoder->unit, run.first, picture.is_idr));
    if (run.count == 1)
        return OK;
    if (!picture.is_reference || encoder->held.count)
        return error_make(ERROR_ENGINE_FAILED, NULL, "x264 made another kind of picture than was asked for");
    encoder->held = run;
    encoder->last = picture;
    buffer_clear(&encoder->key);
    if (picture.is_idr && run.count > encoder->key_frames)
        buffer_append(&encoder->key, encoder->unit.data, encoder->unit.size);
    return encoder->key.failed ? error_of(ERROR_LIMIT_EXCEEDED) : OK;
}

static error drain(struct video_encoder *encoder)
{
    int result;
    while ((result = avcodec_receive_packet(encoder->codec, encoder->packet)) >= 0) {
        error failed = take_packet(encoder);
        av_packet_unref(encoder->packet);
        TRY(failed);
    }
    return result == AVERROR(EAGAIN) || result == AVERROR_EOF ? OK : sink_error(&encoder->sink, "Encoding", result);
}

// What comes in

static error send(struct video_encoder *encoder, AVFrame *frame)
{
    int result = avcodec_send_frame(encoder->codec, frame);
    if (result < 0)
        return sink_error(&encoder->sink, "Encoding", result);
    return encoder->settings.codec == VIDEO_H264 ? drain(encoder)
                                                 : sink_drain(&encoder->sink, encoder->codec, encoder->stream);
}

static error end_stretch(struct video_encoder *encoder)
{
    if (!encoder->codec)
        return OK;
    TRY(send(encoder, NULL));
    if (encoder->held.count)
        TRY(write_held(encoder));
    avcodec_free_context(&encoder->codec);
    return OK;
}

// How a frame of a stretch is to be encoded. A held one must be one that others refer to.
static enum AVPictureType kind_of(struct video_encoder *encoder)
{
    const struct run *run = &encoder->run;
    encoder->held_since = encoder->held_since || run->count > 1;
    if (run->first == encoder->key_at)
        return AV_PICTURE_TYPE_NONE; // the first is a key frame anyway
    if (encoder->held_since && run->first - encoder->key_at >= encoder->key_frames) {
        encoder->key_at = run->first;
        encoder->held_since = run->count > 1;
        return AV_PICTURE_TYPE_I;
    }
    return run->count > 1 ? AV_PICTURE_TYPE_P : AV_PICTURE_TYPE_NONE;
}

static error send_h264(struct video_encoder *encoder)
{
    struct run *run = &encoder->run;
    if (encoder->sent_count - encoder->taken_count >= RUNS_MAX)
        return error_make(ERROR_ENGINE_FAILED, NULL, "x264 keeps too many pictures to itself");
    encoder->sent[encoder->sent_count++ % RUNS_MAX] = *run;
    encoder->frame->pict_type = kind_of(encoder);
    encoder->frame->pts = run->fed;
    return send(encoder, encoder->frame);
}

// Whether the frame is encoded by itself, as a key frame that looks the same whatever stands around it and can be
// repeated for seeking: where it is held past the next key frame, or may go on in the segment before or after.
static bool is_rest(const struct video_encoder *encoder, bool is_last)
{
    const struct run *run = &encoder->run;
    if (encoder->settings.codec != VIDEO_H264 || run->count < REST_FRAMES)
        return false;
    int64_t key_at = encoder->codec ? encoder->key_at : run->first;
    return is_last || run->first == 0 || run->first + run->count > key_at + encoder->key_frames;
}

static error send_rest(struct video_encoder *encoder)
{
    double crf = encoder->settings.crf;
    TRY(end_stretch(encoder));
    TRY(begin_stretch(encoder, crf > 0 ? fmax(crf - rest_finer, 1) : 0)); // 0 is without loss
    encoder->key_at = encoder->run.first;
    TRY(send_h264(encoder));
    return end_stretch(encoder);
}

static error send_run(struct video_encoder *encoder, bool is_last)
{
    struct run *run = &encoder->run;
    bool rests = is_rest(encoder, is_last);
    if (!rests && !encoder->codec) {
        TRY(begin_stretch(encoder, encoder->settings.crf));
        encoder->key_at = run->first;
        encoder->held_since = false;
    }
    if (rests)
        TRY(send_rest(encoder));
    else if (encoder->settings.codec == VIDEO_H264)
        TRY(send_h264(encoder));
    for (int64_t i = 0; encoder->settings.codec != VIDEO_H264 && i < run->count; i++) {
        encoder->frame->pts = run->first + i;
        TRY(send(encoder, encoder->frame));
    }
    int64_t weight = run->count < WEIGHT_MAX ? run->count : WEIGHT_MAX;
    *run = (struct run) { .first = run->first + run->count, .fed = run->fed + weight };
    return OK;
}

void video_encoder_hold(struct video_encoder *encoder)
{
    ASSERT(encoder->run.count > 0);
    encoder->run.count++;
}

// Whether the frame looks as the last one; most that do not differ early.
static bool is_same(const struct video_encoder *encoder, const struct frame *frame)
{
    const AVFrame *last = encoder->frame;
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < (i ? frame->height / 2 : frame->height); y++)
            if (memcmp(last->data[i] + (ptrdiff_t)y * last->linesize[i],
                    frame->planes[i] + (ptrdiff_t)y * frame->strides[i], (size_t)(i ? frame->width / 2 : frame->width)))
                return false;
    return true;
}

error video_encoder_add(struct video_encoder *encoder, const struct frame *frame)
{
    AVFrame *picture = encoder->frame;
    ASSERT(frame->width == encoder->settings.width && frame->height == encoder->settings.height);
    if (encoder->run.count && is_same(encoder, frame)) {
        video_encoder_hold(encoder);
        return OK;
    }
    if (encoder->run.count)
        TRY(send_run(encoder, false));
    if (!av_frame_is_writable(picture)) { // x264 has kept it, or there is none yet
        av_frame_unref(picture);
        picture->format = AV_PIX_FMT_YUV420P;
        picture->width = frame->width;
        picture->height = frame->height;
        if (av_frame_get_buffer(picture, 0) < 0)
            return error_of(ERROR_LIMIT_EXCEEDED);
    }
    for (int i = 0; i < 3; i++)
        av_image_copy_plane(picture->data[i], picture->linesize[i], frame->planes[i], frame->strides[i],
            i ? frame->width / 2 : frame->width, i ? frame->height / 2 : frame->height);
    encoder->run.count = 1;
    return OK;
}

error video_encoder_finish(struct video_encoder *encoder, uint64_t *ret_size_bytes)
{
    if (encoder->run.count)
        TRY(send_run(encoder, true));
    TRY(end_stretch(encoder));
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
    av_packet_free(&encoder->packet);
    buffer_done(&encoder->unit);
    buffer_done(&encoder->key);
    sink_close(&encoder->sink);
    free(encoder);
}
