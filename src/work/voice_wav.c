// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_wav.h"

#include <string.h>

enum { HEAD_SIZE = 44 };

static error add(void *context, int rate, const int16_t *samples, size_t count)
{
    struct voice_wav *wav = context;
    uint64_t at = HEAD_SIZE + (uint64_t)wav->frames * 2;
    wav->rate = rate;
    wav->frames += (int64_t)count;
    return wav->output->write(wav->output->context, at, samples, count * 2);
}

struct voice_sink voice_wav_sink(struct voice_wav *wav)
{
    return (struct voice_sink) { wav, add };
}

error voice_wav_end(const struct voice_wav *wav)
{
    uint32_t rate = (uint32_t)wav->rate, size = (uint32_t)wav->frames * 2;
    uint32_t words[11] = { 0, 36 + size, 0, 0, 16, 1 | 1 << 16, rate, rate * 2, 2 | 16 << 16, 0, size };
    memcpy(&words[0], "RIFF", 4);
    memcpy(&words[2], "WAVE", 4);
    memcpy(&words[3], "fmt ", 4);
    memcpy(&words[9], "data", 4);
    _Static_assert(sizeof words == HEAD_SIZE, "little-endian words make the head");
    return wav->output->write(wav->output->context, 0, words, sizeof words);
}
