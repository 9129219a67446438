// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/avatar_figure.h"

#include <math.h>

#include "engine/avatar_mouth.h"
#include "engine/avatar_parts.h"
#include "engine/drawing.h"

struct figure_kind {
    const char *name, *head, *face, *tail;
    double body, down; // size of the body; how much lower the whole stands
    double eye_y;      // middle of the eyes
    struct mouth_look mouth;
};
static const struct figure_kind kinds[] = {
    { "adult", "head-adult", "face-human", NULL, 1, 0, 257, { MOUTH_LIPS, 300, 344, 0.92, { 0 } } },
    { "elder", "head-elder", "face-human", NULL, 1, 0, 257, { MOUTH_LIPS, 300, 350, 0.82, { 0 } } },
    { "child", "head-child", "face-child", NULL, 0.8, 66, 264, { MOUTH_LIPS, 300, 342, 0.78, { 0 } } },
    { "robot", "head-robot", "face-robot", NULL, 1, 0, 246, { MOUTH_SCREEN, 300, 314, 0.8, { 0 } } },
    { "fox", "head-fox", "face-fox", "tail-fox", 0.92, 26, 238, { MOUTH_MUZZLE, 300, 352, 0.72, { 0 } } },
};

// What can be worn; a file of parts each.
struct choice {
    const char *key, *name, *file; // file NULL: nothing is drawn
};
static const struct choice choices[] = {
    { "hair", "none", NULL },
    { "hair", "bun", "hair-bun" },
    { "hair", "short", "hair-short" },
    { "hair", "pigtails", "hair-pigtails" },
    { "hair", "afro", "hair-afro" },
    { "hair", "bob", "hair-bob" },
    { "hair", "long", "hair-long" },
    { "hair", "sides", "hair-sides" },
    { "beard", "none", NULL },
    { "beard", "full", "beard-full" },
    { "beard", "moustache", "beard-moustache" },
    { "glasses", "none", NULL },
    { "glasses", "round", "glasses-round" },
    { "glasses", "square", "glasses-square" },
    { "hat", "none", NULL },
    { "hat", "cap", "hat-cap" },
    { "hat", "scarf", "hat-scarf" },
    { "clothes", "blazer", "body-blazer" },
    { "clothes", "sweater", "body-sweater" },
    { "clothes", "tee", "body-tee" },
    { "clothes", "hoodie", "body-hoodie" },
    { "clothes", "overall", "body-overall" },
    { "clothes", "armour", "body-robot" },
};

struct avatar_figure {
    struct avatar_parts *parts;
    const struct figure_kind *kind;
    struct mouth_look mouth;
    const char *hair, *beard, *glasses, *hat, *clothes; // files, or NULL
    bool lashes, scarf;
};

static error choose(const json_t *look, const char *key, const char *fallback, const char **ret_file)
{
    str name = json_get_str(look, key);
    name = name.data ? name : str_of(fallback);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (str_equal_c(str_of(choices[i].key), key) && str_equal_c(name, choices[i].name)) {
            *ret_file = choices[i].file;
            return OK;
        }
    return error_make(
        ERROR_VALIDATION_ERROR, key, "An avatar has no %s \"%.*s\"", key, STR_ARGS(str_cut_utf8(name, 40)));
}

static struct colour blend(struct colour from, double red, double green, double blue, double part)
{
    return (struct colour) { from.red + (red - from.red) * part, from.green + (green - from.green) * part,
        from.blue + (blue - from.blue) * part, 1 };
}

static void rule(struct buffer *style, const char *name, struct colour colour)
{
    int red = (int)lround(colour.red * 255), green = (int)lround(colour.green * 255),
        blue = (int)lround(colour.blue * 255);
    buffer_format(style, ".%s{fill:#%02x%02x%02x;stroke:#%02x%02x%02x}", name, red, green, blue, red, green, blue);
}

static error read_style(struct arena *arena, const json_t *look, struct avatar_figure *figure, str *ret_style)
{
    struct colour skin, hair, cloth, accent, eye;
    BUFFER_AUTO struct buffer style = { 0 };
    TRY(colour_get(look, "skin_color", "#F2C6A0", &skin));
    TRY(colour_get(look, "hair_color", "#4A2E20", &hair));
    TRY(colour_get(look, "clothes_color", "#2F5D8C", &cloth));
    TRY(colour_get(look, "accent_color", "#E4572E", &accent));
    TRY(colour_get(look, "eye_color", "#5B3A24", &eye));
    rule(&style, "skin", skin);
    rule(&style, "skin-dark", blend(skin, 0.35, 0.08, 0.05, 0.28));
    rule(&style, "hair", hair);
    rule(&style, "hair-dark", blend(hair, 0, 0, 0, 0.28));
    rule(&style, "hair-light", blend(hair, 1, 1, 1, 0.35));
    rule(&style, "cloth", cloth);
    rule(&style, "cloth-dark", blend(cloth, 0.03, 0.02, 0.10, 0.24));
    rule(&style, "cloth-light", blend(cloth, 1, 1, 1, 0.35));
    rule(&style, "accent", accent);
    rule(&style, "eye", eye);
    *ret_style = str_copy(arena, buffer_str(&style));
    figure->mouth.lips = figure->mouth.kind == MOUTH_SCREEN   ? eye
                         : figure->mouth.kind == MOUTH_MUZZLE ? (struct colour) { 0.23, 0.14, 0.13, 1 }
                                                              : blend(skin, 0.62, 0.12, 0.16, 0.55);
    return OK;
}

