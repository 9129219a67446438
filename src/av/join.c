// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/join.h"

#include <math.h>
#include <string.h>

#include "av/audio_encoder.h"
#include "av/h264_keys.h"
#include "av/sink_av.h"
#include "av/source_av.h"

enum { CHAPTER_SCALE = 1000, SOUND_SAMPLE_SIZE = 4, SKIP_SAMPLES_SIZE = 10 }; // bytes

// What encoders make of 48 kHz sound: samples a packet (0: as many as its bytes say), and before the first one heard.
struct sound_codec {
    enum AVCodecID id;
    int frame, padding;
};
static const struct sound_codec sound_codecs[] = {
    { AV_CODEC_ID_AAC, 1024, 1024 },
    { AV_CODEC_ID_OPUS, 960, 312 },
    { AV_CODEC_ID_MP3, 1152, 1105 },
    { AV_CODEC_ID_PCM_S16LE, 0, 0 },
};

struct join {
    const struct join_settings *settings;
    struct sink sink;
    AVStream *video, *audio;
    AVPacket *packet;
    struct source *sound; // NULL without, and at its end
    const struct sound_codec *codec;
    int64_t base, written; // frames of the segments before; packets written
    int64_t delay;         // by how many frames decoding runs ahead of showing
    struct h264_keys keys; // of H.264
    int64_t sound_at;      // samples; the encoder's delay stands before 0
    int64_t sound_shift;   // what readers of the format take off again
    bool sound_ready;      // `sound_packet` holds the next one
    AVPacket *sound_packet;
};

static void done(struct join *join)
{
    av_packet_free(&join->packet);
    av_packet_free(&join->sound_packet);
    buffer_done(&join->keys.unit);
    source_close(join->sound);
    sink_close(&join->sink);
}

static error add_chapters(struct join *join)
{
    AVFormatContext *format = join->sink.format;
    for (size_t i = 0; i < join->settings->chapter_count; i++) {
        const struct join_chapter *from = &join->settings->chapters[i];
        AVChapter *chapter = av_mallocz(sizeof *chapter);
        char *title = av_strndup(from->title.data ? from->title.data : "", from->title.size);
        if (!chapter || !title)
            return error_of(ERROR_LIMIT_EXCEEDED);
        *chapter = (AVChapter) { .id = (int64_t)i,
            .time_base = { 1, CHAPTER_SCALE },
            .start = llround(from->start * CHAPTER_SCALE),
            .end = llround(from->end * CHAPTER_SCALE) };
        av_dict_set(&chapter->metadata, "title", title, AV_DICT_DONT_STRDUP_VAL);
        av_dynarray_add(&format->chapters, (int *)&format->nb_chapters, chapter);
    }
    return OK;
}

static error copy_stream(struct join *join, const AVStream *from, AVRational time_base, AVStream **ret_stream)
{
    AVStream *stream = avformat_new_stream(join->sink.format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, from->codecpar) < 0)
        return error_of(ERROR_LIMIT_EXCEEDED);
    stream->codecpar->codec_tag = 0;
    stream->time_base = time_base;
    *ret_stream = stream;
    return OK;
}

static error add_sound(struct join *join)
{
    const AVCodecParameters *from = join->sound->audio->codecpar;
    for (size_t i = 0; i < sizeof sound_codecs / sizeof *sound_codecs; i++)
        if (sound_codecs[i].id == from->codec_id)
            join->codec = &sound_codecs[i];
    if (!join->codec)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The sound was encoded in a way that films do not use");
    TRY(copy_stream(join, join->sound->audio, (AVRational) { 1, AUDIO_RATE }, &join->audio));
    join->audio->codecpar->initial_padding = join->codec->padding;
    join->audio->codecpar->frame_size = join->codec->frame;
    join->sound_at = -join->codec->padding;
    join->sound_shift = strcmp(join->settings->muxer, "webm") == 0 ? join->codec->padding : 0;
    return OK;
}

