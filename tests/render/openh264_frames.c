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

// Shows what waits for its turn, and is done with the decoder.
static bool finish(ISVCDecoder *decoder)
{
    int ends = 1, left = 0;
    (*decoder)->SetOption(decoder, DECODER_OPTION_END_OF_STREAM, &ends);
    bool sound = decode_unit(decoder, NULL, 0);
    (*decoder)->GetOption(decoder, DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, &left);
    for (; sound && left > 0; left--) {
        uint8_t *planes[3] = { 0 };
        SBufferInfo info = { 0 };
        sound = (*decoder)->FlushFrame(decoder, planes, &info) == dsErrorFree;
        if (sound)
            show(&info);
    }
    (*decoder)->Uninitialize(decoder);
    WelsDestroyDecoder(decoder);
    return sound;
}

static ISVCDecoder *begin(void)
{
    ISVCDecoder *decoder = NULL;
    int level = WELS_LOG_QUIET;
    SDecodingParam settings = { .eEcActiveIdc = ERROR_CON_DISABLE,
        .sVideoProperty = { .size = sizeof settings.sVideoProperty, .eVideoBsType = VIDEO_BITSTREAM_AVC } };
    if (WelsCreateDecoder(&decoder) || (*decoder)->Initialize(decoder, &settings)) {
        fprintf(stderr, "openh264_frames: no decoder\n");
        exit(1);
    }
    (*decoder)->SetOption(decoder, DECODER_OPTION_TRACE_LEVEL, &level);
    return decoder;
}

// This decoder may draw an IDR picture over one that it has not yet shown, in any stream with B pictures. So each
// stretch from parameter set to parameter set has a decoder of its own.
static bool decode(const uint8_t *bytes, size_t size)
{
    enum { PARAMETER_SET = 7 };
    bool sound = true;
    ISVCDecoder *decoder = NULL;
    for (size_t start = next_start(bytes, 0, size); sound && start < size;) {
        size_t end = next_start(bytes, start + 3, size);
        bool is_set = start + 3 < size && (bytes[start + 3] & 31) == PARAMETER_SET;
        if (is_set && decoder) {
            sound = finish(decoder);
            decoder = NULL;
        }
        if (!decoder)
            decoder = begin();
        sound = sound && decode_unit(decoder, bytes + start, end - start);
        start = end;
    }
    return (!decoder || finish(decoder)) && sound;
}

int main(void)
{
    size_t size;
    uint8_t *bytes = read_all(&size);
    bool sound = bytes && decode(bytes, size);
    free(bytes);
    return !sound;
}
