// SPDX-License-Identifier: GPL-3.0-or-later
// What the pack is made of. Each kind has a list of recipes and a way to make one.
#pragma once

#include "base/buffer.h"
#include "base/error.h"

enum item_kind { ITEM_MUSIC, ITEM_EFFECT, ITEM_IMAGE, ITEM_VIDEO, ITEM_GIF, ITEM_KIND_COUNT };

// What a recipe says of the thing that comes of it.
struct item {
    enum item_kind kind;
    const char *slug; // file name and seed; unique among its kind
    const char *title, *artist, *category;
    const char *tags; // separated by commas
    bool premium, loop;
    const char *made_by; // hash of the sources that make this kind: when it differs, the thing is made again
};

// What making gives. The buffers belong to the product.
struct product {
    struct buffer file, thumbnail, waveform; // thumbnail and waveform may be empty
    int64_t duration_us;                     // 0: none
    int width, height;                       // 0: none
};
void product_done(struct product *product);
#define PRODUCT_AUTO __attribute__((cleanup(product_done)))

struct item_source {
    const char *folder, *extension, *mime_type;
    size_t (*count)(void);
    struct item (*item)(size_t index);
    // ENGINE_FAILED when an encoder or the synthesizer refuses. Values live in the arena.
    error (*make)(struct arena *arena, size_t index, struct product *ret_product);
};
extern const struct item_source item_sources[ITEM_KIND_COUNT];

// "audio", "image", "video", "gif": the kind as the libraries know it.
const char *item_kind_name(enum item_kind kind);