static error add_pictures(struct join *join, const struct source *first)
{
    int fps = join->settings->fps;
    TRY(copy_stream(join, first->video, (AVRational) { 1, fps }, &join->video));
    join->video->avg_frame_rate = (AVRational) { fps, 1 };
    join->delay = first->video->codecpar->video_delay;
    const AVCodecParameters *codec = first->video->codecpar;
    return codec->codec_id == AV_CODEC_ID_H264
               ? h264_keys_begin(codec->extradata, (size_t)codec->extradata_size, &join->keys)
               : OK;
}

// `first` is the first segment, NULL without pictures.
static error begin(struct join *join, const struct source *first)
{
    const struct join_settings *settings = join->settings;
    if (first)
        TRY(add_pictures(join, first));
    if (join->sound)
        TRY(add_sound(join));
    if (settings->title.size) {
        char *title = av_strndup(settings->title.data, settings->title.size);
        av_dict_set(&join->sink.format->metadata, "title", title, AV_DICT_DONT_STRDUP_VAL);
    }
    TRY(add_chapters(join));
    AVDictionary *options = NULL; // a muxer leaves those of others alone
    av_dict_set(&options, "movflags", "+faststart", 0);
    av_dict_set_int(&options, "movie_timescale", AUDIO_RATE, 0); // milliseconds would cut the last frame short
    av_dict_set(&options, "cues_to_front", "1", 0);
    error failed = sink_begin(&join->sink, &options);
    av_dict_free(&options);
    return failed;
}

static error write_packet(struct join *join, AVPacket *packet, AVStream *stream, AVRational time_base)
{
    packet->stream_index = stream->index;
    packet->pos = -1;
    packet->time_base = time_base;
    av_packet_rescale_ts(packet, time_base, stream->time_base);
    int result = av_write_frame(join->sink.format, packet);
    av_packet_unref(packet);
    return result < 0 ? sink_error(&join->sink, "Joining", result) : OK;
}

// The MP3 muxer looks for the encoder's delay beside the first packet; the others have it from the stream.
static error tell_delay(AVPacket *packet, int padding)
{
    uint8_t *told = av_packet_get_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, NULL);
    if (!told)
        told = av_packet_new_side_data(packet, AV_PKT_DATA_SKIP_SAMPLES, SKIP_SAMPLES_SIZE);
    if (!told)
        return error_of(ERROR_LIMIT_EXCEEDED);
    memset(told, 0, SKIP_SAMPLES_SIZE);
    for (int i = 0; i < 4; i++)
        told[i] = (uint8_t)(padding >> 8 * i);
    return OK;
}

// Writes the sound that begins before `limit` (samples). `last`: the film ends there.
static error write_sound(struct join *join, int64_t limit, bool last)
{
    while (join->sound && join->sound_at < limit) {
        if (!join->sound_ready) {
            int result = av_read_frame(join->sound->format, join->sound_packet);
            if (result < 0) {
                error failed = join->sound->failure;
                source_close(TAKE(join->sound));
                return failed;
            }
            join->sound_ready = true;
        }
        AVPacket *packet = join->sound_packet;
        if (join->sound_at == -join->codec->padding && join->codec->padding)
            TRY(tell_delay(packet, join->codec->padding));
        int64_t length = join->codec->frame ? join->codec->frame : packet->size / SOUND_SAMPLE_SIZE;
        int64_t left = last ? limit - join->sound_at : length;
        packet->pts = packet->dts = join->sound_at + join->sound_shift;
        packet->duration = left < length ? left : length;
        join->sound_at += length;
        join->sound_ready = false;
        TRY(write_packet(join, packet, join->audio, (AVRational) { 1, AUDIO_RATE }));
    }
    return OK;
}

static bool same_codec(const AVCodecParameters *a, const AVCodecParameters *b)
{
    return a->codec_id == b->codec_id && a->width == b->width && a->height == b->height
           && a->extradata_size == b->extradata_size
           && (a->extradata_size == 0 || memcmp(a->extradata, b->extradata, (size_t)a->extradata_size) == 0);
}

