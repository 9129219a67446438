// SPDX-License-Identifier: GPL-3.0-or-later
// How an avatar holds itself at a moment: breath, blinks, head, arms, mouth. Pure, and the same for the same moment
// however it is come to. Lengths are units of the figure's drawing (600 by 900), angles degrees, clockwise.
#pragma once

#include "engine/visemes.h"

enum avatar_behaviour { AVATAR_TALKING, AVATAR_IDLE, AVATAR_WAVE, AVATAR_POINT };

struct arm_pose {
    double upper, fore, hand; // turned at shoulder, elbow and wrist; 0 hangs straight down
};

struct avatar_pose {
    double head_x, head_y, head_turn;
    double yaw;                  // -1 to 1: the face looks aside
    double breath;               // 0 to 1
    double lids;                 // 0 open, 1 closed
    double gaze;                 // -1 to 1
    double brows;                // 0 to 1: raised
    double liveness;             // 0 to 1: how much of it speaks, for pictures that have no mouth
    struct arm_pose left, right; // as seen
    struct mouth mouth;
};

struct avatar_actor {
    enum avatar_behaviour behaviour;
    struct speaking speaking; // on the layer's clock
    double duration;          // of the layer, seconds
    unsigned seed;            // two avatars do not blink at once
};

// Values are rounded to what can be seen, so that poses that look the same are the same; *ret_number tells poses apart.
struct avatar_pose avatar_pose_at(const struct avatar_actor *actor, double time, int64_t *ret_number);
