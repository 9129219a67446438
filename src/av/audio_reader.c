// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/audio_reader.h"

#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "av/source_av.h"

enum {
    GAP_US = 50000,   // smaller differences between clock and samples are rounding
    LEAD_US = 500000, // sought this much earlier, so that decoders with memory are settled
};
static const int64_t clock_us_max = INT64_C(86400) * 1000000; // a clock beyond a day is damaged

struct audio_reader {
    struct source *source; // borrowed
    AVCodecContext *decoder;
    SwrContext *resampler;
    AVFrame *frame;
    int sample_rate, channels;
    // What the resampler was made for
    int in_rate, in_format;
    AVChannelLayout in_layout;
    float *block; // converted, not yet given: [block_at, block_size) in frames
    size_t block_at, block_size, block_room;
    int64_t position; // number of the next output frame
    int64_t silence;  // frames of silence before the block
    int64_t skip;     // frames to drop
    bool placed;      // position is known from the clock since the start or the last seek
    bool end;
};

void audio_reader_close(struct audio_reader *reader)
{
    if (!reader)
        return;
    avcodec_free_context(&reader->decoder);
    swr_free(&reader->resampler);
    av_frame_free(&reader->frame);
    av_channel_layout_uninit(&reader->in_layout);
    free(reader->block);
    free(reader);
}

void audio_reader_cleanup(struct audio_reader **reader)
{
    audio_reader_close(*reader);
}

error audio_reader_open(struct source *source, int sample_rate, int channels, struct audio_reader **ret_reader)
{
    if (!source->audio)
        return error_of(ERROR_NO_AUDIO);
    AUDIO_READER_AUTO struct audio_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return error_of(ERROR_LIMIT_EXCEEDED);
    reader->source = source;
    reader->sample_rate = sample_rate;
    reader->channels = channels;
    reader->frame = av_frame_alloc();
    if (!reader->frame)
        return error_of(ERROR_LIMIT_EXCEEDED);
    TRY(source_decoder(source, source->audio, &reader->decoder));
    *ret_reader = TAKE(reader);
    return OK;
}

static error make_resampler(struct audio_reader *reader)
{
    const AVFrame *frame = reader->frame;
    swr_free(&reader->resampler);
    av_channel_layout_uninit(&reader->in_layout);
    // Some decoders tell a number of channels and no order.
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&reader->in_layout, frame->ch_layout.nb_channels);
    else
        av_channel_layout_copy(&reader->in_layout, &frame->ch_layout);
    reader->in_rate = frame->sample_rate;
    reader->in_format = frame->format;
    AVChannelLayout out;
    av_channel_layout_default(&out, reader->channels);
    int result = swr_alloc_set_opts2(&reader->resampler, &out, AV_SAMPLE_FMT_FLT, reader->sample_rate,
        &reader->in_layout, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
    // Left as it is, one channel would lose 3 dB on its way to two.
    const double both[2] = { 1, 1 };
    if (result >= 0 && reader->in_layout.nb_channels == 1 && reader->channels == 2)
        result = swr_set_matrix(reader->resampler, both, 1);
    if (result >= 0)
        result = swr_init(reader->resampler);
    return result < 0 ? source_error(reader->source, ERROR_NOT_MEDIA, result) : OK;
}

static bool resampler_fits(const struct audio_reader *reader)
{
    const AVFrame *frame = reader->frame;
    return reader->resampler && frame->sample_rate == reader->in_rate && frame->format == reader->in_format
           && frame->ch_layout.nb_channels == reader->in_layout.nb_channels;
}

// Converts the decoded frame, or what the resampler still holds when there is none.
static error convert(struct audio_reader *reader, bool flush)
{
    int count = flush ? 0 : reader->frame->nb_samples;
    int room = swr_get_out_samples(reader->resampler, count);
    if (room < 0)
        return source_error(reader->source, ERROR_NOT_MEDIA, room);
    if ((size_t)room > reader->block_room) {
        float *wider = realloc(reader->block, (size_t)room * (size_t)reader->channels * sizeof *wider);
        if (!wider)
            return error_of(ERROR_LIMIT_EXCEEDED);
        reader->block = wider;
        reader->block_room = (size_t)room;
    }
    uint8_t *out = (uint8_t *)reader->block;
    int got = swr_convert(
        reader->resampler, &out, room, flush ? NULL : (const uint8_t **)reader->frame->extended_data, count);
    if (got < 0)
        return source_error(reader->source, ERROR_NOT_MEDIA, got);
    reader->block_at = 0;
    reader->block_size = (size_t)got;
    return OK;
}

