// SPDX-License-Identifier: GPL-3.0-or-later
#include <libavcodec/avcodec.h>
#include <stdlib.h>

#include "av/sink_av.h"

enum { BUFFER_SIZE = 256 << 10 };

// A second view of the file, for reading back.
struct reader {
    struct sink *sink;
    uint64_t position;
};

static int write_bytes(void *opaque, uint8_t *bytes, int size)
{
    struct sink *sink = opaque;
    if (!error_is(sink->failure))
        sink->failure = sink->io.write(sink->io.context, sink->position, bytes, (size_t)size);
    if (error_is(sink->failure))
        return AVERROR_EXTERNAL;
    sink->position += (uint64_t)size;
    if (sink->position > sink->size)
        sink->size = sink->position;
    return size;
}

static int64_t seek(uint64_t *position, uint64_t size, int64_t offset, int whence)
{
    if (whence & AVSEEK_SIZE)
        return (int64_t)size;
    whence &= ~AVSEEK_FORCE;
    int64_t base = whence == SEEK_CUR ? (int64_t)*position : whence == SEEK_END ? (int64_t)size : 0;
    if (offset < -base)
        return AVERROR(EINVAL);
    *position = (uint64_t)(base + offset);
    return base + offset;
}

static int64_t seek_write(void *opaque, int64_t offset, int whence)
{
    struct sink *sink = opaque;
    return seek(&sink->position, sink->size, offset, whence);
}

static int64_t seek_read(void *opaque, int64_t offset, int whence)
{
    struct reader *reader = opaque;
    return seek(&reader->position, reader->sink->size, offset, whence);
}

static int read_bytes(void *opaque, uint8_t *bytes, int size)
{
    struct reader *reader = opaque;
    struct sink *sink = reader->sink;
    size_t got = 0;
    if (!error_is(sink->failure))
        sink->failure = sink->io.read_back(sink->io.context, reader->position, bytes, (size_t)size, &got);
    if (error_is(sink->failure))
        return AVERROR_EXTERNAL;
    reader->position += got;
    return got ? (int)got : AVERROR_EOF;
}

static AVIOContext *make_avio(void *opaque, int (*reads)(void *, uint8_t *, int), int (*writes)(void *, uint8_t *, int),
    int64_t (*seeks)(void *, int64_t, int))
{
    uint8_t *buffer = av_malloc(BUFFER_SIZE);
    AVIOContext *avio = buffer ? avio_alloc_context(buffer, BUFFER_SIZE, writes != NULL, opaque, reads, writes, seeks)
                               : NULL;
    if (!avio)
        av_free(buffer);
    return avio;
}

static void free_avio(AVIOContext **avio)
{
    if (*avio)
        av_freep(&(*avio)->buffer);
    avio_context_free(avio);
}

// The muxer that moves its index to the front opens the file again for reading; it gets nothing else.
static int open_again(AVFormatContext *format, AVIOContext **avio, const char *url, int flags, AVDictionary **options)
{
    (void)url;
    (void)options;
    struct sink *sink = format->opaque;
    if (flags & AVIO_FLAG_WRITE || !sink->io.read_back)
        return AVERROR(EACCES);
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return AVERROR(ENOMEM);
    reader->sink = sink;
    *avio = make_avio(reader, read_bytes, NULL, seek_read);
    if (!*avio)
        free(reader);
    return *avio ? 0 : AVERROR(ENOMEM);
}

static int close_again(AVFormatContext *format, AVIOContext *avio)
{
    (void)format;
    free(avio->opaque);
    free_avio(&avio);
    return 0;
}

error sink_open(struct sink *sink, const struct sink_io *io, const char *format)
{
    *sink = (struct sink) { .io = *io };
    if (avformat_alloc_output_context2(&sink->format, NULL, format, NULL) < 0)
        return error_make(ERROR_ENGINE_FAILED, NULL, "No muxer for %s", format);
    sink->format->opaque = sink;
    sink->format->io_open = open_again;
    sink->format->io_close2 = close_again;
    sink->format->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
    sink->format->url = av_strdup("");
    sink->format->pb = make_avio(sink, NULL, write_bytes, seek_write);
    return sink->format->pb ? OK : error_of(ERROR_LIMIT_EXCEEDED);
}

void sink_close(struct sink *sink)
{
    if (sink->format)
        free_avio(&sink->format->pb);
    avformat_free_context(sink->format);
    sink->format = NULL;
}

error sink_error(const struct sink *sink, const char *what, int av_code)
{
    if (error_is(sink->failure))
        return sink->failure;
    char reason[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    av_strerror(av_code, reason, sizeof reason);
    return error_make(ERROR_ENGINE_FAILED, NULL, "%s failed: %s", what, reason);
}

error sink_begin(struct sink *sink, AVDictionary **options)
{
    int result = avformat_write_header(sink->format, options);
    return result < 0 ? sink_error(sink, "Writing the header", result) : OK;
}

error sink_end(struct sink *sink)
{
    int result = av_write_trailer(sink->format);
    if (result < 0)
        return sink_error(sink, "Writing the end of the file", result);
    avio_flush(sink->format->pb);
    return sink->failure;
}

error sink_drain(struct sink *sink, AVCodecContext *encoder, AVStream *stream)
{
    AVPacket *packet = av_packet_alloc();
    if (!packet)
        return error_of(ERROR_LIMIT_EXCEEDED);
    int result;
    while ((result = avcodec_receive_packet(encoder, packet)) >= 0) {
        packet->stream_index = stream->index;
        av_packet_rescale_ts(packet, encoder->time_base, stream->time_base);
        result = av_write_frame(sink->format, packet);
        av_packet_unref(packet);
        if (result < 0)
            break;
    }
    av_packet_free(&packet);
    return result == AVERROR(EAGAIN) || result == AVERROR_EOF ? OK : sink_error(sink, "Encoding", result);
}
