// SPDX-License-Identifier: GPL-3.0-or-later
// openh264_frames < FILM.h264: decodes a stream of Annex B, one slice a picture, by openh264 and prints the Adler-32 of
// every picture in the order of showing, as ffmpeg's framecrc does.
#include <libavutil/adler32.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

static uint8_t *read_all(size_t *ret_size)
{
    size_t room = 1 << 20, size = 0, got;
    uint8_t *bytes = malloc(room);
    while (bytes && (got = fread(bytes + size, 1, room - size, stdin)) > 0) {
        size += got;
        if (size == room)
            bytes = realloc(bytes, room *= 2);
    }
    *ret_size = size;
    return bytes;
}

// Where the next start code stands, or the end.
static size_t next_start(const uint8_t *bytes, size_t from, size_t size)
{
    for (size_t i = from; i + 3 <= size; i++)
        if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1)
            return i;
    return size;
}

static AVAdler add(AVAdler sum, const uint8_t *from, int width, int height, int stride)
{
    for (int y = 0; y < height; y++)
        sum = av_adler32_update(sum, from + (ptrdiff_t)y * stride, (size_t)width);
    return sum;
}

static void show(const SBufferInfo *info)
{
    const SSysMEMBuffer *memory = &info->UsrData.sSystemBuffer;
    if (info->iBufferStatus != 1)
        return;
    AVAdler sum = add(0, info->pDst[0], memory->iWidth, memory->iHeight, memory->iStride[0]);
    for (int i = 1; i < 3; i++)
        sum = add(sum, info->pDst[i], memory->iWidth / 2, memory->iHeight / 2, memory->iStride[1]);
    printf("0x%08x\n", (unsigned)sum);
}

static bool decode_unit(ISVCDecoder *decoder, const uint8_t *bytes, size_t size)
{
    uint8_t *planes[3] = { 0 };
    SBufferInfo info = { 0 };
    DECODING_STATE state = (*decoder)->DecodeFrameNoDelay(decoder, bytes, (int)size, planes, &info);
    if (state != dsErrorFree) {
        fprintf(stderr, "openh264_frames: state %#x\n", (unsigned)state);
        return false;
    }
    show(&info);
    return true;
}

// Shows what waits for its turn.
static bool flush(ISVCDecoder *decoder)
{
    int ends = 1, goes_on = 0, left = 0;
    (*decoder)->SetOption(decoder, DECODER_OPTION_END_OF_STREAM, &ends);
    if (!decode_unit(decoder, NULL, 0))
        return false;
    (*decoder)->GetOption(decoder, DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, &left);
    for (; left > 0; left--) {
        uint8_t *planes[3] = { 0 };
        SBufferInfo info = { 0 };
        if ((*decoder)->FlushFrame(decoder, planes, &info) != dsErrorFree)
            return false;
        show(&info);
    }
    (*decoder)->SetOption(decoder, DECODER_OPTION_END_OF_STREAM, &goes_on);
    return true;
}

static bool decode(ISVCDecoder *decoder, const uint8_t *bytes, size_t size)
{
    bool begun = false;
    for (size_t start = next_start(bytes, 0, size); start < size;) {
        size_t end = next_start(bytes, start + 3, size);
        unsigned kind = start + 3 < size ? bytes[start + 3] & 31 : 0;
        // This decoder may draw an IDR picture over one that it has not yet shown, in any stream with B pictures.
        if (kind == 5 && begun && !flush(decoder))
            return false;
        if (!decode_unit(decoder, bytes + start, end - start))
            return false;
        begun = begun || kind == 5;
        start = end;
    }
    return flush(decoder);
}

int main(void)
{
    size_t size;
    uint8_t *bytes = read_all(&size);
    ISVCDecoder *decoder = NULL;
    int level = WELS_LOG_QUIET;
    SDecodingParam settings = { .eEcActiveIdc = ERROR_CON_DISABLE,
        .sVideoProperty = { .size = sizeof settings.sVideoProperty, .eVideoBsType = VIDEO_BITSTREAM_AVC } };
    if (!bytes || WelsCreateDecoder(&decoder) || (*decoder)->Initialize(decoder, &settings)) {
        fprintf(stderr, "openh264_frames: no decoder\n");
        return 1;
    }
    (*decoder)->SetOption(decoder, DECODER_OPTION_TRACE_LEVEL, &level);
    bool sound = decode(decoder, bytes, size);
    (*decoder)->Uninitialize(decoder);
    WelsDestroyDecoder(decoder);
    free(bytes);
    return !sound;
}
