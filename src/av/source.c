// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/source.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "av/picture.h"
#include "av/source_av.h"

// Containers that hold their own content. Playlists, device inputs, patterns of file names and raw streams, for
// which any rubbish passes, are left out.
static const char containers[] =
    "mov,matroska,avi,flv,mpegts,mpeg,ogg,mp3,aac,ac3,eac3,dts,flac,wav,w64,aiff,au,caf,amr,asf,wv,tta,ape,gif,apng,"
    "ivf,"
    "mxf,nut,rm,dv,jpeg_pipe,png_pipe,webp_pipe,bmp_pipe,tiff_pipe,svg_pipe,pbm_pipe,pgm_pipe,ppm_pipe,jpegxl_pipe";

enum { IO_BUFFER_SIZE = 256 << 10, TAG_SIZE_MAX = 1000, STREAMS_MAX = 64 };

static void ignore_log(void *context, int level, const char *format, va_list arguments)
{
    (void)context, (void)level, (void)format, (void)arguments;
}

void source_quiet(void)
{
    av_log_set_callback(ignore_log);
}

error source_error(const struct source *source, enum error_code code, int av_code)
{
    if (error_is(source->failure))
        return source->failure;
    char reason[AV_ERROR_MAX_STRING_SIZE];
    if (av_code == AVERROR(ENOMEM))
        return error_make(ERROR_LIMIT_EXCEEDED, NULL, "The file needs more memory than allowed");
    if (av_strerror(av_code, reason, sizeof reason))
        return error_of(code);
    return error_make(code, NULL, "%s: %s", error_info(code)->sentence, reason);
}

static int read_bytes(void *opaque, uint8_t *bytes, int size)
{
    struct source *source = opaque;
    if (error_is(source->failure))
        return AVERROR_EXTERNAL;
    if (source->position >= source->io.size)
        return AVERROR_EOF;
    size_t got = 0;
    source->failure = source->io.read(source->io.context, source->position, bytes, (size_t)size, &got);
    if (error_is(source->failure))
        return AVERROR_EXTERNAL;
    source->position += got;
    return got ? (int)got : AVERROR_EOF;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    struct source *source = opaque;
    int64_t size = (int64_t)source->io.size;
    if (whence & AVSEEK_SIZE)
        return size;
    whence &= ~AVSEEK_FORCE;
    int64_t base = whence == SEEK_CUR ? (int64_t)source->position : whence == SEEK_END ? size : 0;
    if (offset < -base || offset > INT64_MAX - base)
        return AVERROR(EINVAL);
    source->position = (uint64_t)(base + offset);
    return base + offset;
}

// A file that asks for another one does not get it.
static int refuse_open(AVFormatContext *format, AVIOContext **avio, const char *url, int flags, AVDictionary **options)
{
    (void)format, (void)avio, (void)url, (void)flags, (void)options;
    return AVERROR(EACCES);
}

static void close_format(struct source *source)
{
    avformat_close_input(&source->format);
    if (source->avio)
        av_freep(&source->avio->buffer);
    avio_context_free(&source->avio);
    if (source->picture_state)
        source->picture->close(TAKE(source->picture_state));
    source->video = source->audio = NULL;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    close_format(source);
    free((void *)source->info.title);
    free((void *)source->info.artist);
    free((void *)source->info.created);
    free(source);
}

void source_cleanup(struct source **source)
{
    source_close(*source);
}

const struct source_info *source_info(const struct source *source)
{
    return &source->info;
}

static error find_streams(struct source *source)
{
    AVFormatContext *format = source->format;
    unsigned count = format->nb_streams;
    AVDictionary **options = calloc(count ? count : 1, sizeof *options);
    if (!options)
        return error_of(ERROR_LIMIT_EXCEEDED);
    for (unsigned i = 0; i < count; i++)
        av_dict_set_int(&options[i], "max_pixels", SOURCE_PIXELS_MAX, 0);
    int result = avformat_find_stream_info(format, options);
    for (unsigned i = 0; i < count; i++)
        av_dict_free(&options[i]);
    free(options);
    return result < 0 ? source_error(source, ERROR_NOT_MEDIA, result) : OK;
}

static bool video_is_usable(const AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    return !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC) && avcodec_find_decoder(codec->codec_id)
           && codec->width > 0 && codec->height > 0 && (int64_t)codec->width * codec->height <= SOURCE_PIXELS_MAX;
}