// Key frames are numbered through the film.
static error number_key(struct join *join, AVPacket *packet)
{
    if (join->video->codecpar->codec_id != AV_CODEC_ID_H264 || !(packet->flags & AV_PKT_FLAG_KEY))
        return OK;
    TRY(h264_keys_next(&join->keys, packet->data, (size_t)packet->size));
    const struct buffer *unit = &join->keys.unit;
    AVBufferRef *bytes = av_buffer_allocz(unit->size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!bytes)
        return error_of(ERROR_LIMIT_EXCEEDED);
    memcpy(bytes->data, unit->data, unit->size);
    av_buffer_unref(&packet->buf);
    packet->buf = bytes;
    packet->data = bytes->data;
    packet->size = (int)unit->size;
    return OK;
}

static error copy_segment(struct join *join, struct source *segment)
{
    int64_t frames = 0;
    int fps = join->settings->fps;
    if (!same_codec(segment->video->codecpar, join->video->codecpar))
        return error_make(ERROR_ENGINE_FAILED, NULL, "The segments were encoded in different ways");
    while (av_read_frame(segment->format, join->packet) >= 0) {
        AVPacket *packet = join->packet;
        if (packet->stream_index != segment->video->index) {
            av_packet_unref(packet);
            continue;
        }
        // Matroska counts milliseconds; the frame's number gives its exact time.
        int64_t number = av_rescale_q(packet->pts, segment->video->time_base, (AVRational) { 1, fps });
        packet->pts = join->base + number;
        packet->dts = join->written++ - join->delay;
        packet->duration = 1;
        frames++;
        TRY(number_key(join, packet));
        TRY(write_sound(join, av_rescale(packet->dts, AUDIO_RATE, fps), false));
        TRY(write_packet(join, packet, join->video, (AVRational) { 1, fps }));
    }
    join->base += frames;
    return segment->failure;
}

static error run(struct join *join, const struct source_io *segments, size_t count)
{
    const struct join_settings *settings = join->settings;
    if (!count) {
        TRY(begin(join, NULL));
        TRY(write_sound(join, llround(settings->duration * AUDIO_RATE), true));
        return sink_end(&join->sink);
    }
    for (size_t i = 0; i < count; i++) {
        SOURCE_AUTO struct source *segment = NULL;
        TRY(source_open(&segments[i], &segment));
        if (!segment->video)
            return error_of(ERROR_NO_VIDEO);
        if (i == 0)
            TRY(begin(join, segment));
        TRY(copy_segment(join, segment));
        if (settings->progress)
            TRY(settings->progress(settings->progress_context, (double)(i + 1) / (double)(count + 1)));
    }
    TRY(write_sound(join, av_rescale(join->base, AUDIO_RATE, settings->fps), true));
    return sink_end(&join->sink);
}

static error prepare(struct join *join, const struct source_io *audio, const struct sink_io *io)
{
    TRY(sink_open(&join->sink, io, join->settings->muxer));
    join->packet = av_packet_alloc();
    join->sound_packet = av_packet_alloc();
    if (!join->packet || !join->sound_packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    if (!audio)
        return OK;
    TRY(source_open(audio, &join->sound));
    return join->sound->audio ? OK : error_of(ERROR_NO_AUDIO);
}

error join_run(const struct source_io *segments, size_t count, const struct source_io *audio, const struct sink_io *io,
    const struct join_settings *settings, struct join_result *ret_result)
{
    ASSERT(count > 0 || audio);
    struct join join = { .settings = settings };
    error failed = prepare(&join, audio, io);
    if (!error_is(failed))
        failed = run(&join, segments, count);
    if (!error_is(failed))
        *ret_result = (struct join_result) { .duration = count ? (double)join.base / settings->fps : settings->duration,
            .frames = join.base,
            .width = join.video ? join.video->codecpar->width : 0,
            .height = join.video ? join.video->codecpar->height : 0,
            .size_bytes = join.sink.size };
    done(&join);
    return failed;
}
