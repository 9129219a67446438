// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "painters.h"

struct picture {
    const char *slug, *title, *category, *tags, *palette;
    painter paint;
    double numbers[PAINT_NUMBERS]; // what they mean stands with the family
    bool premium;
};
extern const struct picture picture_list[];
