// SPDX-License-Identifier: GPL-3.0-or-later
// Small films in memory, and questions about their frames.
#pragma once

#include <math.h>
#include <stdlib.h>

#include "engine/compositor.h"
#include "engine/overlay.h"
#include "test.h"

enum { WIDTH = 640, HEIGHT = 360 };

struct bytes {
    const uint8_t *data;
    size_t size;
};

static inline error read_bytes(void *context, uint64_t offset, void *ret_bytes, size_t size, size_t *ret_got)
{
    const struct bytes *bytes = context;
    size_t left = offset < bytes->size ? bytes->size - (size_t)offset : 0;
    *ret_got = size < left ? size : left;
    memcpy(ret_bytes, bytes->data + (offset < bytes->size ? offset : 0), *ret_got);
    return OK;
}

struct film {
    struct arena *arena;
    struct composition composition;
    struct compositor *compositor;
};

static inline void film_open_with(struct film *film, const char *scenes, const struct source_io *inputs, size_t count)
{
    film->arena = arena_new(1 << 28);
    json_t *json;
    str text = str_format(film->arena, "{\"width\": %d, \"height\": %d, \"fps\": 30, \"background\": \"#000000\", %s}",
        WIDTH, HEIGHT, scenes);
    assert_ok(json_read(film->arena, text, &json));
    assert_ok(composition_read(film->arena, json, 0, count, &film->composition));
    film->compositor = compositor_new(film->arena, &film->composition, inputs);
}

static inline void film_open(struct film *film, const char *scenes)
{
    film_open_with(film, scenes, NULL, 0);
}

static inline void film_scene(struct film *film, const char *layers)
{
    ARENA_AUTO struct arena *arena = arena_new(1 << 20);
    film_open(film, str_format(arena, "\"scenes\": [{\"id\": \"s\", \"duration\": 4, \"layers\": [%s]}]", layers).data);
}

static inline const struct frame *at(struct film *film, size_t scene, double time, bool *ret_changed)
{
    const struct frame *frame = NULL;
    bool changed = false;
    assert_ok(compositor_at(film->compositor, scene, time, &frame, &changed));
    if (ret_changed)
        *ret_changed = changed;
    return frame;
}

static inline error failure_of(const char *scenes)
{
    struct film film;
    const struct frame *frame;
    bool changed;
    film_open(&film, scenes);
    error failed = compositor_at(film.compositor, 0, 0, &frame, &changed);
    arena_free(film.arena);
    return failed;
}

static inline uint32_t colour_at(const struct frame *frame, int x, int y)
{
    static uint8_t pixels[WIDTH * HEIGHT * 4];
    uint32_t pixel;
    overlay_to_argb(frame, pixels, WIDTH * 4);
    memcpy(&pixel, pixels + (y * WIDTH + x) * 4, 4);
    return pixel & 0xffffff;
}

static inline void assert_colour(const struct frame *frame, int x, int y, uint32_t wanted)
{
    uint32_t is = colour_at(frame, x, y);
    for (int shift = 0; shift < 24; shift += 8)
        if (abs((int)(is >> shift & 255) - (int)(wanted >> shift & 255)) > 4)
            fail_msg("pixel %d,%d is %06x, not %06x", x, y, is, wanted);
}

// Luma that differs from the background's at the point (0, 0), in a part of the frame.
static inline int ink(const struct frame *frame, int left, int top, int right, int bottom)
{
    int count = 0;
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++)
            count += abs(frame->planes[0][y * frame->strides[0] + x] - frame->planes[0][0]) > 8;
    return count;
}

// Middle of all ink; -1 without any.
static inline double ink_x(const struct frame *frame)
{
    double sum = 0;
    int count = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (abs(frame->planes[0][y * frame->strides[0] + x] - frame->planes[0][0]) > 8) {
                sum += x;
                count++;
            }
    return count ? sum / count : -1;
}

static inline void assert_same_frames(const struct frame *a, const struct frame *b, const char *what)
{
    for (int i = 0; i < 3; i++)
        for (int y = 0; y < (i ? HEIGHT / 2 : HEIGHT); y++)
            if (memcmp(a->planes[i] + y * a->strides[i], b->planes[i] + y * b->strides[i], i ? WIDTH / 2 : WIDTH))
                fail_msg("%s: plane %d differs in row %d", what, i, y);
}
