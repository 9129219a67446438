// SPDX-License-Identifier: GPL-3.0-or-later
// The library's streaming mode is used, which needs no second look at the sound: a film of hours costs no memory. It
// wants silence in front of the sound and gives as much too early; both are left out here.
#include "engine/stretch.h"

#include <rubberband/rubberband-c.h>
#include <string.h>

#include "av/audio_encoder.h"

enum { BLOCK = 1024 }; // pairs that are asked for and given at a time

struct stretch {
    RubberBandState state;
    stretch_pull pull;
    void *context;
    size_t skip; // pairs still to be left out
    float pairs[BLOCK * 2], left[BLOCK], right[BLOCK];
};

static void done(void *pointer)
{
    struct stretch *stretch = pointer;
    rubberband_delete(stretch->state);
}

static void put(struct stretch *stretch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        stretch->left[i] = stretch->pairs[2 * i];
        stretch->right[i] = stretch->pairs[2 * i + 1];
    }
    const float *channels[] = { stretch->left, stretch->right };
    rubberband_process(stretch->state, channels, (unsigned)count, 0);
}

struct stretch *stretch_new(
    struct arena *arena, double speed, double pitch, bool fine, stretch_pull pull, void *context)
{
    struct stretch *stretch = ARENA_NEW(arena, struct stretch);
    int options = RubberBandOptionProcessRealTime | RubberBandOptionThreadingNever | RubberBandOptionChannelsTogether
                  | RubberBandOptionPitchHighConsistency
                  | (fine ? RubberBandOptionEngineFiner : RubberBandOptionEngineFaster);
    stretch->state = rubberband_new(AUDIO_RATE, 2, options, 1 / speed, pitch);
    ASSERT(stretch->state);
    stretch->pull = pull;
    stretch->context = context;
    arena_defer(arena, done, stretch);
    rubberband_set_max_process_size(stretch->state, BLOCK);
    for (size_t left = rubberband_get_preferred_start_pad(stretch->state); left;) {
        size_t count = left < BLOCK ? left : BLOCK; // the buffer holds silence still
        put(stretch, count);
        left -= count;
    }
    stretch->skip = rubberband_get_start_delay(stretch->state);
    return stretch;
}

// Feeds until there is something to be had.
static error feed(struct stretch *stretch, size_t *ret_ready)
{
    int ready;
    while ((ready = rubberband_available(stretch->state)) == 0) {
        size_t count = rubberband_get_samples_required(stretch->state);
        count = count < 1 ? 1 : count > BLOCK ? BLOCK : count;
        TRY(stretch->pull(stretch->context, stretch->pairs, count));
        put(stretch, count);
    }
    if (ready < 0)
        return error_make(ERROR_ENGINE_FAILED, NULL, "The sound could not be stretched");
    *ret_ready = (size_t)ready;
    return OK;
}

static size_t get(struct stretch *stretch, size_t most)
{
    float *channels[] = { stretch->left, stretch->right };
    return rubberband_retrieve(stretch->state, channels, (unsigned)(most < BLOCK ? most : BLOCK));
}

error stretch_read(struct stretch *stretch, float *ret_samples, size_t frames)
{
    size_t at = 0, ready = 0;
    while (at < frames) {
        TRY(feed(stretch, &ready));
        if (stretch->skip) {
            stretch->skip -= get(stretch, ready < stretch->skip ? ready : stretch->skip);
            continue;
        }
        size_t count = get(stretch, ready < frames - at ? ready : frames - at);
        for (size_t i = 0; i < count; i++) {
            ret_samples[2 * (at + i)] = stretch->left[i];
            ret_samples[2 * (at + i) + 1] = stretch->right[i];
        }
        at += count;
    }
    return OK;
}
