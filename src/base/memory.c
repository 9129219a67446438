// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/memory.h"

#include <stdlib.h>

#include "base/error.h"

void *memory_take(size_t size)
{
    void *block = malloc(size);
    ASSERT_MEMORY(block || !size);
    return block;
}

void *memory_take_zeroed(size_t count, size_t size)
{
    void *block = calloc(count, size);
    ASSERT_MEMORY(block || !count || !size);
    return block;
}

void *memory_grow(void *block, size_t size)
{
    void *grown = realloc(block, size);
    ASSERT_MEMORY(grown || !size);
    return grown;
}