static bool audio_is_usable(const AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    return avcodec_find_decoder(codec->codec_id) && codec->sample_rate > 0 && codec->sample_rate <= 768000
           && codec->ch_layout.nb_channels > 0 && codec->ch_layout.nb_channels <= 64;
}

static void choose_streams(struct source *source)
{
    AVFormatContext *format = source->format;
    int video = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (video >= 0 && video_is_usable(format->streams[video]))
        source->video = format->streams[video];
    int audio = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0);
    if (audio >= 0 && audio_is_usable(format->streams[audio]))
        source->audio = format->streams[audio];
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        stream->discard = stream == source->video || stream == source->audio ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    source->start_us = format->start_time == AV_NOPTS_VALUE ? 0 : format->start_time;
}

// A stream of our own stands in for the one that FFmpeg would have found.
static error open_picture(struct source *source)
{
    TRY(source->picture->open(&source->io, &source->info, &source->picture_state));
    source->format = avformat_alloc_context();
    source->video = source->format ? avformat_new_stream(source->format, NULL) : NULL;
    if (!source->video)
        return error_of(ERROR_LIMIT_EXCEEDED);
    source->video->time_base = AV_TIME_BASE_Q;
    return OK;
}

static error open_format(struct source *source)
{
    close_format(source);
    source->position = 0;
    if (source->picture)
        return open_picture(source);
    unsigned char *buffer = av_malloc(IO_BUFFER_SIZE);
    source->avio = buffer ? avio_alloc_context(buffer, IO_BUFFER_SIZE, 0, source, read_bytes, NULL, seek_bytes) : NULL;
    if (!source->avio)
        av_free(buffer);
    source->format = avformat_alloc_context();
    if (!source->avio || !source->format)
        return error_of(ERROR_LIMIT_EXCEEDED);
    source->format->pb = source->avio;
    source->format->io_open = refuse_open;
    AVDictionary *options = NULL;
    av_dict_set(&options, "format_whitelist", containers, 0);
    av_dict_set(&options, "protocol_whitelist", "none", 0);
    av_dict_set_int(&options, "probesize", 5 << 20, 0);
    av_dict_set_int(&options, "analyzeduration", 5000000, 0);
    av_dict_set_int(&options, "max_streams", STREAMS_MAX, 0);
    av_dict_set_int(&options, "formatprobesize", 1 << 20, 0);
    int result = avformat_open_input(&source->format, NULL, NULL, &options);
    av_dict_free(&options);
    if (result < 0)
        return source_error(source, ERROR_NOT_MEDIA, result);
    TRY(find_streams(source));
    choose_streams(source);
    if (error_is(source->failure))
        return source->failure;
    return source->video || source->audio ? OK : error_of(ERROR_NOT_MEDIA);
}

static const char *tag(const struct source *source, const char *name)
{
    const AVDictionaryEntry *entry = av_dict_get(source->format->metadata, name, NULL, 0);
    if (!entry && source->audio) // Ogg keeps them with the stream
        entry = av_dict_get(source->audio->metadata, name, NULL, 0);
    if (!entry)
        return NULL;
    str text = str_cut_utf8(str_trim(str_of(entry->value)), TAG_SIZE_MAX);
    return text.size && str_is_utf8(text) ? strndup(text.data, text.size) : NULL;
}

static void turn(struct source_info *info, int rotation, bool mirrored)
{
    if ((info->rotation - rotation) % 180) {
        int width = info->width;
        info->width = info->height;
        info->height = width;
    }
    info->rotation = rotation;
    info->mirrored = mirrored;
}

