// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/avatar_pose.h"

#include <math.h>

// What lives slowly is drawn on every second frame of 30, as in hand-drawn films: half as many pictures to encode.
static const double slow_step = 1.0 / 15;

static double scatter(unsigned seed, int64_t number)
{
    uint64_t mixed = ((uint64_t)number + 1) * UINT64_C(0x9E3779B97F4A7C15) + seed * UINT64_C(0xD1B54A32D192ED03);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (double)(mixed >> 40) / (double)(1 << 24);
}

static double smooth(double part)
{
    part = fmin(1, fmax(0, part));
    return part * part * (3 - 2 * part);
}

static double between(double from, double to, double part)
{
    return from + (to - from) * part;
}

// One blink in each stretch of time, some of them double.
static double lids_at(unsigned seed, double time)
{
    const double stretch = 3.1, closing = 0.07, opening = 0.11;
    double most = 0;
    int64_t number = (int64_t)floor(time / stretch);
    double at = ((double)number + 0.15 + 0.6 * scatter(seed, number)) * stretch;
    int blinks = scatter(seed, number + 7777) > 0.8 ? 2 : 1;
    for (int i = 0; i < blinks; i++) {
        double since = time - at - i * 0.26;
        double closed = since < 0 ? 1 + since / closing : 1 - since / opening;
        most = fmax(most, fmin(1, closed * 1.3));
    }
    return fmax(0, most);
}

// A look aside now and then.
static double gaze_at(unsigned seed, double time)
{
    const double stretch = 2.3, turn = 0.12;
    int64_t number = (int64_t)floor(time / stretch);
    double here = scatter(seed + 5, number), before = scatter(seed + 5, number - 1);
    double to = here > 0.6 ? (here - 0.8) * 4 : 0, from = before > 0.6 ? (before - 0.8) * 4 : 0;
    return between(from, to, smooth((time - (double)number * stretch) / turn));
}

// A slow drift that never repeats within a film: waves whose lengths have no common measure.
static double drift(unsigned seed, int kind, double time, double length)
{
    double phase = 6.28 * scatter(seed, 1000 + kind);
    return 0.6 * sin(6.2832 * time / length + phase) + 0.4 * sin(6.2832 * time / (length * 0.618) + 2 * phase);
}

static struct arm_pose arm_between(struct arm_pose from, struct arm_pose to, double part)
{
    return (struct arm_pose) { between(from.upper, to.upper, part), between(from.fore, to.fore, part),
        between(from.hand, to.hand, part) };
}

static const struct arm_pose rest = { -7, 12, 0 };

// Up, to and fro, down; and again after a while.
static struct arm_pose wave(double time)
{
    const double every = 6.5, up = 0.55, until = 2.9, down = 0.6;
    double since = fmod(time, every);
    double part = since < until ? smooth(since / up) : 1 - smooth((since - until) / down);
    double swing = sin((since - up) * 6.2832 * 1.55) * smooth((since - up * 0.5) / 0.3);
    struct arm_pose raised = { -58, -124 + 15 * swing, 7 * swing };
    return arm_between(rest, raised, part);
}

static struct arm_pose point(const struct avatar_actor *actor, double time)
{
    const double from = 0.2, up = 0.55, down = 0.6;
    double part = smooth((time - from) / up);
    if (actor->duration > 2.5)
        part *= 1 - smooth((time - (actor->duration - down - 0.2)) / down);
    double nudge = fmax(0, sin((time - from) * 6.2832 * 0.45));
    struct arm_pose raised = { -34 - 2 * nudge, -92 - 5 * nudge, -4 };
    return arm_between(rest, raised, part);
}

static void pose_arms(
    const struct avatar_actor *actor, double time, double slow, double share, double accent, struct avatar_pose *pose)
{
    double sway = 1.2 * drift(actor->seed, 4, slow, 5.3);
    pose->left = (struct arm_pose) { rest.upper - sway - 3 * share * accent, rest.fore + sway - 5 * accent, 0 };
    pose->right = (struct arm_pose) { rest.upper + sway - 4 * share * accent, rest.fore - sway - 6 * accent, 0 };
    if (actor->behaviour == AVATAR_WAVE)
        pose->right = wave(time);
    else if (actor->behaviour == AVATAR_POINT)
        pose->right = point(actor, time);
}

