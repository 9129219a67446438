// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/transition.h"

#include <math.h>

#include "engine/animation.h"
#include "engine/overlay.h"
#include "engine/resample.h"

struct transition {
    const char *name;
    void (*draw)(const struct frame *before, const struct frame *after, double share, struct frame *to);
};

static int even(double value)
{
    return (int)lround(value / 2) * 2;
}

// Copies the part of `from` that starts at (from_x, from_y) to (to_x, to_y), of the size given; all even.
static void copy_part(const struct frame *from, struct frame_box part, struct frame *to, int x, int y)
{
    if (part.width <= 0 || part.height <= 0)
        return;
    struct frame source = frame_part(from, part);
    struct frame target = frame_part(to, (struct frame_box) { x, y, part.width, part.height });
    frame_copy(&target, &source);
}

// Down to black and up again.
static void draw_fade(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    frame_copy(to, share < 0.5 ? before : after);
    overlay_tint(to, overlay_colour(0, 0, 0), 1 - fabs(share - 0.5) * 2);
}

static void draw_crossfade(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    frame_copy(to, after);
    overlay_mix(to, before, share);
}

static void draw_slide_left(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    int gone = even(animation_ease(EASE_IN_OUT, share) * to->width), left = to->width - gone;
    copy_part(before, (struct frame_box) { gone, 0, left, to->height }, to, 0, 0);
    copy_part(after, (struct frame_box) { 0, 0, gone, to->height }, to, left, 0);
}

static void draw_slide_up(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    int gone = even(animation_ease(EASE_IN_OUT, share) * to->height), left = to->height - gone;
    copy_part(before, (struct frame_box) { 0, gone, to->width, left }, to, 0, 0);
    copy_part(after, (struct frame_box) { 0, 0, to->width, gone }, to, 0, left);
}

static void draw_wipe(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    int gone = even(animation_ease(EASE_IN_OUT, share) * to->width);
    copy_part(after, (struct frame_box) { 0, 0, gone, to->height }, to, 0, 0);
    copy_part(before, (struct frame_box) { gone, 0, to->width - gone, to->height }, to, gone, 0);
}

static void draw_zoom(const struct frame *before, const struct frame *after, double share, struct frame *to)
{
    double there = animation_ease(EASE_IN_OUT, share);
    resample_frame(to, before, 1 + 0.35 * there, 0, 0);
    overlay_mix(to, after, 1 - there);
}

static const struct transition transitions[] = {
    { "fade", draw_fade },
    { "crossfade", draw_crossfade },
    { "slide_left", draw_slide_left },
    { "slide_up", draw_slide_up },
    { "wipe", draw_wipe },
    { "zoom", draw_zoom },
};

const struct transition *transition_find(str name)
{
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++)
        if (str_equal_c(name, transitions[i].name))
            return &transitions[i];
    return NULL;
}

void transition_draw(const struct transition *transition, const struct frame *before, const struct frame *after,
    double share, struct frame *ret_frame)
{
    transition->draw(before, after, fmin(fmax(share, 0), 1), ret_frame);
}