// The matrix maps (x, y) to (a x + c y, b x + d y), with y pointing down.
static void orient_by_matrix(struct source *source)
{
    size_t size = 0;
    const int32_t *matrix = (const int32_t *)av_stream_get_side_data(source->video, AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (!matrix || size < 9 * sizeof *matrix)
        return;
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    bool mirrored = a * d - b * c < 0;
    if (mirrored) {
        a = -a;
        b = -b;
    }
    if (a == 0 && b == 0)
        return;
    turn(&source->info, ((int)lround(atan2(b, a) * 2 / M_PI) + 4) % 4 * 90, mirrored);
}

void source_orient(struct source *source, const AVFrame *frame)
{
    static const struct {
        int rotation;
        bool mirrored;
    } meaning[9] = { { 0 }, { 0 }, { 0, true }, { 180 }, { 180, true }, { 270, true }, { 90 }, { 90, true }, { 270 } };
    const AVDictionaryEntry *entry = av_dict_get(frame->metadata, "Orientation", NULL, 0);
    int64_t value;
    if (entry && str_to_int(str_trim(str_of(entry->value)), &value) && value >= 1 && value <= 8)
        turn(&source->info, meaning[value].rotation, meaning[value].mirrored);
}

static void describe_video(struct source *source)
{
    struct source_info *info = &source->info;
    const AVCodecParameters *codec = source->video->codecpar;
    info->width = codec->width;
    info->height = codec->height;
    info->video_codec = avcodec_get_name(codec->codec_id);
    info->pixel_format = av_get_pix_fmt_name((enum AVPixelFormat)codec->format);
    const AVPixFmtDescriptor *pixel = av_pix_fmt_desc_get((enum AVPixelFormat)codec->format);
    const AVDictionaryEntry *alpha = av_dict_get(source->video->metadata, "alpha_mode", NULL, 0);
    info->has_alpha = (pixel && pixel->flags & AV_PIX_FMT_FLAG_ALPHA) || (alpha && strcmp(alpha->value, "1") == 0);
    // Either may be the tick of the clock (600, 1000) instead of a rate.
    AVRational average = source->video->avg_frame_rate, least = source->video->r_frame_rate;
    double average_fps = average.num > 0 && average.den > 0 ? av_q2d(average) : 0;
    double least_fps = least.num > 0 && least.den > 0 ? av_q2d(least) : 0;
    info->fps = average_fps > 0 && (least_fps <= 0 || average_fps < least_fps) ? average_fps : least_fps;
    orient_by_matrix(source);
}

static bool name_is_picture(const char *format)
{
    return str_ends(str_of(format), STR("_pipe"));
}

// A GIF of one frame is a still picture.
static error is_animated(struct source *source, bool *ret_animated)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    int count = 0;
    while (count < 2 && av_read_frame(source->format, packet) >= 0) {
        count += packet->stream_index == source->video->index;
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    TRY(open_format(source));
    *ret_animated = count > 1;
    return OK;
}

static error describe(struct source *source)
{
    struct source_info *info = &source->info;
    info->format = source->format->iformat->name;
    const AVDictionaryEntry *brand = av_dict_get(source->format->metadata, "major_brand", NULL, 0);
    info->is_quicktime = str_starts(str_of(info->format), STR("mov,")) && (!brand || !strcmp(brand->value, "qt  "));
    info->duration_us = source->format->duration > 0 ? source->format->duration : -1;
    info->title = tag(source, "title");
    info->artist = tag(source, "artist");
    info->created = tag(source, "creation_time");
    if (source->audio) {
        const AVCodecParameters *codec = source->audio->codecpar;
        info->audio_codec = avcodec_get_name(codec->codec_id);
        info->sample_rate = codec->sample_rate;
        info->channels = codec->ch_layout.nb_channels;
    }
    info->kind = SOURCE_AUDIO;
    if (!source->video)
        return OK;
    describe_video(source);
    info->kind = SOURCE_VIDEO;
    bool animated = false;
    if (strcmp(info->format, "gif") == 0 || strcmp(info->format, "apng") == 0) {
        TRY(is_animated(source, &animated));
        info->kind = animated ? SOURCE_GIF : SOURCE_IMAGE;
    } else if (name_is_picture(info->format)) {
        info->kind = SOURCE_IMAGE;
    }
    if (info->kind == SOURCE_IMAGE) {
        info->duration_us = -1;
        info->fps = 0;
    }
    return OK;
}

static error find_picture(struct source *source)
{
    uint8_t head[PICTURE_HEAD_BYTES] = { 0 };
    size_t got;
    TRY(source->io.read(source->io.context, 0, head, sizeof head, &got));
    source->picture = picture_format_of(head);
    return OK;
}

error source_open(const struct source_io *io, struct source **ret_source)
{
    source_quiet();
    SOURCE_AUTO struct source *source = calloc(1, sizeof *source);
    if (!source)
        return error_of(ERROR_LIMIT_EXCEEDED);
    source->io = *io;
    TRY(find_picture(source));
    TRY(open_format(source));
    if (!source->picture)
        TRY(describe(source));
    *ret_source = TAKE(source);
    return OK;
}

error source_decoder(struct source *source, AVStream *stream, AVCodecContext **ret_decoder)
{
    if (source->picture) { // decodes by itself
        *ret_decoder = NULL;
        return OK;
    }
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *decoder = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!decoder)
        return error_of(ERROR_NOT_MEDIA);
    int result = avcodec_parameters_to_context(decoder, stream->codecpar);
    decoder->pkt_timebase = stream->time_base;
    decoder->max_pixels = SOURCE_PIXELS_MAX;
    decoder->thread_count = 1;
    if (result >= 0)
        result = avcodec_open2(decoder, codec, NULL);
    if (result < 0) {
        avcodec_free_context(&decoder);
        return source_error(source, ERROR_NOT_MEDIA, result);
    }
    *ret_decoder = decoder;
    return OK;
}