static void pose_head(
    const struct avatar_actor *actor, double slow, double share, double accent, double side, struct avatar_pose *pose)
{
    unsigned seed = actor->seed;
    double lively = 1 + 0.9 * share;
    pose->head_x = 3.2 * lively * drift(seed, 1, slow, 4.7);
    pose->head_y = 1.6 * lively * drift(seed, 2, slow, 3.7) - 2 * pose->breath + 5.5 * accent;
    pose->head_turn = 1.3 * lively * drift(seed, 3, slow, 5.9) + 1.6 * side * accent;
    pose->yaw = fmin(1, fmax(-1, 0.55 * drift(seed, 5, slow, 6.7) + 0.3 * side * accent));
}

static double rounded(double value, double step, uint64_t *number)
{
    int64_t steps = llround(value / step);
    *number = (*number ^ (uint64_t)steps) * UINT64_C(0x100000001B3);
    *number ^= *number >> 32;
    return (double)steps * step;
}

static void round_arm(struct arm_pose *arm, uint64_t *number)
{
    arm->upper = rounded(arm->upper, 0.25, number);
    arm->fore = rounded(arm->fore, 0.25, number);
    arm->hand = rounded(arm->hand, 0.25, number);
}

static void round_pose(struct avatar_pose *pose, uint64_t *number)
{
    pose->head_x = rounded(pose->head_x, 0.25, number);
    pose->head_y = rounded(pose->head_y, 0.25, number);
    pose->head_turn = rounded(pose->head_turn, 0.05, number);
    pose->yaw = rounded(pose->yaw, 0.04, number);
    pose->breath = rounded(pose->breath, 0.1, number);
    pose->lids = rounded(pose->lids, 0.1, number);
    pose->gaze = rounded(pose->gaze, 0.1, number);
    pose->brows = rounded(pose->brows, 0.1, number);
    pose->liveness = rounded(pose->liveness, 0.05, number);
    round_arm(&pose->left, number);
    round_arm(&pose->right, number);
    struct mouth *mouth = &pose->mouth;
    mouth->width = rounded(mouth->width, 0.02, number);
    mouth->open = rounded(mouth->open, 0.02, number);
    mouth->round = rounded(mouth->round, 0.05, number);
    mouth->teeth = rounded(mouth->teeth, 0.05, number);
    mouth->tongue = rounded(mouth->tongue, 0.05, number);
    mouth->smile = rounded(mouth->smile, 0.05, number);
}

struct avatar_pose avatar_pose_at(const struct avatar_actor *actor, double time, int64_t *ret_number)
{
    const double breath_length = 3.9;
    struct avatar_pose pose = { 0 };
    bool silent = actor->behaviour == AVATAR_IDLE;
    double slow = floor(time / slow_step + 1e-6) * slow_step, side = 1;
    double share = silent ? 0 : speaking_share(&actor->speaking, slow);
    double accent = silent ? 0 : speaking_accent(&actor->speaking, slow, &side);
    pose.breath = 0.5 - 0.5 * cos(6.2832 * (slow / breath_length + scatter(actor->seed, 3)));
    pose.lids = lids_at(actor->seed, time);
    pose.gaze = gaze_at(actor->seed, time);
    pose.brows = fmin(1, accent);
    pose.mouth = silent ? viseme_mouth(VISEME_REST) : speaking_mouth(&actor->speaking, time);
    pose.liveness = silent ? 0 : 0.5 * pose.mouth.open + 0.5 * accent;
    pose_head(actor, slow, share, accent, side, &pose);
    pose_arms(actor, time, slow, share, accent, &pose);
    uint64_t number = UINT64_C(0xCBF29CE484222325);
    round_pose(&pose, &number);
    *ret_number = (int64_t)(number >> 1);
    return pose;
}
