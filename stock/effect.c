// SPDX-License-Identifier: GPL-3.0-or-later
#include "effect.h"

#include "av/audio_encoder.h"
#include "effect_parts.h"
#include "effect_sources.h"
#include "output.h"

enum { EFFECT_BITRATE = 160000 };

size_t effect_count(void)
{
    size_t count = 0;
    while (effect_list[count].slug)
        count++;
    return count;
}

struct item effect_item(size_t index)
{
    const struct effect *effect = &effect_list[index];
    return (struct item) { ITEM_EFFECT, effect->slug, effect->title, "Kinora Foley", effect->category, effect->tags,
        effect->premium, effect->lap > 0, EFFECT_SOURCES };
}

error effect_make(struct arena *arena, size_t index, struct product *ret_product)
{
    const struct effect *effect = &effect_list[index];
    struct sound sound = sound_new(arena, effect->slug, effect->seconds);
    effect->make(&sound, effect->numbers);
    sound_filter(&sound, FILTER_HIGH, 22, 0.7);
    if (effect->lap > 0)
        sound_wrap(&sound, effect->lap);
    sound_level(&sound, effect->loud);
    ret_product->duration_us = (int64_t)sound.frames * 1000000 / AUDIO_RATE;
    return output_sound(arena, sound.samples, sound.frames, EFFECT_BITRATE, &ret_product->file, &ret_product->waveform);
}
