// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for libraries that do not bear to get none: the program ends instead, saying so (see error.h). free() gives it
// back.
#pragma once

#include <stddef.h>

void *memory_take(size_t size); // size 0: perhaps NULL
void *memory_take_zeroed(size_t count, size_t size);
void *memory_grow(void *block, size_t size); // as realloc
