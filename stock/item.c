// SPDX-License-Identifier: GPL-3.0-or-later
#include "item.h"

#include "effect.h"
#include "motion.h"
#include "music.h"
#include "picture.h"

const struct item_source item_sources[ITEM_KIND_COUNT] = {
    [ITEM_MUSIC] = { "audio", "m4a", "audio/mp4", music_count, music_item, music_make },
    [ITEM_EFFECT] = { "audio", "m4a", "audio/mp4", effect_count, effect_item, effect_make },
    [ITEM_IMAGE] = { "images", "jpg", "image/jpeg", picture_count, picture_item, picture_make },
    [ITEM_VIDEO] = { "videos", "mp4", "video/mp4", motion_count, motion_item, motion_make },
    [ITEM_GIF] = { "gifs", "gif", "image/gif", motion_gif_count, motion_gif_item, motion_gif_make },
};

void product_done(struct product *product)
{
    buffer_done(&product->file);
    buffer_done(&product->thumbnail);
    buffer_done(&product->waveform);
}

const char *item_kind_name(enum item_kind kind)
{
    static const char *const names[] = { "audio", "audio", "image", "video", "gif" };
    return names[kind];
}
