// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/rate_change.h"

#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
#include <stdlib.h>

struct rate_change {
    SwrContext *resampler;
    float *block;
    size_t room; // samples
};

error rate_change_open(int from, int to, struct rate_change **ret_change)
{
    RATE_CHANGE_AUTO struct rate_change *change = calloc(1, sizeof *change);
    if (!change)
        return error_of(ERROR_LIMIT_EXCEEDED);
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    int result = swr_alloc_set_opts2(
        &change->resampler, &mono, AV_SAMPLE_FMT_FLT, to, &mono, AV_SAMPLE_FMT_S16, from, 0, NULL);
    if (result >= 0)
        result = swr_init(change->resampler);
    if (result < 0)
        return error_make(ERROR_ENGINE_FAILED, NULL, "Sound of %d Hz cannot be made one of %d Hz", from, to);
    *ret_change = TAKE(change);
    return OK;
}

error rate_change_add(
    struct rate_change *change, const int16_t *samples, size_t count, const float **ret_samples, size_t *ret_count)
{
    int room = swr_get_out_samples(change->resampler, (int)count);
    if (room > 0 && (size_t)room > change->room) {
        float *wider = realloc(change->block, (size_t)room * sizeof *wider);
        if (!wider)
            return error_of(ERROR_LIMIT_EXCEEDED);
        change->block = wider;
        change->room = (size_t)room;
    }
    const uint8_t *in = (const uint8_t *)samples;
    uint8_t *out = (uint8_t *)change->block;
    int got = room <= 0 ? room : swr_convert(change->resampler, &out, room, count ? &in : NULL, (int)count);
    if (got < 0)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The sound's rate could not be changed");
    *ret_samples = change->block;
    *ret_count = (size_t)got;
    return OK;
}

void rate_change_close(struct rate_change *change)
{
    if (!change)
        return;
    swr_free(&change->resampler);
    free(change->block);
    free(change);
}

void rate_change_cleanup(struct rate_change **change)
{
    rate_change_close(TAKE(*change));
}