static error feed(struct source *source, AVStream *stream, AVCodecContext *decoder, AVPacket *packet)
{
    for (;;) {
        int result = av_read_frame(source->format, packet);
        if (error_is(source->failure))
            return source->failure;
        if (result == AVERROR(ENOMEM))
            return source_error(source, ERROR_NOT_MEDIA, result);
        if (result < 0) {
            avcodec_send_packet(decoder, NULL);
            return OK;
        }
        bool ours = packet->stream_index == stream->index;
        result = ours ? avcodec_send_packet(decoder, packet) : 0;
        av_packet_unref(packet);
        if (result == AVERROR(ENOMEM))
            return source_error(source, ERROR_NOT_MEDIA, result);
        if (ours && result >= 0)
            return OK;
    }
}

error source_decode(struct source *source, AVStream *stream, AVCodecContext *decoder, AVFrame *frame, bool *ret_end)
{
    if (source->picture) {
        TRY(source->picture->next(source->picture_state, frame, ret_end));
        frame->best_effort_timestamp = frame->pts;
        return OK;
    }
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    error failure = OK;
    int result;
    while ((result = avcodec_receive_frame(decoder, frame)) < 0 && result != AVERROR_EOF && !error_is(failure)) {
        if (result == AVERROR(ENOMEM))
            failure = source_error(source, ERROR_NOT_MEDIA, result);
        else
            failure = feed(source, stream, decoder, packet);
    }
    av_packet_free(&packet);
    TRY(failure);
    *ret_end = result == AVERROR_EOF;
    return OK;
}

int64_t source_frame_time_us(const struct source *source, const AVStream *stream, const AVFrame *frame)
{
    if (frame->best_effort_timestamp == AV_NOPTS_VALUE)
        return -1;
    int64_t time_us = av_rescale_q(frame->best_effort_timestamp, stream->time_base, AV_TIME_BASE_Q) - source->start_us;
    return time_us < 0 ? 0 : time_us;
}

error source_seek(struct source *source, AVStream *stream, int64_t time_us)
{
    if (source->picture)
        return open_format(source);
    int64_t at = av_rescale_q(time_us + source->start_us, AV_TIME_BASE_Q, stream->time_base);
    int result = av_seek_frame(source->format, stream->index, at, AVSEEK_FLAG_BACKWARD);
    if (result < 0 || error_is(source->failure)) {
        if (error_is(source->failure))
            return source->failure;
        // Pictures and files without an index cannot be sought in; they are read again from the start.
        bool video = stream == source->video;
        TRY(open_format(source));
        return (video ? source->video : source->audio) ? OK : error_of(ERROR_NOT_MEDIA);
    }
    return OK;
}

error source_look(struct source *source)
{
    if (!source->video)
        return error_of(ERROR_NO_VIDEO);
    AVCodecContext *decoder = NULL;
    TRY(source_decoder(source, source->video, &decoder));
    AVFrame *frame = av_frame_alloc();
    bool end = false;
    error failure = frame ? source_decode(source, source->video, decoder, frame, &end) : error_of(ERROR_LIMIT_EXCEEDED);
    if (!error_is(failure) && end)
        failure = error_of(ERROR_NOT_MEDIA);
    if (!error_is(failure) && source->info.kind == SOURCE_IMAGE)
        source_orient(source, frame);
    av_frame_free(&frame);
    avcodec_free_context(&decoder);
    TRY(failure);
    return open_format(source);
}
