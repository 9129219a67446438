// SPDX-License-Identifier: GPL-3.0-or-later
#include "av/frame.h"

#include <string.h>

#include "base/error.h"

enum { FRAME_ALIGN = 64 }; // what the widest vector code of swscale and x264 likes

struct frame *frame_new(struct arena *arena, int width, int height)
{
    ASSERT(width >= 2 && height >= 2 && width <= FRAME_SIDE_MAX && height <= FRAME_SIDE_MAX);
    ASSERT(width % 2 == 0 && height % 2 == 0);
    struct frame *frame = ARENA_NEW(arena, struct frame);
    frame->width = width;
    frame->height = height;
    for (int i = 0; i < 3; i++) {
        int plane_width = i == 0 ? width : width / 2;
        int plane_height = i == 0 ? height : height / 2;
        frame->strides[i] = (plane_width + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN;
        // Vector code may read a little past the last row.
        size_t size = (size_t)frame->strides[i] * (size_t)plane_height + FRAME_ALIGN * 2;
        uintptr_t start = (uintptr_t)arena_alloc_raw(arena, size);
        frame->planes[i] = (uint8_t *)((start + FRAME_ALIGN - 1) / FRAME_ALIGN * FRAME_ALIGN);
    }
    return frame;
}

void frame_copy(struct frame *to, const struct frame *from)
{
    ASSERT(to->width == from->width && to->height == from->height);
    for (int i = 0; i < 3; i++) {
        size_t width = (size_t)(i == 0 ? from->width : from->width / 2);
        int height = i == 0 ? from->height : from->height / 2;
        for (int y = 0; y < height; y++)
            memcpy(to->planes[i] + (ptrdiff_t)y * to->strides[i], from->planes[i] + (ptrdiff_t)y * from->strides[i],
                width);
    }
}

struct frame frame_part(const struct frame *frame, struct frame_box box)
{
    ASSERT(box.x % 2 == 0 && box.y % 2 == 0);
    ASSERT(box.x >= 0 && box.y >= 0 && box.x + box.width <= frame->width && box.y + box.height <= frame->height);
    struct frame part = *frame;
    part.width = box.width;
    part.height = box.height;
    part.planes[0] += (ptrdiff_t)box.y * frame->strides[0] + box.x;
    for (int i = 1; i < 3; i++)
        part.planes[i] += (ptrdiff_t)(box.y / 2) * frame->strides[i] + box.x / 2;
    return part;
}
