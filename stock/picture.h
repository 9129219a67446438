// SPDX-License-Identifier: GPL-3.0-or-later
// Still pictures, 1920 by 1080.
#pragma once

#include "item.h"

size_t picture_count(void);
struct item picture_item(size_t index);
MUST_USE error picture_make(struct arena *arena, size_t index, struct product *ret_product);