error avatar_figure_new(struct arena *arena, const json_t *look, double zoom, struct avatar_figure **ret_figure)
{
    struct avatar_figure *figure = ARENA_NEW(arena, struct avatar_figure);
    str kind = json_get_str(look, "figure"), style;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal_c(kind.data ? kind : STR("adult"), kinds[i].name))
            figure->kind = &kinds[i];
    if (!figure->kind)
        return error_make(
            ERROR_VALIDATION_ERROR, "figure", "There is no figure \"%.*s\"", STR_ARGS(str_cut_utf8(kind, 40)));
    figure->mouth = figure->kind->mouth;
    TRY(choose(look, "hair", "none", &figure->hair));
    TRY(choose(look, "beard", "none", &figure->beard));
    TRY(choose(look, "glasses", "none", &figure->glasses));
    TRY(choose(look, "hat", "none", &figure->hat));
    TRY(choose(look, "clothes", "sweater", &figure->clothes));
    figure->scarf = str_equal_c(json_get_str(look, "hat"), "scarf");
    figure->lashes = json_get_bool(look, "lashes", false);
    TRY(read_style(arena, look, figure, &style));
    figure->parts = avatar_parts_new(arena, style, zoom);
    *ret_figure = figure;
    return OK;
}

void avatar_figure_rest(struct avatar_figure *figure)
{
    avatar_parts_rest(figure->parts);
}

static void turn(cairo_t *cairo, double x, double y, double degrees)
{
    cairo_translate(cairo, x, y);
    cairo_rotate(cairo, degrees * M_PI / 180);
    cairo_translate(cairo, -x, -y);
}

// The arm on the right of the picture; the other is its mirror image.
static error paint_arm(struct avatar_figure *figure, const struct arm_pose *arm, bool mirror, cairo_t *cairo)
{
    const double shoulder_x = 408, shoulder_y = 500, elbow_y = 648, wrist_y = 770, raised = -40;
    bool points = arm->fore < raised && arm->fore > -106 && fabs(arm->upper) < 45;
    const char *hand = points ? "point" : arm->fore < raised ? "open" : "rest";
    cairo_save(cairo);
    if (mirror) {
        cairo_translate(cairo, FIGURE_WIDTH, 0);
        cairo_scale(cairo, -1, 1);
    }
    turn(cairo, shoulder_x, shoulder_y, arm->upper);
    cairo_save(cairo);
    turn(cairo, shoulder_x, elbow_y, arm->fore);
    cairo_save(cairo);
    turn(cairo, shoulder_x, wrist_y, arm->hand);
    error failed = avatar_parts_paint(figure->parts, "hands", hand, cairo);
    cairo_restore(cairo);
    if (!error_is(failed))
        failed = avatar_parts_paint(figure->parts, figure->clothes, "fore", cairo);
    cairo_restore(cairo);
    if (!error_is(failed))
        failed = avatar_parts_paint(figure->parts, figure->clothes, "upper", cairo);
    cairo_restore(cairo);
    return failed;
}

static error paint_body(struct avatar_figure *figure, const struct avatar_pose *pose, cairo_t *cairo)
{
    const struct figure_kind *kind = figure->kind;
    const double neck_y = 430, hips_y = 800, deep = 0.009;
    cairo_save(cairo);
    cairo_translate(cairo, FIGURE_WIDTH / 2.0, neck_y);
    cairo_scale(cairo, kind->body, kind->body);
    cairo_translate(cairo, -FIGURE_WIDTH / 2.0, -neck_y);
    if (kind->tail) {
        cairo_save(cairo);
        turn(cairo, 400, 800, 2.5 * pose->yaw);
        error failed = avatar_parts_paint(figure->parts, kind->tail, "tail", cairo);
        cairo_restore(cairo);
        TRY(failed);
    }
    cairo_translate(cairo, FIGURE_WIDTH / 2.0, hips_y);
    cairo_scale(cairo, 1 + 0.5 * deep * pose->breath, 1 + deep * pose->breath);
    cairo_translate(cairo, -FIGURE_WIDTH / 2.0, -hips_y);
    error failed = paint_arm(figure, &pose->left, true, cairo);
    if (!error_is(failed))
        failed = paint_arm(figure, &pose->right, false, cairo);
    if (!error_is(failed))
        failed = avatar_parts_paint(figure->parts, kind->head, "neck", cairo);
    if (!error_is(failed))
        failed = avatar_parts_paint(figure->parts, figure->clothes, "torso", cairo);
    cairo_restore(cairo);
    return failed;
}

