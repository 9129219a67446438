// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/animation.h"

#include <math.h>

// How a layer differs from its rest while it is `away` (1 all of it, 0 at rest).
struct animation {
    const char *name;
    double x, y;  // shift as a share of the canvas's sides
    double scale; // added to 1
    bool overshoot;
    bool leaves; // as `animation` it says how the layer goes, not how it comes
};

// A slide moves the way its name says, coming as well as going, hence the signs turn for the way out.
static const struct animation animations[] = {
    { .name = "fadeIn" },
    { .name = "fadeOut", .leaves = true },
    { .name = "slideUp", .y = 0.12 },
    { .name = "slideDown", .y = -0.12 },
    { .name = "slideLeft", .x = 0.12 },
    { .name = "slideRight", .x = -0.12 },
    { .name = "zoomIn", .scale = -0.25 },
    { .name = "zoomOut", .scale = 0.25 },
    { .name = "pop", .scale = -1, .overshoot = true },
};

static const struct animation *find(str name)
{
    for (size_t i = 0; i < sizeof animations / sizeof *animations; i++)
        if (str_equal_c(name, animations[i].name))
            return &animations[i];
    return NULL;
}

static enum animation_easing read_easing(str name)
{
    return str_equal_c(name, "linear")      ? EASE_LINEAR
           : str_equal_c(name, "easeIn")    ? EASE_IN
           : str_equal_c(name, "easeInOut") ? EASE_IN_OUT
                                            : EASE_OUT;
}

error animation_read(const struct composition_layer *layer, struct animation_plan *ret_plan)
{
    const json_t *properties = layer->properties;
    str in = json_get_str(properties, "animation"), out = json_get_str(properties, "animation_out");
    struct animation_plan plan = {
        .in = find(in),
        .out = find(out),
        .easing = read_easing(json_get_str(properties, "easing")),
        .types = str_equal_c(in, "typewriter"),
        .pans = str_equal_c(in, "kenBurns"),
    };
    if (plan.in && plan.in->leaves) {
        plan.out = plan.out ? plan.out : plan.in;
        plan.in = NULL;
    }
    double fallback = 0.6;
    if (plan.types) // about as fast as one reads
        fallback = fmin(0.05 * (double)str_length_utf8(json_get_str(properties, "text")),
            fmax(0.1, (layer->end - layer->start) * 0.8));
    double duration;
    TRY(composition_number(properties, "animation_duration", fallback, 0, 3600, &duration));
    // A layer too short for coming and going shares its time between the two.
    double most = layer->end - layer->start;
    plan.in_duration = fmin(duration, plan.in && plan.out ? most / 2 : most);
    plan.out_duration = fmin(plan.types ? 0.6 : duration, plan.in && plan.out ? most / 2 : most);
    *ret_plan = plan;
    return OK;
}

double animation_ease(enum animation_easing easing, double share)
{
    double rest = 1 - share;
    switch (easing) {
    case EASE_LINEAR:
        return share;
    case EASE_IN:
        return share * share * share;
    case EASE_OUT:
        return 1 - rest * rest * rest;
    case EASE_IN_OUT:
        return share < 0.5 ? 4 * share * share * share : 1 - 4 * rest * rest * rest;
    }
    return share;
}

static double clamp(double value)
{
    return fmin(fmax(value, 0), 1);
}

static void move(const struct animation *animation, const struct composition *composition, double there, double sign,
    struct motion *motion)
{
    double away = 1 - there;
    motion->x += sign * animation->x * away * composition->width;
    motion->y += sign * animation->y * away * composition->height;
    if (animation->overshoot) {
        // Past the goal by a tenth, then back; nothing may be drawn at a size below zero.
        const double back = 1.70158;
        double left = there - 1;
        motion->scale *= fmax(0.001, 1 + (back + 1) * left * left * left + back * left * left);
    } else {
        motion->scale *= 1 + sign * animation->scale * away;
    }
}

struct motion animation_at(const struct animation_plan *plan, const struct composition_layer *layer,
    const struct composition *composition, double time)
{
    struct motion motion = { .scale = 1, .opacity = 1, .typed = 1 };
    double since = time - layer->start, left = layer->end - time;
    double in = plan->in_duration > 0 ? clamp(since / plan->in_duration) : 1;
    double out = plan->out_duration > 0 ? clamp(left / plan->out_duration) : 1;
    if (plan->in && in < 1) {
        double there = plan->in->overshoot ? in : animation_ease(plan->easing, in);
        move(plan->in, composition, there, 1, &motion);
        motion.opacity *= plan->in->overshoot ? clamp(in * 4) : there;
    }
    if (plan->out && out < 1) {
        double there = plan->out->overshoot ? out : animation_ease(plan->easing, out);
        move(plan->out, composition, there, -1, &motion);
        motion.opacity *= plan->out->overshoot ? clamp(out * 4) : there;
    }
    if (plan->types)
        motion.typed = in;
    if (plan->pans)
        motion.pan = clamp(since / fmax(layer->end - layer->start, 0.001));
    return motion;
}
