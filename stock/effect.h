// SPDX-License-Identifier: GPL-3.0-or-later
// Sound effects, made by synthesis.
#pragma once

#include "item.h"

size_t effect_count(void);
struct item effect_item(size_t index);
MUST_USE error effect_make(struct arena *arena, size_t index, struct product *ret_product);