// Everything on the head but what lies behind it; nearer things move further when it turns aside.
static error paint_shifted(
    struct avatar_figure *figure, const char *file, const char *group, double x, double y, cairo_t *cairo)
{
    if (!file)
        return OK;
    cairo_translate(cairo, x, y);
    error failed = avatar_parts_paint(figure->parts, file, group, cairo);
    cairo_translate(cairo, -x, -y);
    return failed;
}

static error paint_eyes(struct avatar_figure *figure, const struct avatar_pose *pose, double near, cairo_t *cairo)
{
    const char *face = figure->kind->face;
    const double shut = 0.85;
    if (pose->lids >= shut)
        return paint_shifted(figure, face, "closed", near, 0, cairo);
    cairo_save(cairo);
    cairo_translate(cairo, near, figure->kind->eye_y);
    cairo_scale(cairo, 1, 1 - 0.9 * pose->lids);
    cairo_translate(cairo, 0, -figure->kind->eye_y);
    error failed = avatar_parts_paint(figure->parts, face, "eye", cairo);
    if (!error_is(failed))
        failed = paint_shifted(figure, face, "iris", 4 * pose->gaze, 0, cairo);
    if (!error_is(failed))
        failed = avatar_parts_paint(figure->parts, face, "lid", cairo);
    if (!error_is(failed) && figure->lashes)
        failed = avatar_parts_paint(figure->parts, face, "lashes", cairo);
    cairo_restore(cairo);
    return failed;
}

static error paint_face(struct avatar_figure *figure, const struct avatar_pose *pose, cairo_t *cairo)
{
    const char *face = figure->kind->face;
    double near = 7 * pose->yaw;
    TRY(paint_eyes(figure, pose, near, cairo));
    TRY(paint_shifted(figure, face, "nose", near * 1.5, 0, cairo));
    TRY(paint_shifted(figure, figure->beard, "beard", near * 0.7, 0, cairo));
    struct mouth_look mouth = figure->mouth;
    mouth.x += near;
    avatar_mouth_paint(&mouth, &pose->mouth, cairo);
    return paint_shifted(figure, face, "brows", near, -7 * pose->brows, cairo);
}

static error paint_head(struct avatar_figure *figure, const struct avatar_pose *pose, cairo_t *cairo)
{
    TRY(paint_shifted(figure, figure->kind->head, "head", 2 * pose->yaw, 0, cairo));
    TRY(paint_face(figure, pose, cairo));
    if (!figure->scarf)
        TRY(paint_shifted(figure, figure->hair, "front", 3 * pose->yaw, 0, cairo));
    TRY(paint_shifted(figure, figure->hat, "hat", 3 * pose->yaw, 0, cairo));
    return paint_shifted(figure, figure->glasses, "glasses", 7 * pose->yaw, 0, cairo);
}

static void to_head(const struct avatar_pose *pose, double part, cairo_t *cairo)
{
    turn(cairo, FIGURE_WIDTH / 2.0, 420, part * pose->head_turn);
    cairo_translate(cairo, part * pose->head_x, part * pose->head_y);
}

error avatar_figure_paint(struct avatar_figure *figure, const struct avatar_pose *pose, cairo_t *cairo)
{
    error failed = OK;
    cairo_save(cairo);
    cairo_translate(cairo, 0, figure->kind->down);
    cairo_save(cairo);
    to_head(pose, 1, cairo);
    if (!figure->scarf)
        failed = paint_shifted(figure, figure->hair, "back", -3 * pose->yaw, 0, cairo);
    cairo_restore(cairo);
    if (!error_is(failed))
        failed = paint_body(figure, pose, cairo);
    if (!error_is(failed) && figure->scarf) {
        cairo_save(cairo);
        to_head(pose, 0.4, cairo);
        failed = avatar_parts_paint(figure->parts, figure->hat, "scarf", cairo);
        cairo_restore(cairo);
    }
    to_head(pose, 1, cairo);
    if (!error_is(failed))
        failed = paint_head(figure, pose, cairo);
    cairo_restore(cairo);
    return error_is(failed) ? failed : drawing_check(cairo);
}
