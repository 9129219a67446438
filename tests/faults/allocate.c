// SPDX-License-Identifier: GPL-3.0-or-later
// Memory. The C library's own functions stand beside those that are put in front of them, since looking one up
// allocates.
#include <errno.h>
#include <stdlib.h>

#include "preload.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

#define ALLOCATES(name, call)                                                                                          \
    do {                                                                                                               \
        if (call_fails(CALL_ALLOCATE, name)) {                                                                         \
            errno = ENOMEM;                                                                                            \
            return NULL;                                                                                               \
        }                                                                                                              \
        return call;                                                                                                   \
    } while (0)

void *malloc(size_t size)
{
    ALLOCATES("malloc", __libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    ALLOCATES("calloc", __libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    ALLOCATES("realloc", __libc_realloc(block, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    ALLOCATES("aligned_alloc", __libc_memalign(alignment, size));
}

int posix_memalign(void **ret_block, size_t alignment, size_t size)
{
    if (call_fails(CALL_ALLOCATE, "posix_memalign"))
        return ENOMEM;
    void *block = __libc_memalign(alignment, size);
    if (!block)
        return ENOMEM;
    *ret_block = block;
    return 0;
}