// Brings the decoded frame to its place on the clock: by silence before it, or by dropping of its samples.
static void place(struct audio_reader *reader)
{
    int64_t time_us = source_frame_time_us(reader->source, reader->source->audio, reader->frame);
    if (time_us < 0)
        return;
    int64_t expected_us = av_rescale(reader->position, 1000000, reader->sample_rate);
    int64_t gap_us = time_us - expected_us;
    if (time_us > clock_us_max || (reader->placed && llabs(gap_us) < GAP_US))
        return;
    int64_t gap = av_rescale(gap_us, reader->sample_rate, 1000000);
    reader->placed = true;
    if (gap > 0)
        reader->silence = gap;
    else
        reader->skip = -gap;
}

static error next_block(struct audio_reader *reader)
{
    AVStream *stream = reader->source->audio;
    bool end;
    TRY(source_decode(reader->source, stream, reader->decoder, reader->frame, &end));
    if (end) {
        reader->end = true;
        return reader->resampler ? convert(reader, true) : OK;
    }
    if (!resampler_fits(reader))
        TRY(make_resampler(reader));
    place(reader);
    error failure = convert(reader, false);
    av_frame_unref(reader->frame);
    return failure;
}

// Takes from silence or block; NULL drops. Returns the number of frames taken, at most `frames`.
static size_t take(struct audio_reader *reader, float *ret_samples, size_t frames)
{
    size_t width = (size_t)reader->channels, count;
    if (reader->silence > 0) {
        count = (int64_t)frames < reader->silence ? frames : (size_t)reader->silence;
        if (ret_samples)
            memset(ret_samples, 0, count * width * sizeof *ret_samples);
        reader->silence -= (int64_t)count;
    } else {
        size_t left = reader->block_size - reader->block_at;
        count = frames < left ? frames : left;
        if (ret_samples && count)
            memcpy(ret_samples, reader->block + reader->block_at * width, count * width * sizeof *ret_samples);
        reader->block_at += count;
    }
    return count;
}

static bool is_empty(const struct audio_reader *reader)
{
    return reader->silence == 0 && reader->block_at == reader->block_size;
}

static error advance(struct audio_reader *reader, float *ret_samples, size_t frames, size_t *ret_frames)
{
    size_t done = 0;
    while (done < frames) {
        if (is_empty(reader)) {
            if (reader->end)
                break;
            TRY(next_block(reader));
        }
        if (reader->skip > 0) {
            reader->skip -= (int64_t)take(reader, NULL, (size_t)reader->skip);
            continue;
        }
        float *at = ret_samples ? ret_samples + done * (size_t)reader->channels : NULL;
        size_t got = take(reader, at, frames - done);
        done += got;
        reader->position += (int64_t)got;
    }
    *ret_frames = done;
    return OK;
}

error audio_reader_read(struct audio_reader *reader, float *ret_samples, size_t frames, size_t *ret_frames)
{
    return advance(reader, ret_samples, frames, ret_frames);
}

error audio_reader_seek(struct audio_reader *reader, int64_t frame)
{
    if (frame < reader->position || frame - reader->position > 10 * (int64_t)reader->sample_rate) {
        int64_t time_us = av_rescale(frame, 1000000, reader->sample_rate) - LEAD_US;
        TRY(source_seek(reader->source, reader->source->audio, time_us > 0 ? time_us : 0));
        avcodec_flush_buffers(reader->decoder);
        swr_free(&reader->resampler);
        reader->block_at = reader->block_size = 0;
        reader->silence = reader->skip = 0;
        reader->end = false;
        reader->placed = false;
        reader->position = 0;
    }
    size_t done;
    // The first block after a seek stands at its own time, which `place` counts as silence from 0: dropped at once.
    int64_t ahead = frame - reader->position;
    return ahead > 0 ? advance(reader, NULL, (size_t)ahead, &done) : OK;
}
