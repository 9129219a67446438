// SPDX-License-Identifier: GPL-3.0-or-later
// Short films that go round, as H.264 in MP4 and as GIF.
#pragma once

#include "item.h"
#include "painters.h"

struct motion {
    const char *slug, *title, *category, *tags, *palette;
    painter paint;
    double numbers[PAINT_NUMBERS];
    double seconds;
    int coarse; // of struct paint: more for what is soft
    bool premium;
};
extern const struct motion motion_list[], motion_gif_list[];

size_t motion_count(void);
struct item motion_item(size_t index);
MUST_USE error motion_make(struct arena *arena, size_t index, struct product *ret_product);
size_t motion_gif_count(void);
struct item motion_gif_item(size_t index);
// VALIDATION_ERROR naming a loop that jumps where it closes.
MUST_USE error motion_check(void);
MUST_USE error motion_gif_make(struct arena *arena, size_t index, struct product *ret_product);
